// Proposals by key: J and K move, A links, R refuses, Z takes the last decision back. The keys sit on the
// current pair's own buttons (js/keys.js presses them), so the sheet of keys always tells the truth.

const list = document.getElementById("pairs");
const pairs = () => [...document.querySelectorAll("[data-pair]")];
let current = pairs()[0] ?? null;

function unkey(one) {
  for (const name of ["data-key", "aria-keyshortcuts"]) one.removeAttribute(name);
}

function choose(pair, focus = true) {
  for (const one of list.querySelectorAll("[data-accept], [data-reject]")) unkey(one);
  for (const one of pairs()) one.classList.toggle("is-current", one === pair);
  current = pair;
  if (!pair) return;
  pair.querySelector("[data-accept]")?.setAttribute("data-key", "a");
  pair.querySelector("[data-reject]")?.setAttribute("data-key", "r");
  if (!focus) return;
  pair.focus({ preventScroll: true });
  pair.scrollIntoView({ block: "nearest" });
}

document.addEventListener("click", (event) => {
  const step = event.target.closest("[data-step]");
  if (!step) return;
  const all = pairs(), at = all.indexOf(current);
  const next = all[Math.min(Math.max(at + Number(step.dataset.step), 0), all.length - 1)];
  if (next) choose(next);
});

list?.addEventListener("focusin", (event) => {
  const pair = event.target.closest("[data-pair]");
  if (pair && pair !== current) choose(pair, false);
});

// after settling: until then htmx still writes the attributes of what came
let place = -1;
document.addEventListener("htmx:beforeSwap", (event) => { place = [...(list?.children ?? [])].indexOf(event.detail.target); });
document.addEventListener("htmx:afterSettle", () => {
  const made = list?.children[place];
  if (!made) return;
  const at = place;
  place = -1;
  for (const one of list.querySelectorAll("[data-undo]")) unkey(one);
  if (made.matches("[data-pair]")) return choose(made);
  made.querySelector("[data-undo]")?.setAttribute("data-key", "z");
  const all = [...list.children];
  const next = [...all.slice(at + 1), ...all.slice(0, at).reverse()].find((one) => one.matches("[data-pair]"));
  if (next) return choose(next);
  choose(null);
  if (document.querySelector("#open-pairs")?.textContent !== "0" && document.querySelector("#more a")) document.querySelector("#more a").focus();
  else made.focus();
});
