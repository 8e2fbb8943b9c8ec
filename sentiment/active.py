"""Which annotator is in use: chosen once for the installation, loaded once per process.

A model that cannot be loaded must not stop the inbox: the lexicon stands in, the reason stands in the
table `annotator` and in the log, and loading is tried again after a while.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlmodel import Session

from core import audit, db, log
from core.errors import NotConfigured
from sentiment import fitted
from sentiment.lexicon import LexiconAnnotator
from sentiment.models import AnnotatorState
from sentiment.port import Annotator

if TYPE_CHECKING:
    from sentiment.embedded.heads import Heads

DEFAULT = "embedded"
"""What annotates where nobody chose."""
RETRY_SECONDS = 600.0
logger = log.get("sentiment")


@dataclass(frozen=True)
class Active:
    """The annotator that answers now, the one that was asked for, and why they differ (or empty)."""

    annotator: Annotator
    wanted: str
    error: str = ""


_lexicon = LexiconAnnotator()
_loaded: dict[str, Annotator] = {"lexicon": _lexicon}
_failed: dict[str, tuple[float, str]] = {}


def make(name: str, threads: int = 1, heads: str = "") -> Annotator:
    """`embedded`, `lexicon` or `hub:MODEL`; NotConfigured when it is none of them or cannot be loaded.

    `heads`: the version of heads that were fitted here, for the embedded model; the shipped ones unless given.
    """
    if name == "lexicon":
        return _lexicon
    if name == "embedded":
        from sentiment.embedded.annotator import EmbeddedAnnotator  # onnxruntime loads only where a model is used

        return EmbeddedAnnotator(heads=_fitted(heads))
    if name.startswith("hub:") and len(name) > 4:
        from sentiment.hub import HubAnnotator  # transformers and onnxruntime load only where a model is used

        return HubAnnotator(name.removeprefix("hub:"), threads)
    raise NotConfigured(f"There is no annotator {name!r}. Use `embedded`, `lexicon` or `hub:MODEL`.")


def _fitted(version: str) -> Heads | None:
    """Heads that were fitted here; None, for the shipped ones, where the file is not on this machine."""
    try:
        return fitted.load(version) if version else None
    except NotConfigured as error:
        logger.warning("the shipped heads stand in for fitted ones", reason=str(error))
        return None


def current(session: Session) -> Active:
    """What is in use now; never fails."""
    row = session.get(AnnotatorState, 1)
    wanted = row.name if row else DEFAULT
    heads = fitted.chosen(session) if wanted == fitted.OF else ""
    key = f"{wanted}+{heads}" if heads else wanted
    if key in _loaded:
        return Active(_loaded[key], wanted)
    failed_at, reason = _failed.get(wanted, (0.0, ""))
    if reason and time.monotonic() - failed_at < RETRY_SECONDS:
        return Active(_lexicon, wanted, reason)
    _release(key)
    try:
        _loaded[key] = make(wanted, heads=heads)
    except Exception as error:
        return failed(wanted, error)
    _failed.pop(wanted, None)
    return Active(_loaded[key], wanted)


def _release(wanted: str) -> None:
    """One model at a time is in memory; heads of one encoder share it."""
    for key in [key for key in _loaded if key not in ("lexicon", wanted)]:
        _loaded.pop(key)
    if not wanted.startswith(fitted.OF) and (loaded := sys.modules.get("sentiment.embedded.encoder")):
        loaded.release()


def failed(wanted: str, error: Exception) -> Active:
    """Remember that a model does not work here; the lexicon stands in."""
    reason = str(error) if isinstance(error, NotConfigured) else f"{wanted} failed: {type(error).__name__}: {error}"
    logger.warning("the lexicon stands in for a model", model=wanted, reason=reason[:500])
    _failed[wanted] = (time.monotonic(), reason)
    for key in [key for key in _loaded if key == wanted or key.startswith(f"{wanted}+")]:
        _loaded.pop(key)
    return Active(_lexicon, wanted, reason)


def use(session: Session, name: str, actor: str = "cli") -> str:
    """Choose an annotator for the installation once it was loaded here; returns its version."""
    annotator = make(name)
    _loaded[name] = annotator
    _failed.pop(name, None)
    write_state(session, name, "")
    audit.record(session, actor, "annotator.chosen", name)
    return annotator.version


def write_state(session: Session, name: str, error: str) -> None:
    """Put the choice and its trouble where people see it."""
    row = session.get(AnnotatorState, 1) or AnnotatorState(id=1, at=db.now())
    if (row.name, row.error) != (name, error) or row.id is None:
        row.name, row.error, row.at = name, error, db.now()
    session.add(row)


def state(session: Session) -> AnnotatorState:
    """The choice as stored; the lexicon when nothing was chosen."""
    return session.get(AnnotatorState, 1) or AnnotatorState(id=1, name=DEFAULT, at=db.now())
