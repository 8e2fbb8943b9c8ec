"""Macros, saved replies and views: seen by whom they are shared with, changed by their owner or with the right to."""

from __future__ import annotations

import pytest

from core import db
from core.errors import Rejected
from core.event import Page
from inbox import actions, macros, saved, sharing, teams, views
from inbox.actions import Action
from inbox.conditions import tree
from inbox.ingest import store_page
from inbox.narrowing import Filter
from tests.conftest import BOTH

from .conftest import event


@BOTH
@pytest.mark.parametrize(
    ("shared", "seen"),
    [
        ([], {"user:1"}), (["team:1"], {"user:1", "user:2"}), (["team:9"], {"user:1"}),
        (["all"], {"user:1", "user:2", "user:3"}), (["team:1", "team:2"], {"user:1", "user:2", "user:3"}),
    ],
)  # fmt: skip
def test_who_sees_what_is_shared(database: str, shared: list[str], seen: set[str]) -> None:
    with db.write() as session:
        teams.save(session, None, teams.Wanted("One", members={"user:2": 0}), "cli")
        teams.save(session, None, teams.Wanted("Two", members={"user:3": 0}), "cli")
        macro = macros.save(session, None, "Tidy", [Action("tag", "x")], "user:1", shared=shared)
        reply = saved.save(session, None, name="Hi", shortcut="hi", texts={"en": "Hi"}, actor="user:1", shared=shared)
        view = views.save(session, "Mine", Filter(), tree.EVERYTHING, "user:1", shared)
    with db.read() as session:
        for who in ("user:1", "user:2", "user:3"):
            found = [
                bool(macros.of(session, who)), bool(saved.of(session, who)),
                any(one.key == view for one in views.of(session, who, "agent")),
                saved.find(session, reply, who) is not None,
                sharing.visible(session, "user:1", shared, who),
            ]  # fmt: skip
            assert found == [who in seen] * 5
            for find in (
                lambda who=who: macros.find(session, macro, who),
                lambda who=who: views.find(session, view, who, ""),
            ):
                if who in seen:
                    assert find()
                else:
                    with pytest.raises(Rejected, match="not shared"):
                        find()


def test_who_may_change_what_others_share(database: str) -> None:
    with db.write() as session:
        open_ = saved.save(session, None, name="Hi", texts={"en": "Hi"}, actor="user:1")
        own = saved.save(session, None, name="Ho", shortcut="ho", texts={"en": "Ho"}, actor="user:1", shared=[])
        texts = {"en": "Hey"}
        for number, others in ((open_, False), (own, True)):
            with pytest.raises(Rejected, match="Only who made"):
                saved.save(session, number, name="Hey", texts=texts, actor="user:2", others=others)
            with pytest.raises(Rejected, match="Only who made"):
                saved.remove(session, number, "user:2", others=others)
        assert saved.save(session, open_, name="Hey", texts=texts, actor="user:2", others=True, shared=None) == open_
        assert saved.find(session, open_, "user:3") is not None
        with pytest.raises(saved.Wrong) as told:  # what somebody keeps for themselves is not named
            saved.save(session, None, name="Ha", shortcut="ho", texts=texts, actor="user:2")
        assert "Ho" not in str(told.value)


def test_a_shared_macro_does_not_lend_a_private_text(account: int) -> None:

    store_page(account, Page(events=(event(1),)))
    with db.write() as session:
        own = saved.save(session, None, name="Ho", texts={"en": "Ho"}, actor="user:1", shared=[])
        deed = Action("draft", str(own))
        assert actions.act(session, 1, deed, "user:1").changed
        with pytest.raises(Rejected, match="gone"):
            actions.act(session, 1, deed, "user:2")
