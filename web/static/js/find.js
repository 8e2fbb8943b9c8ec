// Words in the conversation that is open: how many hits, one after the other from the newest on, each marked in its place.
// What is not loaded is loaded. The hub says where the words stand; they are marked without a change of the page's text.

const PAUSE = 250; // milliseconds without a key until is asked
const bar = () => document.getElementById("find"), field = () => document.getElementById("find-q");
const log = () => document.getElementById("log"), place = () => document.getElementById("found");
const words = () => field()?.value.trim() ?? "";

let hits = [], at = -1, asked = "", run = 0, timer = 0;

async function part(address) {
  const answer = await fetch(address, { headers: { "HX-Request": "true", Accept: "text/html" } });
  if (answer.status === 401) document.dispatchEvent(new Event("signedout"));
  if (!answer.ok) throw new Error(String(answer.status));
  const made = document.createElement("template");
  made.innerHTML = await answer.text();
  return made.content;
}

// --- ask ------------------------------------------------------------------------------------------------

async function ask(again = false) {
  const q = words(), mine = ++run, before = hits[at]?.key;
  if (!again && q === asked) return;
  const found = await part(`${field().form.getAttribute("action")}?q=${encodeURIComponent(q)}`).catch(() => null);
  if (!found || mine !== run || !bar()) return;
  asked = q;
  place().replaceWith(found.querySelector("#found"));
  hits = JSON.parse(place().dataset.hits);
  at = again ? hits.findIndex((one) => one.key === before) : -1;
  paint();
  if (at >= 0) tell();
  else if (!again && hits.length) await go(0);
}

async function step(by) {
  clearTimeout(timer);
  if (words() !== asked) return ask();
  if (hits.length) await go((at + by + hits.length) % hits.length);
}

// --- go there -------------------------------------------------------------------------------------------

async function go(to) {
  const mine = run, { key } = hits[to];
  at = to;
  bar().setAttribute("aria-busy", "true");
  while (!document.getElementById(key) && (await older(mine)));
  if (mine !== run) return;
  bar().removeAttribute("aria-busy");
  const entry = document.getElementById(key);
  entry?.scrollIntoView({ block: "center" });
  paint();
  tell(entry);
}

// a longer page of what is before; false when there is none, or something else is wanted meanwhile
// what came long ago is not read out as if it came now
function hush() {
  const region = log()?.parentElement;
  region?.setAttribute("aria-live", "off");
  setTimeout(() => region?.removeAttribute("aria-live"), 1000);
}

async function older(mine) {
  const link = document.querySelector("#earlier a"), here = log();
  if (!link) return false;
  const found = await part(`${link.getAttribute("hx-get")}&many=yes`).catch(() => null);
  if (!found || mine !== run || log() !== here || !link.isConnected) return false;
  const fresh = [...found.children];
  hush();
  document.getElementById("earlier").replaceWith(...fresh);
  for (const one of fresh) htmx.process(one);
  return true;
}

function tell(entry) {
  const shown = place();
  shown.textContent = shown.dataset.at.replace("{n}", at + 1).replace("{all}", hits.length);
  if (entry) {
    const [who, said] = [".msg-h b", ".msg-b, .parent-t"].map((one) => entry.querySelector(one)?.textContent.trim().slice(0, 120) ?? "");
    document.getElementById("find-said").textContent = [who, said].filter(Boolean).join(": ");
  }
}

// --- mark -----------------------------------------------------------------------------------------------

function paint() {
  if (!globalThis.CSS?.highlights) return;
  const all = new Highlight(), now = new Highlight();
  hits.forEach(({ key, text, subject }, number) => {
    const entry = document.getElementById(key), body = entry?.querySelector(".msg-b, .parent-t");
    if (!body) return;
    const head = body.querySelector(":scope > p");
    for (const range of [...ranges(body, text, head), ...(head ? ranges(head, subject) : [])]) (number === at ? now : all).add(range);
  });
  CSS.highlights.set("found", all);
  CSS.highlights.set("found-now", now);
}

function* ranges(node, spans, but = null) {
  const walk = document.createTreeWalker(node, NodeFilter.SHOW_TEXT, (one) => (but?.contains(one) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT));
  const parts = [];
  for (let begin = 0; walk.nextNode(); begin += walk.currentNode.length) parts.push([begin, walk.currentNode]);
  const spot = (offset) => parts.findLast(([begin, one]) => begin <= offset && offset <= begin + one.length);
  for (const [from, to] of spans) {
    const [first, last] = [spot(from), spot(to)];
    if (!first || !last) continue;
    const range = new Range();
    range.setStart(first[1], from - first[0]);
    range.setEnd(last[1], to - last[0]);
    yield range;
  }
}

// --- open and close -------------------------------------------------------------------------------------

function open() {
  bar().classList.add("is-open");
  field().focus();
  field().select();
}

function shut() {
  [hits, at, asked] = [[], -1, ""];
  run++;
  paint();
  field().value = "";
  place().textContent = document.getElementById("find-said").textContent = "";
  bar().classList.remove("is-open");
  document.querySelector("#thread-head [data-find]")?.focus();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-find]")) {
    event.preventDefault();
    event.target.closest("details.drop")?.removeAttribute("open");
    open();
  } else if (event.target.closest("[data-find-close]")) {
    event.preventDefault();
    shut();
  } else if (event.target.closest("[data-find-step]")) {
    event.preventDefault();
    step(Number(event.target.closest("[data-find-step]").dataset.findStep));
  }
});
document.addEventListener("keydown", (event) => {
  if (!bar()?.contains(event.target)) return;
  const by = { ArrowUp: 1, ArrowDown: -1, Enter: event.shiftKey ? -1 : 1 }[event.key];
  if (event.key === "Escape") shut();
  else if (by && event.target === field() && !event.isComposing) step(by);
  else return;
  event.preventDefault();
  event.stopPropagation();
});
document.addEventListener("input", (event) => {
  if (event.target !== field()) return;
  clearTimeout(timer);
  if (!event.isComposing) timer = setTimeout(ask, PAUSE);
});
document.addEventListener("compositionend", (event) => { if (event.target === field()) timer = setTimeout(ask, PAUSE); });

// what comes in or changes is found, too; another conversation begins without
document.addEventListener("widerhall", ({ detail }) => {
  const here = document.getElementById("conversation")?.dataset.conversation;
  if (asked && (detail.topic === "resync" || detail.conversation_id === Number(here))) setTimeout(() => asked && field() && ask(true), 1000);
});
new MutationObserver(() => {
  if (!asked) return;
  if (field() && words()) paint();
  else { [hits, at, asked] = [[], -1, ""]; run++; paint(); }
}).observe(document.getElementById("main") ?? document.body, { childList: true, subtree: true });

// what was before loads while one reads up; who was on its link by keyboard is on the next one
let was = false;
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id !== "earlier") return;
  was = detail.target.contains(document.activeElement);
  hush();
});
document.addEventListener("htmx:afterSettle", () => {
  if (!was) return;
  was = false;
  (document.querySelector("#earlier a") ?? log()?.parentElement)?.focus({ preventScroll: true });
});
