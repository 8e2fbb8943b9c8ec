"""What this room does by the clock: called by every sweep, looks at the store now and then."""

from __future__ import annotations

import time

from core import db
from sentiment.examples import tasks as examples
from sentiment.themes import tasks as themes

LOOK_SECONDS = 15.0
_looked = {"at": 0.0}


def due() -> None:
    """Clock job: have themes cared for, and labels learnt, where it is time."""
    if time.monotonic() - _looked["at"] < LOOK_SECONDS:
        return
    _looked["at"] = time.monotonic()
    with db.read() as session:
        to_care, to_learn = themes.due(session), examples.due(session)
    if not to_care and not to_learn:
        return
    with db.write() as session:
        if to_care:
            themes.announce(session)
        examples.again(session, to_learn)
