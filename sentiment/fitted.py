"""Heads that were fitted on this installation's corrections: files in the data folder, one of them in use at most."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.errors import NotConfigured
from core.settings import settings
from sentiment import passes
from sentiment.embedded import lock
from sentiment.upkeep import HeadsChoice

if TYPE_CHECKING:
    from sentiment.embedded.heads import Heads

OF = "embedded"
"""The annotator that has heads."""
SHIPPED = "shipped"


def folder() -> Path:
    """Where they are kept, one file per version."""
    return settings().data_dir / "heads"


def stored() -> list[str]:
    """The versions that are kept, the newest first."""
    files = sorted(folder().glob("*.npz"), key=lambda file: (file.stat().st_mtime, file.name), reverse=True)
    return [file.stem for file in files]


def keep(fresh: Heads) -> str:
    """Store heads; returns their version."""
    from sentiment.embedded import heads  # numpy is 15 MB: the web process does without

    heads.save(fresh, folder() / f"{fresh.version}.npz")
    return fresh.version


def load(version: str) -> Heads:
    """The heads of a version; NotConfigured when they are not kept here."""
    from sentiment.embedded import heads

    file = folder() / f"{version}.npz"
    if not file.is_file():
        raise NotConfigured(
            f"The heads {version} are not in {file.parent}: copy them there, or go back with "
            "`widerhall sentiment heads shipped`."
        )
    return heads.load(file)


def encoder() -> str:
    """The version of the encoder that heads are fitted on; empty when this installation carries none."""
    try:
        return lock.read().version
    except OSError:
        return ""


def chosen(session: Session) -> str:
    """The version in use; empty: the shipped heads, as after an upgrade that brought another encoder."""
    row = session.get(HeadsChoice, 1)
    return row.version if row is not None and row.encoder == encoder() else ""


def choose(session: Session, version: str, actor: str) -> None:
    """Put heads to work, `shipped` for those that came along; what is stored is annotated again in the background."""
    h = db.table(HeadsChoice)
    session.execute(sa.delete(h))
    if version != SHIPPED:
        load(version)
        session.add(HeadsChoice(id=1, version=version, encoder=encoder(), at=db.now()))
    audit.record(session, actor, "annotator.heads", version)
    passes.begin(session, actor)
