"""The calls that put people into a campaign and take them out, and when they have to wait."""

from __future__ import annotations

from collections.abc import Callable

from sqlmodel import Session

from core import db, outbox
from core.errors import AuthExpired, NotConfigured, Rejected, TryLater
from core.outbox import Item
from enrichment import budget, connection, runs
from enrichment.crm import CRM, HUB_ID, Cost, RowResult
from enrichment.segments import activation, campaign
from enrichment.segments.campaign import Change, Done

GONE = "The campaign is not there any more, or not active."
SPENT = "The day's API calls are used up."
REFUSED_SIGN_IN = 120.0
STILL = ("paused", "refused")
Write = Callable[[Session], None]


def deliver(item: Item) -> tuple[Write | None, TryLater | None]:
    """One letter about a campaign: what to write, and how long it waits, if it does."""
    number = int(item.payload["activation_id"])
    with db.read() as session:
        standing, spending = connection.standing(session), budget.budget(session)
        idle = not standing.usable or spending.stopped
        found = campaign.change(session, number, only_gone=idle)
    if found is None or (found.activation.state in STILL and not found.removed):
        return None, None
    if idle and not (found.removed and standing.connected):
        return _idle(found, SPENT if spending.stopped else connection.OFF)
    with db.write() as session:
        if not campaign.begin(session, found):
            return None, None
    done = Done()
    cost = Cost()
    try:
        crm = connection.crm()
        try:
            _take_out(crm, found, done)
            _put_in(crm, found, done)
            _look(crm, found, done)
        finally:
            cost = crm.cost()
    except (TryLater, AuthExpired, NotConfigured) as error:
        wait = error if isinstance(error, TryLater) else TryLater(str(error), REFUSED_SIGN_IN)
        return _waits(found, done, cost, str(error)), _longer(wait, item.tries)
    except Rejected as error:
        return _refused(found, done, cost, str(error)), None
    return _settled(found, done, cost), None


def _take_out(crm: CRM, found: Change, done: Done) -> None:
    """By our key alone: what somebody else put in has none."""
    keys = {found.key(one): one for one in found.removed}
    if not keys:
        return
    outbox.keep_alive()
    for result in crm.delete("member", list(keys)):
        if result.ok:
            done.taken_out.add(keys[result.hub_id])
        else:
            done.left[keys[result.hub_id]] = result
    erased = {key for key, one in keys.items() if one in found.erased}
    for key in crm.exists("member", sorted(erased)) if erased else ():
        done.taken_out.discard(keys[key])
        done.left[keys[key]] = RowResult(key, ok=False, verdict="retry", message="still there")


def _put_in(crm: CRM, found: Change, done: Done) -> None:
    """Those who stand there under our key, since an answer was lost, are not written again: members cannot change."""
    entries = {found.key(one.person): one for one in found.added if one.person not in done.left}
    if not entries:
        return
    outbox.keep_alive()
    there = crm.exists("member", list(entries))
    for key in there:
        done.put[entries[key].person] = RowResult(key, ok=True)
    rows = [
        {HUB_ID: key, "CampaignId": found.activation.campaign, f"{one.object}Id": one.record_id}
        for key, one in entries.items()
        if key not in there
    ]
    if rows:
        for result in crm.upsert("member", rows):
            done.put[entries[result.hub_id].person] = result


def _look(crm: CRM, found: Change, done: Done) -> None:
    """When every row points at something that is gone, it may be the campaign. Rejected then."""
    put = done.put.values()
    if not put or any(one.verdict != "relink" for one in put):
        return
    if found.activation.campaign not in {one.id for one in crm.campaigns()}:
        raise Rejected(GONE)


# --- writing down -------------------------------------------------------------------------------------


def _settled(found: Change, done: Done, cost: Cost) -> Write:
    def write(session: Session) -> None:
        campaign.settle(session, found, done, cost.calls)
        _count(session, done, cost)

    return write


def _waits(found: Change, done: Done, cost: Cost, words: str) -> Write:
    """What was answered before the error counts."""

    def write(session: Session) -> None:
        campaign.settle(session, found, done, cost.calls)
        activation.failed(session, found.activation.id or 0, words)
        _count(session, done, cost)

    return write


def _refused(found: Change, done: Done, cost: Cost, words: str) -> Write:
    def write(session: Session) -> None:
        campaign.settle(session, found, done, cost.calls)
        activation.failed(session, found.activation.id or 0, words, final=True)
        _count(session, done, cost)

    return write


def _idle(found: Change, words: str) -> tuple[Write | None, TryLater | None]:
    """Nothing may be sent now; it looks again by itself."""
    number = found.activation.id or 0
    wait = TryLater(words, activation.EVERY.total_seconds())
    return lambda session: activation.failed(session, number, words, logged=False), wait


def _count(session: Session, done: Done, cost: Cost) -> None:
    put = list(done.put.values())
    refused = [one for one in put if not one.ok and one.code != campaign.ALREADY]
    lost = sum(one.verdict in ("quarantine", "human") for one in refused)
    runs.count(
        session, "send",
        {"created": sum(one.created for one in put), "removed": len(done.taken_out), "quarantined": lost,
         "retried": len(refused) - lost + len(done.left), "calls": cost.calls, "sent_bytes": cost.sent_bytes},
    )  # fmt: skip
    budget.note(session, cost)


def _longer(error: TryLater, tries: int) -> TryLater:
    return TryLater(str(error), min(3600.0, error.after * 2 ** min(tries, 6)))
