"""Teams: who is in them, when they work, and who is away at present."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, bulk, db, outbox
from core.errors import Rejected
from core.typed import plain
from inbox.hours import Calendar, calendar
from inbox.models import Account, Conversation
from inbox.team_models import Away, Team, TeamMember

WAYS = ("hand", "round", "load")
"""How conversations are given out."""
NAME = 80
MOST_DAYS_OFF = 400
MOST_CAPACITY = 10_000


@dataclass(frozen=True)
class Wanted:
    """A team as somebody wants it; hours and holidays as the columns of Team have them."""

    name: str
    zone: str = "UTC"
    hours: Mapping[str, Sequence[Sequence[str]]] | None = None
    holidays: Sequence[Mapping[str, str]] = ()
    assign: str = "hand"
    members: Mapping[str, int] | None = None
    """`user:3` → open conversations at most, 0 for no limit."""
    accounts: Iterable[int] = ()
    """Accounts whose new conversations belong to it."""
    same_person: bool = False
    """Who comes back is given to whom they had last."""


class Wrong(Rejected):
    """A field cannot be kept: `field` is name, zone, holidays, assign or members."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field, self.sentence = field, sentence


EMPTY_NAME = "Give it a name, so that it is found again."
LONG_NAME = "The name is too long: 80 characters at most."
SAME_NAME = "Another team has this name."
BAD_ZONE = "There is no such time zone."
BAD_DAY = "Write one day per line, like 2026-12-25 Christmas."
MANY_DAYS = "These are too many days: 400 at most."
BAD_WAY = "Choose how conversations are given out."
BAD_CAPACITY = "A limit is a whole number; leave it empty for none."
GONE = "This team is gone."
SENTENCES = (EMPTY_NAME, LONG_NAME, SAME_NAME, BAD_ZONE, BAD_DAY, MANY_DAYS, BAD_WAY, BAD_CAPACITY, GONE)


def names(session: Session) -> list[tuple[int, str]]:
    """Every team, by name."""
    found = bulk.fetch(session, "SELECT id, name FROM team ORDER BY lower(name), id", prepared=True)
    return [(number, name) for number, name in found]


def every(session: Session) -> list[Team]:
    """The same with all they have."""
    t = db.table(Team)
    return list(session.scalars(sa.select(Team).order_by(sa.func.lower(t.c.name), t.c.id)))


def members(session: Session) -> dict[int, dict[str, int]]:
    """Team → member → capacity."""
    found: dict[int, dict[str, int]] = {}
    for row in session.scalars(sa.select(TeamMember).order_by(db.table(TeamMember).c.member)):
        found.setdefault(row.team_id, {})[row.member] = row.capacity
    return found


def accounts(session: Session) -> dict[int, list[int]]:
    """Team → accounts whose new conversations belong to it."""
    a = db.table(Account)
    found: dict[int, list[int]] = {}
    for number, team_id in session.execute(sa.select(a.c.id, a.c.team_id).where(a.c.team_id.is_not(None))):
        found.setdefault(team_id, []).append(number)
    return found


def calendars(session: Session) -> dict[int, Calendar]:
    """Team → its business hours."""
    return {one.id or 0: calendar(one.zone, one.hours, one.holidays) for one in every(session)}


# --- keeping --------------------------------------------------------------------------------------------


def save(session: Session, team_id: int | None, wanted: Wanted, actor: str) -> int:
    """Keep a team, a new one without `team_id`; returns its number. Wrong says which field, and why."""
    name = db.sound(wanted.name).strip()
    days = _checked(session, team_id, name, wanted)
    row = session.get(Team, team_id) if team_id is not None else Team(name=name)
    if row is None:
        raise Rejected(GONE)
    row.name, row.zone, row.assign, row.holidays = name, wanted.zone, wanted.assign, days
    row.same_person = wanted.same_person
    row.hours = {day: [list(span) for span in spans] for day, spans in (wanted.hours or {}).items() if spans}
    session.add(row)
    session.flush()
    number = row.id or 0
    _put_members(session, number, wanted.members or {})
    a, chosen = db.table(Account), list(wanted.accounts)
    left = sa.update(a).where(a.c.team_id == number, a.c.id.not_in(chosen))
    session.execute(left.values(team_id=None))
    session.execute(sa.update(a).where(a.c.id.in_(chosen)).values(team_id=number))
    audit.record(session, actor, "team.changed" if team_id else "team.made", f"team:{number}")
    announce(session)
    _hours_changed(session)
    return number


def _checked(session: Session, team_id: int | None, name: str, wanted: Wanted) -> list[dict[str, str]]:
    """The days off in order, after everything was looked at."""
    if not name:
        raise Wrong("name", EMPTY_NAME)
    if len(name) > NAME:
        raise Wrong("name", LONG_NAME)
    if any(other.casefold() == name.casefold() for number, other in names(session) if number != team_id):
        raise Wrong("name", SAME_NAME)
    try:
        ZoneInfo(wanted.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Wrong("zone", BAD_ZONE) from None
    if wanted.assign not in WAYS:
        raise Wrong("assign", BAD_WAY)
    if any(not 0 <= capacity <= MOST_CAPACITY for capacity in (wanted.members or {}).values()):
        raise Wrong("members", BAD_CAPACITY)
    days = {one["day"]: {"day": one["day"], "name": db.sound(one.get("name", ""))[:NAME]} for one in wanted.holidays}
    if len(days) > MOST_DAYS_OFF:
        raise Wrong("holidays", MANY_DAYS)
    return [days[day] for day in sorted(days)]


def read_days(text: str) -> list[dict[str, str]]:
    """Lines like `2026-12-25 Christmas` as days off; Wrong when one is none."""
    found = []
    for line in text.splitlines():
        typed, _, name = line.replace("\u3000", " ").strip().partition(" ")
        day = plain(typed)
        if not day:
            continue
        try:
            kept = date.fromisoformat(day)
        except ValueError:
            raise Wrong("holidays", BAD_DAY) from None
        if len(day) != 10 or not 2000 <= kept.year <= 2200:
            raise Wrong("holidays", BAD_DAY)
        found.append({"day": day, "name": name.strip()})
    return found


def _put_members(session: Session, team_id: int, wanted: Mapping[str, int]) -> None:
    """Who stays keeps their turn."""
    t = db.table(TeamMember)
    session.execute(sa.delete(t).where(t.c.team_id == team_id, t.c.member.not_in(list(wanted))))
    insert = db.upsert(TeamMember)
    insert = insert.on_conflict_do_update(
        index_elements=["team_id", "member"], set_={"capacity": insert.excluded.capacity}
    )
    rows = [{"team_id": team_id, "member": one, "capacity": number, "turn": 0} for one, number in wanted.items()]
    if rows:
        session.execute(insert, rows)


def remove(session: Session, team_id: int, actor: str) -> bool:
    """Dissolve a team; its conversations and accounts belong to none then. False when it is gone already."""
    row = session.get(Team, team_id)
    if row is None:
        return False
    for table in (db.table(Conversation), db.table(Account)):
        session.execute(sa.update(table).where(table.c.team_id == team_id).values(team_id=None))
    session.delete(row)
    session.flush()
    audit.record(session, actor, "team.removed", f"team:{team_id}")
    _hours_changed(session)
    return True


def _hours_changed(session: Session) -> None:
    """Promises in business hours are counted anew."""
    outbox.emit(session, "sla.changed", [("0", {"after": 0})])


# --- who is there ---------------------------------------------------------------------------------------


def set_away(session: Session, member: str, away: bool, actor: str) -> bool:
    """Say that somebody is given no conversation at present, or is again; True when that changed anything."""
    t = db.table(Away)
    if away:
        row: dict[str, Any] = {"member": member, "since": db.now()}
        done = session.execute(db.upsert(Away).on_conflict_do_nothing().returning(t.c.member), row).first() is not None
    else:
        done = session.execute(sa.delete(t).where(t.c.member == member).returning(t.c.member)).first() is not None
    if done:
        audit.record(session, actor, "member.away" if away else "member.available", member)
        announce(session)
    return done


def away(session: Session) -> set[str]:
    """Everybody who is away."""
    return set(session.scalars(sa.select(db.table(Away).c.member)))


def announce(session: Session) -> None:
    """Conversations may be given out anew: one letter per team that gives them out by itself."""
    t = db.table(Team)
    found = session.scalars(sa.select(t.c.id).where(t.c.assign != "hand"))
    outbox.emit(session, "assign.due", [(str(one), {"team_id": one}) for one in found])
