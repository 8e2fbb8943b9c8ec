"""What the model says of the demo's world, held against what the world itself says of its messages."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db
from inbox import listing
from inbox.models import Message
from inbox.narrowing import Filter
from tests.living import Sandbox

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("living")]
ASKED = {"language": "de", "sentiment": "negative", "intent": "complaint", "urgency": "high"}


def said_by_the_world(home: Sandbox) -> dict[int, dict[str, str]]:
    """The world's labels of each conversation's newest inbound message."""
    labels = {event["key"]: event["labels"] for event in home.world()["events"] if event.get("labels")}
    m = db.table(Message)
    query = (
        sa.select(m.c.conversation_id, m.c.key)
        .where(m.c.direction == "inbound", m.c.deleted_at.is_(None))
        .order_by(m.c.posted_at, m.c.id)
    )
    with db.read() as session:
        newest = {row.conversation_id: row.key for row in session.execute(query)}
    return {conversation: labels[key] for conversation, key in newest.items() if key in labels}


def shown(**filters: str) -> set[int]:
    found: set[int] = set()
    with db.read() as session:
        before = None
        while True:
            page = listing.page(session, Filter(view="all", **filters), before)
            found |= {row.id for row in page.rows}
            if page.next is None:
                return found
            before = page.next


def test_urgent_german_complaints_are_found(quiet_home: Sandbox) -> None:
    world = said_by_the_world(quiet_home)
    wanted = {one for one, labels in world.items() if ASKED.items() <= labels.items()}
    found = shown(**ASKED) & world.keys()
    assert wanted
    assert wanted <= found
    assert len(found) <= len(wanted) + 4


@pytest.mark.parametrize(("task", "least"), [("sentiment", 0.6), ("intent", 0.55), ("urgency", 0.62)])
def test_most_conversations_carry_what_the_world_says(quiet_home: Sandbox, task: str, least: float) -> None:
    world = said_by_the_world(quiet_home)
    values = {labels[task] for labels in world.values()}
    right = sum(len(shown(**{task: value}) & {n for n, one in world.items() if one[task] == value}) for value in values)
    assert right / len(world) >= least
