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
  const found = keyed().find((node) => node.dataset.key === key);
  if (!found) return false;
  const field = found.matches("textarea, input:not([type=radio], [type=checkbox])");
  if (field) { found.focus(); found.select(); } else found.click();
  if (found.matches("summary")) (found.parentElement.querySelector(".menu-item, .menu :is(input:not([type=hidden]), select)") ?? found).focus();
  return true;
}

function name(node) {
  const label = node.dataset.keyName || node.getAttribute("aria-label") || node.getAttribute("placeholder");
  if (label) return label.replace(/ \(.\)$/, "");
  const copy = node.cloneNode(true);
  copy.querySelectorAll("kbd, .count, .vh").forEach((one) => one.remove());
  return copy.textContent.trim();
}

function show() {
  const list = document.getElementById("keys-list"), done = new Set();
  list.querySelectorAll("[data-made]").forEach((one) => one.remove());
  const rest = list.firstElementChild;
  for (const node of keyed()) {
    const keys = node.dataset.key;
    if (done.has(keys)) continue;
    done.add(keys);
    const term = document.createElement("dt"), text = document.createElement("dd");
    keys.split(" ").forEach((key, place) => {
      if (place) term.append(` ${list.dataset.then} `);
      term.append(Object.assign(document.createElement("kbd"), { textContent: key.toUpperCase() }));
    });
    text.textContent = name(node);
    term.dataset.made = text.dataset.made = "";
    rest.before(term, text);
  }
  sheet.showModal();
}

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

function open() {
  if (!palette || document.querySelector("dialog[open]")) return;
  here.querySelectorAll("[role=option]").forEach((one) => one.remove());
  const done = new Set();
  for (const node of keyed()) {
    const keys = node.dataset.key;
    if (done.has(keys) || node.closest(".rail")) continue;
    done.add(keys);
    const option = document.createElement("button");
    Object.assign(option, { type: "button", className: "menu-item", id: `cmd-0-${done.size}`, tabIndex: -1, textContent: name(node) });
    option.setAttribute("role", "option");
    option.dataset.name = option.textContent.toLocaleLowerCase();
    option.append(Object.assign(document.createElement("kbd"), { textContent: keys.toUpperCase() }));
    option.addEventListener("click", () => { palette.close(); press(keys); });
    here.append(option);
  }
  asked.value = "";
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
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "?") { event.preventDefault(); show(); return; }
  const key = event.key.toLowerCase();
  if (key.length !== 1) return;
  const pair = before && event.timeStamp - since < PAUSE ? `${before} ${key}` : "";
  before = "";
  if ((pair && press(pair)) || press(key)) { event.preventDefault(); return; }
  [before, since] = [key, event.timeStamp];
});
