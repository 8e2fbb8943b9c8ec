// What is begun in the box is not lost by leaving: it is sent once more on the way out, and lies in this tab until it is
// known to have arrived – also when the sign-in was over by then. Between, the box itself keeps it as one types.

const PLACE = "begun", LASTS = 3600000; // milliseconds
const field = () => document.getElementById("reply-text");
const me = () => document.getElementById("conversation")?.dataset.me;

let box = null, known = ""; // the field, and its text as the hub has it

function ready() {
  const text = field();
  if (!text || text === box) return;
  box = text;
  known = text.defaultValue;
  bring(text);
}

function bring(text) {
  const lying = JSON.parse(sessionStorage.getItem(PLACE) ?? "null");
  if (!lying || (lying.me === me() && lying.to !== text.getAttribute("hx-post"))) return;
  sessionStorage.removeItem(PLACE);
  if (lying.me !== me() || Date.now() - lying.at > LASTS || text.value.trim()) return;
  const kind = [...text.form.querySelectorAll("input[name=kind]")].find((one) => one.value === lying.kind);
  if (kind) kind.checked = true;
  text.value = lying.text;
  text.dispatchEvent(new Event("input", { bubbles: true }));
  keep();
}

// what is being sent is no draft any more
function keep() {
  const text = box, form = text?.form;
  if (!form || !text.isConnected || text.value === known || form.classList.contains("htmx-request")) return;
  const said = text.value, fields = new FormData(form), to = text.getAttribute("hx-post");
  fields.delete("files");
  sessionStorage.setItem(PLACE, JSON.stringify({ me: me(), to, kind: fields.get("kind"), text: said, at: Date.now() }));
  known = said;
  fetch(to, { method: "POST", body: new URLSearchParams(fields), keepalive: true }).then((answer) => {
    if (answer.ok && JSON.parse(sessionStorage.getItem(PLACE) ?? "null")?.text === said) sessionStorage.removeItem(PLACE);
  }).catch(() => {}); // away, or gone: it lies here
}

addEventListener("pagehide", keep);
addEventListener("popstate", keep);
document.addEventListener("htmx:beforeSwap", ({ detail }) => { if (detail.target.id !== "compose" && detail.target.contains(field())) keep(); });
document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const { elt, parameters } = detail.requestConfig ?? {};
  if (detail.xhr?.status < 300 && elt && elt === field()) known = parameters.text;
});
document.addEventListener("htmx:afterSettle", ready);
document.addEventListener("htmx:load", ready);
ready();
