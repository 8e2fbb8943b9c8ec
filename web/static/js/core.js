// Comforts of every page: questions before deeds, toasts with undo, busy buttons, menus, times that stay true.
// The pages work without it.

const SHOWN = 8000; // milliseconds a toast stays
const region = document.getElementById("toasts");
const token = () => document.querySelector("input[name=csrf]")?.value ?? "";
const locale = document.documentElement.dataset.locale || document.documentElement.lang;

// --- the browser's time zone goes along with the sign-in; after a form of ours, on to the platform's ----

for (const field of document.querySelectorAll("[data-zone]")) {
  field.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}
const forward = document.querySelector("[data-forward]");
if (forward) location.replace(forward.href);
if (!document.querySelector("main [autofocus]")) document.querySelector("form[method=post] [aria-invalid=true]")?.focus(); // what is to be mended
if (navigator.platform.startsWith("Mac")) for (const key of document.querySelectorAll("[data-mod]")) key.textContent = "⌘";

// --- a question before what cannot be taken back ------------------------------------------------------

const ask = document.getElementById("ask");

function sure(question, verb) {
  if (!ask) return Promise.resolve(confirm(question));
  const [title, ...rest] = question.split(/(?<=[?？])\s*/u);
  ask.querySelector("h2").textContent = title;
  const text = document.getElementById("ask-text");
  text.textContent = rest.join(" ");
  text.parentElement.hidden = !rest.length;
  document.getElementById("ask-yes").textContent = verb;
  ask.returnValue = "no";
  ask.showModal();
  return new Promise((answer) => ask.addEventListener("close", () => answer(ask.returnValue === "yes"), { once: true }));
}

addEventListener("submit", async (event) => {
  const form = event.target, button = event.submitter;
  if (!form.dataset.confirm || form.dataset.sure) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const verb = form.dataset.verb || button?.textContent.trim() || "";
  if (!(await sure(form.dataset.confirm, verb))) return;
  form.dataset.sure = "yes";
  form.requestSubmit(button?.isConnected ? button : undefined);
  delete form.dataset.sure;
}, true);

document.addEventListener("click", (event) => {
  const opens = event.target.closest("[data-dialog]"), closes = event.target.closest("[data-close]");
  if (opens) { event.preventDefault(); document.getElementById(opens.dataset.dialog)?.showModal(); }
  if (closes) closes.closest("dialog")?.close();
});

// --- one click sends once -----------------------------------------------------------------------------

const busy = (button, on) => {
  button.toggleAttribute("aria-busy", false);
  if (on) button.setAttribute("aria-busy", "true");
  button.disabled = on;
};
addEventListener("submit", (event) => {
  const button = event.submitter;
  if (event.defaultPrevented || !button || event.target.method === "dialog" || event.target.method === "get") return;
  if (event.target.hasAttribute("hx-post")) return; // htmx says itself when it begins and ends
  setTimeout(() => busy(button, true));
});
addEventListener("pageshow", (event) => event.persisted && document.querySelectorAll("button[aria-busy]").forEach((button) => busy(button, false)));
const working = new WeakMap();
document.addEventListener("htmx:beforeRequest", (event) => {
  const button = event.detail.requestConfig.triggeringEvent?.submitter ?? event.target.closest?.("button");
  if (!button) return;
  working.set(event.detail.xhr, button);
  busy(button, true);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const button = working.get(event.detail.xhr);
  if (button) busy(button, false);
});

// --- toasts: one at a time, away after eight seconds; an error stays ------------------------------------

let leaving = 0;
function toast({ text, kind = "", undo = "", values = {} }) {
  if (!region) return;
  for (const old of region.querySelectorAll(".toast")) if (old.dataset.toast !== "err" || kind === "err") old.remove();
  const made = document.createElement("div");
  made.className = kind ? `toast toast-${kind}` : "toast";
  made.dataset.toast = kind;
  made.append(icon({ ok: "check", err: "warn" }[kind] ?? "clock"), Object.assign(document.createElement("span"), { textContent: text }));
  if (undo) {
    const button = Object.assign(document.createElement("button"), { className: "btn btn-s", type: "button", textContent: region.dataset.undo });
    button.append(Object.assign(document.createElement("kbd"), { textContent: "Z" }));
    button.dataset.key = "z";
    button.addEventListener("click", () => {
      made.remove();
      htmx.ajax("POST", undo, { source: document.body, target: document.body, swap: "none", values });
    });
    made.append(button);
  }
  const close = Object.assign(document.createElement("button"), { className: "btn btn-quiet btn-icon btn-s", type: "button" });
  close.setAttribute("aria-label", region.dataset.dismiss);
  close.dataset.dismiss = "";
  close.append(icon("x"));
  made.append(close);
  region.append(made);
  fade(made);
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  svg.setAttribute("class", "i");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `#${name}`);
  svg.append(use);
  return svg;
}

function fade(made) {
  if (made.dataset.toast === "err") return;
  clearTimeout(leaving);
  const leave = () => { // not while somebody is on it
    if (made.matches(":hover, :focus-within")) leaving = setTimeout(leave, 1000);
    else made.remove();
  };
  leaving = setTimeout(leave, SHOWN);
}
document.querySelectorAll("#toasts .toast").forEach(fade);
document.addEventListener("click", (event) => event.target.closest("[data-dismiss]")?.closest(".toast, .banner")?.remove());
document.body.addEventListener("toast", (event) => toast(event.detail));

// the address without the note that was just shown, so that it is not shown twice
const here = new URL(location);
if (here.searchParams.has("note")) {
  here.searchParams.delete("note");
  here.searchParams.delete("undo");
  history.replaceState(history.state, "", here);
}

// --- what went wrong with a request -------------------------------------------------------------------

document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  if (xhr.status === 401) return; // typed.js leads to the sign-in
  let said = "";
  try { said = JSON.parse(xhr.responseText).error; } catch { /* not ours */ }
  toast({ text: said || region.dataset.failed, kind: "err" });
});
for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, () => toast({ text: region.dataset.away, kind: "err" }));
}

// --- copying what is shown, and printing --------------------------------------------------------------

for (const button of document.querySelectorAll("[data-copy], [data-print]")) button.hidden = false;
document.addEventListener("click", async (event) => {
  if (event.target.closest("[data-print]")) print();
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const from = document.getElementById(button.dataset.copy), said = button.querySelector("span"), before = said.textContent;
  try { await navigator.clipboard.writeText(from.value ?? from.innerText); }
  catch { // not allowed here, or no TLS: it is marked, and copied as browsers did before
    if (from.select) from.select();
    else getSelection().selectAllChildren(from);
    if (!document.execCommand("copy")) return;
  }
  if (before === button.dataset.said) return;
  said.textContent = button.dataset.said;
  setTimeout(() => { said.textContent = before; }, 3000);
});

// --- menus: arrows move, Escape and a click elsewhere close ---------------------------------------------

const STEPPED = "select, textarea, input:is([type=date], [type=time], [type=datetime-local], [type=number], [type=radio])"; // arrows are theirs
const open = () => [...document.querySelectorAll("details.drop[open]")];
document.addEventListener("click", (event) => {
  for (const menu of open()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  const menu = event.target.closest?.("details.drop[open]") ?? (event.target === document.body && event.key === "Escape" ? open().at(-1) : null);
  if (!menu) return;
  const items = [...menu.querySelectorAll(".menu-item:not(:disabled), .menu input:not([type=hidden])")], at = items.indexOf(document.activeElement);
  if (event.key === "Escape") {
    menu.open = false;
    menu.querySelector("summary").focus();
    event.stopPropagation();
  } else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !event.target.matches(STEPPED)) {
    const step = event.key === "ArrowDown" ? 1 : -1;
    items[(at + step + items.length) % items.length]?.focus();
    event.preventDefault();
  }
});

// what a menu fetched has the focus as if it had been there
document.addEventListener("htmx:afterSettle", ({ target }) => {
  const menu = target.closest?.("details.drop[open]"), on = document.activeElement;
  if (menu && (on === document.body || on === menu.querySelector("summary"))) menu.querySelector(".menu-item")?.focus();
});

// --- times that stay true -----------------------------------------------------------------------------

const STEPS = [["day", 86400], ["hour", 3600], ["minute", 60]];
const written = Object.fromEntries(STEPS.map(([unit]) => [unit, new Intl.NumberFormat(locale, { style: "unit", unit, unitDisplay: "short" })]));
function brief(seconds) {
  const [unit, size] = STEPS.find(([, one]) => seconds >= one) ?? STEPS[2];
  const number = Math.floor(Math.max(0, seconds) / size);
  return `${number ? "" : "< "}${written[unit].format(number || 1)}`;
}
setInterval(() => {
  for (const node of document.querySelectorAll("time[data-since]")) {
    const text = brief((Date.now() - Date.parse(node.dateTime)) / 1000);
    if (node.textContent !== text) node.textContent = text;
  }
}, 30_000);

document.querySelector(".set-nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" }); // a row on phones
