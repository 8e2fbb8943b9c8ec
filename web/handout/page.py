"""The page of a copy that the person reads: what is known, why, since when, who was told, and how long it is kept."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, db
from core.settings import settings
from enrichment import person
from enrichment.behaviour.models import CustomerOrder, TrackEvent
from enrichment.models import CrmConnection, CrmRecord, SyncState
from enrichment.person import Account, Fact
from enrichment.segments import store as segments
from enrichment.segments.models import Activation, ActivationMember
from inbox import consent
from inbox.fields import store
from inbox.fields.kinds import Definition
from inbox.forward_models import Forward
from inbox.models import Contact, Conversation, Message, Note, ReplyRow
from inbox.surveys.models import SurveyAnswer
from inbox.translation_models import Translation
from web import field_words, render
from web.handout.parts import Reach
from web.i18n import N_
from web.reader import Reader

SHEET = "handout.css"
PORTION = 200
RECIPIENTS = {
    "crm": N_("Salesforce, in which the organisation keeps its customers"),
    "campaign": N_("A campaign in Salesforce"),
    "program": N_("A program of the organisation, for marketing"),
    "forward": N_("Forwarded by mail"),
    "translation": N_("A program that translates"),
    "platform": N_("The platform over which you were answered"),
}
"""Kinds of those to whom data went."""
KEPT = N_("Messages, profile, notes and answers: until they are erased here or deleted on their platform.")
KEPT_EVENTS = N_("Orders: until they are erased. Events: %(days)s days from when they happened.")
KEPT_FOR_GOOD = N_("Orders and events: until they are erased.")
DONE = {"objection.recorded": N_("Objection recorded"), "objection.withdrawn": N_("Objection withdrawn")}


class Use(NamedTuple):
    """What data are used for."""

    name: str
    on: bool
    basis: str
    against: bool


class Went(NamedTuple):
    """To whom something went: one of RECIPIENTS, who, and when, where that is known."""

    kind: str
    who: str
    at: datetime | None = None


class Past(NamedTuple):
    """What somebody said about the use of their data."""

    at: datetime
    what: str
    purpose: str


@dataclass(frozen=True)
class Summary:
    """What the tables say together."""

    name: str
    accounts: Sequence[Account]
    facts: Sequence[Fact]
    own: Sequence[tuple[Definition, Fact]]
    uses: Sequence[Use]
    past: Sequence[Past]
    notes: Sequence[tuple[datetime, str]]
    segments: Sequence[str]
    records: Sequence[Mapping[str, Any]]
    went: Sequence[Went]
    kept: Sequence[str]
    orders: Sequence[Mapping[str, Any]]
    surveys: Sequence[Mapping[str, Any]]

    def plain(self) -> dict[str, Any]:
        """As JSON: what no table says alone."""
        return {
            "name": self.name,
            "profile": [_plain(one) for one in self.facts],
            "custom_fields": [
                {**_plain(fact), "name": field.name("en"), "kind": field.kind, "number": field.id,
                 "words": field.words(fact.value, "en")}
                for field, fact in self.own
            ],
            "purposes": [one._asdict() for one in self.uses],
            "segments": list(self.segments),
            "recipients": [one._asdict() for one in self.went],
            "kept": list(self.kept),
        }  # fmt: skip


def _plain(fact: Fact) -> dict[str, Any]:
    """Of a colleague who typed it only that one did."""
    return {**asdict(fact), "handle": "" if fact.source == "typed" else fact.handle}


def summary(session: Session, identity_ids: list[int], contact_ids: list[str], reader: Reader) -> Summary:
    """Everything but conversations and events, which may be many."""
    accounts, facts, own = person.told(session, identity_ids, contact_ids)
    subjects = [*(f"identity:{one}" for one in identity_ids), *(f"contact:{one}" for one in contact_ids)]
    fields = {one.id: one for one in store.every(session, "person", archived=True)}
    k, n, o, s = (db.table(one) for one in (Contact, Note, CustomerOrder, SurveyAnswer))
    named = session.scalar(sa.select(k.c.name).where(k.c.id.in_(contact_ids), k.c.survivor_id.is_(None)))
    theirs = sa.select(db.table(Conversation).c.id).where(db.table(Conversation).c.identity_id.in_(identity_ids))
    about = n.c.identity_id.in_(identity_ids) | n.c.conversation_id.in_(theirs)
    notes = sa.select(n.c.at, n.c.text).where(about).order_by(n.c.at, n.c.id)
    days = settings().behaviour_days
    events = reader.words(KEPT_EVENTS, days=days) if days else reader.words(KEPT_FOR_GOOD)
    said = next((one.value for one in facts if one.name == "name"), "")
    return Summary(
        name=said or named or (accounts[0].handle if accounts else ""),
        accounts=accounts,
        facts=facts,
        own=[(fields[number], fact) for number, fact in own.items() if number in fields],
        uses=_uses(session, subjects),
        past=_past(session, subjects),
        notes=[(row.at, row.text) for row in session.execute(notes)],
        segments=[name for _, name in segments.of_accounts(session, identity_ids)],
        records=_rows(session, CrmRecord, db.table(CrmRecord).c.contact_id.in_(contact_ids)),
        went=list(_went(session, identity_ids, contact_ids, subjects)),
        kept=[reader.words(KEPT), events],
        orders=_rows(session, CustomerOrder, o.c.contact_id.in_(contact_ids)),
        surveys=_rows(session, SurveyAnswer, s.c.identity_id.in_(identity_ids)),
    )  # fmt: skip


def _rows(session: Session, model: Any, own: Any) -> list[Mapping[str, Any]]:
    t = db.table(model)
    return [dict(row) for row in session.execute(sa.select(t).where(own).order_by(t.c.id)).mappings()]


def _uses(session: Session, subjects: Sequence[str]) -> list[Use]:
    against, _ = consent.about(session, subjects)
    standing = consent.standing(session)
    return [Use(name, on, basis, bool(against & {name, "all"})) for name, (on, basis) in standing.items()]


def _past(session: Session, subjects: Sequence[str]) -> list[Past]:
    a = db.table(audit.AuditEntry)
    query = sa.select(a.c.at, a.c.action, a.c.detail).where(a.c.target.in_(subjects), a.c.action.in_(sorted(DONE)))
    rows = session.execute(query.order_by(a.c.id))
    return [Past(row.at, row.action, str(row.detail.get("purpose", ""))) for row in rows]


def _went(
    session: Session, identity_ids: Sequence[int], contact_ids: Sequence[str], subjects: Sequence[str]
) -> Iterator[Went]:
    """To whom data of the person went, as far as the tables tell."""
    s, a, m, f, t, c, r = (
        db.table(one) for one in (SyncState, Activation, ActivationMember, Forward, Translation, Message, ReplyRow)
    )
    sent = sa.select(sa.func.min(s.c.at)).where(s.c.contact_id.in_(contact_ids) | s.c.identity_id.in_(identity_ids))
    first = session.scalar(sent.where(s.c.record_id != ""))
    if first is not None:
        crm = session.get(CrmConnection, 1)
        yield Went("crm", crm.url if crm is not None else "", first)
    members = sa.select(a.c.kind, a.c.url, a.c.label).join(m, m.c.activation_id == a.c.id)
    for row in session.execute(members.where(m.c.person.in_(subjects)).distinct()):
        yield Went("campaign", row.label) if row.kind == "campaign" else Went("program", row.url)
    talks = db.table(Conversation)
    theirs = sa.select(talks.c.id).where(talks.c.identity_id.in_(identity_ids))
    mails = sa.select(f.c.address, f.c.sent_at).where(f.c.conversation_id.in_(theirs), f.c.sent_at.is_not(None))
    for row in session.execute(mails.order_by(f.c.id)):
        yield Went("forward", row.address, row.sent_at)
    wrote = sa.select(c.c.id).where(c.c.identity_id.in_(identity_ids))
    for name in session.scalars(sa.select(t.c.provider).where(t.c.message_id.in_(wrote)).distinct()):
        yield Went("translation", name)
    answered = sa.select(talks.c.platform).join(r, r.c.conversation_id == talks.c.id)
    for name in session.scalars(answered.where(talks.c.id.in_(theirs), r.c.sent_at.is_not(None)).distinct()):
        yield Went("platform", name)


def write(
    session: Session, box: zipfile.ZipFile, reached: Reach, whole: Summary,
    counts: Mapping[str, int], reader: Reader,
) -> None:  # fmt: skip
    """`read.html` with the sheet beside it, piece by piece: conversations may be long."""
    values = {"whole": whole, "counts": counts, "field_words": field_words, "recipients": RECIPIENTS, "done": DONE}
    box.write(render.STATIC / SHEET, SHEET)
    with box.open("read.html", "w", force_zip64=True) as out:

        def put(template: str, **more: Any) -> None:
            out.write(render.text(f"handout/{template}.html", reader, **values, **more).encode(errors="replace"))

        put("top", at=db.now())
        for number, some, first in _talks(session, reached):
            put("talk", number=number, messages=some, first=first)
        put("between")
        e = db.table(TrackEvent)
        query = sa.select(e.c.at, e.c.name, e.c.kind, e.c.properties).where(e.c.contact_id.in_(reached["contacts"]))
        rows = session.execute(query.order_by(e.c.at, e.c.id), execution_options={"yield_per": PORTION})
        for events in rows.partitions(PORTION):
            put("events", events=events)
        put("end")


def _talks(session: Session, reached: Reach) -> Iterator[tuple[int | None, list[Mapping[str, Any]], bool]]:
    """Messages by conversation in the order of time, at most PORTION at once, and whether they are its first."""
    m = db.table(Message)
    columns = (
        m.c.id, m.c.conversation_id, m.c.platform, m.c.kind, m.c.direction, m.c.posted_at, m.c.subject, m.c.text,
        m.c.url, m.c.visibility, m.c.language, m.c.sentiment, m.c.intent, m.c.urgency, m.c.emotion, m.c.labels,
        m.c.deleted_at, m.c.id.in_(reached["written"]).label("own"),
    )  # fmt: skip
    query = sa.select(*columns).where(m.c.id.in_(reached["written"]) | m.c.id.in_(reached["heard"]))
    query = query.order_by(m.c.conversation_id, m.c.posted_at, m.c.id)
    rows = session.execute(query, execution_options={"yield_per": PORTION}).mappings()
    for number, messages in groupby(rows, key=lambda row: row["conversation_id"]):
        some: list[Mapping[str, Any]] = []
        first = True
        for one in messages:
            some.append(dict(one))
            if len(some) == PORTION:
                yield number, some, first
                some, first = [], False
        if some:
            yield number, some, first
