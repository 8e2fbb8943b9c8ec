from __future__ import annotations

import html
import re
from urllib.parse import unquote

import pytest

from core import db
from listening import shares
from web import permissions

from .conftest import QUERY

pytestmark = pytest.mark.usefixtures("heard")


def make_link(browser, *roles: str, query: str = f"?{QUERY}&language=de") -> str:
    answer = browser.post("/reports/1/share", {"query": query, "roles": list(roles)})
    found = re.search(r'id="new-link" value="[^"]*(/shared/[\w-]+)"', answer.text)
    assert found is not None, answer.text
    return found[1]


def test_link_opens_the_report_as_it_was_shared(as_role) -> None:
    path = make_link(as_role("marketer"), "agent")
    text = as_role("agent").get(path).text
    assert "1–10 Nov 2026" in html.unescape(text).replace("\u2009", "").replace(" – ", "–")
    assert "German" in text
    assert as_role("agent").get(f"{path}.csv").text.count("\nday,") == 10
    assert as_role("agent").get(f"{path}.pdf").content.startswith(b"%PDF")


def test_link_opens_for_its_roles_only(as_role) -> None:
    path = make_link(as_role("admin"), "dpo")
    assert as_role("dpo").get(path).status_code == 200
    assert as_role("agent").get(path).status_code == 404


def test_link_opens_without_any_other_right_to_reports(as_role, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_link(as_role("admin"), "agent")
    monkeypatch.setitem(permissions._BUILT_IN, "agent", permissions.granted("agent") - {"reports.read"})
    agent = as_role("agent")
    assert agent.get("/reports/1").status_code == 403
    assert agent.get(path).status_code == 200


def test_nobody_opens_a_link_without_signing_in(browser, as_role) -> None:
    path = make_link(as_role("admin"), "agent")
    answer = browser.get(path)
    assert (answer.status_code, unquote(answer.headers["location"])) == (303, f"/signin?next={path}")


def test_link_can_be_taken_back(as_role) -> None:
    admin = as_role("admin")
    path = make_link(admin, "admin")
    assert "Take back" in admin.get("/reports/1").text
    with db.read() as session:
        (link,) = shares.links(session, 1)
    assert admin.post(f"/reports/links/{link.id}/revoke").status_code == 303
    assert admin.get(path).status_code == 404


def test_link_without_a_role_says_what_is_missing(as_role) -> None:
    assert "at least one role" in as_role("admin").post("/reports/1/share", {"query": ""}).text


def test_who_may_not_share_cannot(as_role) -> None:
    assert as_role("agent").post("/reports/1/share", {"roles": "agent"}).status_code == 403
    assert "Create link" not in as_role("agent").get("/reports/1").text
