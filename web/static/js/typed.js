// What was typed when the sign-in was over, or the page too old, stands in its forms again when the same person is back at
// the page: in forms that pages send and in those that htmx sends. A form with `data-redraw` has rows that the hub draws out of
// its fields. Passwords and files are not kept; the box of a conversation keeps its own words (draft.js).

const PLACE = "typed", LASTS = 3600000; // milliseconds
const OURS = ["csrf", "do"], BLIND = ["hidden", "file", "password", "submit", "button"];
const me = document.getElementById("told")?.dataset.me;
const read = () => JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
const write = (lying) => (lying ? sessionStorage.setItem(PLACE, JSON.stringify(lying)) : sessionStorage.removeItem(PLACE));
const named = (to) => [...document.forms].filter((form) => form.getAttribute("action") === to);

// what a form's own address draws – with an error, with a further row – belongs to the page where it was begun
const last = read();
const drawn = last && !last.refused && last.forms.find(({ to }) => to.split(/[?#]/)[0] === location.pathname && named(to).length);
const here = () => (drawn ? last.here : location.pathname + location.search);

const refused = document.querySelector("[data-refused]");
if (refused && last) {
  write({ ...last, refused: true });
  const link = refused.querySelector("a[href^='/signin']");
  if (link) link.href = `/signin?next=${encodeURIComponent(last.here)}`;
} else if (last && (!last.refused || (me && (me !== last.me || Date.now() - last.at > LASTS)))) write(null);

// --- keep -----------------------------------------------------------------------------------------------

const touched = new WeakSet();
for (const name of ["input", "change"]) addEventListener(name, ({ target }) => target.form && touched.add(target.form));
if (drawn) touched.add(named(drawn.to)[0]);
document.addEventListener("htmx:afterRequest", ({ detail }) => detail.successful && touched.delete(detail.elt));

function keep(forms, over) {
  if (!me || !forms.length) return;
  const kept = forms.map((form) => {
    const to = form.getAttribute("action"), blind = (name) => OURS.includes(name) || form.elements[name]?.type === "password";
    const fields = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !blind(name));
    return { to, nth: named(to).indexOf(form), redraw: form.dataset.redraw, fields };
  });
  write({ me, here: here(), forms: kept, at: Date.now(), refused: over });
}
const all = () => [...document.forms].filter((form) => touched.has(form) && form.method === "post" && form.id !== "composer");

function leave() {
  keep(all(), true);
  location.assign(`/signin?next=${encodeURIComponent(here())}&note=session-ended`);
}

addEventListener("submit", (event) => {
  if (!event.defaultPrevented && event.target.method === "post") keep([event.target], false);
});
document.addEventListener("htmx:responseError", ({ detail: { xhr } }) => {
  if (xhr.status === 401) leave();
  else if (xhr.status === 403 && xhr.responseText.includes('"stale"')) keep(all(), true);
});
document.addEventListener("signedout", leave);

// --- bring back -----------------------------------------------------------------------------------------

function bring() {
  const lying = read();
  if (!lying?.refused || !me || lying.here !== here()) return;
  write(null);
  const left = lying.forms.filter((one) => !put(one));
  if (left.length) write({ ...lying, forms: left });
}

function put({ to, nth, redraw, fields }) {
  if (redraw) return redrawn(to, redraw, fields);
  const form = named(to)[Math.max(0, nth)];
  if (!form) return false; // what it stands in is not open yet
  fill(form, fields);
  for (let part = form.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  touched.add(form);
  return true;
}

function redrawn(to, redraw, fields) {
  const form = Object.assign(document.createElement("form"), { method: "post", action: to, hidden: true });
  const own = [["csrf", document.querySelector("input[name=csrf]")?.value ?? ""], ["do", redraw]];
  for (const [name, value] of [...fields, ...own]) {
    const field = document.createElement("textarea"); // keeps the ends of lines
    form.append(Object.assign(field, { name, value }));
  }
  form.dataset.redraw = redraw;
  document.body.append(form);
  form.requestSubmit();
  return true;
}

function fill(form, fields) {
  const left = fields.slice();
  for (const one of form.elements) {
    if (!one.name || BLIND.includes(one.type)) continue;
    const tick = ["checkbox", "radio"].includes(one.type);
    const at = left.findIndex(([name, value]) => name === one.name && (!tick || value === one.value));
    if (tick) one.checked = at >= 0;
    else if (at >= 0) one.value = left[at][1];
    if (at >= 0) left.splice(at, 1);
    if (at >= 0 && !tick) one.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

document.addEventListener("htmx:load", bring);
bring();
