// Working through the list: deeds on the row one is at without opening it, and on to the next conversation when one
// is done. Without this script the deeds stand in the conversation, and one opens the next one oneself.

const DONE = /^\/inbox\/\d+\/(state\/(closed|spam)|snooze)(\?|$)/, SENT = /^\/inbox\/\d+\/reply(\?|$)/;
const ONWARD = "onward"; // kept in this browser: "", "done" (closed, put away, spam) or "answered" (these, and answered)

const token = () => document.querySelector("input[name=csrf]")?.value ?? "";
const current = () => location.pathname.match(/^\/inbox\/(\d+)$/)?.[1] ?? "";
const rows = () => [...document.querySelectorAll("#rows > [data-row]")];

// the row that follows, else the one before
function beside(row) {
  const all = rows().filter((one) => one === row || !one.classList.contains("is-left")), at = all.indexOf(row);
  return at < 0 ? all[0] : all[at + 1] ?? all[at - 1];
}

// --- deeds on a row ---------------------------------------------------------------------------------------

function lay(event) {
  const row = event.target.closest?.("#rows > [data-row]"), made = document.getElementById("row-deeds");
  if (!row || !made || row.dataset.row === current() || row.querySelector(":scope > .row-deeds")) return;
  for (const old of document.querySelectorAll("#rows .row-deeds")) if (!old.parentElement.contains(document.activeElement)) old.remove();
  row.append(made.content.cloneNode(true));
}
document.addEventListener("pointerover", (event) => { if (event.pointerType === "mouse") lay(event); });
document.addEventListener("focusin", lay);

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-row-deed]"), row = button?.closest("[data-row]");
  if (!row) return;
  const number = Number(row.dataset.row), values = { csrf: token(), ...(button.value && { [button.name]: button.value }) };
  if (row.contains(document.activeElement)) (button.dataset.rowDeed === "assign" ? row : beside(row) ?? row).querySelector(".conv").focus();
  button.parentElement.remove();
  await htmx.ajax("POST", `/inbox/${number}/${button.dataset.rowDeed}`, { source: document.body, target: document.body, swap: "none", values });
  document.dispatchEvent(new CustomEvent("widerhall", { detail: { topic: "conversation.changed", conversation_id: number } }));
});

// --- on to the next one -------------------------------------------------------------------------------------

let chosen = "";
try { chosen = localStorage.getItem(ONWARD) ?? ""; } catch { /* no storage */ }

function show() {
  for (const box of document.querySelectorAll("[data-onward-menu]")) box.hidden = false;
  for (const one of document.querySelectorAll("[data-onward]")) one.setAttribute("aria-pressed", String(one.dataset.onward === chosen));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-onward]");
  if (!button) return;
  chosen = button.dataset.onward;
  try { localStorage.setItem(ONWARD, chosen); } catch { /* no storage: until the page is left */ }
  show();
  const menu = button.closest("details");
  menu.open = false;
  menu.querySelector("summary").focus();
});

function done({ path, parameters }) {
  if (DONE.test(path)) return true;
  if (!SENT.test(path) || parameters.kind === "note") return false;
  return chosen === "answered" || Boolean(parameters.close || parameters.snooze);
}

let going = "";
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const asked = detail.requestConfig;
  if (!chosen || !detail.successful || asked.elt === document.body || !done(asked)) return; // body: of a row
  const next = beside(document.querySelector(`#rows > [data-row="${current()}"]`));
  if (!next || next.dataset.row === current()) return;
  going = next.dataset.row;
  setTimeout(() => document.querySelector(`#rows > [data-row="${going}"] > .conv`)?.click());
});

// at once: until it settles a key would be written into the box of the next one
document.addEventListener("htmx:afterSwap", ({ detail }) => {
  if (detail.target?.id !== "conversation" || !going) return;
  document.querySelector(`#rows > [data-row="${going}"] > .conv`)?.focus();
  going = "";
});

document.addEventListener("htmx:afterSettle", ({ target }) => { if (target.id === "list") show(); });
show();
