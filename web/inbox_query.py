"""The address of the list: what a reader asks for there, as a filter, as links and as the pills above the rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, time, timedelta

from babel.dates import format_interval, format_skeleton, get_datetime_format
from fastapi import Request

from core import db
from core.errors import Rejected
from inbox.conditions import tree
from inbox.narrowing import KINDS, NOBODY, PRIORITIES, SORTS, TYPES, VIEWS, Filter
from web import casework, words
from web.i18n import N_
from web.reader import Reader
from web.render import query

NAMES = {
    "mine": N_("Mine"),
    "team": N_("My team"),
    "open": N_("Open"),
    "unassigned": N_("Unassigned"),
    "pending": N_("Answered"),
    "snoozed": N_("Snoozed"),
    "closed": N_("Closed"),
    "spam": N_("Spam"),
    "approve": N_("To approve"),
    "all": N_("All"),
}
"""The views; "approve" is for who may."""
TABS = ("mine", "open", "unassigned")
ORDERS = {
    "newest": N_("Newest first"),
    "oldest": N_("Oldest first"),
    "waiting": N_("Longest waiting first"),
    "priority": N_("Highest priority first"),
    "sla": N_("Due soonest first"),
}
VISIBILITY = {"public": N_("Public"), "dm": N_("Private")}
LONGEST = 200
"""Characters of a value that is looked at."""


@dataclass(frozen=True)
class Asked:
    """The values of the address as they came, harmless ones only; empty ones do not filter."""

    view: str = "open"
    q: str = ""
    account: str = ""
    platform: str = ""
    kind: str = ""
    language: str = ""
    sentiment: str = ""
    intent: str = ""
    urgency: str = ""
    emotion: str = ""
    label: str = ""
    tag: str = ""
    assignee: str = ""
    team: str = ""
    priority: str = ""
    type: str = ""
    since: str = ""
    until: str = ""
    f: str = ""
    """Further conditions: a tree as JSON."""
    saved: str = ""
    """The key of a kept view within which all this is."""
    sort: str = "newest"
    wrong: str = ""
    """Why `f` is not heeded; never part of an address."""

    def values(self, **changes: str) -> dict[str, str]:
        """Name and value of all that differs from what is shown without asking, for links and hidden fields."""
        other = replace(self, **changes)
        return {
            ADDRESS.get(one.name, one.name): getattr(other, one.name)
            for one in fields(other)
            if getattr(other, one.name) != one.default and one.name != "wrong"
        }

    def query(self, **changes: str) -> str:
        """The same as the end of an address."""
        return query(**self.values(**changes))

    @property
    def narrowed(self) -> bool:
        """Something besides the view is asked for."""
        return any(name not in KEPT for name in self.values())

    @property
    def plain(self) -> dict[str, str]:
        """The changes that take every filter away and leave view and order."""
        return {one.name: "" for one in fields(self) if one.name not in KEPT}


KEPT = ("view", "sort", "saved")
"""What says which list it is."""
ADDRESS = {"since": "from", "until": "to"}
"""Fields that are called otherwise in the address."""


async def asked(request: Request) -> Asked:  # so that it needs no thread
    """What the address asks for; what makes no sense there is left out."""
    given = request.query_params
    if not given:
        return Asked()
    found = {
        one.name: db.sound(given.get(ADDRESS.get(one.name, one.name), "")).replace("\x00", "").strip()[:LONGEST]
        for one in fields(Asked)
        if one.name not in ("f", "wrong")
    }
    found["f"], found["wrong"] = _conditions(given.get("f", ""))
    known: Mapping[str, tuple[str, ...]] = {
        "view": VIEWS, "sort": SORTS, "kind": KINDS, "priority": PRIORITIES, "type": TYPES,
    }  # fmt: skip
    for name, values in known.items():
        if found[name] not in values:
            found[name] = ""
    for name in ("account", "assignee", "team"):
        if not _number(found[name]) and not (name != "account" and found[name] == NOBODY):
            found[name] = ""
    for name in ("since", "until"):
        if _moment(found[name]) is None:
            found[name] = ""
    return Asked(**{name: value for name, value in found.items() if value})


def _conditions(text: str) -> tuple[str, str]:
    """(the conditions in their short form, what is wrong with them)."""
    try:
        return (tree.text(tree.parse(text)), "") if text else ("", "")
    except Rejected as error:
        return "", str(error)


def wanted(one: Asked, reader: Reader) -> Filter:
    """The filter, within what the reader may see; dates are the reader's, both days counted."""
    since, until = period(one, reader)
    return Filter(
        view=one.view,
        me=reader.actor,
        q=one.q,
        account=int(one.account or 0),
        platform=one.platform,
        kind=one.kind,
        language=one.language,
        sentiment=one.sentiment,
        intent=one.intent,
        urgency=one.urgency,
        emotion=one.emotion,
        label=one.label,
        tag=one.tag,
        assignee=f"user:{one.assignee}" if _number(one.assignee) else one.assignee,
        team=one.team,
        priority=one.priority,
        type=one.type,
        since=since,
        until=until,
        sight=reader.sight,
        tree=tree.parse(one.f) if one.f else tree.EVERYTHING,
        sort=one.sort,
    )


def period(one: Asked, reader: Reader) -> tuple[datetime | None, datetime | None]:
    """The moments from and before which messages count; a date stands for its whole day."""
    since, until = _moment(one.since), _moment(one.until)
    if until is not None and _is_date(one.until):
        until += timedelta(days=1)
    return _utc(since, reader), _utc(until, reader)


def written(at: datetime, reader: Reader, *, end: bool = False) -> str:
    """A moment as the address writes it: a date where a day begins (or, as an end, is over)."""
    here = at.astimezone(reader.zone)
    if here.replace(fold=1).utcoffset() != here.replace(fold=0).utcoffset():  # an hour that comes twice in autumn
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
    if here.time() != time():
        return here.strftime("%Y-%m-%dT%H:%M")
    return (here.date() - timedelta(days=1 if end else 0)).isoformat()


def _number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16


def _is_date(text: str) -> bool:
    return "T" not in text


def _moment(text: str) -> datetime | None:
    """A local time without its zone, or a moment in UTC."""
    if not text.isascii() or len(text.removesuffix("Z")) not in (10, 16):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo in (None, UTC) and 1990 <= found.year <= 2200 else None


def _utc(given: datetime | None, reader: Reader) -> datetime | None:
    if given is None or given.tzinfo is not None:
        return given
    return given.replace(tzinfo=reader.zone).astimezone(UTC)


# --- pills: each filter that is set, in words ----------------------------------------------------------


@dataclass(frozen=True)
class Pill:
    """A filter that is set, and the end of the address without it."""

    text: str
    query: str


def pills(
    one: Asked, reader: Reader, accounts: Mapping[str, str], people: Mapping[str, str], teams: Mapping[str, str]
) -> list[Pill]:
    """What is set, in the order of the form; `accounts`, `people` and `teams` name numbers."""
    said = {
        "q": f"“{one.q}”",
        "account": accounts.get(one.account, one.account),
        "platform": words.platform(one.platform),
        "kind": _in(VISIBILITY, one.kind, reader),
        "language": _in(words.LANGUAGES, one.language, reader),
        "sentiment": reader.words(words.SENTIMENTS.get(one.sentiment, ("", one.sentiment))[1]) if one.sentiment else "",
        "intent": _in(words.INTENTS, one.intent, reader),
        "urgency": _in(words.URGENCIES, one.urgency, reader),
        "emotion": _in(words.EMOTIONS, one.emotion, reader),
        "label": one.label,
        "tag": one.tag,
        "assignee": reader.words("Nobody") if one.assignee == NOBODY else people.get(one.assignee, one.assignee),
        "team": reader.words(N_("No team")) if one.team == NOBODY else teams.get(one.team, one.team),
        "priority": reader.words(casework.PRIORITIES[one.priority][1]) if one.priority else "",
        "type": _in(casework.TYPES, one.type, reader),
    }
    found = [Pill(said[name], one.query(**{name: ""})) for name in said if getattr(one, name)]
    if one.since or one.until:
        found.append(Pill(between(*period(one, reader), reader), one.query(since="", until="")))
    return found


def _in(table: Mapping[str, str], value: str, reader: Reader) -> str:
    return reader.words(table[value]) if value in table else value


def between(since: datetime | None, until: datetime | None, reader: Reader) -> str:
    """A period in words, short: "9–22 Nov", "22 Nov, 09:00–10:00"."""
    if since is not None and until is not None:
        return span(since, until, reader)
    if since is not None:
        return reader.words("from %(day)s", day=span(since, since + timedelta(days=1), reader))
    assert until is not None  # noqa: S101  # one of the two is given
    return reader.words("until %(day)s", day=span(until - timedelta(days=1), until, reader))


def span(since: datetime, until: datetime, reader: Reader) -> str:
    """From one moment to before another: days when both stand at midnight."""
    start, end = since.astimezone(reader.zone), until.astimezone(reader.zone)
    whole = start.time() == end.time() == time()
    last = end - timedelta(days=1) if whole and end > start else end
    if whole:
        return str(format_interval(start.date(), last.date(), "MMMd", locale=reader.babel))
    if start.date() == last.date():
        clock = format_interval(start, last, "Hm", tzinfo=reader.zone, locale=reader.babel)
        day = format_skeleton("MMMd", start, tzinfo=reader.zone, locale=reader.babel)
        return str(get_datetime_format("short", locale=reader.babel)).format(clock, day)
    return f"{reader.short(since)} – {reader.short(until)}"
