"""The copy of who is in a segment, that lists and rules ask: compared, changed by the difference, gone with it."""

from __future__ import annotations

import sqlalchemy as sa

from core import db, outbox
from core.event import Author
from core.outbox import OutboxRow
from core.topics import SUBSCRIBERS
from enrichment.segments import conditions, members, store
from inbox import consent, erasure, listing, membership
from inbox.conditions import tree
from inbox.models import Identity
from inbox.narrowing import Filter
from tests.conftest import BOTH
from tests.web import conftest as web

ADA = Author(platform="mastodon", id="https://a.example/ada", handle="@ada@a.example", name="Ada")
NAME = "enrichment.segments.members.compare"
IN = tree.read({"match": "all", "of": [{"field": "segment", "op": "is", "value": "1"}]})


def work() -> None:
    while outbox.step(SUBSCRIBERS[NAME], members.compare):
        pass


def inside() -> set[int]:
    with db.read() as session:
        return membership.of(session, 1)


def letters() -> int:
    with db.read() as session:
        o = db.table(OutboxRow)
        return int(session.scalar(sa.select(sa.func.count()).where(o.c.subscriber == NAME)) or 0)


@BOTH
def test_a_segment_is_a_condition_of_the_list_and_follows_its_people(database: str) -> None:
    account = web.account()
    web.store(account, web.event("m:1", "a"), web.event("m:2", "b", author=ADA))
    group = conditions.read({"match": "all", "of": [{"field": "followers", "op": "at_least", "value": "100"}]})
    i = db.table(Identity)
    with db.write() as session:
        consent.switch(session, "profile", enabled=True, basis="consent", actor="t")
        ids = list(session.scalars(sa.select(i.c.id).where(~i.c.ours).order_by(i.c.id)))
        session.execute(sa.update(i).where(i.c.id == ids[0]).values(followers=500))
        session.execute(sa.update(i).where(i.c.id == ids[1]).values(followers=5))
        store.save(session, "Many", group, "user:1")
    work()
    assert inside() == {ids[0]}
    with db.read() as session:
        assert [row.identity_id for row in listing.page(session, Filter(tree=IN)).rows] == [ids[0]]
    with db.write() as session:
        session.execute(sa.update(i).where(i.c.id == ids[1]).values(followers=200))
    members._looked["at"] = float("-inf")
    members.due()
    members.due()
    assert letters() == 1
    work()
    assert inside() == set(ids)
    with db.write() as session:
        erasure.erase(session, f"identity:{ids[0]}", "user:1")
    assert inside() == {ids[1]}
    with db.write() as session:
        store.remove(session, 1, "user:1")
    work()
    assert inside() == set()


def test_an_account_that_is_gone_meanwhile_is_left_out(database: str) -> None:
    with db.write() as session:
        membership.change(session, 1, {77}, {78})
    assert inside() == set()
