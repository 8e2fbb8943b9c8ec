"""Claims about roles with few rights: no page leads them where they may not go."""

from __future__ import annotations

import html
import re
from collections import Counter
from urllib.parse import urljoin, urlsplit

import pytest

from core import db
from inbox import replies
from tests.conftest import BOTH
from tests.web import lived
from tests.web.conftest import Browser, account, event, store
from web import permissions, roles
from web.permissions import NEEDS, granted, permissions_of

LINK = re.compile(r'\s(href|src|hx-get|hx-post|action|formaction)="(/[^"]*|\?[^"]*)"')
AGENT = granted("agent") - {"self"}


def without(right: str) -> frozenset[str]:
    """An agent who may not do this, nor what needs it."""
    return AGENT - {right} - {one for one, needed in NEEDS.items() if needed == right}


ROLES = {
    "reads": {"messages.read"},
    "reads everything": {"messages.read", "messages.private", "people.read"},
    "answers in words": {"messages.read", "conversations.reply"},
    "sorts": {"messages.read", "conversations.manage"},
    "knows people": {"people.read", "people.review"},
    "listens": {"messages.read", "listening.read"},
    "listens alone": {"listening.read"},
    "teaches": {"messages.read", "labels.teach"},
    "reports": {"reports.read", "metrics.read", "metrics.own"},
    "measures": {"metrics.own"},
    "makes rules": {"rules.manage"},
    "keeps the CRM": {"crm.read", "crm.manage"},
    "keeps it running": {"system.read"},
    "keeps views": {"views.keep"},
    "guards data": {"people.read", "people.object"},
    "asks customers": {"messages.read", "surveys.manage", "rules.manage"},
    "an agent without people": without("people.read"),
    "an agent without tags": AGENT - {"conversations.manage"},
    "an agent without an inbox": without("messages.read"),
}


def role(name: str, rights: set[str] | frozenset[str]) -> str:
    with db.write() as session:
        return roles.save(session, None, roles.Wanted(name, sorted(rights)), "test")


@pytest.mark.timeout(400)
def test_no_page_leads_a_role_where_it_may_not_go(as_role, database: str) -> None:
    lived.everything()
    wrong = [
        f"{name}: {where} leads to {there}"
        for name, rights in ROLES.items()
        for where, there in dead_ends(as_role(role(name, rights)), rights | {"self"})
    ]
    assert wrong == []


def dead_ends(browser: Browser, rights: set[str] | frozenset[str]) -> list[tuple[str, str]]:
    """(page, address) of every link and form that is refused; of pages that are alike, the first two are looked at."""
    waiting, seen, alike, found = ["/", "/settings"], set(), Counter[str](), []
    while waiting:
        here = waiting.pop(0)
        page = browser.get(here)
        assert page.status_code < 400, here
        if page.is_redirect:
            body = f' href="{page.headers["location"]}"'
        else:
            body = page.text if "html" in page.headers["content-type"] else ""
        for kind, value in LINK.findall(body):
            there = urljoin(here, html.unescape(value)).split("#")[0]
            route = target(browser, "POST" if kind in ("hx-post", "action", "formaction") else "GET", there)
            if route is None or (there, kind) in seen:
                continue
            seen.add((there, kind))
            needed = permissions_of(route)
            if needed and not rights.intersection(needed):
                found.append((here, there))
            elif kind not in ("hx-post", "action", "formaction") and needed:
                alike[route.path] += 1
                if alike[route.path] <= 2 and route.path != "/live":
                    waiting.append(there)
    return found


def target(browser: Browser, method: str, address: str):
    """The route that answers; a form that asks for a page is answered by a route for GET."""
    path = urlsplit(address).path
    asked = ("GET",) if method == "GET" else ("POST", "GET")
    fits = [one for one in browser.app.routes if getattr(one, "path_regex", None) and one.path_regex.fullmatch(path)]
    return next((one for verb in asked for one in fits if verb in (getattr(one, "methods", None) or ())), None)


@BOTH
@pytest.mark.parametrize(
    ("right", "first"),
    [
        ("messages.read", "/inbox"), ("people.read", "/people"), ("reports.read", "/reports"),
        ("users.manage", "/settings/users"), ("metrics.own", "/reports/team"), ("keys.manage", "/settings/keys"),
    ],
)  # fmt: skip
def test_who_signs_in_begins_at_a_page_they_may_open(as_role, database: str, right: str, first: str) -> None:
    browser = as_role(role("Few", {right}))
    assert browser.get("/").headers["location"] == first
    assert browser.get(first).status_code == 200
    assert browser.get(browser.get("/settings").headers["location"]).status_code == 200


def test_who_may_not_write_is_told_so_instead_of_losing_what_they_wrote(as_role, database: str) -> None:
    store(account(), event("1"))
    page = as_role(role("Few", {"messages.read"})).get("/inbox/1").text
    assert 'name="text"' not in page
    assert "Your role reads, but does not answer." in page


def test_who_may_answer_alone_answers_on_the_page_and_does_nothing_else(as_role, database: str) -> None:
    store(account(), event("1"))
    browser = as_role(role("Few", {"messages.read", "conversations.reply", "replies.send"}))
    page = browser.get("/inbox/1").text
    assert 'name="text"' in page
    beside = ('value="note"', "data-send-close", "data-send-snooze", 'name="snooze"', "/state/closed", "/tag")
    assert [one for one in beside if one in page] == []
    assert browser.post("/inbox/1/draft", {"text": "We", "kind": "public"}).status_code == 204
    assert "We</textarea>" in browser.get("/inbox/1").text
    for more in ({"kind": "note"}, {"close": "yes"}, {"sure": "close"}, {"snooze": "1d"}, {"sure": "snooze:1d"}):
        assert browser.post("/inbox/1/reply", {"text": "We look.", **more}).status_code == 403
    assert browser.post("/inbox/1/reply", {"text": "We look.", "kind": "public"}).status_code == 303
    with db.read() as session:
        (waiting,) = replies.of_conversation(session, 1)
    assert (waiting.text, waiting.state) == ("We look.", "queued")


def test_who_may_take_notes_alone_does_not_answer(as_role, database: str) -> None:
    store(account(), event("1"))
    browser = as_role(role("Few", {"messages.read", "conversations.manage"}))
    assert browser.post("/inbox/1/reply", {"text": "We look.", "kind": "note"}).status_code == 303
    assert browser.post("/inbox/1/reply", {"text": "We look.", "kind": "public"}).status_code == 422
    with db.read() as session:
        assert replies.of_conversation(session, 1) == []


def test_who_makes_rules_alone_gets_their_conditions_and_no_words_of_customers(as_role, database: str) -> None:
    store(account(), event("1", "a secret"))
    browser = as_role(role("Few", {"rules.manage"}))
    form = {"c_match": "all", "c.0_field": "words", "c.0_op": "is", "c.0_v": "secret"}
    page = browser.post("/settings/rules", {"do": "add:c", "c_add": "tag"}).text
    (address,) = set(re.findall(r'hx-post="(/[^"]*/fields)"', page))
    assert 'name="c.0_v"' in browser.post(address, form).text
    tried = browser.post("/settings/rules", {**form, "do": "try", "trigger": "message", "name": "x"})
    assert (tried.status_code, "it would have run 1 time" in tried.text, "a secret" in tried.text) == (200, True, False)


@pytest.mark.parametrize("name", permissions.ROLES)
def test_pages_of_an_empty_hub_open_for_everybody(as_role, database: str, name: str) -> None:
    assert dead_ends(as_role(name), granted(name)) == []
