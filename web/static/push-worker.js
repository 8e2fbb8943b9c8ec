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
  event.waitUntil(self.clients.openWindow(address));
});
