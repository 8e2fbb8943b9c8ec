"""What was done to a conversation, as one sentence each in the reader's language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from inbox.models import Activity
from web.i18n import N_
from web.reader import Reader

SENTENCES: dict[str, tuple[str, str]] = {
    "assigned": ("user", N_("%(actor)s gave this to %(name)s")),
    "took": ("user", N_("%(actor)s takes care of this")),
    "unassigned": ("user", N_("%(actor)s gave this back: nobody takes care of it")),
    "tagged": ("tag", N_("%(actor)s added the tag “%(tag)s”")),
    "untagged": ("tag", N_("%(actor)s removed the tag “%(tag)s”")),
    "closed": ("check", N_("%(actor)s closed this")),
    "reopened": ("undo", N_("%(actor)s opened this again")),
    "reopened-by-message": ("undo", N_("A new message opened this again")),
    "snoozed": ("clock", N_("%(actor)s put this away until %(moment)s")),
    "woke": ("clock", N_("The time to come back has come")),
    "woke-by-message": ("clock", N_("A new message brought this back")),
    "case": ("link", N_("%(actor)s opened a Salesforce Case for this")),
    "case-deleted": ("link", N_("The Salesforce Case of this was deleted there")),
    "comment-refused": ("warn", N_("A comment in Salesforce was not sent: %(reason)s")),
    "spam": ("bin", N_("%(actor)s marked this as spam")),
}
"""What → icon and sentence."""
OTHER = ("bolt", N_("%(actor)s changed this"))


def sentence(activity: Activity, name: Callable[[str], str], reader: Reader) -> tuple[str, str]:
    """Icon and sentence; `name` puts an actor in words."""
    what, detail = activity.what, activity.detail
    if detail.get("by") == "message":
        what = f"{what}-by-message"
    elif what == "assigned" and detail.get("assignee") == activity.actor:
        what = "took"
    icon, text = SENTENCES.get(what, OTHER)
    return icon, reader.words(
        text,
        actor=name(activity.actor),
        name=name(str(detail.get("assignee") or "")),
        tag=detail.get("tag", ""),
        reason=reader.words(str(detail["reason"])) if detail.get("reason") else "",
        moment=_moment(detail.get("until"), reader),
    )


def _moment(text: object, reader: Reader) -> str:
    try:
        return reader.short(datetime.fromisoformat(str(text)))
    except ValueError:
        return "?"
