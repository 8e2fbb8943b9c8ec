// Told by the push service: shows what kind of thing happened, and opens it. The text itself is read on the page.

self.addEventListener("push", (event) => {
  let told;
  try { told = event.data.json(); } catch { told = {}; }
  const shown = { body: told.unread > 1 ? `${told.said ?? ""} (${told.unread})` : told.said ?? "", tag: `talk-${told.talk ?? 0}`, renotify: true, data: Number(told.id) || 0 };
  event.waitUntil(self.registration.showNotification("Widerhall", shown));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const address = event.notification.data ? `/notifications/${event.notification.data}` : "/notifications";
  event.waitUntil(open(address, `/inbox/${event.notification.tag.replace("talk-", "")}`));
});

self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(renewed(event)));

async function renewed({ oldSubscription, newSubscription }) { // the push service gave another address, or took the old one
  const told = await fetch("/settings/me/push", { redirect: "manual" });
  if (!told.ok) return; // nobody is signed in here any more
  const key = await told.text();
  const applicationServerKey = Uint8Array.from(atob(key.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
  const made = newSubscription ?? (await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey }));
  const { endpoint, keys } = made.toJSON();
  const body = new URLSearchParams({ csrf: told.headers.get("x-csrf-token") ?? "", old: oldSubscription?.endpoint ?? "", endpoint, ...keys });
  const kept = await fetch("/settings/me/push/renew", { method: "POST", body });
  if (kept.status === 404 || kept.status === 422) await made.unsubscribe();
}

async function open(address, talk) { // a tab that shows the conversation already comes to the front, as it is
  const tabs = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  const there = (await Promise.all(tabs.map((tab) => shown(tab, talk)))).find(Boolean);
  if (!there) return self.clients.openWindow(address);
  await there.focus();
  return fetch(address, { redirect: "manual" }); // it has been read
}

function shown(tab, talk) { // a page says itself what it shows (live.js): the worker knows only what it was opened with
  return new Promise((answer) => {
    const line = new MessageChannel();
    line.port1.onmessage = () => answer(tab);
    setTimeout(answer, 500);
    tab.postMessage({ talk }, [line.port2]);
  });
}
