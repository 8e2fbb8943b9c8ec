"""Kept views: who sees, changes and orders which; their lists and numbers."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db
from core.errors import Rejected
from core.event import Page
from inbox import listing, views
from inbox.conditions import tree
from inbox.ingest import store_page
from inbox.narrowing import Filter
from tests.conftest import BOTH

from .conftest import BRAND, event, person

GERMAN = tree.read({"match": "all", "of": [{"field": "language", "op": "is", "value": "de"}]})
WISH = Filter(view="open", sort="oldest")


def names(actor: str, role: str = "agent") -> list[str]:
    with db.read() as session:
        return [one.name for one in views.of(session, actor, role) if one.owner]


@BOTH
def test_a_view_is_its_owners_until_it_is_shared(database: str) -> None:
    with db.write() as session:
        key = views.save(session, "  German \n ones", WISH, GERMAN, "user:1")
    assert (names("user:1"), names("user:2")) == (["German ones"], [])
    with db.write() as session:
        views.change(session, key, "German", ["agent"], "user:1")
    assert (names("user:2"), names("user:2", "marketer")) == (["German"], [])
    with db.read() as session:
        found = views.find(session, key, "user:2", "agent")
        assert (found.base, found.sort, found.tree) == ("open", "oldest", GERMAN)
        with pytest.raises(Rejected, match="not shared"):
            views.find(session, key, "user:2", "marketer")


def test_only_its_owner_or_an_administrator_changes_it(database: str) -> None:
    with db.write() as session:
        key = views.save(session, "German", WISH, GERMAN, "user:1", ["agent"])
        for deed in (
            lambda: views.change(session, key, "Other", [], "user:2"),
            lambda: views.remove(session, key, "user:2"),
            lambda: views.move(session, key, 1, "user:2"),
            lambda: views.save(session, "Other", WISH, GERMAN, "user:2", (), key),
        ):
            with pytest.raises(Rejected, match="Only who made"):
                deed()
        views.remove(session, key, "user:2", all_of_them=True)
    assert names("user:1") == []


def test_a_name_is_given_once_and_never_empty(database: str) -> None:
    with db.write() as session:
        key = views.save(session, "German", WISH, GERMAN, "user:1")
        views.save(session, "German", WISH, GERMAN, "user:2")
        assert views.save(session, "German", WISH, tree.EVERYTHING, "user:1", (), key) == key
        for name, why in ((" ", "Give the view"), ("x" * 81, "too long"), ("German", "already")):
            with pytest.raises(Rejected, match=why):
                views.save(session, name, WISH, GERMAN, "user:1")
        assert views.find(session, key, "user:1", "").tree == tree.EVERYTHING
        with pytest.raises(Rejected, match="gone"):
            views.find(session, "99x", "user:1", "")


def test_views_stand_in_their_owners_order(database: str) -> None:
    with db.write() as session:
        keys = [views.save(session, name, WISH, GERMAN, "user:1") for name in "abc"]
        views.move(session, keys[2], -1, "user:1")
        views.move(session, keys[0], -1, "user:1")
    assert names("user:1") == ["a", "c", "b"]


@BOTH
def test_new_conversations_about_us_are_mentions_without_an_answer(account: int) -> None:
    answer = event(5, author=BRAND, direction="outbound", kind="reply", parent_key=event(4).key)
    private = event(3, author=person("cy"), kind="dm", visibility="private", thread_key="dm:3")
    mentions = event(1), event(2, author=person("bo"), kind="quote"), event(4, author=person("di"))
    store_page(account, Page(events=(*mentions, private, answer)))
    with db.read() as session:
        wanted = views.find(session, "about", "user:1", "agent").narrowing(Filter(view="open"))
        found = {row.id for row in listing.page(session, wanted).rows}
        assert listing.number(session, wanted) == len(found) == 2


def test_conditions_of_another_version_find_nothing_rather_than_everything(account: int) -> None:
    store_page(account, Page(events=(event(1),)))
    with db.write() as session:
        key = views.save(session, "Odd", WISH, GERMAN, "user:1")
        v = db.table(views.SavedView)
        session.execute(sa.update(v).values(conditions={"match": "all", "of": [{"field": "shoe"}]}))
        assert listing.page(session, views.find(session, key, "user:1", "").narrowing(Filter(view="all"))).rows == []
