"""10,000 hostile messages leave every page intact: nothing becomes markup, runs, asks, overflows or turns round."""

from __future__ import annotations

import base64
import re
import shutil
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from core import db
from core.event import Author, Page, Profile
from core.settings import settings
from enrichment.behaviour import intake, keys
from enrichment.behaviour.models import CustomerKey
from enrichment.segments import activation, conditions
from enrichment.segments import store as segments
from inbox import (
    accounts,
    approvals,
    attachments,
    attributes,
    clocks,
    consent,
    desk,
    forwards,
    ingest,
    macros,
    notes,
    notices,
    policies,
    replies,
    rules,
    ruling,
    saved,
    teams,
    views,
)
from inbox.actions import Action
from inbox.conditions import tree
from inbox.fields import store as fields
from inbox.fields import values
from inbox.file_models import Attached
from inbox.many import jobs
from inbox.many.models import BulkItem
from inbox.models import Contact, Conversation, Identity
from inbox.narrowing import Filter
from inbox.notices import Notice
from listening import hits, subjects
from sentiment import labels
from sentiment.examples import store as examples
from sentiment.themes.models import Theme
from tests import living
from tests.inbox.surveys.made import rated
from tests.web import hostile, places
from tests.web.chromium import needs_chromium
from web import auth, roles, tokens
from web.outgoing import store as webhooks
from web.outgoing.events import TYPES
from web.outgoing.models import Endpoint, Told
from web.permissions import ROLES, granted
from web.render import HERE
from web.signin import provider
from web.signin.models import Passkey

COUNT = 10_000
TEMPLATES = "\n".join(path.read_text() for path in (HERE / "templates").rglob("*.html"))
TAGS = {name.lower() for name in re.findall(r"<([a-zA-Z][\w-]*)", TEMPLATES)}
ADDRESSES = {"href", "src", "action", "formaction", "poster", "data", "srcset", "xlink:href", "cite", "ping"}


@pytest.fixture(scope="module")
def _beset(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:
    """A hub that has stored them all, and whose own people wrote no better."""
    folder = tmp_path_factory.mktemp("hostile")
    shutil.copy(sqlite_template, folder / "widerhall.sqlite3")
    with living.at_home(folder):
        _store()
        _work()
        _shop()
        with db.engine().connect() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            connection.exec_driver_sql("BEGIN")
    return folder


@pytest.fixture
def beset(_beset: Path, database: str, data_dir: Path) -> None:
    """This test's database is a copy of that hub."""
    db.engine().dispose()
    shutil.copy(_beset / "widerhall.sqlite3", data_dir / "widerhall.sqlite3")
    shutil.copy(_beset / "secret.key", data_dir / "secret.key")
    shutil.copytree(_beset / "files", data_dir / "files")
    db.configure(settings().url)


def _store() -> None:
    by_platform = defaultdict(list)
    for platform, event in hostile.events(COUNT):
        by_platform[platform].append(event)
    for number, (platform, events) in enumerate(sorted(by_platform.items())):
        author = Author(platform=platform, id=f"ours{number}", handle=hostile.QUOTES[number], name=hostile.MARKUP[0])
        with db.write() as session:
            account = accounts.add(
                session, platform=platform, profile=Profile(author=author), base_url="", secrets={}, feeds=["mentions"]
            )
        for start in range(0, len(events), 1000):
            ingest.store_page(account, Page(events=tuple(events[start : start + 1000])))


def _work() -> None:
    """Tags, notes, replies, a contact and a subject that are called like the messages."""
    texts = [*hostile.TEXTS, "W" * 5000]
    with db.write() as session:
        for number in range(1, len(texts)):
            notices.add(session, [Notice("user:1", "message", number, f"message:{number}")])
        for number, text in enumerate(texts, 1):
            notes.add(
                session, conversation_id=number, author="user:1", text=f"@{text} .", mentions={"user:2": text.strip()}
            )
            file = attachments.add(session, number, "user:1", "x", b"%PDF-1.7")
            notes.add(session, conversation_id=number, author="user:1", text="x", attached=[file])
            beside = attachments.add(session, number, "user:1", "x", b"%PDF-1.7")
            named = sa.update(db.table(Attached)).where(db.table(Attached).c.id.in_((file, beside)))
            session.execute(named.values(name=db.sound(text)[:200] or "x", alt=db.sound(text)[:400]))
            notes.add(session, identity_id=number + 10, author="user:1", text=f"{text} .")
            desk.tag(session, number, f"{db.sound(text)[:50]} .", "user:1")
            replies.queue(session, number, f"{db.sound(text)[:400]} .", author="user:1", undo_seconds=3600)
            said = f"{db.sound(text)[:400]} ."
            asked = replies.queue(session, number, said, author="user:2", approval="asked").id or 0
            forwards.add(session, number, forwards.Wanted([f"a{number}@x.example"], said, said), "user:1", "x")
            if number % 2:
                approvals.reject(session, asked, "user:1", said)
        session.add(Contact(id="01J" + "0" * 23, name=hostile.MARKUP[5] + hostile.DIRECTIONS[0], created_at=db.now()))
        session.flush()
        i = db.table(Identity)
        session.execute(sa.update(i).where(i.c.id.in_((20, 21))).values(contact_id="01J" + "0" * 23))
        attributes.hear(session, (20, 21))
        for text in (hostile.MARKUP[0], hostile.QUOTES[2], hostile.DIRECTIONS[0], "W" * 180):
            subjects.add_query(session, subjects.create(session, text[:180]), text[:200], "pwned OR bold")
            labels.create(session, text[:80], ["pwned"])
        examples.add(session, labels.get(session, hostile.MARKUP[0][:80]), [*range(1, 40)])
        session.add(Theme(id=1, centroid=bytes(4 * 384), names={"de": hostile.MARKUP[1]}, terms={}, born_at=db.now()))
    with db.write() as session:
        queries, versions = hits.enabled(session)
        hits.keep(session, hits.decide(queries, versions, hits.docs(session, limit=3000)))


def _shop() -> None:
    """Events, orders and segments that are called like the messages."""
    with db.write() as session:
        consent.switch(session, "behaviour", enabled=True, basis="contract", actor="user:1")
        key, _ = keys.make(session, hostile.MARKUP[1], "user:1")
        session.add(CustomerKey(kind="user", value="h", contact_id="01J" + "0" * 23, source=f"key:{key}", at=db.now()))
        for text in (hostile.MARKUP[0], hostile.QUOTES[2], "W" * 80):
            saved.save(session, None, name=text[:80], texts={"en": text, "ja": text}, actor="user:1")
            said = {"match": "all", "of": [{"field": "words", "op": "has_not", "value": text}]}
            views.save(session, text[:80], Filter(), tree.read(said), "user:1", ["agent"])
            day = [{"day": "2026-01-01", "name": text}]
            teams.save(session, None, teams.Wanted(text[:80], holidays=day, members={"user:1": 1}), "user:1")
            deeds = [Action("note", text), Action("tag", db.sound(text)[:50])]
            macros.save(session, None, text[:80], deeds, "user:1", shared=["all"])
            every = sa.select(db.table(Conversation).c.id).limit(1)
            job = jobs.begin(session, "user:1", deeds, every, macro=db.sound(text)[:80])
            left = sa.update(db.table(BulkItem)).where(db.table(BulkItem).c.job_id == job.id)
            session.execute(left.values(state="left", reason=db.sound(text)))
            ruled = rules.save(
                session, None, name=text[:80], trigger="message", asked=tree.EVERYTHING, deeds=deeds, last=False,
                actor="user:1",
            )  # fmt: skip
            rules.switch(session, ruled, "user:1", on=True)
            policies.save(session, None, policies.Wanted(text[:80], first_reply=60), "user:1")
            rated(session, 1, text, text)
            for subject in ("conversation", "person"):
                words = {"en": text[:60], "de": text[:60]}
                asked = fields.Wanted(subject, "choice", words, words, {one: [text[:50], "b"] for one in words})
                made = fields.save(session, None, asked, "user:1")
                if subject == "conversation":
                    values.put(session, 1, made, "o1", "user:1")
                    note = fields.save(session, None, fields.Wanted(subject, "text", {"en": f"n{made}"}), "user:1")
                    values.put(session, 1, note, text[:400], "user:1")
        ruling.run(session, [ruling.Happened("message:1", 1, db.now(), ("message",), heard=False)])
        session.execute(sa.update(db.table(Conversation)).values(team_id=1))
        clocks.count(session, list(range(1, 30)))
        for number, text in enumerate((hostile.MARKUP[0], hostile.QUOTES[2], "W" * 100)):
            raw = {"match": "all", "of": [{"field": "name", "op": "has_not", "value": db.sound(text)[:200]}]}
            number = segments.save(session, text, conditions.read(raw), "user:1")
            activation.add(session, number, "https://hostile.invalid/" + "a" * 400, "user:1")
    _programs()
    traits = {"interests": [text[:60] for text in hostile.TEXTS[:20]], "preferred_channel": hostile.MARKUP[2]}
    sent: list[dict[str, Any]] = [{"type": "identify", "userId": "h", "traits": traits}]
    for number, text in enumerate([*hostile.TEXTS, "W" * 200]):
        order = {"order_id": f"{number}{text}"[:90], "total": 1, "affiliation": text, "cvv" + text[:40]: 1,
                 "products": [{"name": text}], "shipping_address": {"street": text, "city": text}}  # fmt: skip
        sent += [
            {"type": "track", "userId": "h", "event": (text.strip() or "x")[:200], "properties": {text[:50]: text}},
            {"type": "track", "userId": "h", "event": "Order Completed", "properties": order},
        ]
    intake.take(key, sent)


def _programs() -> None:
    """A token that is called like the messages, and an endpoint that answers like them."""
    with db.write() as session:
        owner = auth.create_user(session, "admin@demo.example", "Admin", "several quiet words", "admin")
        number, _ = webhooks.add(session, "https://hostile.invalid/" + "a" * 400, TYPES, "all", "user:1")
        for text in (hostile.MARKUP[0], hostile.QUOTES[2], hostile.DIRECTIONS[0], "W" * 200):
            roles.save(session, None, roles.Wanted(text[:80], ["messages.read"]), "test")
            tokens.make(session, owner.id or 0, text, ["messages.read"], granted("admin"), None, "test")
            key = {"credential": text[:40], "public_key": "", "name": text[:80], "sign_count": 0, "made_at": db.now()}
            session.add(Passkey(user_id=owner.id or 0, **key))
            told = webhooks.test(session, number, "user:1")
            answered = {"state": "failed", "status": 500, "answer": db.sound(text)[:200]}
            session.execute(sa.update(db.table(Told)).where(db.table(Told).c.id == told).values(**answered))
        session.execute(sa.update(db.table(Endpoint)).values(error=hostile.MARKUP[0], failing_since=db.now()))
        words = {
            "label": hostile.MARKUP[0],
            "role_claim": hostile.QUOTES[2],
            "role_map": f"{hostile.MARKUP[1]} = agent",
        }
        provider.save(session, provider.Wanted("https://hostile.invalid/", "c", "s", **words), ROLES, "user:1")


def talks(number: int) -> list[int]:
    """Some conversations: those with notes, tags and replies, and those with giants."""
    c = db.table(Conversation)
    with db.read() as session:
        giants = session.execute(sa.select(c.c.id).where(sa.func.length(c.c.excerpt) > 150).limit(8)).scalars()
        return [*range(1, number + 1), *giants]


def addresses() -> list[str]:
    """Every page, the threads and people in which something is hostile each in its way, and the list to its end."""
    found = [
        path
        for path in places.pages({"conversation_id": "1", "identity_id": "20", "contact_id": "01J" + "0" * 23})
        if path != "/ui"
    ]
    found += [f"/inbox/{one}?view=all" for one in talks(70)]
    found += [f"/people/{one}" for one in range(11, 60)]
    return found


# --- read as markup ------------------------------------------------------------------------------------


class Markup(HTMLParser):
    """Notes what of a page cannot be ours."""

    def __init__(self) -> None:
        super().__init__()
        self.foreign: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        shown = f"<{tag} {given}>"[:300]
        names = " ".join(name for name, _ in attrs)
        if tag not in TAGS or "pwned" in names or re.search(r"(^| )on\w+|(^| )style( |$)|srcdoc", names):
            self.foreign.append(shown)
        if any(not _harmless(tag, name, value or "") for name, value in attrs if name in ADDRESSES):
            self.foreign.append(shown)
        if tag == "img" and given.get("referrerpolicy") != "no-referrer":
            self.foreign.append(shown)
        if tag == "script" and not (given.get("src") or "").startswith("/static/"):
            self.foreign.append(shown)

    def handle_comment(self, data: str) -> None:
        self.foreign.append(f"<!--{data[:100]}")


def _harmless(tag: str, name: str, value: str) -> bool:
    """A place here, or, for a link that a person may follow, one elsewhere."""
    if value.startswith(("/", "?", "#")) and not value.startswith("//") and "\\" not in value[:2]:
        return True
    allowed = {("a", "href"): ("http", "https", "mailto"), ("img", "src"): ("https",)}
    return urlsplit(value).scheme in allowed.get((tag, name), ())


def foreign(page: str) -> list[str]:
    parser = Markup()
    parser.feed(page)
    ends = len(re.findall(r"</(?:html|body|main)>", page))
    return parser.foreign + ([f"{ends} ends"] if page.startswith("<!doctype") and ends != 3 else [])


@pytest.mark.slow
def test_nothing_of_a_message_becomes_markup(beset: None, as_role) -> None:
    browser, found = as_role("admin"), []
    for path in addresses():
        answer = browser.get(path)
        if answer.status_code != 200 and not path.startswith(("/nothing", "/oauth", "/shared", "/inbox/1/media")):
            assert answer.status_code in (303, 422), path
        if answer.headers.get("content-type", "").startswith("text/html"):
            found += [f"{path}: {one}" for one in foreign(answer.text)]
    assert found[:8] == []


@pytest.mark.slow
@pytest.mark.parametrize(("start", "most"), [("/inbox?view=all", 60), ("/messages?", 20)])
def test_list_holds_every_row_and_no_markup(beset: None, as_role, start: str, most: int) -> None:
    browser, found, seen, more = as_role("admin"), [], [], ""
    for _ in range(most):
        page = browser.get(f"{start}{more}").text
        found += foreign(page)
        seen += re.findall(r'data-row="(\d+)"', page)
        older = re.search(r'href="[^"]*?[?&](?:amp;)?(before=[\w%.-]+)', page)
        if older is None:
            break
        more = f"&{older[1]}"
    assert found[:8] == []
    assert len(seen) == len(set(seen)) >= 50 * min(most, 20)
    c = db.table(Conversation)
    with db.read() as session:
        query = sa.select(sa.func.count()).where(c.c.inbox, c.c.state != "spam")
        assert older is not None or len(seen) == session.execute(query).scalar_one()


# --- seen by a browser ------------------------------------------------------------------------------

OUTSIDE = """() => {
  const found = [];
  for (const one of document.body.querySelectorAll("*")) {
    if (!one.getClientRects().length || one.closest("svg, .vh")) continue;
    let { left, right } = one.getBoundingClientRect();
    for (let outer = one.parentElement; outer; outer = outer.parentElement) {
      if (getComputedStyle(outer).overflowX === "visible") continue;
      const box = outer.getBoundingClientRect();
      right = Math.min(right, box.right);
      left = Math.max(left, box.left);
    }
    if (right > innerWidth + 1 && left < right) found.push(`outside: ${one.outerHTML.slice(0, 150)}`);
    const style = getComputedStyle(one);
    const slides = ["auto", "scroll"].includes(style.overflowX) && one.scrollWidth > one.clientWidth + 1;
    if (slides && !one.matches(".scroll-x, .tabs, .tabs-scroll, .set-nav, .payload, pre, textarea")) {
      found.push(`slides: ${one.outerHTML.slice(0, 150)}`);
    }
  }
  if (document.scrollingElement.scrollWidth > innerWidth + 1) found.push("the page itself is too wide");
  return found.slice(0, 10);
}"""

TURNED = """() => {
  const found = [], turns = /[\\u202a-\\u202e\\u2066-\\u2069\\u200f\\u061c\\u0590-\\u08ff]/;
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (!turns.test(node.data) || !node.parentElement.getClientRects().length) continue;
    let one = node.parentElement, alone = false;
    while (one && !alone) {
      const style = getComputedStyle(one);
      alone = style.unicodeBidi.includes("isolate") || style.unicodeBidi === "plaintext" || style.display !== "inline";
      if (!alone) one = one.parentElement;
    }
    const nodes = [...one.childNodes], place = nodes.findIndex((other) => other.contains(node));
    const rest = nodes.slice(place + 1).some((other) => other.textContent.trim() && !other.classList?.contains("vh"));
    if (rest) found.push(one.outerHTML.slice(0, 250));
  }
  return found.slice(0, 10);
}"""

MADE = """() => ({
  ran: "pwned" in window,
  tags: [...document.querySelectorAll("pwned, [data-pwned], iframe, object, embed, base, style, meta[http-equiv]")]
    .map((one) => one.outerHTML.slice(0, 100)),
})"""


DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


def _picture(request: Any) -> bool:
    """A picture that somebody attached; it comes over TLS, and without a referrer as its markup says."""
    return request.resource_type == "image" and request.url.startswith("https://")


@pytest.mark.slow
@pytest.mark.browser
@needs_chromium
@pytest.mark.parametrize("width", [390, 1440])
def test_nothing_runs_asks_overflows_or_turns_in_a_browser(beset: None, seen: Any, width: int) -> None:
    page = seen.page("admin", width=width)
    asked: list[str] = []
    page.on(
        "request",
        lambda request: asked.append(f"{request.resource_type} {request.url}") if not _picture(request) else None,
    )
    page.route(
        lambda url: not url.startswith(seen.address),
        lambda route: route.fulfill(status=200, content_type="image/png", body=DOT),
    )
    page.on("dialog", lambda dialog: asked.append(f"dialog {dialog.message}"))
    wrong = []
    paths = ["/inbox?view=all", "/people", "/people/review", "/people/20", "/people/segments", "/people/segments/1",
             "/people/segments/3", "/people/segments/1/edit", "/settings/keys", "/listening",
             "/reports/1", "/reports/2", "/messages",
             "/settings/accounts", *[f"/people/{one}" for one in range(11, 60, 7)],
             *[f"/inbox/{one}?view=all#conversation" for one in [*range(1, 70, 4), *talks(0)]]]  # fmt: skip
    for path in paths:
        answer = page.goto(seen.address + path)
        assert answer is None or answer.status == 200, path
        page.wait_for_timeout(50)
        made = page.evaluate(MADE)
        wrong += [f"{path}: {made}"] if made["ran"] or made["tags"] else []
        wrong += [f"{path}: {one}" for one in page.evaluate(OUTSIDE) + page.evaluate(TURNED)]
    wrong += sorted({url[:100] for url in asked if not url.partition(" ")[2].startswith((seen.address, "data:image/"))})
    assert wrong[:12] == []
