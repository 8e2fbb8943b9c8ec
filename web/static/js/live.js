// Live events: the SSE extension of htmx keeps the connection, this module hands each event on.
//
//   document "widerhall"   detail = {topic, message_id?, conversation_id?, reply_id?, account_id?, state?, version?}
//                          topic "notice": {who} somebody was told something, or read it
//                          topic "person": {identity_id} something is said about them that is no message
//                          topic "presence": {talk} somebody came to or left that conversation, or writes there
//                          topic "resync": something may have been missed; fetch what is shown anew
//
// The address of the stream always names the newest event seen, so that a new connection goes on where the old
// one stopped; the server sends what lies between.

const OFFLINE = 3000; // milliseconds without a connection before the page says so
const banner = document.getElementById("offline");
let waiting = 0;

function connected(yes) {
  clearTimeout(waiting);
  waiting = 0;
  if (yes) banner.hidden = true;
  else waiting = setTimeout(() => { banner.hidden = false; }, OFFLINE);
  document.dispatchEvent(new CustomEvent("widerhall:connected", { detail: yes }));
}

function tell(detail) {
  document.dispatchEvent(new CustomEvent("widerhall", { detail }));
}

function seen(id) {
  if (id) document.body.setAttribute("sse-connect", `/live?after=${encodeURIComponent(id)}`);
}

let source = null;
htmx.createEventSource = (address) => {
  source = new EventSource(address);
  source.addEventListener("open", () => connected(true));
  source.addEventListener("error", () => { if (!waiting && banner.hidden) connected(false); });
  source.addEventListener("resync", (event) => { seen(event.lastEventId); tell({ topic: "resync" }); });
  source.addEventListener("message", (event) => {
    seen(event.lastEventId);
    let detail;
    try { detail = JSON.parse(event.data); } catch { return; }
    tell(detail);
  });
  return source;
};

addEventListener("offline", () => connected(false));
addEventListener("pagehide", () => source?.close());

// --- the number beside the inbox ------------------------------------------------------------------------

const mine = document.getElementById("mine");
let counting = 0;

async function count() {
  counting = 0;
  try {
    const answer = await fetch("/live/mine");
    if (!answer.ok) return;
    const text = await answer.text(), place = mine.querySelector("[data-mine]");
    if (place.textContent !== text) place.textContent = text;
    mine.hidden = text === "0";
  } catch { /* away: the next event asks again */ }
}

if (mine) document.addEventListener("widerhall", ({ detail }) => {
  if (!["message.annotated", "presence", "notice", "person"].includes(detail.topic)) counting ||= setTimeout(count, 2000);
});

// --- the bell -----------------------------------------------------------------------------------------------

const bell = document.getElementById("told"), me = Number(bell?.dataset.me ?? 0);
let ringing = 0;

async function ring() {
  ringing = 0;
  try {
    const answer = await fetch("/live/notices");
    if (!answer.ok) return;
    const text = await answer.text(), place = bell.querySelector("[data-unread]");
    if (place.textContent !== text) place.textContent = text;
    bell.querySelector(".count").hidden = text === "0";
  } catch { /* away: the next event, or the connection, asks again */ }
  const list = document.querySelector("#notices[data-live]");
  if (ringing || !list || list.contains(document.activeElement)) return;
  htmx.ajax("GET", location.pathname + location.search, { source: list, target: "#notices", select: "#notices", swap: "outerHTML" });
}

if (bell) {
  document.addEventListener("widerhall", ({ detail }) => {
    if (detail.topic === "resync" || (detail.topic === "notice" && detail.who === me)) ringing ||= setTimeout(ring, 300);
  });
  document.addEventListener("widerhall:connected", ({ detail }) => { if (detail) ringing ||= setTimeout(ring, 300); });
}

// the push worker asks which tab shows a conversation
navigator.serviceWorker?.addEventListener("message", (event) => {
  if (event.data?.talk === location.pathname) event.ports[0]?.postMessage(true);
});
