"""When a rule is asked, as forms and pages have it: `outside:3` is outside the business hours of team 3."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlmodel import Session

from inbox import teams
from inbox.rule_models import Rule
from inbox.rules import Hours
from web import gone
from web.i18n import N_
from web.reader import Reader

INSIDE, OUTSIDE = N_("within the business hours of %(team)s"), N_("outside the business hours of %(team)s")
_KEPT = re.compile(r"(inside|outside):([1-9][0-9]{0,14})", re.ASCII)


def kept(row: Rule) -> str:
    """What a form has of a rule."""
    return _written(Hours(**row.hours)) if row.hours else ""


def read(given: str) -> Hours | None:
    """What was chosen; None is at any time."""
    found = _KEPT.fullmatch(given)
    return Hours(found[1] == "inside", int(found[2])) if found else None


def choices(session: Session, given: str, reader: Reader) -> list[tuple[str, str]]:
    """What can be chosen: of teams with hours, and what is chosen already."""
    calendars, names, wanted = teams.calendars(session), dict(teams.names(session)), read(given)
    found = [Hours(inside, number) for number in names if not calendars[number].always for inside in (True, False)]
    if wanted is not None and wanted not in found:
        found.append(wanted)
    return [(_written(one), _said(one, names, reader)) for one in found]


def said(session: Session, found: Sequence[Rule], reader: Reader) -> dict[int | None, str]:
    """In words, of the rules that are not for any time."""
    names = dict(teams.names(session))
    return {one.id: _said(Hours(**one.hours), names, reader) for one in found if one.hours}


def _written(one: Hours) -> str:
    return f"{'inside' if one.inside else 'outside'}:{one.team_id}"


def _said(one: Hours, names: dict[int, str], reader: Reader) -> str:
    name = names.get(one.team_id) or gone.value(str(one.team_id), reader)
    return reader.words(INSIDE if one.inside else OUTSIDE, team=name)
