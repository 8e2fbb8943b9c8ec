"""The connection to the CRM: stored with its secret sealed, switched on by naming a lawful basis."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, crypto, db, outbox
from core.errors import NotConfigured, Rejected
from core.settings import settings
from enrichment.crm import CRM, CrmStatus
from enrichment.models import CrmConnection, SyncState
from inbox import consent

if TYPE_CHECKING:  # the client with what it stands on is 10 MB: only a process that calls an org has it
    from enrichment.salesforce.client import Client
    from enrichment.salesforce.deploy import Installed

PURPOSE = "crm_sync"
Letter = tuple[str, dict[str, str]]
"""Of the outbox: (natural key, payload)."""
WATERMARKS = ("watermark", "accounts_watermark", "orders_watermark", "case_watermark")
"""Up to when one org was read."""
OFF = "No CRM is connected and switched on."
NOT_CONNECTED = "No CRM is connected. Connect one with `widerhall crm connect`."


def connect(session: Session, *, url: str, client_id: str, client_secret: str, basis: str = "", actor: str) -> None:
    """Store a connection, put a first read on the list and wake what waits to be sent.

    Without a lawful `basis` nothing is read or sent until one is named. Another address means another
    full read; records already known there are recognised by our keys.
    """
    known = session.get(CrmConnection, 1)
    same = known is not None and known.url == url.rstrip("/")
    row = {
        "id": 1,
        "url": url.rstrip("/"),
        "client_id": client_id,
        "secret": crypto.seal(client_secret),
        "state": "active",
        "error": "",
        **{name: getattr(known, name) if same else None for name in WATERMARKS},
        "asked_at": db.now(),
        "pulled_at": known.pulled_at if known is not None else None,
    }
    insert = db.upsert(CrmConnection)
    values = {name: value for name, value in row.items() if name != "id"}
    session.execute(insert.on_conflict_do_update(index_elements=["id"], set_=values), [row])
    session.expire_all()
    audit.record(session, actor, "crm.connected", "crm:1", {"url": url})
    if basis:
        consent.switch(session, PURPOSE, enabled=True, basis=basis, actor=actor)
    outbox.emit(session, "crm.due", [("crm", {})])
    wake(session)


def probe(url: str, client_id: str, client_secret: str) -> CrmStatus:
    """Sign in at an org before it is connected, and look at what it lacks; raises what the CRM raises."""
    from enrichment.salesforce.org import SalesforceOrg

    return SalesforceOrg(reach(url, client_id, client_secret)).check()


def name_basis(session: Session, basis: str, actor: str) -> None:
    """Switch the sync on for its lawful basis; Rejected for one there is not."""
    consent.switch(session, PURPOSE, enabled=True, basis=basis, actor=actor)
    outbox.emit(session, "crm.due", [("crm", {})])
    wake(session)


def switch_purpose(session: Session, purpose: str, on: bool, basis: str, actor: str) -> None:
    """Switch any purpose on, for its lawful basis, or off; the sync wakes what waited. Rejected without a basis."""
    if purpose == PURPOSE and on:
        name_basis(session, basis, actor)
    else:
        consent.switch(session, purpose, enabled=on, basis=basis if on else "", actor=actor)


def exchange(session: Session) -> None:
    """Have the org read now, and what waits sent; Rejected while there is none, or the sync is off."""
    _usable(session)
    outbox.emit(session, "crm.due", [("crm", {})])
    wake(session)


def compare(session: Session, actor: str) -> None:
    """Have all records there compared with ours; Rejected while there is no org, or the sync is off."""
    _usable(session)
    outbox.emit(session, "reconcile.due", [("crm", {"actor": actor})])


def _usable(session: Session) -> None:
    if not standing(session).usable:
        raise Rejected(OFF)


def disconnect(session: Session, actor: str) -> None:
    """Forget the connection; what was sent stays in the CRM, and nothing more is sent or read."""
    session.execute(sa.delete(db.table(CrmConnection)))
    audit.record(session, actor, "crm.disconnected", "crm:1")


def wake(session: Session) -> int:
    """Put every record that waits to be sent on the list; returns how many."""
    s = db.table(SyncState)
    waiting = s.c.state.in_(["new", "pending", "failed"]) & s.c.job_id.is_(None)
    rows = session.execute(sa.select(s.c.kind, s.c.hub_id).where(waiting))
    outbox.hurry(session, "enrichment.tasks.send")
    return outbox.emit(session, "sync.due", [letter(kind, one) for kind, one in rows])


def announce(session: Session, letters: Sequence[Letter]) -> int:
    """Put records on the list; all that come within a span of the clock are due together at its end."""
    span = settings().crm_gather_seconds
    due = datetime.fromtimestamp((time.time() // span + 1) * span, UTC) if span else None
    return outbox.emit(session, "sync.due", letters, due)


def record_url(url: str, kind: str, record_id: str) -> str:
    """Where people look at a record of the org at `url`; empty without an address or an id."""
    return f"{url.rstrip('/')}/lightning/r/{kind}/{record_id}/view" if url and record_id else ""


def letter(kind: str, hub_id: str) -> Letter:
    """The outbox item that asks for one record to be sent."""
    return f"{kind}:{hub_id}", {"kind": kind, "hub_id": hub_id}


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether there is a CRM, and whether it may be used."""

    connected: bool
    switched_on: bool
    error: str = ""

    @property
    def usable(self) -> bool:
        return self.connected and self.switched_on


def standing(session: Session) -> Standing:
    """How things are at this moment."""
    row = session.info["crm_connection"] = session.get(CrmConnection, 1)  # held: a page asks more than once
    if row is None:
        return Standing(False, False)
    return Standing(True, consent.switched_on(session, PURPOSE), row.error)


def crm() -> CRM:
    """The connected CRM; NotConfigured when there is none."""
    from enrichment.salesforce.org import SalesforceOrg

    return SalesforceOrg(client(), settings().crm_load_from)


def client() -> Client:
    """Calls to the connected org; NotConfigured when there is none."""
    with db.read() as session:
        row = session.get(CrmConnection, 1)
        if row is None:
            raise NotConfigured(NOT_CONNECTED)
        return reach(row.url, row.client_id, crypto.unseal(row.secret))


def reach(url: str, client_id: str, client_secret: str) -> Client:
    """Calls to an org that need not be connected."""
    from enrichment.salesforce.client import Client
    from enrichment.salesforce.login import Login

    login = Login(url.rstrip("/"), client_id, client_secret)
    return Client(login, allow_private=settings().allow_private_hosts)


def installed(session: Session, done: Installed, actor: str) -> None:
    """Note what a deployment did, and wake what waited for the objects."""
    audit.record(session, actor, "crm.installed", "crm:1", {**done.counts(), "assigned": done.assigned})
    wake(session)


def note(session: Session, error: str, *, expired: bool = False) -> None:
    """Show people what is wrong with the connection; an empty text says that all is well again."""
    c = db.table(CrmConnection)
    state = "auth_expired" if expired else "active"
    kept = sa.case((c.c.state == "spent", "spent"), else_=state)
    session.execute(sa.update(c).where(c.c.error != error).values(error=error[:500], state=kept))


def note_off(session: Session) -> None:
    """Letters were laid aside because the purpose is switched off: `wake` them when it is on again."""
    session.execute(sa.update(db.table(CrmConnection)).values(state="off"))


def back_on(session: Session) -> None:
    """Wake what was laid aside while the purpose was switched off, or the day's calls were used up."""
    row = session.get(CrmConnection, 1)
    if row is not None and row.state in ("off", "spent"):
        row.state = "active"
        session.add(row)
        session.flush()
        wake(session)


def reseal(session: Session) -> int:
    """Put the stored secret under the newest key; returns how many were resealed."""
    row = session.get(CrmConnection, 1)
    if row is None:
        return 0
    row.secret = crypto.reseal(row.secret)
    session.add(row)
    session.flush()
    return 1
