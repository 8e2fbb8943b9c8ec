// The thread: what comes in is put in its place by key and version, what is read does not move; the box to write in
// counts as the platform does, keeps a draft, and says when somebody else was faster. Works on whatever #conversation
// stands on the page, also after another one was put there.

const AGAIN = 80; // milliseconds that events are gathered
const pane = () => document.getElementById("conversation");
const log = () => document.getElementById("log");
const field = () => document.getElementById("reply-text");
const wide = matchMedia("(max-width: 799px)");

async function fetched(address) {
  const answer = await fetch(address, { headers: { "HX-Request": "true", Accept: "text/html" } });
  if (answer.status === 404) moved();
  if (!answer.ok) throw new Error(String(answer.status));
  const made = document.createElement("template");
  made.innerHTML = await answer.text();
  return made.content;
}

// a missing parent arrived, and the thread is part of another one now: go where its messages are
function moved() {
  const message = log()?.querySelector(":scope > [data-entry^=m]")?.dataset.entry.slice(1);
  location.assign(message ? `/inbox/of/${message}${location.search}` : "/inbox");
}

// --- the log ------------------------------------------------------------------------------------------

let waiting = 0, working = false, again = false, missed = false;

function refresh(head = false) {
  if (head) headWanted = true;
  waiting ||= setTimeout(reconcile, AGAIN);
}

async function reconcile() {
  waiting = 0;
  if (working) { again = true; return; }
  working = true;
  try {
    const here = pane();
    if (!here) return;
    missed = false;
    await Promise.all([entries(here), head(here)]);
  } catch { missed = true; /* away: the next event, or the connection, asks again */
  } finally {
    working = false;
    if (again) { again = false; refresh(); }
  }
}

const key = (node) => node.dataset.entry;
const at = (node) => Number(node.dataset.at);
const held = (node) => node.contains(document.activeElement) && document.activeElement !== document.body;
const typed = (node) => [...node.querySelectorAll("textarea, input.input")].some((one) => one.value !== one.defaultValue);

let done = ""; // the entry whose form was sent: it is shown anew with somebody on it, who is on the new one then
let kept = false; // an entry was left as it is, since somebody is on it

async function entries(here) {
  const sent = done, list = log(), shown = [...list.querySelectorAll(":scope > [data-entry^=m]")].map((node) => key(node).slice(1));
  const address = new URL(here.dataset.entries, location);
  if (shown.length) address.searchParams.set("also", shown.slice(0, 300).join(","));
  const found = await fetched(address);
  if (!found || pane() !== here) return;
  const older = found.querySelector("template#older")?.content;
  const fresh = [...found.children].filter((node) => node.dataset.entry);
  const known = new Map([...list.children].filter((node) => node.dataset.entry).map((node) => [key(node), node]));
  const keys = new Set(fresh.map(key)), first = fresh.length ? Math.min(...fresh.map(at)) : 0;
  if (older) for (const node of older.querySelectorAll("[data-entry^=m]")) {
    if (!keys.has(key(node))) swap(known.get(key(node)), node);
  }
  let before = null;
  for (const node of fresh.reverse()) {
    const old = known.get(key(node));
    if (old) before = swap(old, node);
    else {
      list.insertBefore(node, before);
      arrived(node);
      before = node;
    }
  }
  for (const [name, old] of known) {
    if (keys.has(name) || at(old) < first || (typed(old) && busy(old))) continue;
    const lost = held(old) || adrift(old);
    old.remove();
    if (lost) list.parentElement.focus({ preventScroll: true });
  }
  if (done === sent) done = "";
  countDown();
}

// the node that stands there afterwards: the old one if it says the same, or somebody is on it
function swap(old, node) {
  if (!old) return null;
  if (old.dataset.version === node.dataset.version || busy(old)) return old;
  const lost = adrift(old);
  if (!node.matches(".is-failed")) node.setAttribute("aria-live", "off"); // it was read out when it came
  old.replaceWith(node);
  htmx.process(node);
  if (lost) { node.tabIndex = -1; node.focus({ preventScroll: true }); }
  return node;
}

function busy(old) {
  if (key(old) === done || !(held(old) || typed(old))) return false;
  kept = true;
  return true;
}

const adrift = (old) => key(old) === done && (held(old) || document.activeElement === document.body);

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const form = detail.requestConfig?.elt;
  if (headWanted) refresh();
  if (detail.successful && form?.id === "composer") mine = true;
  if (detail.successful && form?.matches("#log form[hx-swap=none]")) done = key(form.closest("[data-entry]"));
});
document.addEventListener("focusout", (event) => {
  if (kept && event.target.closest?.("#log")) { kept = false; refresh(); }
});

let mine = false; // one's own words have left the box: they are shown, wherever one is reading

function arrived(node) {
  htmx.process(node);
  node.classList.add("arrives");
  if (mine && node.dataset.by === pane().dataset.me) { mine = false; log().parentElement.scrollTop = 0; }
  const theirs = node.classList.contains("msg-out") && node.dataset.by !== pane().dataset.me;
  const text = field();
  if (!theirs || !text?.value.trim() || document.querySelector("input[name=kind]:checked")?.value === "note") return;
  const banner = document.getElementById("faster"), words = banner.querySelector("[data-words]");
  words.textContent = words.dataset.words.replace("{name}", node.querySelector(".msg-h b").textContent.trim());
  banner.hidden = false;
}

// --- the head -----------------------------------------------------------------------------------------

let headWanted = false;

// somebody is on it, or its answer is on the way to it
const taken = (old) => old.querySelector("details[open], form.htmx-request") || held(old);

async function head(here) {
  if (!headWanted) return;
  headWanted = false;
  const old = document.getElementById("thread-head");
  if (taken(old)) { headWanted = true; return; } // until it is let go of
  const found = await fetched(here.dataset.head), node = found?.querySelector("#thread-head");
  if (!node || pane() !== here) return;
  if (taken(old)) { headWanted = true; return; }
  unfold(node);
  old.replaceWith(node);
  htmx.process(node);
  document.dispatchEvent(new Event("repaint"));
}

document.addEventListener("widerhall", ({ detail }) => {
  const here = pane();
  if (!here) return;
  if (detail.topic === "resync") refresh(true);
  else if (detail.conversation_id === Number(here.dataset.conversation)) refresh(detail.topic !== "message.annotated");
});
document.addEventListener("widerhall:connected", ({ detail }) => { if (detail && missed) refresh(true); });
for (const name of ["focusout", "toggle"]) {
  document.addEventListener(name, (event) => { if (headWanted && event.target.closest?.("#thread-head")) refresh(); }, true);
}
document.body.addEventListener("thread", (event) => refresh(event.target === document.body)); // the toast's undo
document.body.addEventListener("head", () => refresh(true));

// on a phone it stays unfolded, whatever is swapped
let unfolded = document.getElementById("head-all")?.checked ?? false;
function unfold(root) {
  const box = root.querySelector("#head-all");
  if (box) box.checked = unfolded;
}
document.addEventListener("change", ({ target }) => { if (target.id === "head-all") unfolded = target.checked; });

// what had the focus has it again after its part of the page was swapped, and a menu that was opened while the answer
// was on its way stays open
let focus = "", opened = "";
document.addEventListener("htmx:beforeSwap", (event) => {
  const on = document.activeElement, target = event.detail.target;
  if (target.id === "thread-head") {
    const menu = [...target.querySelectorAll("details.drop[open]")].find((one) => !one.contains(event.detail.requestConfig.elt));
    const name = menu?.querySelector("summary").dataset.key;
    opened = name ? `${menu.closest(".rest") ? ".rest" : ".acts"} summary[data-key="${name}"]` : "";
  }
  if (target.classList.contains("rate")) target.closest("[data-version]").dataset.version = ""; // shows something else now
  focus = target.id === "thread-head" && target.contains(on) ? (on.closest("[data-key]") ?? on.closest("details.drop")?.querySelector("summary[data-key]"))?.dataset.key || "e" : "";
});
document.addEventListener("htmx:afterSwap", () => {
  unfold(document);
  const menu = opened && document.querySelector(`#thread-head :is(${opened})`)?.closest("details");
  if (menu) menu.open = true;
  opened = "";
});
document.addEventListener("htmx:afterSettle", (event) => {
  const keyed = (name) => document.querySelector(`#thread-head [data-key="${name}"]`);
  if (focus) (keyed(focus) ?? keyed("e"))?.focus();
  focus = "";
  if (event.target.id === "compose" || event.detail.target?.id === "compose") ready(true);
});

// --- the box to write in ------------------------------------------------------------------------------

const segments = typeof Intl.Segmenter === "function" ? new Intl.Segmenter() : null;
const graphemes = (text) => (segments ? [...segments.segment(text)].length : [...text].length);
const MENTION = /(?<![\p{L}\p{N}_/@])@([A-Za-z0-9_.-]+)@[A-Za-z0-9.-]+[A-Za-z0-9]/gu;
const MEASURES = {
  graphemes,
  utf16: (text) => text.length,
  "characters with urls as 23": (text, url) => graphemes(text.replace(/https?:\/\/\S+/g, "x".repeat(url)).replace(MENTION, "@$1")),
};

// whom the answer will name in front by itself, as the connector does: everybody its text does not name
function inFront(form, kind, text) {
  const host = form.dataset.us.split("@").at(-1), names = form.dataset[`front${kind[0].toUpperCase()}${kind.slice(1)}`]?.split(" ") ?? [];
  const named = (name) => new RegExp(`(?<![\\p{L}\\p{N}_@])@${RegExp.escape?.(name) ?? name.replace(/[.-]/g, "\\$&")}(?![\\p{L}\\p{N}_@.-]*[\\p{L}\\p{N}_])`, "iu").test(text);
  return names.filter((one) => one && !named(one) && !(one.endsWith(`@${host}`) && named(one.split("@")[0])));
}
const RING = "http://www.w3.org/2000/svg";

function count() {
  const text = field(), form = text?.form;
  if (!form) return;
  const kind = form.querySelector("input[name=kind]:checked")?.value ?? "note", note = kind === "note";
  const counter = document.getElementById("counter"), send = form.querySelector("[data-send]"), files = document.getElementById("files");
  const measure = MEASURES[form.dataset.counting] ?? ((one) => [...one].length), url = Number(form.dataset.url);
  const most = Number(files?.dataset[kind] || form.dataset[kind] || 0), front = most ? inFront(form, kind, text.value) : [];
  const limit = most && Math.max(1, most - measure(front.map((one) => `@${one} `).join(""), url));
  let refused = false; // the platform takes these files not with this kind of answer
  for (const one of files?.querySelectorAll("[data-wrong]") ?? []) { one.hidden = one.dataset.wrong !== kind; refused ||= !one.hidden; }
  form.classList.toggle("composer-note", note);
  text.placeholder = note ? text.dataset.note : text.dataset.reply;
  for (const one of [send, ...form.querySelectorAll("[data-send-close], [data-send-snooze]")]) {
    if (one) one.querySelector("span").textContent = one.dataset[kind] ?? one.dataset.reply;
  }
  const length = limit ? measure(text.value, url) : 0;
  counter.replaceChildren();
  if (limit) {
    if (length <= limit) counter.append(ring(length / limit));
    counter.append(`${length} / ${limit}${length > limit ? ` · ${counter.dataset.over.replace("{n}", length - limit)}` : ""}`);
  }
  counter.classList.toggle("counter-near", limit > 0 && length > limit * 0.9 && length <= limit);
  counter.classList.toggle("counter-over", limit > 0 && length > limit);
  counter.title = front.length ? counter.dataset.front.replace("{names}", front.map((one) => `@${one}`).join(" ")) : "";
  const over = document.getElementById("over"), words = limit > 0 && length > limit ? over.dataset.words : "";
  if (over.textContent !== words) over.textContent = words;
  send.disabled = refused || (limit > 0 && length > limit);
  document.getElementById("later")?.toggleAttribute("hidden", note || send.disabled);
}

function ring(share) {
  const svg = document.createElementNS(RING, "svg");
  svg.setAttribute("class", "ring");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  for (const dashes of ["", `${Math.round(share * 100)} 100`]) {
    const circle = document.createElementNS(RING, "circle");
    for (const [name, value] of [["cx", 8], ["cy", 8], ["r", 6]]) circle.setAttribute(name, value);
    if (dashes) { circle.setAttribute("pathLength", 100); circle.setAttribute("stroke-dasharray", dashes); }
    svg.append(circle);
  }
  return svg;
}

function ready(again = false) {
  count();
  countDown();
  const text = field();
  if (navigator.platform.startsWith("Mac")) for (const one of document.querySelectorAll("#compose [data-mod]")) one.textContent = "⌘";
  if (again && text && !wide.matches) text.focus({ preventScroll: true });
}

document.addEventListener("files", count);
document.addEventListener("input", (event) => { if (event.target.closest?.("#composer")) { count(); said(""); } });
document.addEventListener("change", (event) => { if (event.target.name === "kind" && event.target.closest("#composer")) { count(); field().focus(); } });
document.addEventListener("keydown", (event) => {
  if (event.target !== field() || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  const form = event.target.form, send = form.querySelector("[data-send]");
  if (event.altKey) { // a moment is still to be chosen
    const menu = form.querySelector("#later:not([hidden])");
    if (menu && !send.disabled) { menu.open = true; menu.querySelector("[name=snooze]").focus(); }
    return;
  }
  const wanted = event.shiftKey ? form.querySelector("#later:not([hidden]) [data-send-close]") : send;
  if (!send.disabled) wanted?.click();
});

document.addEventListener("keydown", (event) => { // Enter in that field must not send at once
  if (event.target.id !== "send-at" || event.key !== "Enter") return;
  event.preventDefault();
  event.target.closest(".field").querySelector("button").click();
});

const said = (text) => { const place = document.getElementById("draft"); if (place) place.textContent = text; };
document.addEventListener("htmx:afterRequest", (event) => {
  if (event.target !== field()) return;
  const place = document.getElementById("draft");
  said(event.detail.xhr.status < 300 ? (field().value.trim() ? place.dataset.saved : "") : place.dataset.not);
});
// a draft that could not be kept says so beside the text, not in a toast
for (const name of ["htmx:sendError", "htmx:responseError"]) {
  addEventListener(name, (event) => { if (event.target === field()) event.stopPropagation(); }, true);
}

// a reply that was taken back stands in the box again, together with what was begun since
document.body.addEventListener("composer", async () => {
  const here = pane(), text = field();
  if (!here) return;
  const found = await fetched(here.dataset.composer).catch(() => null), made = found?.querySelector("#compose");
  if (!made || pane() !== here) return;
  const begun = text?.value.trim() ? text.value : "";
  document.getElementById("compose").replaceWith(made);
  htmx.process(made);
  if (begun && field() && !field().value.includes(begun)) field().value += `\n\n${begun}`;
  ready(true);
});

// a machine translation of what was written gives way to what was written
document.addEventListener("click", (event) => {
  const back = event.target.closest("[data-untranslate]"), text = field();
  if (!back || !text) return;
  text.value = back.dataset.untranslate;
  back.closest("#translated").remove();
  text.focus();
  text.dispatchEvent(new Event("input", { bubbles: true }));
});

// the seconds in which a reply can be taken back run down in place
function countDown() {
  for (const node of document.querySelectorAll("[data-until]")) {
    const left = Math.max(0, Math.ceil((Number(node.dataset.until) - Date.now()) / 1000));
    node.textContent = node.dataset.words.replace("{n}", left);
    node.parentElement.querySelector("form[action$='/undo'] button")?.toggleAttribute("disabled", left === 0);
  }
}
setInterval(countDown, 500);
document.addEventListener("htmx:load", (event) => { if (event.detail.elt.querySelector?.("#reply-text")) ready(); });
ready();
