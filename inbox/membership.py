"""Who is in which segment, as conditions on conversations ask: written by who knows segments, never asked back.

A copy by account, so that lists and rules need no look at people; it is as old as the last comparison.
"""

from __future__ import annotations

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, Session, SQLModel

from core import db
from core.db import BigId
from inbox.models import Identity

PORTION = 500


class SegmentMember(SQLModel, table=True):
    """An account of somebody who is in a segment."""

    __tablename__ = "segment_member"
    segment_id: int = Field(sa_column=Column(BigId, primary_key=True, autoincrement=False))
    identity_id: int = Field(
        sa_column=Column(BigId, ForeignKey("identity.id", ondelete="CASCADE"), primary_key=True, index=True)
    )


def of(session: Session, segment_id: int) -> set[int]:
    """The accounts that are in it by this copy."""
    s = db.table(SegmentMember)
    return set(session.scalars(sa.select(s.c.identity_id).where(s.c.segment_id == segment_id)))


def change(session: Session, segment_id: int, came: Collection[int], went: Collection[int]) -> None:
    """Some come, some go; an account that is gone meanwhile is left out."""
    s, i = db.table(SegmentMember), db.table(Identity)
    for some in _portions(went):
        session.execute(sa.delete(s).where(s.c.segment_id == segment_id, s.c.identity_id.in_(some)))
    for some in _portions(came):
        there = sa.select(i.c.id).where(i.c.id.in_(some))
        rows = [{"segment_id": segment_id, "identity_id": one} for one in session.scalars(there)]
        if rows:
            session.execute(db.upsert(SegmentMember).on_conflict_do_nothing(), rows)


def _portions(ids: Collection[int]) -> list[list[int]]:
    ordered = sorted(ids)
    return [ordered[at : at + PORTION] for at in range(0, len(ordered), PORTION)]
