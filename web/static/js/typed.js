// What was typed into a form that was refused because the sign-in was over, or the page too old, stands in it again when
// the same person is back at its page. Passwords and files are not kept; what was taken is forgotten with the next page.

const PLACE = "typed", LASTS = 3600000; // milliseconds
const me = document.getElementById("told")?.dataset.me;
const here = location.pathname + location.search;
const lying = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
const refused = document.querySelector("[data-refused]");

if (refused && lying) {
  sessionStorage.setItem(PLACE, JSON.stringify({ ...lying, refused: true }));
  const link = refused.querySelector("a[href^='/signin']");
  if (link) link.href = `/signin?next=${encodeURIComponent(lying.here)}`;
} else if (lying && (!lying.refused || (me && (me !== lying.me || Date.now() - lying.at > LASTS)))) sessionStorage.removeItem(PLACE);
else if (lying && me && here === lying.here) {
  const form = [...document.forms].find((one) => one.getAttribute("action") === lying.to);
  if (form) fill(form, lying.fields);
  sessionStorage.removeItem(PLACE);
}

function fill(form, fields) {
  const left = fields.slice();
  for (const one of form.elements) {
    if (!one.name || ["hidden", "file", "password", "submit", "button"].includes(one.type)) continue;
    const at = left.findIndex(([name, value]) => name === one.name && (!["checkbox", "radio"].includes(one.type) || value === one.value));
    if (["checkbox", "radio"].includes(one.type)) one.checked = at >= 0;
    else if (at >= 0) one.value = left[at][1];
    if (at >= 0) left.splice(at, 1);
  }
}

addEventListener("submit", (event) => {
  const form = event.target;
  if (!me || event.defaultPrevented || form.method !== "post") return;
  const secret = (name) => name === "csrf" || form.elements[name]?.type === "password";
  const fields = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !secret(name));
  sessionStorage.setItem(PLACE, JSON.stringify({ me, here, to: form.getAttribute("action"), fields, at: Date.now() }));
});
