// The keyboard: an element with data-key="e" (or "g i": one after the other) is pressed by its key.
// The sheet (?) lists what this very page offers. Never while somebody types.

const PAUSE = 1200; // milliseconds in which the second key of two has to come
const sheet = document.getElementById("keys");
let before = "", since = 0;

const typing = (node) => node.closest?.("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");
const seen = (node) => node.checkVisibility() || node.closest("details.drop:not([open])")?.checkVisibility(); // or in a menu
const usable = (node) => seen(node) && !node.disabled;
const keyed = () => [...document.querySelectorAll("[data-key]:not([data-key=''])")].filter(usable);

function press(key) {
  const all = keyed().filter((node) => node.dataset.key === key), at = document.activeElement.closest("[data-row]");
  const found = all.find((node) => at?.contains(node)) ?? all.find((node) => !node.closest("[data-row]")); // of the row one is at
  if (!found) return false;
  const field = found.matches("textarea, input:not([type=radio], [type=checkbox])");
  if (field) { found.focus(); found.select(); } else found.click();
  if (found.matches("summary")) (found.parentElement.querySelector(".menu-item, .menu :is(input:not([type=hidden]), select)") ?? found).focus();
  return true;
}

function name(node) {
  const label = node.dataset.keyName || node.getAttribute("aria-label") || node.getAttribute("placeholder");
  if (label) return label;
  const copy = node.cloneNode(true);
  copy.querySelectorAll("kbd, .count, .vh").forEach((one) => one.remove());
  return copy.textContent.trim();
}

// --- the sheet: where a key works, by the place of what it presses ---------------------------------------

const PLACES = [["#list", "list"], ["#compose", "text"], ["#conversation, #person", "talk"], [".rail, [data-keys]", "all"]];
const find = document.getElementById("keys-q");

function show() {
  const list = document.getElementById("keys-list"), done = new Set();
  list.querySelectorAll("[data-made]").forEach((one) => one.remove());
  for (const node of keyed()) {
    const keys = node.dataset.key;
    if (done.has(keys) || node.closest("[data-row]")) continue;
    done.add(keys);
    const place = PLACES.find(([where]) => node.closest(where))?.[1] ?? "page";
    const term = document.createElement("dt"), text = document.createElement("dd");
    keys.split(" ").forEach((key, place) => {
      if (place) term.append(` ${list.dataset.then} `);
      term.append(Object.assign(document.createElement("kbd"), { textContent: key.toUpperCase() }));
    });
    text.textContent = name(node);
    term.dataset.made = text.dataset.made = "";
    list.querySelector(`[data-group=${place}] dl`).append(term, text);
  }
  find.value = "";
  sift();
  sheet.showModal();
}

// what is typed names a deed, or is a key itself
function sift() {
  const said = find.value.trim().toLocaleLowerCase(), words = said.split(/\s+/).filter(Boolean);
  let any = false;
  for (const group of sheet.querySelectorAll("[data-group]")) {
    for (const text of group.querySelectorAll("dd")) {
      const term = text.previousElementSibling, deed = text.textContent.toLocaleLowerCase();
      const fits = words.every((word) => deed.includes(word)) || [...term.querySelectorAll("kbd")].some((key) => key.textContent.toLocaleLowerCase() === said);
      term.hidden = text.hidden = !fits;
    }
    group.hidden = !group.querySelector("dd:not([hidden])");
    any ||= !group.hidden;
  }
  const none = document.getElementById("keys-0");
  none.textContent = any ? "" : none.dataset.none;
}

find?.addEventListener("input", sift);
find?.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); }); // finds, and closes nothing
document.addEventListener("click", (event) => { if (event.target.closest("[data-keys]")) show(); });

// --- single keys on or off, kept by this browser -------------------------------------------------------

const LETTERS = "letters";
let letters = true;
try { letters = localStorage.getItem(LETTERS) !== "off"; } catch { /* no storage */ }
const switches = () => [...document.querySelectorAll("[data-letters]")];
for (const one of switches()) {
  one.hidden = false;
  one.querySelector("input").checked = letters;
}
document.addEventListener("change", (event) => {
  if (!event.target.closest("[data-letters]")) return;
  letters = event.target.checked;
  for (const one of switches()) one.querySelector("input").checked = letters;
  tell(document);
  try {
    if (letters) localStorage.removeItem(LETTERS);
    else localStorage.setItem(LETTERS, "off");
  } catch { /* no storage: until the page is left */ }
});

// --- a key is told beside the name: to screen readers, and to who points at what shows none -----------------

function tell(root) {
  for (const one of root.querySelectorAll("template")) tell(one.content);
  for (const one of [root, ...root.querySelectorAll("[data-key]")]) {
    const key = one.dataset?.key;
    if (letters && key?.length === 1) one.setAttribute("aria-keyshortcuts", key.toUpperCase()); // there is no saying two after the other
    else if (key) one.removeAttribute("aria-keyshortcuts");
  }
}
tell(document);
document.addEventListener("htmx:load", (event) => tell(event.target));
document.addEventListener("focusin", (event) => tell(event.target)); // what got its key later
document.addEventListener("mouseover", ({ target }) => {
  const one = target.closest?.("a, button, summary"), key = one?.dataset.key;
  if (!one || one.querySelector("kbd") || !(key || (one.ariaLabel && !one.title))) return; // a tooltip at rest is spoken twice
  one.title = key && letters ? `${name(one)} (${key.toUpperCase()})` : name(one);
});

function escape() {
  if (location.hash === "#person") { location.hash = "conversation"; return true; }
  return false;
}

// --- the command palette: what this page offers, then what the hub finds ------------------------------

const palette = document.getElementById("commands"), asked = document.getElementById("commands-q");
const here = document.getElementById("commands-here"), options = () => [...palette.querySelectorAll("[role=option]:not([hidden])")];
let answered = false; // the hub has said what fits what was typed

function choose(option) {
  for (const one of options()) one.setAttribute("aria-selected", String(one === option));
  if (option) asked.setAttribute("aria-activedescendant", option.id);
  else asked.removeAttribute("aria-activedescendant");
  option?.scrollIntoView({ block: "nearest" });
  const none = document.getElementById("commands-0");
  none.textContent = option || !answered ? "" : none.dataset.none;
}

function narrow() {
  const words = asked.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  for (const one of here.querySelectorAll("[role=option]")) {
    one.hidden = !words.every((word) => one.dataset.name.includes(word));
  }
  here.hidden = !here.querySelector("[role=option]:not([hidden])");
  choose(options()[0]);
}

// conversations that were open in this browser, the last one first: their numbers alone
const LATELY = `lately:${document.getElementById("told")?.dataset.me}`, KEPT = 8;
const shown = () => Number(document.getElementById("conversation")?.dataset.conversation ?? 0);

function lately() {
  try { return JSON.parse(localStorage.getItem(LATELY) ?? "[]").filter(Number.isInteger); } catch { return []; }
}

function opened() {
  const number = shown(), known = lately();
  if (!number || known[0] === number) return;
  try { localStorage.setItem(LATELY, JSON.stringify([number, ...known.filter((one) => one !== number)].slice(0, KEPT))); } catch { /* no storage */ }
}
document.addEventListener("htmx:afterSettle", ({ detail }) => { if (detail.target?.id === "conversation") opened(); });
opened();

function open() {
  if (!palette || document.querySelector("dialog[open]")) return;
  here.querySelectorAll("[role=option]").forEach((one) => one.remove());
  const done = new Set();
  for (const node of keyed()) {
    const keys = node.dataset.key;
    if (done.has(keys) || node.closest(".rail, [data-row]")) continue;
    done.add(keys);
    const option = document.createElement("button");
    Object.assign(option, { type: "button", className: "menu-item", id: `cmd-0-${done.size}`, tabIndex: -1, textContent: name(node) });
    option.setAttribute("role", "option");
    option.dataset.name = option.textContent.toLocaleLowerCase();
    option.append(Object.assign(document.createElement("kbd"), { textContent: keys.toUpperCase(), ariaHidden: "true" }));
    option.addEventListener("click", () => { palette.close(); press(keys); });
    here.append(option);
  }
  asked.value = "";
  document.getElementById("commands-recent").value = lately().filter((one) => one !== shown()).join(",");
  answered = false;
  document.getElementById("commands-there").replaceChildren();
  palette.showModal();
  asked.focus();
  narrow();
  asked.dispatchEvent(new CustomEvent("show"));
}

asked?.addEventListener("input", () => { answered = false; narrow(); });
palette?.addEventListener("htmx:afterSwap", () => { answered = true; narrow(); });
palette?.addEventListener("click", (event) => event.target === palette && palette.close()); // beside it
palette?.addEventListener("keydown", (event) => {
  const all = options(), place = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step && all.length) choose(all[(place + step + all.length) % all.length]);
  else if (event.key === "Enter" && !event.isComposing) all[place]?.click(); // typing Japanese, it ends a word
  else return;
  event.preventDefault();
});
document.addEventListener("click", (event) => event.target.closest("[data-commands]") && open());

addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k" && palette) {
    event.preventDefault();
    open();
    return;
  }
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") {
    if (typing(event.target)) event.target.blur();
    else if (escape()) event.preventDefault();
    return;
  }
  if (typing(event.target) || document.querySelector("dialog[open]") || !letters) return;
  const key = event.key.toLowerCase();
  if (key.length !== 1) return;
  const pair = before && event.timeStamp - since < PAUSE ? `${before} ${key}` : "";
  before = "";
  if ((pair && press(pair)) || press(key)) { event.preventDefault(); return; }
  [before, since] = [key, event.timeStamp];
});
