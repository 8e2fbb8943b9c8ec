"""What was done to a conversation, as one sentence each in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from inbox.fields.kinds import Definition
from inbox.models import Activity
from web import casework, field_words, promises, survey_words, words
from web.i18n import N_
from web.reader import Reader

SENTENCES: dict[str, tuple[str, str]] = {
    "assigned": ("user", N_("%(actor)s gave this to %(name)s")),
    "took": ("user", N_("%(actor)s takes care of this")),
    "unassigned": ("user", N_("%(actor)s gave this back: nobody takes care of it")),
    "tagged": ("tag", N_("%(actor)s added the tag “%(tag)s”")),
    "untagged": ("tag", N_("%(actor)s removed the tag “%(tag)s”")),
    "teamed": ("people", N_("%(actor)s gave this to the team %(team)s")),
    "unteamed": ("people", N_("%(actor)s took this from its team")),
    "prioritised": ("sort", N_("%(actor)s set this to: %(priority)s")),
    "typed": ("tag", N_("%(actor)s set the type %(type)s")),
    "untyped": ("tag", N_("%(actor)s took the type away")),
    "sla-warned": ("clock", N_("%(promise)s: due %(moment)s")),
    "sla-breached": ("warn", N_("%(promise)s: was due %(moment)s, the promise is broken")),
    "closed": ("check", N_("%(actor)s closed this")),
    "reopened": ("undo", N_("%(actor)s opened this again")),
    "reopened-by-message": ("undo", N_("A new message opened this again")),
    "snoozed": ("clock", N_("%(actor)s snoozed this until %(moment)s")),
    "woke": ("clock", N_("The time to come back has come")),
    "woke-by-message": ("clock", N_("A new message brought this back")),
    "case": ("link", N_("%(actor)s opened a Salesforce Case for this")),
    "case-deleted": ("link", N_("The Salesforce Case of this was deleted there")),
    "comment-refused": ("warn", N_("A comment in Salesforce was not sent: %(reason)s")),
    "case-refused": ("warn", N_("%(actor)s asked for a Salesforce Case: %(reason)s")),
    "surveyed": ("smile", N_("The customer answered the survey")),
    "survey-unsent": ("smile", N_("%(actor)s was not sent: %(reason)s")),
    "filled": ("text", N_("%(actor)s filled in %(field)s: %(value)s")),
    "emptied": ("text", N_("%(actor)s emptied %(field)s")),
    "submitted": ("clock", N_("%(actor)s submitted a reply for approval")),
    "approved": ("check", N_("%(actor)s approved the reply of %(author)s")),
    "approved-edited": ("check", N_("%(actor)s changed and approved the reply of %(author)s")),
    "rejected": ("x", N_("%(actor)s did not approve the reply of %(author)s: %(reason)s")),
    "recalled": ("undo", N_("%(actor)s recalled a reply")),
    "forwarded": ("send", N_("%(actor)s forwarded this by e-mail to %(address)s")),
    "merged": ("link", N_("%(actor)s merged No. %(number)s (%(platform)s) into this")),
    "split": ("link", N_("%(actor)s split No. %(number)s (%(platform)s) off")),
    "split-from": ("share", N_("%(actor)s split No. %(number)s off from a message on")),
    "split-off": ("share", N_("%(actor)s split this off No. %(number)s")),
    "split-off-by-message": (
        "share",
        N_("They wrote long after No. %(number)s was closed: this is a new one"),
    ),
    "split-from-by-message": ("share", N_("They wrote long after this was closed: it goes on in No. %(number)s")),
    "split-back": ("undo", N_("%(actor)s took the split back: No. %(number)s goes on here")),
    "spam": ("bin", N_("%(actor)s marked this as spam")),
}
"""What → icon and sentence."""
_SET = {"teamed": "team_id", "typed": "type"}
OTHER = ("bolt", N_("%(actor)s changed this"))


def sentence(
    activity: Activity, name: Callable[[str], str], reader: Reader, teams: Mapping[int, str],
    fields: Mapping[int, Definition],
) -> tuple[str, str]:  # fmt: skip
    """Icon and sentence; `name` puts an actor in words, `teams` and `fields` are those there are."""
    what, detail = activity.what, activity.detail
    if detail.get("by") == "message":
        what = f"{what}-by-message"
    elif what == "assigned" and detail.get("assignee") == activity.actor:
        what = "took"
    elif what == "approved" and detail.get("edited"):
        what = "approved-edited"
    elif (what, detail.get(_SET.get(what, ""))) in (("teamed", None), ("typed", "")):
        what = f"un{what}"
    elif what == "filled" and not detail.get("value"):
        what = "emptied"
    field = fields.get(detail.get("field") or 0)
    icon, text = SENTENCES.get(what, OTHER)
    return icon, reader.words(
        text,
        actor=name(activity.actor),
        name=name(str(detail.get("assignee") or "")),
        address=str(detail.get("to") or ""),
        author=name(str(detail.get("author") or "")),
        tag=detail.get("tag", ""),
        team=teams.get(detail.get("team_id") or 0, "?"),
        priority=reader.words(casework.PRIORITIES.get(str(detail.get("priority")), ("", "?"))[1]),
        type=reader.words(casework.TYPES.get(str(detail.get("type")), "?")),
        number=str(detail.get("other", "")),
        platform=words.platform(str(detail.get("platform", ""))) if detail.get("platform") else "",
        field=field.name(reader.language) if field is not None else "?",
        value=field_words.shown(field, str(detail.get("value") or ""), reader) if field is not None else "?",
        reason=_reason(str(detail.get("reason") or ""), reader),
        moment=_moment(detail.get("until") or detail.get("due"), reader),
        promise=reader.words(promises.KINDS.get(str(detail.get("kind")), "?")),
    )


def _reason(text: str, reader: Reader) -> str:
    return reader.words(survey_words.REASONS.get(text, text)) if text else ""


def _moment(text: object, reader: Reader) -> str:
    try:
        return reader.short(datetime.fromisoformat(str(text)))
    except ValueError:
        return "?"
