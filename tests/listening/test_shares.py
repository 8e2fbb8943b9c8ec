from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db
from core.errors import BadPayload
from listening import shares, subjects
from listening.models import SharedReport


@pytest.fixture
def subject(database: str) -> int:
    with db.write() as session:
        return subjects.create(session, "Acme")


def shared(subject: int, *roles: str) -> str:
    with db.write() as session:
        return shares.share(session, subject, {"from": "2026-11-01", "platform": ""}, roles or ("agent",), "user:1")


def opens(token: str, role: str) -> bool:
    with db.read() as session:
        return shares.find(session, token, role) is not None


def test_a_link_opens_for_its_roles_only(subject: int) -> None:
    token = shared(subject, "agent", "dpo")
    assert [role for role in ("admin", "agent", "marketer", "dpo") if opens(token, role)] == ["agent", "dpo"]
    assert not opens(token + "x", "agent")


def test_the_token_is_not_kept(subject: int) -> None:
    token = shared(subject)
    with db.read() as session:
        row = session.scalars(sa.select(SharedReport)).one()
    assert token not in str(row.model_dump())
    assert row.parameters == {"from": "2026-11-01"}


def test_a_link_that_was_taken_back_opens_no_more(subject: int) -> None:
    token = shared(subject)
    with db.write() as session:
        (link,) = shares.links(session, subject)
        assert shares.revoke(session, link.id or 0, "user:1") == subject
    assert not opens(token, "agent")
    with db.read() as session:
        assert shares.links(session, subject) == []


def test_a_link_needs_a_role(subject: int) -> None:
    with db.write() as session, pytest.raises(BadPayload, match="at least one role"):
        shares.share(session, subject, {}, (), "user:1")


def test_links_go_with_their_subject(subject: int) -> None:
    token = shared(subject)
    with db.write() as session:
        subjects.remove(session, subject)
    assert not opens(token, "agent")
