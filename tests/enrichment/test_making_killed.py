"""A worker that is killed while it makes a lead or contact: the org has exactly one, and it is this person's."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.event import Author
from core.settings import settings
from core.topics import SUBSCRIBERS
from enrichment import connection
from enrichment.making import form, sending, store
from enrichment.making.models import CrmMade
from enrichment.models import CrmRecord, MatchLink
from enrichment.salesforce import client as client_module
from tests import killed
from tests.conftest import BOTH
from tests.enrichment import house
from tests.enrichment.org_server import RunningOrg, running_org

MAKE = """
from core import outbox
from core.topics import SUBSCRIBERS
from enrichment.making import sending

while outbox.step(SUBSCRIBERS["enrichment.making.sending.make"], sending.make):
    pass
"""


@pytest.fixture
def org(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningOrg]:
    """A hub that is connected to the simulated org by its own client."""
    monkeypatch.setenv("WIDERHALL_ALLOW_PRIVATE_HOSTS", "1")
    settings.cache_clear()
    client_module._tokens.clear()
    with running_org() as found:
        with db.write() as session:
            connection.connect(
                session, url=found.url, client_id=found.login.client_id, client_secret=found.login.client_secret,
                basis="contract", actor="t",
            )  # fmt: skip
        yield found


def came(ours: int, number: int) -> int:
    """Somebody new has written; their account's number."""
    who = Author(platform="mastodon", id=f"https://t.example/users/{number}", handle=f"p{number}@t.example")
    house.store(ours, house.event(f"m{number}", who))
    return house.identity(who).id or 0


def count(model: type, *conditions: sa.ColumnElement[bool]) -> int:
    with db.read() as session:
        return int(session.scalar(sa.select(sa.func.count()).select_from(db.table(model)).where(*conditions)) or 0)


@BOTH
@pytest.mark.slow
@pytest.mark.parametrize("object_", form.OBJECTS)
def test_killed_before_or_after_the_org_s_commit_there_is_one_record(
    org: RunningOrg, database: str, object_: str
) -> None:
    ours, m = house.account(), db.table(CrmMade)
    r, k = db.table(CrmRecord), db.table(MatchLink)
    there_when_cut = []
    for turn, (number, when) in enumerate(killed.points(), start=1):
        identity = came(ours, turn)
        values = {"FirstName": "Zoe", "LastName": f"Kahn {turn}", "Email": f"z{turn}@post.example"}
        values |= {"Company": "Chor"} if object_ == "Lead" else {}
        with db.write() as session:
            store.want(session, identity, object_, values, "user:1")
        died = killed.was_killed(MAKE, database, number=number, when=when)
        there_when_cut.append(sum(one["LastName"] == f"Kahn {turn}" for one in org.rows(object_)))
        while outbox.step(SUBSCRIBERS["enrichment.making.sending.make"], sending.make):
            pass
        (record,) = (one["Id"] for one in org.rows(object_) if one["LastName"] == f"Kahn {turn}")
        assert count(CrmMade, m.c.state == "made", m.c.record_id == record) == 1, f"cut {when} commit {number}"
        assert count(CrmRecord, r.c.record_id == record) == 1
        assert count(MatchLink, k.c.identity_id == identity, k.c.decision == "accepted") == 1
        if not died:
            break
    assert len(org.rows(object_)) == turn
    assert there_when_cut[0] == 0, "killed before the org was asked"
    assert there_when_cut[2] == 1, "killed when the org had it and the hub did not know"
