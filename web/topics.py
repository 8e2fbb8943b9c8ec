"""Labels and themes as pages show them: their names, and how much is written about each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping
from datetime import date
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlmodel import Session

from core import db
from core.errors import BadPayload
from inbox.models import Message
from listening.figures.period import Period, date_of, day_of, hour_of, period
from listening.figures.scope import Scope, conditions, each_of
from sentiment.examples import tasks as examples
from sentiment.themes import trend
from sentiment.themes.models import Theme
from sentiment.themes.trend import Trend
from sentiment.unfit import Unfit
from web.i18n import N_
from web.reader import Reader

STATES = {
    "emerging": N_("emerging"),
    "rising": N_("rising"),
    "stable": N_("stable"),
    "falling": N_("falling"),
}
"""How a trend is called."""

BADGES = {
    "emerging": ("warn", "bolt"),
    "rising": ("ok", "up"),
    "stable": ("line", "right"),
    "falling": ("line", "down"),
}
"""Its badge and its icon."""

REFUSALS = (
    N_("A label needs a name of at most 80 characters."),
    N_("There is a label called %(name)s already: change its terms instead."),
    N_("A label needs at least one word or phrase."),
    N_("The term %(term)s has no letters or digits."),
    N_("The prefix %(term)s is too short: give at least %(number)s letters before the star."),
    N_("An example is a message that somebody wrote to us and that is still there; not %(number)s."),
    N_("A label has at most %(number)s examples and counter-examples. Take some away first."),
    N_("There is no theme %(number)s."),
    N_("Theme %(number)s has become theme %(now)s."),
    N_("A theme's name has at most %(number)s characters."),
    N_("Choose another theme to merge with."),
    N_("This theme has no messages that could serve as examples."),
)
"""Why something asked of labels or themes cannot be done; a test holds the list complete."""

PROBLEMS = {
    examples.TOO_FEW: N_("Name at least five examples: then the label learns what they have in common."),
    examples.NOTHING_AGAINST: N_(
        "Name a message that does not carry the label, or wait until other messages have arrived."
    ),
    examples.NOT_READ: N_("The embedded model has not read the examples yet. It is tried again every hour."),
}
"""Why a label learnt nothing from its examples."""

Key = TypeVar("Key", bound=Hashable)


def said(reader: Reader, error: BadPayload) -> str:
    """Why something cannot be done, in the reader's language."""
    return reader.words(error.text, **error.values) if isinstance(error, Unfit) else reader.words(str(error))


def named(theme: Theme, reader: Reader) -> str:
    """What to call a theme: the name a person gave, the words of the reader's language, else of any."""
    names = theme.names
    given = names.get("") or names.get(reader.language) or next((one for one in names.values() if one), "")
    return given or reader.words(N_("Theme %(number)s"), number=theme.id)


def span(reader: Reader, days: int = trend.DAYS) -> Period:
    """The reader's last days, today among them."""
    return period(None, db.now().astimezone(reader.zone).date(), reader.zone).last_days(days)


def by_theme(session: Session, reader: Reader) -> dict[int, Trend]:
    """How much is written about each theme; private messages count for readers who may see them."""
    m = db.table(Message)
    return _trends(session, reader, m, m.c.theme, int, m.c.theme != 0)


def by_label(session: Session, reader: Reader) -> dict[str, Trend]:
    """How many messages carry each label."""
    m = db.table(Message)
    each = each_of(m.c.labels, "label_of")
    return _trends(session, reader, m.join(each, sa.true()), each.c.value, str)


def _trends(
    session: Session, reader: Reader, source: Any, column: Any, key: Callable[[Any], Key], *where: Any
) -> dict[Key, Trend]:
    m, whole = db.table(Message), span(reader)
    day = day_of(hour_of(m.c.posted_at, whole.start, whole.end, whole.zone))
    counted = conditions(Scope(period=whole, sight=reader.sight))
    picked = (
        sa.select(column.label("what"), day.label("day")).select_from(source).where(*counted, *where).subquery("picked")
    )
    query = sa.select(picked.c.what, picked.c.day, sa.func.count()).group_by(picked.c.what, picked.c.day)
    found: dict[Key, dict[date, int]] = defaultdict(dict)
    for what, number, count in session.execute(query):
        found[key(what)][date_of(int(number))] = int(count)
    return {what: _trend(counts, whole) for what, counts in found.items()}


def _trend(counts: Mapping[date, int], whole: Period) -> Trend:
    return trend.trend([counts.get(day, 0) for day in whole.each()])


NOTHING = trend.trend([])
"""Of what nobody writes about."""
