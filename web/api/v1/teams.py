"""Teams: who works together, when, and how conversations are given out among them; who is away."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Annotated, Literal
from zoneinfo import available_timezones

from fastapi import Depends, Query, Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from core import db
from core.errors import Rejected
from inbox import accounts as ours
from inbox import days_off, hours, teams
from inbox.team_models import Team
from inbox.teams import Wanted, Wrong
from web import actors
from web.api.v1.change import Changing
from web.api.v1.problem import Refused
from web.api.v1.route import router as _router
from web.api.v1.shapes import All, Changed, Given, Id, Made, Number, Text
from web.permissions import allow
from web.reader import Reader

HERE = "/api/v1/teams"
TAG = "teams"

router = _router()
Managing = Annotated[Reader, Depends(allow("teams.manage"))]
Answering = Annotated[Reader, Depends(allow("conversations.reply"))]
Clock = Annotated[str, Field(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
Day = Annotated[str, Field(pattern="^2[01][0-9]{2}-[0-9]{2}-[0-9]{2}$")]
NOBODY = "A team is made of people who work here and may answer."
NO_ACCOUNT = "There is no such account."


class Open(Given):
    """A stretch of business hours."""

    weekday: int = Field(ge=0, le=6, description="0 is Monday.")
    start: Clock = Field(description="By the clock on the wall there: 09:00.")
    end: Clock = Field(description="Before `start` it goes over midnight; 24:00 is the end of the day.")


class DayOff(Given):
    """A day on which nobody works."""

    day: Day
    name: Text = Field("", max_length=teams.NAME)


class NewMember(Given):
    """Somebody of a team."""

    member: str = Field(pattern="^user:[1-9][0-9]{0,14}$", description="`user:3`.")
    capacity: int = Field(
        0, ge=0, le=teams.MOST_CAPACITY, description="Open conversations at most given to them by themselves; 0: any."
    )


class NewTeam(Given):
    """People who take care of the same conversations."""

    name: Text = Field(min_length=1, max_length=teams.NAME)
    timezone: str = Field("UTC", max_length=60, description="Of the business hours; a name of the IANA database.")
    hours: list[Open] = Field(default_factory=list, max_length=70, description="None: the team works around the clock.")
    days_off: list[DayOff] = Field(default_factory=list, max_length=teams.MOST_DAYS_OFF)
    assign: Literal["hand", "round", "load"] = Field(
        "hand", description="How conversations are given out: by hand, in turn, or to who has the fewest."
    )
    same_person: bool = Field(False, description="Who comes back is given to whom they had last, if that one has room.")
    members: list[NewMember] = Field(default_factory=list, max_length=1000)
    accounts: list[Number] = Field(
        default_factory=list, max_length=1000, description="Accounts of ours whose new conversations belong to it."
    )


class Somebody(BaseModel):
    """Somebody of a team."""

    member: str
    name: str
    capacity: int
    away: bool = Field(description="No conversation is given to them by itself.")


class OneTeam(BaseModel):
    """A team with everything about it."""

    id: int
    name: str
    timezone: str
    hours: list[Open]
    days_off: list[DayOff]
    assign: Literal["hand", "round", "load"]
    same_person: bool
    members: list[Somebody]
    accounts: list[int]


class Here(Given):
    """Whether somebody is there."""

    away: bool


@router.get(HERE + "/{team_id}", tags=[TAG])
def one(reader: Managing, team_id: Id) -> OneTeam:
    """A team with its hours, days off, members and accounts; the names of all stand under `GET /teams`."""
    with db.read() as session:
        row = _team(session, team_id)
        members, away = teams.members(session).get(team_id, {}), teams.away(session)
        names = actors.names(session, members)
        accounts = teams.accounts(session).get(team_id, [])
    return OneTeam(
        id=team_id, name=row.name, timezone=row.zone, assign=row.assign, same_person=row.same_person, accounts=accounts,
        hours=[
            Open(weekday=int(day), start=span[0], end=span[1]) for day, spans in sorted(row.hours.items())
            for span in spans
        ],
        days_off=[DayOff(day=each["day"], name=each.get("name", "")) for each in row.holidays],
        members=[
            Somebody(member=who, name=names.get(who, ""), capacity=number, away=who in away)
            for who, number in sorted(members.items())
        ],
    )  # fmt: skip


@router.post(HERE, tags=[TAG], response_model=Made, status_code=201)
def add(change: Changing, reader: Managing, body: NewTeam) -> Response:
    """Make a team."""
    return change.do(lambda session: Made(id=teams.save(session, None, _wanted(session, body), reader.actor)), 201)


@router.post(HERE + "/{team_id}", tags=[TAG], response_model=Changed)
def edit(change: Changing, reader: Managing, team_id: Id, body: NewTeam) -> Response:
    """Change a team as a whole; who stays keeps their turn."""

    def work(session: Session) -> Changed:
        _team(session, team_id)
        wanted = _wanted(session, body, teams.members(session).get(team_id, {}))
        return Changed(id=teams.save(session, team_id, wanted, reader.actor), changed=True)

    return change.do(work)


@router.post(HERE + "/{team_id}/remove", tags=[TAG], response_model=Changed)
def remove(change: Changing, reader: Managing, team_id: Id) -> Response:
    """Dissolve a team: its conversations and accounts belong to none then."""

    def work(session: Session) -> Changed:
        if not teams.remove(session, team_id, reader.actor):
            raise Refused(404)
        return Changed(id=team_id, changed=True)

    return change.do(work)


@router.get("/api/v1/public-holidays", tags=[TAG])
def public_holidays(
    reader: Managing,
    country: Annotated[str, Query(pattern="^[A-Z]{2}$", description="ISO 3166: DE, JP …")],
    region: Annotated[str, Query(pattern="^[A-Z0-9]{0,5}$", description="BY, HH …, where days differ by it.")] = "",
    year: Annotated[int | None, Query(ge=2000, le=2100, description="Unless given, this one.")] = None,
    language: Annotated[Literal["en", "de", "ja"], Query(description="Of their names, where they are known.")] = "en",
) -> All[DayOff]:
    """A country's public holidays, to choose days off from; nothing is kept."""
    if country not in days_off.countries():
        raise Refused(422, "The days off of this country are not known.", "rejected")
    found = days_off.suggested(country, region, [year or db.now().year], language)
    return All(items=[DayOff(day=one["day"], name=one["name"][: teams.NAME]) for one in found])


@router.post("/api/v1/me/away", tags=[TAG], response_model=Changed)
def set_away(change: Changing, reader: Answering, body: Here) -> Response:
    """Be given no conversation by itself, or again; `GET /me` says how it is."""

    def work(session: Session) -> Changed:
        return Changed(id=reader.user_id, changed=teams.set_away(session, reader.actor, body.away, reader.actor))

    return change.do(work)


def _team(session: Session, team_id: int) -> Team:
    row = session.get(Team, team_id)
    if row is None:
        raise Refused(404)
    return row


def _wanted(session: Session, body: NewTeam, before: Collection[str] = ()) -> Wanted:
    """A team as inbox.teams keeps it; Rejected with the field that does not fit."""
    able = {who for who, _ in actors.answering(session)} | set(before)
    members = {one.member: one.capacity for one in body.members}
    if members.keys() - able:
        raise Wrong("members", NOBODY)
    if set(body.accounts) - {one.id for one in ours.all_accounts(session) if one.state != "removed"}:
        raise Wrong("accounts", NO_ACCOUNT)
    if body.timezone not in available_timezones():
        raise Wrong("timezone", teams.BAD_ZONE)
    week: dict[str, list[list[str]]] = {}
    for span in body.hours:
        try:
            week.setdefault(str(span.weekday), []).extend(hours.read_spans(f"{span.start}-{span.end}"))
        except Rejected as error:
            raise Wrong("hours", str(error)) from error
    return Wanted(
        body.name, body.timezone, week, _days(body.days_off), body.assign, members, body.accounts, body.same_person
    )  # fmt: skip


def _days(given: list[DayOff]) -> list[dict[str, str]]:
    for one in given:
        try:
            date.fromisoformat(one.day)
        except ValueError:
            raise Wrong("days_off", "There is no such day.") from None
    return [{"day": one.day, "name": one.name} for one in given]
