"""Claims about who may do what: every route has its permission, and nothing else opens it."""

from __future__ import annotations

import re

import pytest
from fastapi import APIRouter, FastAPI
from starlette.routing import Mount

from tests.web.conftest import Browser
from web.app import create_app
from web.permissions import API, PERMISSIONS, PUBLIC, ROLES, SAFE, allow, check_routes, granted, permission_of


def routes(app: FastAPI) -> list[tuple[str, str, str | None]]:
    """(method, path with numbers in it, permission) of every route."""
    found = []
    for route in app.routes:
        if isinstance(route, Mount):
            continue
        path = re.sub(r"\{[^}]+\}", "9", route.path)
        found += [(method, path, permission_of(route)) for method in sorted(route.methods - {"HEAD"})]
    return found


def guarded() -> list[tuple[str, str, str]]:
    """Routes that ask for a permission, apart from the endless one."""
    return [(m, p, x) for m, p, x in routes(create_app()) if x is not None and p != "/live"]


def test_every_route_asks_for_a_permission_or_is_public_with_a_reason() -> None:
    for route in create_app().routes:
        assert permission_of(route) in PERMISSIONS or PUBLIC[route.path]


def test_public_list_names_only_routes_there_are() -> None:
    assert set(PUBLIC) <= {route.path for route in create_app().routes}


def test_application_with_an_open_route_does_not_start() -> None:
    router = APIRouter()
    router.add_api_route("/secrets", lambda: "all of them")
    with pytest.raises(RuntimeError, match="/secrets"):
        check_routes(router.routes)


def test_unknown_permission_is_an_error() -> None:
    with pytest.raises(KeyError):
        allow("messages.raed")


def test_unknown_role_may_nothing() -> None:
    assert granted("guest") == frozenset()


@pytest.mark.parametrize("role", ROLES)
def test_role_passes_where_it_may_and_nowhere_else(role: str, as_role) -> None:
    browser = as_role(role)
    for method, path, permission in guarded():
        if path == "/signout":  # ends the session this very test uses
            continue
        status = browser.request(method, path, headers={"x-csrf-token": browser.csrf}).status_code
        assert (status == 403) == (role not in PERMISSIONS[permission]), f"{role} {method} {path}: {status}"
        assert status < 500, f"{role} {method} {path}"


@pytest.mark.parametrize("role", ROLES)
def test_no_change_without_the_token_of_the_form(role: str, as_role) -> None:
    browser = as_role(role)
    for method, path, _ in guarded():
        if method not in SAFE and not path.startswith(API):
            assert browser.request(method, path).status_code == 403, path
            assert browser.request(method, path, headers={"x-csrf-token": "wrong"}).status_code == 403, path
            assert browser.request(method, path, data={"csrf": ""}).status_code == 403, path


@pytest.mark.parametrize("role", ROLES)
def test_sign_in_of_a_browser_opens_nothing_of_the_api(role: str, as_role) -> None:
    browser = as_role(role)
    headers = {"authorization": "", "x-csrf-token": browser.csrf}
    for method, path, _ in guarded():
        if path.startswith(API):
            assert browser.request(method, path, headers=headers).status_code == 401, f"{method} {path}"


def test_token_opens_no_page(as_role) -> None:
    browser = as_role("admin")
    browser.get("/api/v1/me")
    browser.cookies.clear()
    headers = {"authorization": f"Bearer {browser.token}", "accept": "application/json"}
    for method, path, _ in guarded():
        if not path.startswith(API):
            assert browser.request(method, path, headers=headers).status_code == 401, f"{method} {path}"


def test_token_of_another_session_does_not_count(as_role) -> None:
    one, other = as_role("admin"), as_role("admin")
    assert one.request("POST", "/settings/me", headers={"x-csrf-token": other.csrf}).status_code == 403


def test_nobody_passes_without_a_sign_in(browser: Browser) -> None:
    for method, path, _ in guarded():
        status = browser.request(method, path, headers={"accept": "application/json"}).status_code
        assert status == 401, f"{method} {path}"
    assert browser.request("GET", "/live").status_code in (303, 401)


def test_right_token_from_a_foreign_page_does_not_count(as_role) -> None:
    browser = as_role("admin")
    headers = {"x-csrf-token": browser.csrf, "origin": "https://evil.example"}
    assert browser.request("POST", "/settings/me", headers=headers).status_code == 403
