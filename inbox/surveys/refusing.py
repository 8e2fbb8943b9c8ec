"""Not to be asked again: customers object by the link they got, and may take that back by it."""

from __future__ import annotations

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from inbox import consent
from inbox.models import Objection
from inbox.surveys.answering import Asked
from inbox.surveys.sending import PURPOSE

SOURCE = "survey"
"""Where such an objection comes from; what others recorded is not taken back by a link."""


def stands(session: Session, asked: Asked) -> bool | None:
    """Whether they said so by a link; None where nobody is known any more."""
    if asked.invitation is None or asked.invitation.identity_id is None:
        return None
    o = db.table(Objection)
    theirs = (o.c.subject == _subject(asked), o.c.purpose == PURPOSE, o.c.source == SOURCE)
    return session.execute(sa.select(o.c.id).where(*theirs)).first() is not None


def refuse(session: Session, asked: Asked, *, again: bool) -> None:
    """They are asked no more about anything, or `again`; repeating it is harmless."""
    before = stands(session, asked)
    if before is None or asked.invitation is None or before is not again:
        return
    actor = f"survey:{asked.invitation.survey_id}"
    if again:
        consent.withdraw_objection(session, _subject(asked), PURPOSE, actor)
    else:
        consent.object_to(session, _subject(asked), PURPOSE, SOURCE, actor)


def _subject(asked: Asked) -> str:
    return f"identity:{asked.invitation.identity_id if asked.invitation is not None else 0}"
