"""Who is calling."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from pydantic import Field

from core import db
from inbox import teams
from web.api.v1.route import router as _router
from web.api.v1.shapes import Shown
from web.permissions import allow
from web.reader import Reader

router = _router()


class Me(Shown):
    """Whom the token speaks for, and what it may do."""

    id: int
    actor: str = Field(description="How deeds of this token are signed: those of its owner.")
    name: str
    email: str
    role: str
    permissions: list[str]
    away: bool = Field(description="No conversation is given to them by itself (`POST /me/away`).")


@router.get("/api/v1/me", tags=["tokens"])
def me(reader: Annotated[Reader, Depends(allow("self"))]) -> Me:
    """Whom the token speaks for, and what it may do."""
    with db.read() as session:
        away = reader.actor in teams.away(session)
    return Me(
        id=reader.user_id, actor=reader.actor, name=reader.name, email=reader.email, role=reader.role,
        permissions=sorted(reader.permissions), away=away,
    )  # fmt: skip
