// @ in a note opens the list of people and teams: arrows move, Enter or Tab takes one, Escape closes. A text of
// several lines cannot be a combobox by role: it is a text box that names its list and the option that is meant.
// Who is named is found out from the text itself when the note is kept; of several with one name the one that was taken.

const MOST = 8;
const TYPED = /(?:^|[\s(])@([\p{L}\p{N}\p{M}._\- ]{0,40})$/u;
const list = () => document.getElementById("mentions");
const isNote = (field) => field?.matches("[data-mentions]") || (field?.id === "reply-text" && document.querySelector("#composer input[name=kind]:checked")?.value === "note");
let field = null, from = 0, options = [], at = -1, known = null, knownOf = "";

async function everybody(of) {
  if (known && knownOf === of) return known;
  const answer = await fetch(`/inbox/${of}/mentionable`, { headers: { "HX-Request": "true", Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok) return [];
  const made = document.createElement("template");
  made.innerHTML = await answer.text();
  known = [...made.content.querySelectorAll("[role=option]")];
  knownOf = of;
  return known;
}

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLocaleLowerCase();

async function look(area) {
  if (!isNote(area)) return close();
  const typed = TYPED.exec(area.value.slice(0, area.selectionEnd));
  if (!typed) return close();
  const all = await everybody(area.closest("[data-conversation]").dataset.conversation);
  if (document.activeElement !== area) return close();
  const wish = plain(typed[1]);
  const found = all.filter((one) => plain(one.dataset.name).split(/\s+/).some((_, place, words) => words.slice(place).join(" ").startsWith(wish)));
  if (!found.length || (found.length === 1 && wish === plain(found[0].dataset.name) + " ")) return close();
  open(area, area.selectionEnd - typed[1].length - 1, found.slice(0, MOST));
}

function open(area, start, found) {
  const box = list();
  if (!box) return;
  field = area;
  from = start;
  options = found.map((one) => one.cloneNode(true));
  box.replaceChildren(...options);
  area.before(box);
  box.hidden = false;
  area.setAttribute("aria-autocomplete", "list");
  area.setAttribute("aria-controls", "mentions");
  area.setAttribute("aria-haspopup", "listbox");
  choose(0);
}

function close() {
  const box = list();
  if (box) { box.hidden = true; box.replaceChildren(); }
  for (const name of ["aria-autocomplete", "aria-controls", "aria-haspopup", "aria-activedescendant"]) field?.removeAttribute(name);
  field = null;
  options = [];
  at = -1;
}

function choose(place) {
  at = (place + options.length) % options.length;
  options.forEach((one, number) => one.setAttribute("aria-selected", String(number === at)));
  field.setAttribute("aria-activedescendant", options[at].id);
  options[at].scrollIntoView({ block: "nearest" });
}

function take(option) {
  const area = field, { name, target } = option.dataset, start = from, end = area.selectionEnd;
  close();
  area.focus();
  area.setRangeText(`@${name} `, start, end, "end");
  const kept = document.createElement("input");
  Object.assign(kept, { type: "hidden", name: "mention", value: target });
  if (area.form && ![...area.form.querySelectorAll("input[name=mention]")].some((one) => one.value === target)) area.form.append(kept);
  area.dispatchEvent(new Event("input", { bubbles: true }));
}

document.addEventListener("input", (event) => {
  if (event.target.matches?.("textarea") && !event.isComposing) look(event.target);
});
document.addEventListener("keydown", (event) => {
  if (!field || event.target !== field || event.isComposing) return;
  const moves = { ArrowDown: at + 1, ArrowUp: at - 1 };
  if (event.key in moves) choose(moves[event.key]);
  else if (event.key === "Escape") close();
  else if ((event.key === "Enter" || event.key === "Tab") && !event.ctrlKey && !event.metaKey && !event.shiftKey) take(options[at]);
  else return;
  event.preventDefault();
  event.stopPropagation();
}, true);
document.addEventListener("mousedown", (event) => {
  const option = event.target.closest?.("#mentions [role=option]");
  if (!option) return;
  event.preventDefault(); // the text keeps the focus
  take(option);
});
document.addEventListener("focusout", (event) => { if (event.target === field) close(); });
