from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db
from core.errors import BadPayload
from inbox.models import Feed
from listening import subjects
from listening.query import QueryError


def test_a_subject_is_found_by_name_and_number(database: str) -> None:
    with db.write() as session:
        number = subjects.create(session, "Acme", "competitor")
        assert subjects.get(session, "Acme").id == subjects.get(session, str(number)).id == number
        subjects.update(session, number, name="Acme AG", kind="brand")
        assert [(one.name, one.kind) for one in subjects.all_subjects(session)] == [("Acme AG", "brand")]


def test_mistakes_are_named(database: str) -> None:
    with db.write() as session:
        number = subjects.create(session, "Acme")
        with pytest.raises(BadPayload, match="already"):
            subjects.create(session, "Acme")
        with pytest.raises(BadPayload, match="brand, product"):
            subjects.create(session, "Other", "thing")
        with pytest.raises(BadPayload, match="Subjects: Acme"):
            subjects.get(session, "Akme")
        with pytest.raises(QueryError, match="never closed"):
            subjects.add_query(session, number, "q", "(acme")
        with pytest.raises(BadPayload, match="only excludes"):
            subjects.add_query(session, number, "q", "NOT acme")
        subjects.add_query(session, number, "q", "lang:de")
        with pytest.raises(BadPayload, match="already"):
            subjects.add_query(session, number, "q", "acme")


def test_a_subject_without_queries_goes_at_once(database: str) -> None:
    with db.write() as session:
        subjects.remove(session, subjects.create(session, "Acme"))
        assert subjects.all_subjects(session) == []
        subjects.create(session, "Acme")


def test_platforms_are_asked_for_what_is_wanted_literally() -> None:
    query = '#acme (acme OR "acme phone" OR acm* OR アクメ) -globex NOT #globex lang:de acme'
    assert subjects.platform_feeds(query) == ["tag:acme", "search:acme", "search:acme phone", "search:アクメ"]


def test_following_writes_feeds_of_an_account(account: int) -> None:
    with db.write() as session:
        assert subjects.follow(session, account, ["tag:acme", "search:acme", "tag:acme"]) == 2
        with pytest.raises(BadPayload, match="tag:"):
            subjects.follow(session, account, ["notifications"])
    with db.read() as session:
        names = session.scalars(sa.select(Feed.name).order_by(Feed.name)).all()
    assert names == ["search:acme", "tag:acme"]
