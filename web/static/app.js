// Live events without moving what is read, and small comforts. The pages work without it.

const rows = document.getElementById("rows");
const thread = document.getElementById("thread");
const csrf = document.querySelector("input[name=csrf]")?.value ?? "";
const LIMIT = 50; // rows fetched at once; more than that and the page is loaded anew

async function html(address) {
  const answer = await fetch(address, { headers: { "X-CSRF-Token": csrf, Accept: "text/html" } });
  if (answer.status === 401) { location.assign("/signin"); return null; }
  if (!answer.ok) return null;
  const made = document.createElement("template");
  made.innerHTML = await answer.text();
  return made.content;
}

// --- the list ------------------------------------------------------------------------------------

const pill = document.getElementById("new");
const waiting = new Map(); // id -> row, newer than what is shown
const asked = new Set();
let timer = 0, many = false;

const place = (node) => node.dataset.place.split("-").map(Number);
const after = (a, b) => { const [x, y] = [place(a), place(b)]; return x[0] !== y[0] ? x[0] > y[0] : x[1] > y[1]; };
const shown = (id) => rows?.querySelector(`[data-row="${id}"]`);

function ask(id) {
  asked.add(id);
  many ||= asked.size > LIMIT;
  timer ||= setTimeout(look, 250);
}

async function look() {
  timer = 0;
  const ids = [...asked];
  asked.clear();
  if (many) return count();
  const address = new URL("/fragments/messages", location);
  address.search = location.search;
  address.searchParams.delete("before");
  address.searchParams.set("ids", ids.join(","));
  const found = await html(address);
  if (!found) return;
  const fresh = new Map([...found.querySelectorAll("[data-row]")].map((node) => [Number(node.dataset.row), node]));
  for (const id of ids) {
    const node = fresh.get(id), old = shown(id);
    if (old && node) {
      if (!old.contains(document.activeElement)) old.replaceWith(node);
    } else if (node && !old && "first" in rows.dataset) arrive(id, node);
    else if (!node) waiting.delete(id);
  }
  count();
}

function arrive(id, node) {
  const last = rows.querySelector("[data-row]:last-child");
  if (last && rows.querySelectorAll("[data-row]").length >= LIMIT && !after(node, last)) return;
  node.classList.add("is-new");
  waiting.set(id, node);
}

function count() {
  const number = waiting.size;
  pill.hidden = !number && !many;
  if (many) pill.textContent = pill.dataset.more.replace("{n}", LIMIT);
  else pill.textContent = number === 1 ? pill.dataset.one : pill.dataset.many.replace("{n}", number);
}

pill?.addEventListener("click", () => {
  if (many || "empty" in rows.dataset) return location.reload();
  for (const node of [...waiting.values()].sort((a, b) => (after(a, b) ? 1 : -1))) {
    const before = [...rows.querySelectorAll("[data-row]")].find((one) => !after(one, node));
    rows.insertBefore(node, before ?? null);
  }
  waiting.clear();
  count();
  document.getElementById("main").scrollTo({ top: 0 });
  rows.querySelector(".is-new a")?.focus({ preventScroll: true });
});

// --- a thread ------------------------------------------------------------------------------------

let reading = 0;

async function refresh() {
  reading = 0;
  const found = await html(`/fragments/conversations/${thread.dataset.conversation}`);
  if (!found) return;
  const nodes = [...found.children], keys = new Set(nodes.map((node) => node.dataset.key));
  let before = null;
  for (const node of nodes.reverse()) {
    const old = thread.querySelector(`:scope > [data-key="${node.dataset.key}"]`);
    const same = old && old.dataset.version === node.dataset.version;
    const stays = same || (old && old.contains(document.activeElement)) ? old : node;
    if (old && stays === node) old.replaceWith(node);
    else if (!old) thread.insertBefore(node, before);
    before = stays;
  }
  for (const old of [...thread.children]) if (!keys.has(old.dataset.key)) old.remove();
}

// --- events --------------------------------------------------------------------------------------

document.addEventListener("widerhall", ({ detail: news }) => {
  if (news.topic === "resync") {
    if (rows) { many = true; count(); }
    if (thread) reading ||= setTimeout(refresh, 100);
    return;
  }
  if (rows && news.message_id) {
    const known = shown(news.message_id) || waiting.has(news.message_id);
    if (news.topic === "message.stored" || known) ask(news.message_id);
  }
  if (thread && news.conversation_id === Number(thread.dataset.conversation)) reading ||= setTimeout(refresh, 100);
});

// --- the composer --------------------------------------------------------------------------------

const text = document.getElementById("reply-text");
const counter = document.getElementById("counter");
if (text && counter) {
  const limit = Number(counter.dataset.limit);
  const segmenter = typeof Intl.Segmenter === "function" ? new Intl.Segmenter() : null;
  const measure = {
    graphemes: (value) => (segmenter ? [...segmenter.segment(value)].length : [...value].length),
    utf16: (value) => value.length,
    "characters with urls as 23": (value) => [...value.replace(/https?:\/\/\S+/g, "x".repeat(23))].length,
  }[counter.dataset.counting] ?? ((value) => [...value].length);
  const show = () => {
    const length = measure(text.value);
    counter.textContent = `${length} / ${limit}`;
    counter.classList.toggle("counter-near", length > limit * 0.9 && length <= limit);
    counter.classList.toggle("counter-over", length > limit);
    text.form.querySelector("[data-send]").disabled = length > limit;
  };
  text.addEventListener("input", show);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); text.form.requestSubmit(text.form.querySelector("[data-send]")); }
  });
  show();
}

// the seconds in which a reply can be taken back run down in place
function countDown() {
  for (const node of document.querySelectorAll("[data-until]")) {
    const left = Math.max(0, Math.ceil((Number(node.dataset.until) - Date.now()) / 1000));
    node.textContent = node.dataset.words.replace("{n}", left);
    node.parentElement.querySelector("form[action$='/undo'] button")?.toggleAttribute("disabled", left === 0);
  }
}
countDown();
setInterval(countDown, 500);
