"""Claims about tokens: shown once, kept as a hash, narrowed by scope and by the owner's role, counted, revoked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core import audit, db
from core.errors import Rejected
from core.settings import settings
from tests.conftest import BOTH
from tests.living import done, refused
from tests.web.api.conftest import Program
from web import auth, tokens
from web.models import ApiToken
from web.permissions import granted

T = db.table(ApiToken)
Programs = Callable[..., Program]


def row() -> ApiToken:
    with db.read() as session:
        return session.scalars(sa.select(ApiToken)).one()


@BOTH
def test_token_says_whom_it_speaks_for_and_its_use_is_noted(program: Programs) -> None:
    one = program("agent", "messages.read")
    assert row().used_at is None
    found = one.get("me").json()
    assert (found["role"], found["permissions"]) == ("agent", ["messages.read", "self"])
    assert row().used_at is not None
    assert one.token not in repr(row())
    assert row().hint == one.token[-4:]


def test_wrong_revoked_expired_and_shut_out_are_refused_alike(program: Programs) -> None:
    one = program("agent")
    good = one.token
    one.token = good[:-1] + ("A" if good[-1] != "A" else "B")
    wrong = one.get("me")
    one.token = good
    answers = [wrong]
    for values in ({"revoked_at": db.now()}, {"revoked_at": None, "expires_at": db.now() - timedelta(seconds=1)}):
        with db.write() as session:
            session.execute(sa.update(T).values(**values))
        answers.append(one.get("me"))
    with db.write() as session:
        session.execute(sa.update(T).values(expires_at=None))
        auth.set_disabled(session, one.user_id, disabled=True, actor="test")
    answers.append(one.get("me"))
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].headers["www-authenticate"].startswith("Bearer")
    assert answers[0].headers["content-type"] == "application/problem+json"


def test_owner_who_loses_a_permission_takes_it_from_the_token(program: Programs) -> None:
    one = program("agent", "conversations.reply", "messages.read")
    with db.write() as session:
        auth.set_role(session, one.user_id, "marketer", "test")
    assert one.get("me").json()["permissions"] == ["messages.read", "self"]


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [("", ["messages.read"], None), ("x", [], None), ("x", ["users.manage"], None), ("x", ["messages.read"], 0)],
)
def test_token_that_makes_no_sense_is_not_made(database: str, name: str, scopes: list[str], days: int | None) -> None:
    with db.write() as session, pytest.raises(Rejected):
        tokens.make(session, 1, name, scopes, granted("agent"), days, "test")


def test_limit_is_told_and_held(program: Programs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIDERHALL_API_PER_MINUTE", "2")
    settings.cache_clear()
    one, other = program("agent"), program("agent")
    answers = [one.get("me") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == ["r=1", "r=0", "r=0"]
    assert answers[0].headers["ratelimit-policy"] == '"minute";q=2;w=60'
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60
    assert answers[2].headers["content-type"] == "application/problem+json"
    assert other.get("me").status_code == 200


def test_limit_is_shared_through_the_broker(program: Programs, valkey: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIDERHALL_API_PER_MINUTE", "3")
    settings.cache_clear()
    one = program("agent")
    assert [one.get("me").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_page_shows_a_token_once_and_revokes_it(as_role: Callable[[str], object]) -> None:
    browser = as_role("agent")
    shown = browser.post("/settings/tokens", {"name": "Bridge", "days": "30", "scopes": ["messages.read"]}).text
    assert tokens.PREFIX in shown
    assert tokens.PREFIX not in browser.get("/settings/tokens").text
    with db.read() as session:
        token = session.scalars(sa.select(ApiToken)).one()
        assert session.scalars(sa.select(audit.AuditEntry.action)).all().count("api_token.made") == 1
    assert browser.post(f"/settings/tokens/{token.id}/revoke").status_code == 303
    assert "revoked" in browser.get("/settings/tokens").text


def test_token_for_more_than_one_may_is_not_made_and_what_was_typed_is_kept(as_role: Callable[[str], object]) -> None:
    browser = as_role("agent")
    answer = browser.post("/settings/tokens", {"name": "Bridge", "days": "30", "scopes": ["users.manage"]})
    assert answer.status_code == 422
    assert 'value="Bridge"' in answer.text
    assert browser.post("/settings/tokens", {"name": "", "days": "", "scopes": "messages.read"}).status_code == 422
    assert browser.post("/settings/tokens", {"name": "x", "days": "7"}).status_code == 400


def test_others_tokens_are_seen_and_revoked_by_administrators_alone(
    as_role: Callable[[str], object], program: Programs
) -> None:
    program("agent")
    marketer, admin = as_role("marketer"), as_role("admin")
    assert "Agent" not in marketer.get("/settings/tokens?all=yes").text
    assert marketer.post("/settings/tokens/1/revoke").status_code == 404
    assert "Agent" in admin.get("/settings/tokens?all=yes").text
    assert (
        admin.post("/settings/tokens/1/revoke", {"all": "yes"}).headers["location"].startswith("/settings/tokens?all")
    )
    assert admin.post("/settings/tokens/9/revoke").status_code == 404


def test_reference_names_every_address(as_role: Callable[[str], object]) -> None:
    browser = as_role("agent")
    page, document = browser.get("/settings/tokens/reference").text, browser.get("/api/v1/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert [path for path in document["paths"] if f">{path}<" not in page] == []
    tags = {one["tags"][0] for methods in document["paths"].values() for one in methods.values()}
    assert [tag for tag in tags if f'href="#s-{tag}"' not in page or f'id="s-{tag}"' not in page] == []
    assert "<code>application/pdf</code>" in page
    assert "`" not in page
    shapes = document["components"]["schemas"]
    assert [name for name in shapes if "web__" in name or not name.replace("_", "").isalnum()] == []
    assert set(re.findall(r"#/components/schemas/([^\"]+)", json.dumps(document))) <= shapes.keys()
    for nested in ("hours[].start", "questions[].texts{}.ask", "actions[].do", "approval.state"):
        assert f"<code>{nested}</code>" in page


def test_tokens_on_the_command_line(hub: None) -> None:
    done("users", "add", "kim@a.example", "--name", "Kim", "--role", "agent", "--password", "several quiet words")
    made = done("tokens", "add", "kim@a.example", "Bridge", "--scope", "messages.read", "--days", "30")
    assert made["token"].startswith(tokens.PREFIX)
    (listed,) = done("tokens", "list")
    assert (listed["owner"], listed["scopes"], listed["state"]) == ("Kim", ["messages.read"], "holds")
    assert made["token"] not in str(listed)
    done("tokens", "revoke", str(made["id"]))
    assert done("tokens", "list")[0]["state"] == "revoked"
    assert "what its owner may do" in refused("tokens", "add", "kim@a.example", "x", "--scope", "users.manage")
