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
  if (found.matches("summary")) found.parentElement.querySelector(".menu-item, .menu input:not([type=hidden])")?.focus();
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

addEventListener("keydown", (event) => {
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
