"""The browser's side of being told: what comes through the push service is shown, and opens what it is about."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from core import db, push
from sandbox.push import Browser as Told
from sandbox.push import coded
from tests.web.chromium import Seen, needs_chromium
from web.models import SessionRow
from web.notices import push as pushing
from web.notices.models import PushBrowser

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


CHANGED = """async () => {
  const event = new ExtendableEvent('pushsubscriptionchange'), waits = [], posted = [];
  event.oldSubscription = { endpoint: 'https://push.example/old' };
  event.newSubscription = { toJSON: () => ({ endpoint: 'https://push.example/new', keys: { p256dh: 'p', auth: 'a' } }),
    unsubscribe: async () => { posted.push('let go'); } };
  event.waitUntil = (one) => waits.push(one);
  const ask = self.fetch;
  self.fetch = async (address, how) => {
    const answer = await ask(address, how);
    if (how.method) posted.push(Object.fromEntries(how.body), answer.status);
    return answer;
  };
  self.dispatchEvent(event);
  await Promise.all(waits);
  self.fetch = ask;
  return posted;
}"""
"""The push service gives the browser another address."""


def test_button_asks_for_a_test_and_says_what_came_of_it(seen: Seen) -> None:
    page = seen.page("agent")
    told = Told("one", "")
    with db.write() as session:
        signed = session.scalars(sa.select(SessionRow)).one()
        nowhere = push.Subscription(
            "http://127.0.0.1:9/push", told.p256dh, coded(told.auth)
        )  # nobody takes anything there
        pushing.add(session, signed.user_id, nowhere, "Chromium", signed.digest)
    page.add_init_script(
        "PushManager.prototype.getSubscription = async () => ({ endpoint: 'http://127.0.0.1:9/push' });"
        "ServiceWorkerContainer.prototype.getRegistration = async () => ({ pushManager: PushManager.prototype });"
        "Object.defineProperty(Notification, 'permission', { get: () => 'granted' });"
    )
    page.goto(f"{seen.address}/settings/me/notifications")
    page.get_by_role("button", name="Send me a test").click()
    expect(page.locator("#browser-answer")).to_have_text(
        "The push service cannot be reached from this hub. Tell an administrator."
    )
    pushing_gone(nowhere.endpoint)
    page.get_by_role("button", name="Send me a test").click()
    expect(page.locator("#browser-answer")).to_contain_text("no longer knows this browser")
    expect(page.get_by_role("button", name="Send me a test")).to_be_hidden()
    expect(page.get_by_role("button", name="Tell me in this browser")).to_be_visible()


def pushing_gone(endpoint: str) -> None:
    with db.write() as session:
        session.execute(sa.delete(db.table(PushBrowser)).where(db.table(PushBrowser).c.endpoint == endpoint))


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
    values, status, then = worker.evaluate(CHANGED)
    assert values.pop("csrf") == page.locator("#browser input[name=csrf]").input_value()
    assert values == {
        "old": "https://push.example/old",
        "endpoint": "https://push.example/new",
        "p256dh": "p",
        "auth": "a",
    }
    assert (status, then) == (422, "let go"), "these keys are none: what the hub does not keep is let go"

    assert worker.evaluate(PRESSED) == ["opened /notifications/7"]
    page.evaluate("history.replaceState(null, '', '/inbox/3?view=mine#conversation')")
    assert worker.evaluate(PRESSED) == [
        f"focused {seen.address}/settings/me/notifications",  # by the address with which it was opened
        "read /notifications/7",
    ]
