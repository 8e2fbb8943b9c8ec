// How wide the panes of the inbox are, and which is folded away: by dragging, by arrow keys, or by a key; kept by this browser.
// What is kept is set before the first paint (first.js). Pattern: https://www.w3.org/WAI/ARIA/apg/patterns/windowsplitter/

const KEPT = "panes", STEP = 16;
const root = document.documentElement, wide = matchMedia("(min-width: 1280px)");
const bars = [...document.querySelectorAll("[data-split]")];
const usual = {};

const read = () => { try { return JSON.parse(localStorage.getItem(KEPT)) ?? {}; } catch { return {}; } };
const pane = (name) => document.getElementById(name === "list" ? "list" : "person");
const folded = (name) => (root.dataset.folded ?? "").split(" ").includes(name);

function keep(name, value) {
  const kept = { ...read(), ...value && { [name]: value } };
  if (!value) delete kept[name];
  kept.folded = root.dataset.folded ?? "";
  try { localStorage.setItem(KEPT, JSON.stringify(kept)); } catch { /* no storage: until the page is left */ }
}

function tell(bar) {
  const now = folded(bar.dataset.split) ? 0 : Math.round(pane(bar.dataset.split)?.getBoundingClientRect().width ?? 0);
  bar.setAttribute("aria-valuenow", String(now));
}

function size(bar, pixels) {
  const name = bar.dataset.split, most = Math.min(Number(bar.ariaValueMax), Math.floor(innerWidth * 0.36));
  const next = Math.max(Number(bar.ariaValueMin), Math.min(most, Math.round(pixels)));
  root.style.setProperty(`--${name}-w`, `min(${next}px, 36vw)`);
  tell(bar);
  return next;
}

function fold(name, away) {
  const others = (root.dataset.folded ?? "").split(" ").filter((one) => one && one !== name);
  root.dataset.folded = [...others, ...away ? [name] : []].join(" ");
  if (!root.dataset.folded) delete root.dataset.folded;
  keep(name, read()[name]);
  bars.forEach(tell);
  document.dispatchEvent(new Event("repaint"));
}

for (const bar of bars) {
  const name = bar.dataset.split, grows = name === "list" ? 1 : -1;
  usual[name] = Number(bar.ariaValueNow);
  bar.hidden = false;
  tell(bar);
  bar.addEventListener("pointerdown", (event) => {
    if (event.button || folded(name)) return;
    event.preventDefault();
    bar.setPointerCapture(event.pointerId);
    const from = event.clientX, was = pane(name).getBoundingClientRect().width;
    let now = 0;
    const move = (moved) => { now = size(bar, was + grows * (moved.clientX - from)); };
    bar.addEventListener("pointermove", move);
    bar.addEventListener("lostpointercapture", () => {
      bar.removeEventListener("pointermove", move);
      if (now) keep(name, now);
    }, { once: true });
  });
  bar.addEventListener("dblclick", () => { root.style.removeProperty(`--${name}-w`); keep(name, 0); tell(bar); }); // as it was at first
  bar.addEventListener("keydown", (event) => {
    const now = pane(name)?.getBoundingClientRect().width ?? usual[name];
    const next = {
      ArrowLeft: now - grows * STEP, ArrowRight: now + grows * STEP, Home: Number(bar.ariaValueMin), End: Number(bar.ariaValueMax),
    }[event.key];
    if (event.key === "Enter") fold(name, !folded(name));
    else if (next !== undefined && !folded(name)) keep(name, size(bar, next));
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

// buttons that fold one away, and those in the thread's head that bring it back
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fold]");
  if (!button || !wide.matches) return;
  const name = button.dataset.fold, away = !folded(name);
  event.preventDefault();
  fold(name, away);
  const other = [...document.querySelectorAll(`[data-fold=${name}]`)].find((one) => one.checkVisibility());
  (other ?? pane(name))?.focus();
});
// while the list is folded away there is no row to be on: the next conversation is opened
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-beside]");
  if (!button) return;
  const rows = [...document.querySelectorAll("#rows > [data-row]")];
  const at = rows.findIndex((one) => one.dataset.row === document.getElementById("conversation")?.dataset.conversation);
  rows[at + Number(button.dataset.beside)]?.querySelector(".conv")?.click();
});
addEventListener("resize", () => bars.forEach(tell));
