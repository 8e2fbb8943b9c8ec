"""Segments' subscribers of the outbox: handing on, and forgetting people."""

from __future__ import annotations

from collections.abc import Callable

from sqlmodel import Session

from core import db, outbox
from core.errors import Rejected, TryLater
from core.outbox import DONE, Item, Outcome
from enrichment.segments import activation, putting, webhook
from enrichment.segments.models import Activation

LONGEST = 3600.0
"""Seconds between two attempts at most."""


def hand_on(items: list[Item]) -> Outcome:
    """Handler of `activation.due`: tell a receiver or campaign what changed; outages wait, a refusal stands still."""
    writes: list[Callable[[Session], None]] = []
    later: dict[int, TryLater] = {}
    for item in items:
        outbox.keep_alive()
        with db.read() as session:
            row = session.get(Activation, int(item.payload["activation_id"]))
            webhook_ = row is not None and row.kind == "webhook"
            found = activation.change(session, row.id or 0) if row is not None and webhook_ else None
        if row is not None and not webhook_:
            wrote, wait = putting.deliver(item)
            writes += [wrote] if wrote is not None else []
            later |= {item.id: wait} if wait is not None else {}
            continue
        if found is None:
            continue
        try:
            if found.added or found.removed:
                webhook.post(found.activation.url, found.secret, found.delivery, found.body)
        except TryLater as error:
            later[item.id] = TryLater(str(error), min(LONGEST, error.after * 2 ** min(item.tries, 6)))
            writes.append(_refused(found, str(error), final=False))
        except Rejected as error:
            writes.append(_refused(found, str(error), final=True))
        else:
            writes.append(_taken(found))

    def write(session: Session) -> None:
        for one in writes:
            one(session)

    return Outcome(write, later) if writes or later else DONE


def _taken(found: activation.Change) -> Callable[[Session], None]:
    return lambda session: activation.taken(session, found)


def _refused(found: activation.Change, words: str, *, final: bool) -> Callable[[Session], None]:
    return lambda session: activation.failed(session, found.activation.id or 0, words, final=final)


def forget(items: list[Item]) -> Outcome:
    """Handler of `person.erased`: receivers are told that the person goes."""
    people = {f"contact:{one}" for item in items for one in item.payload.get("contact_ids") or ()}
    people |= {f"identity:{one}" for item in items for one in item.payload.get("identity_ids") or ()}
    return Outcome(lambda session: activation.forget(session, people))
