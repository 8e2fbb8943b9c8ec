"""What this installation is, and what is wrong with it."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends
from pydantic import BaseModel, Field

from web import doctor, installation
from web.api.v1.admin import Standing
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Shown
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/system"
TAG = "administration"

router = _router()
Reading = Annotated[Reader, Depends(allow("system.read"))]


class Process(Shown):
    """One process of the hub."""

    name: str
    pid: int
    alive: bool


class System(Shown):
    """Versions, sizes, processes and queues."""

    version: str
    python: str
    database: str
    database_bytes: int
    revision: str = Field(description="Of the database's shape.")
    folder: str
    sweep: float | None = Field(description="Seconds since work was last looked for; null: never.")
    processes: list[Process]
    queues: list[Standing]


class Finding(BaseModel):
    """One thing that was looked at."""

    area: str
    level: Literal["ok", "note", "wrong"]
    found: str
    mend: str = Field(description="What to do; empty when nothing is.")


@router.get(HERE, tags=[TAG])
def index(reader: Reading) -> System:
    """What this installation is."""
    return System.model_validate(installation.facts())


@router.get(f"{HERE}/checks", tags=[TAG])
def checks(reader: Reading) -> All[Finding]:
    """Look at everything now, as `widerhall doctor` does; takes a moment."""
    return All(
        items=[Finding(area=one.area, level=one.level, found=one.found, mend=one.mend) for one in doctor.examine()]
    )
