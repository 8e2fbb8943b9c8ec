"""The browser's side of being told: what comes through the push service is shown, and opens what it is about."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.web.chromium import Seen, needs_chromium

pytestmark = [pytest.mark.browser, needs_chromium]
WORD = '{"kind": "mention", "said": "Somebody mentions me or my team", "id": 7, "talk": 3, "unread": 2}'
SHOWN = """async () => {
  const worker = await navigator.serviceWorker.getRegistration('/static/push-worker.js');
  return (await worker.getNotifications()).map((one) => [one.title, one.body, one.tag, one.data]);
}"""

PRESSED = """async () => {
  const done = [];
  WindowClient.prototype.focus = async function () { done.push(`focused ${this.url}`); };
  Clients.prototype.openWindow = async (address) => { done.push(`opened ${address}`); };
  self.fetch = async (address) => { done.push(`read ${address}`); };
  const [notification] = await self.registration.getNotifications();
  const event = new NotificationEvent('notificationclick', { notification });
  const waits = [];
  event.waitUntil = (one) => waits.push(one);
  notification.close = () => {};
  self.dispatchEvent(event);
  await Promise.all(waits);
  return done;
}"""
"""Somebody clicks; what came of it. Only a real click may open and focus, so that both are written down instead."""


def test_browser_shows_what_it_is_told(seen: Seen) -> None:
    page = seen.page("agent")
    page.context.grant_permissions(["notifications"], origin=seen.address)
    page.goto(f"{seen.address}/settings/me/notifications")
    expect(page.locator("#browser-said")).to_have_text("This browser does not tell you yet.")
    found: list[Any] = []
    devtools = page.context.new_cdp_session(page)
    devtools.on("ServiceWorker.workerRegistrationUpdated", lambda said: found.extend(said["registrations"]))
    devtools.send("ServiceWorker.enable")
    page.evaluate(
        """async () => {
          const worker = await navigator.serviceWorker.register(document.getElementById('browser').dataset.worker);
          const starting = worker.installing ?? worker.waiting ?? worker.active;
          while (starting.state !== 'activated') {
            await new Promise((ready) => starting.addEventListener('statechange', ready, { once: true }));
          }
        }"""
    )
    while not found:
        page.wait_for_timeout(20)
    push = {"origin": seen.address, "registrationId": found[-1]["registrationId"], "data": WORD}
    devtools.send("ServiceWorker.deliverPushMessage", push)
    page.wait_for_function(f"async () => (await ({SHOWN})()).length === 1")
    assert page.evaluate(SHOWN) == [["Widerhall", "Somebody mentions me or my team (2)", "talk-3", 7]]

    (worker,) = page.context.service_workers
    assert worker.evaluate(PRESSED) == ["opened /notifications/7"]
    page.evaluate("history.replaceState(null, '', '/inbox/3?view=mine#conversation')")
    assert worker.evaluate(PRESSED) == [
        f"focused {seen.address}/settings/me/notifications",  # by the address with which it was opened
        "read /notifications/7",
    ]
