// The list of conversations: open without leaving, keys, ticking, and live rows that never move what is read.
// Without this script every link and form of the list works by itself.

const PAUSE = 300, REST = 2000; // milliseconds: gather events, and leave the hub alone between two questions
const MOST = 50; // conversations asked for by number; for more the rows are fetched anew
const narrow = matchMedia("(max-width: 799px)");

const token = () => document.querySelector("input[name=csrf]")?.value ?? "";
const pane = () => document.getElementById("list");
const box = () => document.getElementById("rows");
const links = () => [...document.querySelectorAll("#rows [data-row] > .conv")];
const row = (id) => document.querySelector(`#rows > [data-row="${id}"]`);
const current = () => Number(location.pathname.match(/^\/inbox\/(\d+)$/)?.[1] ?? 0);

// --- opening ------------------------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const link = event.target.closest("#rows .conv");
  if (!link) return;
  if (narrow.matches) { event.stopPropagation(); return; } // one pane at a time: the address opens it
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  mark(link);
}, true);

function mark(link) {
  for (const one of links()) one.toggleAttribute("aria-current", false);
  link.setAttribute("aria-current", "true");
  if (link.classList.contains("is-unread")) link.querySelector(".conv-h .vh")?.remove();
  link.classList.remove("is-unread");
  for (const one of document.querySelectorAll("#rows > .is-left")) if (!one.contains(link)) one.remove();
}

// links of the pane keep the conversation that is open
document.addEventListener("htmx:configRequest", (event) => {
  const { detail } = event, from = event.target;
  if (!from.closest?.("#list") || from.closest("#rows, #bulk, #bulk-job") || from.matches("[data-address]")) return;
  const path = new URL(detail.path, location);
  path.pathname = location.pathname;
  detail.path = path.pathname + path.search;
  if (detail.verb === "get") for (const [name, value] of [...detail.formData.entries()]) if (value === "") detail.formData.delete(name);
});

// --- keys: J and K move, Enter opens, X ticks -----------------------------------------------------------

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move]");
  if (!button) return;
  const all = links(), at = all.findIndex((one) => one === document.activeElement);
  const open = at >= 0 ? at : all.findIndex((one) => one.hasAttribute("aria-current"));
  const edge = box()?.getBoundingClientRect().top, above = all.findIndex((one) => one.getBoundingClientRect().top >= edge - 1);
  const from = open >= 0 || above <= fresh.size ? open : above - 1; // the newest first, where only new ones are out of sight
  const next = all[Math.min(Math.max(from + Number(button.dataset.move), 0), all.length - 1)];
  next?.focus();
  if (next === all.at(-1)) document.querySelector("#older a")?.click();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-tick]")) document.activeElement?.closest("#rows [data-row]")?.querySelector(".pick input")?.click();
});

// --- ticking --------------------------------------------------------------------------------------------

let last = null;
const held = () => [...document.querySelectorAll("#bulk [data-held]")]; // ticked, and out of the page (rows.js)
const ticks = () => [...document.querySelectorAll("#rows .pick input")];

function ticked() {
  const all = document.querySelector("[data-all]"), boxes = ticks(), shown = boxes.filter((one) => one.checked).length;
  if (!all) return;
  const every = document.querySelector("[data-every]");
  if (every) document.getElementById("every").hidden = !every.checked && shown < boxes.length; // offered when all that is here is ticked
  const on = every?.checked ? document.querySelector("#every [data-count]").textContent : shown + held().length;
  all.hidden = false;
  all.checked = shown > 0 && shown === boxes.length;
  all.indeterminate = Boolean(on) && shown < boxes.length;
  const said = document.querySelector("[data-picked]");
  document.querySelector("[data-number]").textContent = on || "";
  if (on) said.textContent = said.dataset.picked.replace("{n}", on);
}

document.addEventListener("click", (event) => {
  const tick = event.target.closest?.(".pick input");
  if (tick) {
    const boxes = ticks();
    if (event.shiftKey && last?.isConnected) {
      const [from, to] = [boxes.indexOf(last), boxes.indexOf(tick)].sort((a, b) => a - b);
      boxes.slice(from, to + 1).forEach((one) => { one.checked = tick.checked; });
    }
    last = tick;
    const every = document.querySelector("[data-every]");
    if (every && !tick.checked) every.checked = false;
    ticked();
  } else if (event.target.matches?.("[data-all]")) {
    const every = document.querySelector("[data-every]");
    if (every && !event.target.checked) every.checked = false;
    ticks().forEach((one) => { one.checked = event.target.checked; });
    if (!event.target.checked) held().forEach((one) => one.remove());
    ticked();
  } else if (event.target.matches?.("[data-every]")) ticked();
});
document.addEventListener("reset", (event) => { if (event.target.id === "bulk") { held().forEach((one) => one.remove()); setTimeout(ticked); } });
document.addEventListener("rows:changed", () => {
  if (document.querySelector("[data-every]")?.checked) ticks().forEach((one) => { one.checked = true; });
  ticked();
});

// --- how many lines of text -----------------------------------------------------------------------------

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-set-density]");
  if (!button) return;
  const chosen = button.dataset.setDensity;
  document.cookie = `density=${chosen}; path=/; max-age=31536000; samesite=lax`;
  pane().toggleAttribute("data-density", false);
  if (chosen) pane().dataset.density = chosen;
  for (const one of document.querySelectorAll("[data-set-density]")) one.setAttribute("aria-pressed", String(one === button));
  button.closest("details").open = false;
});

// --- live: rows enter and leave in order; what is in sight stays where it is ------------------------------

const asked = new Set();
const fresh = new Set(); // above what is in sight, not looked at yet
let timer = 0, asking = false, again = false, whole = false;

const rank = (node) => node.dataset.rank.split("_").map(Number);
const before = (a, b) => {
  const [x, y] = [rank(a), rank(b)];
  const place = x.findIndex((value, at) => value !== y[at]);
  return place >= 0 && x[place] < y[place];
};

document.addEventListener("widerhall", ({ detail }) => {
  if (!pane()) return;
  if (detail.topic === "resync") whole = true;
  else if (detail.conversation_id) asked.add(detail.conversation_id);
  else return;
  if (asking) again = true;
  else timer ||= setTimeout(look, PAUSE);
});

document.body.addEventListener("row", () => { // the open conversation is unread again
  asked.add(current());
  if (asking) again = true;
  else timer ||= setTimeout(look);
});

async function look() {
  timer = 0;
  asking = true;
  const ids = [...asked], all = whole || ids.length > MOST || "empty" in (box()?.dataset ?? {});
  asked.clear();
  whole = false;
  const part = await fetched(all ? { count: Math.max(50, links().length), ...start() } : { ids: ids.join(",") });
  if (!part) {
    ids.forEach((id) => asked.add(id)); // the connection is away: asked again when it is back
    whole ||= all;
  } else if (all && "empty" in (box()?.dataset ?? {})) {
    if (part.querySelector("[data-row]")) reload();
    else counts(part);
  } else if (box()) settle(part, all ? null : ids);
  setTimeout(() => {
    asking = false;
    if (again || asked.size || whole) { again = false; look(); }
  }, part ? REST : REST * 2);
}

// where the rows of the page begin, when those above are not in it
function start() {
  const first = box()?.querySelector("[data-row]");
  if (!first || "first" in box().dataset) return {};
  const [part, moment, id] = rank(first);
  return { before: [part, moment, id - 1].join("_") };
}

async function fetched(more) {
  const address = new URL("/inbox/rows", location);
  address.search = location.search;
  address.searchParams.delete("before");
  for (const [name, value] of Object.entries({ ...more, current: current() })) address.searchParams.set(name, value);
  try {
    const answer = await fetch(address, { headers: { "X-CSRF-Token": token(), Accept: "text/html" } });
    if (answer.redirected) document.dispatchEvent(new Event("signedout"));
    if (!answer.ok || answer.redirected) return null;
    const made = document.createElement("template");
    made.innerHTML = await answer.text();
    return made.content;
  } catch { return null; }
}

function reload() {
  htmx.ajax("GET", location.pathname + location.search, { source: pane(), target: "#list", swap: "outerHTML", select: "#list" });
}

// ids: what was asked for by number; without, the part holds everything from the top
function settle(part, ids) {
  const found = new Map([...part.querySelectorAll("[data-row]")].map((node) => [Number(node.dataset.row), node]));
  const list = box(), open = current();
  const gone = (ids ?? [...list.querySelectorAll("[data-row]")].map((node) => Number(node.dataset.row)));
  keep(list, () => {
    for (const id of gone) {
      const old = row(id);
      if (!old || found.has(id)) continue;
      if (id === open) old.classList.add("is-left"); // what is read stays in sight
      else if (!old.contains(document.activeElement)) old.remove();
      fresh.delete(id);
    }
    for (const [id, node] of found) place(list, id, node, !ids);
  });
  if (!ids) more(part);
  htmx.process(list);
  counts(part);
  pill();
  document.dispatchEvent(new Event("repaint"));
  if (!list.querySelector("[data-row]")) reload();
}

function bare(node) { // without the mark of who is there, and the deeds that lie on it
  const copy = node.cloneNode(true);
  for (const one of copy.querySelectorAll(":scope > :is(.at-row, .row-deeds)")) one.remove();
  return copy.innerHTML;
}

function place(list, id, node, certain) {
  const old = row(id), end = [...list.querySelectorAll("[data-row]")].at(-1);
  const held = old?.contains(document.activeElement), ticks = old?.querySelector(".pick input")?.checked;
  if (old && old.dataset.rank === node.dataset.rank && bare(old) === node.innerHTML) return;
  if (!old && !certain) {
    if (document.getElementById("older") && end && !before(node, end)) return; // on a later page
    if (!("first" in list.dataset) && end && before(node, list.querySelector("[data-row]"))) { // on an earlier one
      if (list.dataset.top && before(node, { dataset: { rank: list.dataset.top } })) fresh.add(id);
      return;
    }
  }
  const moves = !old || old.dataset.rank !== node.dataset.rank;
  if (ticks) node.querySelector(".pick input").checked = true;
  if (old) old.replaceWith(node);
  if (moves) {
    const next = [...list.querySelectorAll("[data-row]")].find((one) => one !== node && before(node, one));
    list.insertBefore(node, next ?? document.getElementById("older"));
    if (next) fresh.add(id);
  }
  if (held) node.querySelector(".conv").focus({ preventScroll: true });
}

// the first row in sight that stays is where it was, whatever changes above it
function keep(list, change) {
  const top = list.getBoundingClientRect().top;
  const seen = [...list.querySelectorAll("[data-row]")].filter((node) => node.getBoundingClientRect().bottom > top);
  const at = new Map(seen.map((node) => [node.dataset.row, node.getBoundingClientRect().top]));
  const ranks = new Map(seen.map((node) => [node.dataset.row, node.dataset.rank]));
  change();
  const stays = seen.find((node) => row(node.dataset.row)?.dataset.rank === ranks.get(node.dataset.row));
  if (stays) list.scrollTop += row(stays.dataset.row).getBoundingClientRect().top - at.get(stays.dataset.row);
}

function more(part) {
  const older = document.getElementById("older"), next = part.querySelector("#older");
  if (older && next) older.replaceWith(next);
  else if (next) box().append(next);
  else older?.remove();
}

function counts(part) {
  for (const one of part.querySelectorAll("data")) {
    for (const node of document.querySelectorAll(`[data-count="${one.value}"]`)) {
      if (node.textContent !== one.textContent) node.textContent = one.textContent;
      node.closest("[data-any]")?.toggleAttribute("hidden", one.textContent === "0"); // shown while there are any
    }
  }
  const volume = part.querySelector("#volume"), old = document.getElementById("volume");
  if (volume && old && volume.outerHTML !== old.outerHTML && !old.contains(document.activeElement)) {
    old.replaceWith(volume);
    htmx.process(volume);
  }
}

// "3 new": what stands above what is in sight
function pill() {
  const button = document.getElementById("new"), list = box();
  if (!button || !list) return;
  const top = list.getBoundingClientRect().top;
  for (const id of fresh) {
    const node = row(id);
    if (node ? node.getBoundingClientRect().top >= top - 1 : "first" in list.dataset) fresh.delete(id);
  }
  button.hidden = !fresh.size;
  const text = fresh.size === 1 ? button.dataset.one : button.dataset.many.replace("{n}", fresh.size);
  if (fresh.size && button.textContent !== text) button.textContent = text;
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("#new")) return;
  if (!("first" in box().dataset)) document.dispatchEvent(new Event("rows:top"));
  box().scrollTo({ top: 0 });
  box().querySelector(".conv")?.focus({ preventScroll: true });
  fresh.clear();
  pill();
});
document.addEventListener("scroll", (event) => { if (event.target === box()) pill(); }, true);
document.addEventListener("widerhall:connected", ({ detail }) => { if (detail && (asked.size || whole) && !asking) timer ||= setTimeout(look, PAUSE); });

// --- whenever the pane is new -----------------------------------------------------------------------------

function begin() {
  fresh.clear();
  for (const one of document.querySelectorAll("[data-densities]")) one.hidden = false;
  ticked();
  document.querySelector("#rows .conv[aria-current]")?.scrollIntoView({ block: "nearest" });
}
document.addEventListener("htmx:afterSettle", (event) => { if (event.detail.target?.id === "list" || event.target.id === "list") begin(); });
begin();
