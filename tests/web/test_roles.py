"""Claims about roles that are made here: what they open, who may give them, and what becomes of those who have them."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import audit, db
from core.errors import Rejected
from inbox import replies, teams
from inbox.models import ReplyRow
from inbox.worker_models import Role
from tests.conftest import BOTH
from tests.web.conftest import PASSWORD, account, event, store
from tests.web.test_permissions import guarded
from web import actors, auth, roles, sessions
from web.models import ApiToken
from web.permissions import NEEDS, PERMISSIONS, ROLES, granted
from web.signin import policy
from web.signin.models import OidcProvider

HERE = "/settings/roles"


def role(*permissions: str, name: str = "Night shift") -> str:
    with db.write() as session:
        return roles.save(session, None, roles.Wanted(name, permissions), "test")


@BOTH
def test_own_role_may_what_it_says_at_once_and_no_more(as_role, database: str) -> None:
    key = role("reports.read")
    browser = as_role(key)
    assert browser.get("/reports").status_code == 200
    assert browser.get("/people").status_code == 403
    with db.write() as session:
        roles.save(session, int(key[5:]), roles.Wanted("Day shift", ["people.read"]), "test")
    assert browser.get("/reports").status_code == 403
    assert browser.get("/people").status_code == 200
    assert "Day shift" in browser.get("/settings/me").text


def test_every_single_permission_opens_exactly_its_routes(as_role, database: str) -> None:
    """Each route with its own permission, and one route of each of the next three permissions."""
    routes = [(m, p, x) for m, p, x in guarded() if x != "self"]
    samples = {permission: (method, path) for method, path, permission in reversed(routes)}
    names, key = sorted(samples), role("messages.read")
    browser, wrong = as_role(key), []
    browser.get("/api/v1/me")
    with db.write() as session:
        session.execute(sa.update(db.table(ApiToken)).values(scopes=names))
    for number, permission in enumerate(names):
        with db.write() as session:
            own = {permission, NEEDS.get(permission, permission)}
            roles.save(session, int(key[5:]), roles.Wanted("One", own), "test")
        asked = [one for one in routes if one[2] == permission]
        others = [(*samples[one], one) for one in (names * 2)[number + 1 : number + 4]]
        for method, path, needed in (*asked, *others):
            status = browser.request(method, path, headers={"x-csrf-token": browser.csrf}).status_code
            if (status == 403) != (needed not in own) or status >= 500:
                wrong.append(f"{permission}: {method} {path}: {status}")
    closed = {"self", "messages.private", "metrics.read", "replies.send", "views.share", "shared.edit"}
    assert PERMISSIONS.keys() - names == closed
    assert wrong == []


def test_nobody_gives_or_changes_more_than_they_may(as_role, database: str) -> None:
    chief = role("users.manage", "roles.manage", "messages.read", name="Chief")
    other = role("people.read", "people.erase", name="Eraser")
    browser = as_role(chief)
    as_role("admin")
    form = {"name": "Mine", "permission": ["messages.read", "people.erase"]}
    assert browser.post(HERE, form).status_code == 422
    assert browser.post(f"{HERE}/{other[5:]}", {"name": "Mine", "permission": ["messages.read"]}).status_code == 422
    assert browser.post(f"{HERE}/{other[5:]}/remove").status_code == 422
    with db.read() as session:
        admin = auth.find(session, "admin@demo.example")
        assert admin is not None
    for change in ({"role": "agent"}, {"disabled": "yes"}, {"password": "another quiet word"}):
        assert browser.post(f"/settings/users/{admin.id}", change).status_code == 422
    assert browser.post(f"/settings/users/{browser.user_id}", {"role": "admin"}).status_code == 422
    new = {"email": "new@demo.example", "name": "New", "password": PASSWORD, "role": "admin"}
    assert browser.post("/settings/users", new).status_code == 422
    assert browser.post("/settings/users", {**new, "role": chief}).status_code == 303
    assert browser.request("POST", "/api/v1/users", json=new).status_code == 422
    with db.read() as session:
        assert [one.role for one in auth.everybody(session)] == [chief, "admin", chief]


def test_role_is_made_copied_changed_and_removed_on_the_page(as_role, database: str) -> None:
    browser = as_role("admin")
    assert 'value="conversations.reply" checked' in browser.get(f"{HERE}/new?copy=agent").text
    form = {"name": "Night <b>shift", "permission": ["messages.read", "conversations.reply"]}
    assert browser.post(HERE, form).headers["location"] == f"{HERE}?note=role-kept"
    assert browser.post(HERE, form).status_code == 422
    page = browser.get(HERE).text
    assert "Night &lt;b&gt;shift" in page
    with db.read() as session:
        key = next(iter(roles.names(session)))
    somebody = as_role(key)
    assert browser.post(f"{HERE}/{key[5:]}/remove", {"instead": ""}).status_code == 422
    assert browser.post(f"{HERE}/{key[5:]}/remove", {"instead": key}).status_code == 422
    assert browser.post(f"{HERE}/{key[5:]}/remove", {"instead": "marketer"}).status_code == 303
    with db.read() as session:
        assert auth.get(session, somebody.user_id).role == "marketer"
        said = session.scalars(sa.select(db.table(audit.AuditEntry).c.action)).all()
    assert {"role.made", "role.removed", "user.role"} <= set(said)
    assert browser.get(f"{HERE}/{key[5:]}").status_code == 404


@pytest.mark.parametrize(
    ("name", "permissions"), [(" ", ["messages.read"]), ("x" * 81, ["messages.read"]), ("A", []), ("A", ["nonsense"])]
)
def test_impossible_role_is_refused(database: str, name: str, permissions: list[str]) -> None:
    with db.write() as session, pytest.raises(Rejected):
        roles.save(session, None, roles.Wanted(name, permissions), "test")


def test_deed_is_not_given_without_what_it_is_done_to(as_role, database: str) -> None:
    browser = as_role("admin")
    page = browser.post(HERE, {"name": "Odd", "permission": ["people.review"]})
    assert page.status_code == 422
    assert "“Decide who is the same person” needs “See people”, too." in page.text
    assert browser.post(HERE, {"name": "Even", "permission": ["people.review", "people.read"]}).status_code == 303


def test_deed_that_was_given_without_what_it_needs_counts_for_nothing(as_role, database: str) -> None:
    store(account(), event("1"))
    key = role("people.read", "people.review", "conversations.manage", "messages.read")
    with db.write() as session:  # as another version kept it
        session.execute(sa.update(db.table(Role)).values(permissions=["people.review", "conversations.manage", "self"]))
    browser = as_role(key)
    assert browser.post("/people/1/notes", {"text": ""}).status_code == 403
    assert browser.post("/inbox/1/tag", {"tag": "x"}).status_code == 403
    with db.read() as session:
        assert roles.granted_to(session, key) == {"self"}


def test_last_administrator_stays_one(as_role, database: str) -> None:
    key, browser = role("messages.read"), as_role("admin")
    assert browser.post(f"/settings/users/{browser.user_id}", {"role": key}).status_code == 422


def test_token_follows_the_role_of_its_owner(as_role, database: str) -> None:
    key = role("messages.read", "people.read")
    browser = as_role(key)
    assert browser.get("/api/v1/people").status_code == 200
    with db.write() as session:
        roles.save(session, int(key[5:]), roles.Wanted("Other", ["messages.read", "accounts.read"]), "test")
    assert browser.get("/api/v1/people").status_code == 403
    assert browser.get("/api/v1/accounts").status_code == 403  # not among the token's scopes
    assert browser.get("/api/v1/conversations").status_code == 200


def test_whose_role_answers_no_more_sends_nothing_and_is_given_nothing(as_role, database: str) -> None:
    store(account(), event("1"))
    key = role("messages.read", "conversations.reply", "conversations.manage")
    browser = as_role(key)
    with db.read() as session:
        assert (f"user:{browser.user_id}", key.title()) in actors.answering(session)
    with db.write() as session:
        replies.queue(session, 1, "Later", author=f"user:{browser.user_id}", undo_seconds=3600)
        replies.queue(session, 1, "Of another", author="user:99", undo_seconds=3600)
    with db.write() as session:
        roles.save(session, int(key[5:]), roles.Wanted("Other", ["messages.read"]), "test")
    with db.read() as session:
        assert [one.state for one in session.scalars(sa.select(ReplyRow).order_by(ReplyRow.id))] == [
            "cancelled",
            "queued",
        ]
        assert f"user:{browser.user_id}" in teams.away(session)
        assert actors.answering(session) == []


def test_removed_role_opens_nothing(as_role, database: str) -> None:
    key = role("messages.read")
    browser = as_role(key)
    with db.write() as session:
        session.execute(sa.delete(db.table(Role)))
    assert browser.get("/inbox").status_code == 403
    assert browser.get("/settings/me").status_code == 403


def test_a_removed_role_is_demanded_of_nobody_and_given_to_nobody(database: str) -> None:
    gone, stays = role("messages.read"), "agent"
    with db.write() as session:
        policy.demand(session, [gone, stays], "t")
        pairs = [["night", gone], ["day", stays]]
        session.add(OidcProvider(default_role=gone, role_claim="groups", role_map=pairs))
        session.flush()
        roles.remove(session, int(gone[5:]), "", "t")
    with db.read() as session:
        assert policy.read(session).second_factor == [stays]
        row = session.get(OidcProvider, 1)
        assert row is not None
        assert (row.default_role, row.role_claim, row.role_map) == ("", "groups", [["day", stays]])


def test_built_in_roles_need_no_row(database: str) -> None:
    assert granted("admin", "[]") == PERMISSIONS.keys()
    with db.read() as session:
        assert all(roles.exists(session, one) for one in ROLES)
        assert not roles.exists(session, "role:1")
        assert not roles.exists(session, "role:x")


def test_sign_in_is_read_with_its_role_in_one_statement(
    as_role, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = as_role(role("messages.read"))
    asked: list[str] = []
    sa.event.listen(db.engine(), "before_cursor_execute", lambda *args: asked.append(args[2]))
    found = sessions.look_up(str(browser.cookies.get("widerhall")))
    assert found is not None
    assert found.kept.name == "Night shift"
    assert asked == []  # a plain statement, past SQLAlchemy, and the only one
