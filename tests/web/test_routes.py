"""The matrix: every route for every role and for nobody, on a hub in which everything exists."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.routing import Mount

from core import db
from tests.web import lived, places
from tests.web.conftest import Browser
from web.app import create_app
from web.permissions import API, PERMISSIONS, PUBLIC, ROLES, SAFE, permission_of

ENDLESS = "/live"
LEAVES = "/signout"
"""Ends the very session a test uses."""
PRIVATE = "Номер семь."


def routes() -> Iterator[tuple[str, str, str]]:
    """(method, address of something there is, permission) of every route that asks for one."""
    for route in create_app().routes:
        if isinstance(route, Mount) or route.path in (ENDLESS, LEAVES):
            continue
        permission = permission_of(route)
        if permission is not None:
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield method, places.filled(route.path), permission


ANOTHERS = ("/notifications/", "/inbox/jobs/", "/api/v1/bulk-jobs/")
"""Things of the administrator that nobody else sees."""


@pytest.fixture
def full(database: str) -> None:
    lived.everything()


@pytest.mark.parametrize("role", ROLES)
def test_whoever_may_gets_the_page_and_whoever_may_not_a_refusal(full: None, as_role, role: str) -> None:
    browser, wrong = as_role(role), []
    for method, path, permission in routes():
        if method not in SAFE:
            continue
        for headers in ({}, {"hx-request": "true"}):
            status = browser.request(method, path, headers=headers).status_code
            expected = (200, 303, 307, 422) if role in PERMISSIONS[permission] else (403,)
            if path.startswith(ANOTHERS) and role != "admin" and role in PERMISSIONS[permission]:
                expected = (404,)
            if status not in expected:
                wrong.append(f"{method} {path} {headers}: {status}")
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
def test_changes_are_let_through_by_permission_and_token_alone(full: None, as_role, role: str) -> None:
    browser, wrong = as_role(role), []
    for method, path, permission in routes():
        if method in SAFE:
            continue
        for headers in ({}, {"x-csrf-token": "wrong"}, {"x-csrf-token": browser.csrf, "sec-fetch-site": "cross-site"}):
            if path.startswith(API):  # no sign-in opens it, so no other site's page can use one
                headers, refusal = {**headers, "authorization": ""}, 401
            else:
                refusal = 403
            if (status := browser.request(method, path, headers=headers).status_code) != refusal:
                wrong.append(f"{method} {path} {headers}: {status}")
        status = browser.request(method, path, headers={"x-csrf-token": browser.csrf}).status_code
        if (status == 403) != (role not in PERMISSIONS[permission]) or status >= 500:
            wrong.append(f"{method} {path}: {status}")
    assert wrong == []


def test_nobody_gets_nothing_but_the_door(full: None, browser: Browser) -> None:
    wrong = []
    for method, path, _ in routes():
        answer = browser.request(method, path)
        if not (
            answer.status_code == 401
            or (answer.status_code == 303 and answer.headers["location"].startswith("/signin"))
        ):
            wrong.append(f"{method} {path}: {answer.status_code}")
    assert wrong == []


def test_what_is_public_shows_no_message_and_nobody_s_name(full: None, browser: Browser) -> None:
    for path in PUBLIC:
        if "{" not in path and path not in ("/static", "/metrics"):
            text = browser.get(path).text
            assert not any(one in text for one in (PRIVATE, "Кран", lived.KIM.name, lived.OTHER.handle)), path


def test_what_was_said_in_private_is_nowhere_for_who_may_not_read_it(full: None, as_role) -> None:
    browser, found = as_role("marketer"), []
    for path in [*places.pages(), "/inbox?view=all", "/inbox?view=all&q=Номер", "/messages?q=Номер"]:
        if PRIVATE in browser.get(path).text:
            found.append(path)
    assert found == []


@pytest.mark.parametrize("role", ["admin", "agent", "dpo"])
def test_what_was_said_in_private_is_shown_to_who_may(full: None, as_role, role: str) -> None:
    path = f"/inbox/{lived.talk('m:1')}"
    assert PRIVATE in as_role(role).get(path).text


def test_private_conversation_is_refused_to_who_may_not_read_it(full: None, as_role) -> None:
    with db.read():
        path = f"/inbox/{lived.talk('m:1')}"
    assert as_role("marketer").get(path).status_code == 404
