// The switch of this browser on the page about notifications: asks the browser, then tells the hub where it is reached.

const card = document.getElementById("browser"), token = card?.querySelector("input[name=csrf]")?.value ?? "";
const button = document.getElementById("browser-switch"), said = document.getElementById("browser-said");
const test = document.getElementById("browser-test"), answer = document.getElementById("browser-answer");
const can = "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
const bytes = (coded) => Uint8Array.from(atob(coded.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const registered = () => navigator.serviceWorker.getRegistration(card.dataset.worker);

async function present() {
  return (await (await registered())?.pushManager.getSubscription()) ?? null;
}

async function show() {
  const state = !can ? "cannot" : Notification.permission === "denied" ? "denied" : card.dataset.told === "yes" && (await present()) ? "on" : "off";
  card.dataset.state = state;
  if (said.textContent !== said.dataset[state]) said.textContent = said.dataset[state];
  button.hidden = state === "cannot" || state === "denied";
  button.textContent = state === "on" ? button.dataset.off : button.dataset.on;
  test.hidden = state !== "on";
}

const post = (address, values) => fetch(address, { method: "POST", body: new URLSearchParams({ csrf: token, ...values }) });

async function on() {
  const allowed = await Notification.requestPermission();
  if (allowed === "default") throw Object.assign(new Error("not answered"), { refused: said.dataset.unanswered });
  if (allowed !== "granted") return;
  const key = await (await fetch("/settings/me/push")).text();
  const worker = await navigator.serviceWorker.register(card.dataset.worker);
  await new Promise((ready) => {
    const starting = worker.installing ?? worker.waiting;
    if (worker.active || !starting) ready();
    else starting.addEventListener("statechange", () => { if (starting.state === "activated") ready(); });
  });
  await (await worker.pushManager.getSubscription())?.unsubscribe(); // of somebody who was signed in here before
  const made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  const { endpoint, keys } = made.toJSON();
  const answer = await post("/settings/me/push", { endpoint, ...keys });
  if (!answer.ok) {
    await made.unsubscribe();
    throw Object.assign(new Error("not kept"), answer.status === 422 ? { refused: await answer.text() } : {});
  }
  card.dataset.told = "yes";
}

async function off() {
  const made = await present();
  if (!made) return;
  await post("/settings/me/push/remove", { endpoint: made.endpoint });
  await made.unsubscribe();
  card.dataset.told = "no";
}

button?.addEventListener("click", async () => {
  button.disabled = true;
  answer.textContent = "";
  try {
    await (card.dataset.state === "on" ? off() : on());
    await show();
  } catch (error) { said.textContent = error.refused ?? said.dataset.failed; }
  button.disabled = false;
});

test?.addEventListener("click", async () => {
  test.disabled = true;
  answer.textContent = "";
  try {
    const heard = await post("/settings/me/push/test", { endpoint: (await present())?.endpoint ?? "" });
    const plain = heard.headers.get("content-type")?.startsWith("text/plain");
    if (heard.status === 404) card.dataset.told = "no"; // it is to be switched on again
    await show();
    answer.textContent = plain ? await heard.text() : said.dataset.failed;
  } catch { answer.textContent = said.dataset.failed; }
  test.disabled = false;
});
if (card) show();
