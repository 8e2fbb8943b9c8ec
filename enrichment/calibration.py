"""How this installation weighs: what it learned, and its calibration out of reviewers' decisions; readable files.

`learned.toml` in the data folder holds weights learned without labels, `matching.toml` slope and shift; without
them everything is as in `enrichment/weights.toml`. Every process looks at the files' times before a batch.
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
from enrichment.matching import learn
from enrichment.matching.calibrate import Decision, Fit
from enrichment.matching.learn import Learned
from enrichment.matching.score import calibrated
from enrichment.matching.weights import Weights, shipped
from enrichment.models import MatchLink

FILE = "matching.toml"
LEARNED = "learned.toml"


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
    """The weights with what this installation learned and how it is calibrated."""
    folder = settings().data_dir
    return _read(folder, _changed(folder / LEARNED), _changed(folder / FILE))


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


@lru_cache(maxsize=4)
def _read(folder: Path, learned: int, calibrated: int) -> Weights:
    weights = shipped()
    if learned:
        weights = learn.applied(weights, learn.read((folder / LEARNED).read_text("utf-8")))
    if calibrated:
        found = tomllib.loads((folder / FILE).read_text("utf-8"))["calibration"]
        weights = replace(weights, slope=float(found["slope"]), shift=float(found["shift"]))
    return weights


def switch(fit: Fit) -> Path:
    """Make a calibration the one that holds from the next batch on; returns its file."""
    return _write(
        FILE,
        "# How sure a proposed match is here, measured on what reviewers decided (widerhall people calibrate).\n"
        "# Remove this file to go back to the scores as they come.\n"
        "[calibration]\n"
        f"slope = {fit.slope}\nshift = {fit.shift}\n"
        f'decisions = {fit.decisions}\nat = "{db.now():%Y-%m-%d}"\n',
    )


def take(found: Learned) -> Path:
    """Make learned weights those that hold from the next batch on; a calibration was of the scores before and goes."""
    path = _write(LEARNED, learn.toml(found))
    (settings().data_dir / FILE).unlink(missing_ok=True)
    return path


def _write(name: str, text: str) -> Path:
    path = settings().data_dir / name
    part = path.with_name(f"{name}.part")
    part.write_text(text, "utf-8")
    os.replace(part, path)
    return path
