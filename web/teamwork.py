"""Words for teams: how conversations are given out, days of the week, what is wrong with a form."""

from __future__ import annotations

from web.i18n import N_
from web.reader import Reader

WAYS = {
    "hand": (N_("By hand"), N_("Everybody takes what they choose.")),
    "round": (N_("In turn"), N_("One after the other, whoever is available and has room.")),
    "load": (N_("By load"), N_("Whoever is available and has the fewest open conversations.")),
}
"""How conversations are given out → its name and what it means."""

SENTENCES = (
    N_("Give it a name, so that it is found again."),
    N_("The name is too long: 80 characters at most."),
    N_("Another team has this name."),
    N_("There is no such time zone."),
    N_("Write one day per line, like 2026-12-25 Christmas."),
    N_("These are too many days: 400 at most."),
    N_("Choose how conversations are given out."),
    N_("A limit is a whole number; leave it empty for none."),
    N_("This team is gone."),
    N_("Write hours like 9:00-12:30, 13:00-17:00."),
    N_("This country has no such region. There are: %(regions)s."),
)
"""What inbox.teams, inbox.hours and inbox.days_off say is wrong; a test compares."""


def weekdays(reader: Reader) -> list[tuple[str, str]]:
    """("0", "Monday") and on."""
    names = reader.babel.days["stand-alone"]["wide"]
    return [(str(day), str(names[day])) for day in range(7)]
