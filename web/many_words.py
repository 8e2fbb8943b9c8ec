"""Deeds on many conversations in words: what is done, how far it is, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session

from inbox.actions import Action
from inbox.many import jobs
from inbox.many.models import BulkJob
from web import action_words
from web.i18n import N_, catalogue
from web.reader import Reader

BEGUN = N_("%(number)s conversations are being changed. You can go on working meanwhile.")
STATES = {
    "running": N_("under way"),
    "stopped": N_("stopped"),
    "done": N_("done"),
    "undoing": N_("being taken back"),
    "undone": N_("taken back"),
}
"""How a job stands."""
REFUSALS = (
    N_("There is no such job."),
    N_("There is nothing to take back."),
    N_("It is gone, or you do not see it any more."),
    N_("Somebody changed it since."),
    N_("What was done here cannot be taken back."),
    N_("Whoever asked for it may not change conversations any more."),
)


@dataclass(frozen=True)
class Box:
    """A job as pages show it."""

    job: BulkJob
    title: str
    said: str
    """What became of it so far."""
    done: int
    of: int
    """So far it is: `done` of `of`."""

    @property
    def busy(self) -> bool:
        """It is under way, there or back."""
        return self.job.state in ("running", "undoing")

    @property
    def reversible(self) -> bool:
        """Something of it can be taken back now."""
        job = self.job
        return job.state != "undoing" and job.changed > job.back + job.kept and jobs.reversible(job)


def above(session: Session, reader: Reader) -> Box | None:
    """What stands above the reader's list."""
    job = jobs.shown(session, reader.actor) if reader.may("conversations.manage") else None
    return boxes(session, [job], reader)[0] if job is not None else None


def boxes(session: Session, found: Sequence[BulkJob], reader: Reader) -> list[Box]:
    """Jobs in words."""
    options = action_words.choices(session, reader, rule=False) if found else {}
    return [_box(job, _title(job, reader, options), reader) for job in found]


def _title(job: BulkJob, reader: Reader, options: dict[str, action_words.Options]) -> str:
    if job.macro:
        return reader.words(N_("Macro %(name)s"), name=job.macro)
    return reader.listed(
        [action_words.said(Action(one["do"], one.get("value", "")), reader, options) for one in job.deeds]
    )


def _box(job: BulkJob, title: str, reader: Reader) -> Box:
    back = job.state in ("undoing", "undone")
    done = job.back + job.kept if back else job.changed + job.same + job.left
    of = job.changed if back else job.total
    return Box(job, title, " ".join(_sums(job, reader)), done, of)


def _sums(job: BulkJob, reader: Reader) -> list[str]:
    ngettext = catalogue(reader.language).ngettext
    rest = job.total - job.changed - job.same - job.left if job.state in ("stopped", "undone") else 0
    said = [
        (job.changed, ngettext("%(number)s was changed.", "%(number)s were changed.", job.changed)),
        (job.same, ngettext("%(number)s was like that already.", "%(number)s were like that already.", job.same)),
        (job.left, ngettext("%(number)s was left as it is.", "%(number)s were left as they are.", job.left)),
        (rest, ngettext("%(number)s was not touched.", "%(number)s were not touched.", rest)),
        (job.back, ngettext("%(number)s stands as before again.", "%(number)s stand as before again.", job.back)),
        (job.kept, ngettext("%(number)s could not be taken back.", "%(number)s could not be taken back.", job.kept)),
    ]
    return [text % {"number": reader.number(number)} for number, text in said if number]
