// Who else is at a conversation, and who writes there: said by every page in time, shown in rows, head and box.
// A page that is closed says so; one that falls silent is gone for the others when its time is over.

const BEAT = 20000, TYPING = 4000, GATHER = 250; // milliseconds
const page = Array.from({ length: 12 }, () => Math.floor(Math.random() * 36).toString(36)).join("");
const token = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRF-Token"] ?? "";
const me = Number(document.getElementById("told")?.dataset.me ?? 0);
const pane = () => document.getElementById("conversation");
const field = () => document.getElementById("reply-text");
const open = () => Number(pane()?.dataset.conversation ?? 0);
const rows = () => [...document.querySelectorAll("#rows > [data-row]")].map((node) => Number(node.dataset.row));

// --- what this page says --------------------------------------------------------------------------------

let at = 0, wrote = 0;

const said = (writes, now = open(), reads = false) => {
  const before = at === now ? 0 : at, fresh = at !== now || reads;
  at = now;
  if (!now && !before) return null;
  return new URLSearchParams({ csrf: token, page, at: now, before, writes: writes ? "yes" : "", reads: fresh ? "yes" : "" });
};

function tell(writes = Date.now() - wrote < TYPING, reads = false) {
  const body = document.visibilityState === "visible" || writes ? said(writes, open(), reads) : null;
  if (body) fetch("/live/here", { method: "POST", body }).catch(() => {}); // away: the next beat says it
}

function leave() {
  const body = said(false, 0);
  wrote = 0;
  if (body) navigator.sendBeacon("/live/here", body);
}

setInterval(() => tell(), BEAT);
addEventListener("pagehide", leave);
addEventListener("pageshow", (event) => { if (event.persisted) { tell(); ask(); } });
document.addEventListener("visibilitychange", () => { if (document.visibilityState === "visible") { tell(); ask(); } });

const note = () => document.querySelector("#composer input[name=kind]:checked")?.value === "note";
document.addEventListener("input", (event) => {
  if (event.target !== field() || note()) return;
  if (!event.target.value.trim()) stopped();
  else if (Date.now() - wrote >= TYPING) { wrote = Date.now(); tell(true); }
});
document.addEventListener("htmx:afterRequest", (event) => {
  // the box was swapped: the event comes from what is left of the page
  if (event.detail.requestConfig?.elt.id === "composer" && event.detail.successful) stopped();
});

function stopped() {
  if (!wrote) return;
  wrote = 0;
  tell(false);
}

// --- what others say --------------------------------------------------------------------------------------

const known = new Map(); // conversation -> the element that says who is there
const asked = new Set();
let waiting = 0, over = 0, asking = false;

function ask(numbers = [open(), ...rows()]) {
  for (const one of numbers) if (one) asked.add(one);
  waiting ||= setTimeout(look, GATHER);
}

async function look() {
  waiting = 0;
  if (asking || !asked.size) return;
  const ids = [...asked].slice(0, 400);
  asked.clear();
  asking = true;
  try {
    const answer = await fetch(`/live/present?ids=${ids.join(",")}`);
    if (answer.ok) {
      const made = document.createElement("template");
      made.innerHTML = await answer.text();
      const found = new Map([...made.content.querySelectorAll("[data-talk]")].map((node) => [Number(node.dataset.talk), node]));
      for (const id of ids) {
        const node = found.get(id);
        if (!node) { known.delete(id); continue; }
        node.until = Date.now() + Number(node.dataset.left) + 200;
        known.set(id, node);
      }
      paint();
    }
  } catch { forget(); /* away: nobody can be said to be there */ }
  asking = false;
  if (asked.size) waiting ||= setTimeout(look, GATHER);
  later();
}

function forget() {
  known.clear();
  paint();
}

function later() { // who falls silent goes
  clearTimeout(over);
  const next = Math.min(...[...known.values()].map((node) => node.until));
  if (Number.isFinite(next)) over = setTimeout(() => {
    ask([...known].filter(([, node]) => node.until <= Date.now()).map(([id]) => id));
    later();
  }, Math.max(GATHER, next - Date.now()));
}

function put(place, faces) {
  const old = place.firstElementChild;
  if (old?.outerHTML === faces?.outerHTML) return;
  place.replaceChildren(...(faces ? [faces.cloneNode(true)] : []));
}

function paint() {
  for (const row of document.querySelectorAll("#rows > [data-row]")) {
    const faces = known.get(Number(row.dataset.row))?.querySelector(".faces");
    let place = row.querySelector(":scope > .at-row");
    if (!faces) { place?.remove(); continue; }
    if (!place) {
      place = document.createElement("span");
      place.className = "at-row";
      row.append(place);
    }
    put(place, faces);
  }
  const here = known.get(open()), head = document.getElementById("present"), box = document.getElementById("writes");
  if (head) put(head, here?.querySelector(".faces"));
  if (!box) return;
  const words = here?.dataset.writes ?? "", place = box.querySelector("span");
  if (place.textContent !== words) place.textContent = words;
  box.hidden = !words;
}

document.addEventListener("widerhall", ({ detail }) => {
  if (detail.topic === "resync") ask();
  else if (detail.topic === "presence" && (detail.talk === open() || document.querySelector(`#rows > [data-row="${detail.talk}"]`))) ask([detail.talk]);
});
document.addEventListener("widerhall:connected", ({ detail }) => {
  if (detail) { tell(); ask(); } else forget();
});
document.addEventListener("widerhall", ({ detail }) => { // told of what is before one's eyes
  if (detail.topic === "notice" && detail.who === me && open()) tell(undefined, true);
});
document.addEventListener("repaint", paint);
document.addEventListener("htmx:afterSettle", () => {
  if (open() !== at) { wrote = 0; tell(false); ask([open()]); }
  const fresh = rows().filter((id) => !seen.has(id));
  if (fresh.length) { fresh.forEach((id) => seen.add(id)); ask(fresh); }
  paint();
});
const seen = new Set(rows());
tell();
ask();
