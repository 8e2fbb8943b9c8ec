"""The calibration of this installation: out of its reviewers' decisions, kept in a readable file.

`matching.toml` in the data folder holds slope and shift; without it the scores are those of
`enrichment/weights.toml`. Every process looks at the file's time before a batch.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.settings import settings
from enrichment.matching.calibrate import Decision, Fit
from enrichment.matching.score import calibrated
from enrichment.matching.weights import Weights, shipped
from enrichment.models import MatchLink

FILE = "matching.toml"


def decisions(session: Session) -> list[Decision]:
    """What people decided about proposals, with the scores as they are before any calibration."""
    t = db.table(MatchLink)
    query = sa.select(t.c.score, t.c.decision).where(t.c.decision.in_(("accepted", "rejected")), t.c.tier == "B")
    weights = active()
    return [Decision(_before(score, weights), decision == "accepted") for score, decision in session.execute(query)]


def _before(score: float, weights: Weights) -> float:
    """A stored score without the calibration that holds now."""
    back = replace(weights, slope=1.0 / weights.slope, shift=-weights.shift / weights.slope)
    return calibrated(score, back)


def active() -> Weights:
    """The weights with this installation's calibration."""
    path = settings().data_dir / FILE
    try:
        return _read(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return shipped()


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> Weights:
    found = tomllib.loads(path.read_text("utf-8"))["calibration"]
    return replace(shipped(), slope=float(found["slope"]), shift=float(found["shift"]))


def switch(fit: Fit) -> Path:
    """Make a calibration the one that holds from the next batch on; returns its file."""
    path = settings().data_dir / FILE
    part = path.with_name(f"{FILE}.part")
    part.write_text(
        "# How sure a proposed match is here, measured on what reviewers decided (widerhall people calibrate).\n"
        "# Remove this file to go back to the scores as they come.\n"
        "[calibration]\n"
        f"slope = {fit.slope}\nshift = {fit.shift}\n"
        f'decisions = {fit.decisions}\nat = "{db.now():%Y-%m-%d}"\n',
        "utf-8",
    )
    os.replace(part, path)
    return path
