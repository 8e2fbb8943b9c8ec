"""`/settings/teams`: who works together, when, and how conversations are given out among them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Request, Response
from sqlmodel import Session

from core import db
from core.errors import Rejected
from core.typed import plain
from inbox import accounts as ours
from inbox import assignment, days_off, hours, teams
from inbox.team_models import Team
from inbox.teams import Wanted, Wrong
from web import actors, place, render, teamwork
from web.i18n import N_
from web.pages.profile import zones
from web.permissions import allow
from web.reader import Reader

HERE = "/settings/teams"
DAYS = tuple(str(day) for day in range(7))

router = APIRouter()
Managing = Annotated[Reader, Depends(allow("teams.manage"))]
Text = Annotated[str, Form(max_length=200)]


@router.get(HERE)
def index(request: Request, reader: Managing) -> Response:
    """All of them by name."""
    with db.read() as session:
        found, members, accounts = teams.every(session), teams.members(session), teams.accounts(session)
        handles = {one.id: one.handle for one in ours.all_accounts(session)}
        names = actors.names(session, {one for some in members.values() for one in some})
        away = teams.away(session)
        loads = assignment.loads(session, names)
        left = assignment.left(session)
    full = {
        one.id
        for one in found
        if not any(
            member not in away and (not most or loads[member] < most)
            for member, most in members.get(one.id or 0, {}).items()
        )
    }
    return render.page(
        request, reader, "settings/teams.html", teams=found, members=members, accounts=accounts, handles=handles,
        names=names, away=away, ways=teamwork.WAYS, loads=loads, left=left, full=full,
    )  # fmt: skip


@router.get(HERE + "/new")
def new(request: Request, reader: Managing) -> Response:
    """An empty form, with the hours of most offices."""
    usual = {day: "09:00-17:00" if day in DAYS[:5] else "" for day in DAYS}
    zone = getattr(reader.zone, "key", "UTC")
    return _form(request, reader, None, {"zone": zone, "hours": usual, "assign": "hand"})


@router.get(HERE + "/{team_id:int}")
def one(request: Request, reader: Managing, team_id: int) -> Response:
    """The form with what is kept."""
    with db.read() as session:
        row = _found(session, team_id)
        members, accounts = teams.members(session).get(team_id, {}), teams.accounts(session).get(team_id, [])
    typed = {
        "name": row.name,
        "zone": row.zone,
        "hours": {day: ", ".join("-".join(span) for span in row.hours.get(day, ())) for day in DAYS},
        "holidays": "\n".join(f"{day['day']} {day['name']}".strip() for day in row.holidays),
        "assign": row.assign,
        "same_person": row.same_person,
        "members": {member: str(capacity or "") for member, capacity in members.items()},
        "accounts": accounts,
    }
    return _form(request, reader, team_id, typed)


@router.post(HERE)
async def add(request: Request, reader: Managing) -> Response:
    """Keep a new one."""
    return await _keep(request, reader, None)


@router.post(HERE + "/{team_id:int}")
async def change(request: Request, reader: Managing, team_id: int) -> Response:
    """Keep it in its new form."""
    with db.read() as session:
        _found(session, team_id)
    return await _keep(request, reader, team_id)


@router.post(HERE + "/holidays")
async def suggest(
    request: Request, reader: Managing, team: Text = "", country: Text = "", region: Text = "", year: Text = ""
) -> Response:
    """The form as it was typed, with a country's public holidays among the days off; nothing is kept yet."""
    typed = await _typed(request)
    wrong: dict[str, str] = {}
    code = region.strip().upper()
    try:
        wanted = int(year) if year.isascii() and year.isdigit() and len(year) == 4 else db.now().year
        days = days_off.suggested(country, code, [min(max(wanted, 2000), 2100)], reader.language)
        there = {line.partition(" ")[0] for line in typed["holidays"].splitlines()}
        lines = [f"{one['day']} {one['name']}" for one in days if one["day"] not in there]
        typed["holidays"] = "\n".join(sorted([*filter(None, typed["holidays"].splitlines()), *lines]))
    except Rejected:
        known = ", ".join(days_off.countries()[country]) or "–"
        wrong["region"] = reader.words(days_off.NO_REGION, regions=known)
    number = int(team) if team.isascii() and team.isdigit() and len(team) < 16 else None
    typed |= {"country": country, "region": region, "year": year}
    return _form(request, reader, number, typed, wrong, 422 if wrong else 200)


@router.post(HERE + "/{team_id:int}/remove")
def remove(reader: Managing, team_id: int) -> Response:
    """Dissolve it."""
    with db.write() as session:
        if team_id >= place.LARGEST or not teams.remove(session, team_id, reader.actor):
            raise HTTPException(404)
    return render.to(HERE, "team-removed")


async def _typed(request: Request) -> dict[str, Any]:
    """What stands in the form."""
    form = await request.form()
    texts = {name: str(value)[:40_000] for name, value in form.items() if isinstance(value, str)}
    chosen = [str(one) for one in form.getlist("member")]
    numbers = [str(one) for one in form.getlist("account")]
    return {
        "name": texts.get("name", ""),
        "zone": texts.get("zone", ""),
        "hours": {day: texts.get(f"hours_{day}", "") for day in DAYS},
        "holidays": texts.get("holidays", "").replace("\r\n", "\n"),
        "assign": texts.get("assign", ""),
        "same_person": texts.get("same_person") == "yes",
        "members": {member: texts.get(f"capacity_{member}", "").strip() for member in chosen},
        "accounts": [int(one) for one in numbers if one.isascii() and one.isdigit() and len(one) < 16],
    }


async def _keep(request: Request, reader: Reader, team_id: int | None) -> Response:
    typed = await _typed(request)
    wrong: dict[str, str] = {}
    spans = {}
    for day, text in typed["hours"].items():
        try:
            spans[day] = hours.read_spans(text)
        except Rejected:
            wrong[f"hours_{day}"] = reader.words(hours.BAD_SPANS)
    if wrong:
        return _form(request, reader, team_id, typed, wrong, 422)
    try:
        members = {member: _capacity(text) for member, text in typed["members"].items()}
        with db.write() as session:
            able = dict(actors.answering(session))
            before = teams.members(session).get(team_id or 0, {})
            kept = {member: number for member, number in members.items() if member in able or member in before}
            wanted = Wanted(
                typed["name"], typed["zone"], spans, teams.read_days(typed["holidays"]), typed["assign"], kept,
                typed["accounts"], typed["same_person"],
            )  # fmt: skip
            teams.save(session, team_id, wanted, reader.actor)
    except Wrong as error:
        return _form(request, reader, team_id, typed, {error.field: reader.words(error.sentence)}, 422)
    return render.to(HERE, "team-kept")


def _capacity(text: str) -> int:
    text = plain(text)
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) < 6):
        raise Wrong("members", teams.BAD_CAPACITY)
    return int(text)


def _form(
    request: Request, reader: Reader, team_id: int | None, typed: dict[str, Any], wrong: dict[str, str] | None = None,
    status: int = 200,
) -> Response:  # fmt: skip
    empty = {
        "name": "",
        "same_person": False,
        "holidays": "",
        "members": {},
        "accounts": [],
        "country": "",
        "region": "",
        "year": "",
    }
    values = {**empty, **typed}
    with db.read() as session:
        people = actors.answering(session)
        gone = set(values["members"]) - {member for member, _ in people}
        names = actors.names(session, gone)
        kept = ours.all_accounts(session)
    territories = reader.babel.territories
    known = sorted((str(territories.get(code, code)), code) for code in days_off.countries())
    return render.page(
        request, reader, "settings/team.html", status, team_id=team_id, typed=values, wrong=wrong or {},
        people=[*people, *((member, names[member]) for member in sorted(gone) if member in names)],
        accounts=[one for one in kept if one.state != "removed"], zones=zones(), days=teamwork.weekdays(reader),
        ways=teamwork.WAYS, this_year=db.now().year,
        countries=[("", reader.words(N_("Choose a country"))), *((code, name) for name, code in known)],
    )  # fmt: skip


def _found(session: Session, team_id: int) -> Team:
    row = session.get(Team, team_id) if team_id < place.LARGEST else None
    if row is None:
        raise HTTPException(404)
    return row
