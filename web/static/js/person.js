// The person beside the thread: what a colleague or the CRM changes about them stands there without a reload. Somebody
// who is on it, or has typed into it, is not disturbed: it is shown anew when they leave it.

const AGAIN = 300; // milliseconds that events are gathered: a merge tells of every account
let waiting = 0, wanted = false;

const pane = () => document.getElementById("person");
const typed = (here) => [...here.querySelectorAll("textarea, input.input")].some((one) => one.value !== one.defaultValue);
const busy = (here) => typed(here) || here.querySelector("form.htmx-request") || (here.contains(document.activeElement) && document.activeElement !== here);

function ask() {
  wanted = true;
  waiting ||= setTimeout(look, AGAIN);
}

async function look() {
  waiting = 0;
  const old = pane();
  if (!wanted || !old?.dataset.person || busy(old)) return;
  wanted = false;
  let made;
  try {
    const answer = await fetch(old.dataset.person, { headers: { "HX-Request": "true", Accept: "text/html" } });
    if (!answer.ok) return;
    made = document.createElement("template");
    made.innerHTML = await answer.text();
  } catch { wanted = true; return; /* away: the connection asks again */ }
  const node = made.content.querySelector("#person");
  if (!node || pane() !== old) return;
  if (busy(old)) { wanted = true; return; }
  const opened = [...old.querySelectorAll("details")].map((one) => one.open), top = old.querySelector(".person-b")?.scrollTop ?? 0;
  const same = node.querySelectorAll("details");
  if (same.length === opened.length) same.forEach((one, place) => { one.open ||= opened[place]; });
  old.replaceWith(node);
  htmx.process(node);
  const body = node.querySelector(".person-b");
  if (body) body.scrollTop = top;
  document.dispatchEvent(new Event("repaint"));
}

document.addEventListener("widerhall", ({ detail }) => {
  const people = pane()?.dataset.people?.split(" ") ?? [];
  if (detail.topic === "resync" || (detail.topic === "person" && people.includes(String(detail.identity_id)))) ask();
});
document.addEventListener("widerhall:connected", ({ detail }) => { if (detail && wanted) ask(); });
document.addEventListener("focusout", (event) => { if (wanted && event.target.closest?.("#person")) ask(); });
