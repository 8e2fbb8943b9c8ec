"""A lease that lasts as long as its work: for handlers whose one call may take minutes, like the upload of a video."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError

from core import log, outbox
from core.outbox import Claim, LeaseLost

logger = log.get("outbox")


@contextmanager
def beating() -> Iterator[None]:
    """While the body runs nobody else takes what this handler has in its hands; outside of a handler nothing.

    A thread of this very process prolongs the lease, so it ends with the process: who comes next waits no longer than
    a lease. The body is to have time-outs of its own.
    """
    held = outbox.in_hand()
    if held is None:
        yield
        return
    over = threading.Event()
    thread = threading.Thread(target=_beat, args=(held, over), name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _beat(held: Claim, over: threading.Event) -> None:
    while not over.wait(held.subscriber.lease / 4):
        try:
            outbox.renew(held)
        except LeaseLost:
            return  # settling finds it out, and writes nothing
        except SQLAlchemyError as error:
            logger.warning("lease not prolonged", subscriber=held.subscriber.name, reason=type(error).__name__)
