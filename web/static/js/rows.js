// The rows of a long list: the page holds a window of them, and the rest is room of the same height that is filled
// again by the keys of the rows beside it. Nothing that is in sight moves.

const MOST = 240, PAGE = 50; // rows held, rows fetched at once
const NEAR = 2; // screens beside what is in sight that are kept filled

const box = () => document.getElementById("rows");
const all = (list) => [...list.querySelectorAll(":scope > [data-row]")];
const states = new WeakMap();
const current = () => location.pathname.match(/^\/inbox\/(\d+)$/)?.[1] ?? 0;

// above, below: rows that are known and not in the page; marks: the rank at some of their places
function state(list) {
  if (!states.has(list)) {
    states.set(list, { above: 0, below: 0, known: "first" in list.dataset, marks: new Map(), busy: false, older: null });
    new MutationObserver(() => number(list)).observe(list, { childList: true });
    number(list);
  }
  return states.get(list);
}

const height = (nodes) => nodes.length ? nodes.at(-1).getBoundingClientRect().bottom - nodes[0].getBoundingClientRect().top : 0;
const mean = (list) => { const nodes = all(list); return nodes.length ? height(nodes) / nodes.length : 98; };

// --- room for what is not in the page -------------------------------------------------------------------

function gap(list, side) { // "above" or "below"
  return list.querySelector(`:scope > [data-gap="${side}"]`);
}

function room(list, side, pixels) {
  let node = gap(list, side);
  if (pixels <= 0) { node?.remove(); return; }
  if (!node) {
    node = document.createElement("li");
    node.className = "gap";
    node.dataset.gap = side;
    node.setAttribute("aria-hidden", "true");
    if (side === "above") list.prepend(node);
    else list.append(node);
  }
  node.style.height = `${pixels}px`;
}

const roomy = (list, side) => gap(list, side)?.getBoundingClientRect().height ?? 0;

// what is in sight stays where it is
function steady(list, change) {
  const top = list.getBoundingClientRect().top;
  const node = all(list).find((one) => one.getBoundingClientRect().bottom > top);
  const at = node?.getBoundingClientRect().top;
  change();
  if (node?.isConnected) {
    const moved = node.getBoundingClientRect().top - at;
    if (moved) list.scrollTop += moved;
  }
}

// --- in and out of the page -----------------------------------------------------------------------------

function drop(list, nodes, side) {
  const here = state(list);
  if (!nodes.length) return;
  const pixels = height(nodes), rows = all(list), first = side === "above" ? here.above : here.above + rows.length - nodes.length;
  nodes.forEach((node, at) => { if ((first + at) % 20 === 0) here.marks.set(first + at, node.dataset.rank); });
  for (const node of nodes) {
    if (node.contains(document.activeElement)) list.focus({ preventScroll: true });
    if (node.querySelector(".pick input")?.checked) hold(node);
    node.remove();
  }
  here[side] += nodes.length;
  room(list, side, roomy(list, side) + pixels);
  if (side === "above") {
    if ("first" in list.dataset) list.dataset.top = nodes[0].dataset.rank; // what is above it from now on is new
    delete list.dataset.first;
  }
  else goesOn(list);
}

function hold(node) {
  const input = document.createElement("input");
  Object.assign(input, { type: "hidden", name: "ids", value: node.dataset.row });
  input.dataset.held = "";
  input.toggleAttribute("data-over", "over" in node.dataset);
  document.getElementById("bulk")?.append(input);
}

function take(list, part) { // new rows, those that are in the page already left out
  const nodes = [...part.querySelectorAll("[data-row]")].filter((node) => !list.querySelector(`[data-row="${node.dataset.row}"]`));
  for (const node of nodes) {
    const held = document.querySelector(`#bulk [data-held][value="${node.dataset.row}"]`);
    if (!held) continue;
    held.remove();
    node.querySelector(".pick input").checked = true;
  }
  return nodes;
}

// "Older" leads to what follows the last row of the page
function goesOn(list, given) {
  const here = state(list), old = document.getElementById("older"), last = all(list).at(-1);
  if (given !== undefined) {
    if (given) here.older = given;
    if (!given) { old?.remove(); return; }
  }
  here.older ??= old;
  const node = (here.older ?? old)?.cloneNode(true);
  if (!node || !last) return;
  const link = node.querySelector("a");
  for (const name of ["href", "hx-get"]) {
    const address = new URL(link.getAttribute(name), location);
    address.searchParams.set("before", last.dataset.rank);
    link.setAttribute(name, address.pathname + address.search);
  }
  if (old) old.replaceWith(node);
  else list.insertBefore(node, gap(list, "below"));
}

function settled(list, nodes) {
  for (const node of nodes) htmx.process(node);
  number(list);
  document.dispatchEvent(new Event("repaint"));
  document.dispatchEvent(new Event("rows:changed"));
}

async function fetched(list, more) {
  const here = state(list), address = new URL("/inbox/more", location);
  if (here.busy) return null;
  here.busy = true;
  address.search = location.search;
  address.searchParams.delete("before");
  for (const [name, value] of Object.entries({ count: PAGE, current: current(), ...more })) address.searchParams.set(name, value);
  try {
    const answer = await fetch(address, { headers: { Accept: "text/html" } });
    if (answer.redirected) document.dispatchEvent(new Event("signedout"));
    if (!answer.ok || answer.redirected) return null;
    const made = document.createElement("template");
    made.innerHTML = await answer.text();
    return list.isConnected ? made.content : null;
  } catch { return null; } finally { here.busy = false; }
}

async function down(list) {
  const before = all(list).at(-1)?.dataset.rank;
  if (!before) return;
  const part = await fetched(list, { before });
  if (!part) return later(list);
  if (all(list).at(-1)?.dataset.rank !== before) return again(list);
  const here = state(list), nodes = take(list, part), tall = roomy(list, "below") / (here.below || 1);
  steady(list, () => {
    const rows = all(list), top = list.getBoundingClientRect().top - list.clientHeight * NEAR;
    const many = Math.max(0, rows.length + nodes.length - MOST);
    drop(list, rows.slice(0, many).filter((node) => node.getBoundingClientRect().bottom < top), "above");
    for (const node of nodes) list.insertBefore(node, document.getElementById("older") ?? gap(list, "below"));
    here.below = Math.max(0, here.below - nodes.length);
    const next = part.querySelector("#older");
    if (!next) here.below = 0;
    room(list, "below", here.below * tall);
    goesOn(list, next);
  });
  settled(list, nodes);
  again(list);
}

async function up(list) {
  const first = all(list)[0]?.dataset.rank;
  if (!first) return;
  const part = await fetched(list, { above: first });
  if (!part) return later(list);
  if (all(list)[0]?.dataset.rank !== first) return again(list);
  const here = state(list), nodes = take(list, part), begins = "first" in part.querySelector("ol").dataset;
  steady(list, () => {
    const rows = all(list), bottom = list.getBoundingClientRect().bottom + list.clientHeight * NEAR;
    const many = Math.max(0, rows.length + nodes.length - MOST);
    const far = many ? rows.slice(-many).filter((node) => node.getBoundingClientRect().top > bottom) : [];
    drop(list, far, "below");
    const next = all(list)[0];
    for (const node of nodes) list.insertBefore(node, next);
    if (!here.known) here.marks.clear(); // places are counted from another row now
    here.above = begins ? 0 : Math.max(0, here.above - nodes.length);
    if (begins) { here.known = true; list.dataset.first = ""; }
    room(list, "above", begins ? 0 : roomy(list, "above") - height(nodes));
  });
  settled(list, nodes);
  again(list);
}

// where somebody was, for when they come back to this list in this tab
const key = () => `rows${location.search}`;

function remember(list, rows) {
  const here = state(list), top = list.getBoundingClientRect().top;
  if (list.scrollTop < 1) return sessionStorage.removeItem(key());
  const at = rows.findIndex((one) => one.getBoundingClientRect().bottom > top);
  if (at < 0 || !here.known) return undefined;
  const off = rows[at].getBoundingClientRect().top - top;
  return sessionStorage.setItem(key(), JSON.stringify({ rank: rows[at].dataset.rank, place: here.above + at, off }));
}

async function restore(list) {
  const kept = JSON.parse(sessionStorage.getItem(key()) ?? "null"), here = state(list);
  if (!kept || !here.known) return;
  if (!list.querySelector(`[data-rank="${kept.rank}"]`)) {
    here.marks.set(kept.place, kept.rank);
    await jump(list, kept.place);
  }
  const node = list.querySelector(`[data-rank="${kept.rank}"]`) ?? (here.above && all(list)[0]);
  if (node) list.scrollTop += node.getBoundingClientRect().top - list.getBoundingClientRect().top - kept.off;
}

// far away, by the bar or by Home and End: the rows at the nearest place that is known
async function jump(list, to) {
  const here = state(list);
  const at = Math.max(0, ...[...here.marks.keys()].filter((one) => one <= to));
  if (at && at === here.above) return up(list); // there already
  const [part, moment, id] = (here.marks.get(at) ?? "").split("_");
  const page = await fetched(list, at ? { before: `${part}_${moment}_${Number(id) - 1}` } : {});
  if (!page) return later(list);
  const tall = mean(list), rows = all(list), last = here.above + rows.length + here.below;
  for (const node of rows) if (node.querySelector(".pick input")?.checked) hold(node.dataset.row);
  if (list.contains(document.activeElement)) list.focus({ preventScroll: true });
  rows.forEach((node, place) => { if ((here.above + place) % 20 === 0) here.marks.set(here.above + place, node.dataset.rank); });
  for (const node of rows) node.remove();
  const nodes = take(list, page), older = page.querySelector("#older");
  for (const node of nodes) list.insertBefore(node, document.getElementById("older") ?? gap(list, "below"));
  here.above = at;
  here.below = older ? Math.max(0, last - at - nodes.length) : 0;
  here.known ||= !at;
  list.toggleAttribute("data-first", !at);
  room(list, "above", at * tall);
  room(list, "below", here.below * tall);
  goesOn(list, older);
  settled(list, nodes);
  again(list);
}

// --- where somebody scrolls to --------------------------------------------------------------------------

let waits = 0;
const later = (list) => { setTimeout(() => again(list), 1000); }; // the connection is away
const again = (list) => { if (list === box()) waits ||= requestAnimationFrame(look); };

function look() {
  waits = 0;
  const list = box(), rows = list ? all(list) : [];
  if (!rows.length || state(list).busy) return;
  remember(list, rows);
  const here = state(list), tall = list.clientHeight, top = list.getBoundingClientRect().top;
  const above = top - rows[0].getBoundingClientRect().top; // pixels of rows over what is in sight
  const below = rows.at(-1).getBoundingClientRect().bottom - top - tall;
  const older = document.getElementById("older");
  if (!older && here.below) { here.below = 0; room(list, "below", 0); }
  if ((here.above && above < -tall) || (here.below && below < -tall)) jump(list, Math.floor(list.scrollTop / mean(list)));
  else if (above < tall * NEAR && !("first" in list.dataset)) up(list);
  else if (below < tall * NEAR && older) down(list);
}

document.addEventListener("scroll", (event) => { if (event.target === box()) again(box()); }, true);
document.addEventListener("click", (event) => {
  if (!event.target.closest?.("#older a") || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  event.stopPropagation();
  down(box());
}, true);
document.addEventListener("rows:top", () => { jump(box(), 0); });

// --- which of how many: for who hears the list ------------------------------------------------------------

function number(list) {
  const here = states.get(list);
  if (!here?.known) return;
  const total = document.querySelector(".off-pick [data-count]")?.textContent.replace(/\D/g, "") ?? "";
  all(list).forEach((node, at) => {
    const place = String(here.above + at + 1);
    if (node.getAttribute("aria-posinset") !== place) node.setAttribute("aria-posinset", place);
    if (total && node.getAttribute("aria-setsize") !== total) node.setAttribute("aria-setsize", total);
  });
}

const begin = () => { if (box() && all(box()).length) state(box()); };
document.addEventListener("htmx:afterSettle", begin);
begin();
const came = performance.getEntriesByType("navigation")[0]?.type; // a step back loads the page anew
if (["back_forward", "reload"].includes(came) && states.has(box() ?? document)) restore(box());
