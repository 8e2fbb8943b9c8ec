"""What macros and rules do to a conversation: a list of deeds as JSON, done one after the other.

An action is `{"do": …, "value": …}`. Everything goes through the verbs that people use, so that it is shown and kept in
the audit trail the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlmodel import Session

from core import bulk, db, outbox
from core.errors import Rejected
from core.event import Visibility
from inbox import desk, drafts, notes, notices, replies, saved, sharing, stood, workers
from inbox.conditions.tree import ME, NOBODY, PRIORITIES, TYPES
from inbox.fields import values
from inbox.models import Account, Conversation, Identity, SavedReply
from inbox.notices import Notice
from inbox.team_models import Team

MOST = 10
LONGEST = 5_000
HOURS = 24 * 365
MACRO = (
    "assign", "team", "tag", "untag", "priority", "type", "field", "state", "snooze", "note", "draft", "case",
)  # fmt: skip
"""What a macro can do."""
RULE = (
    "assign", "team", "tag", "untag", "priority", "type", "field", "state", "snooze", "note", "reply", "reply_private",
    "case", "webhook", "notify",
)  # fmt: skip
"""What a rule can do."""
BACK = (*MACRO, "restore")
"""What takes a macro back."""
STATES = ("open", "closed", "spam")
WORDS: dict[str, tuple[str, ...]] = {"priority": PRIORITIES, "type": (*TYPES, NOBODY), "state": STATES}
"""Deeds that take one of some words."""

NO_ACTIONS = "Say what is to be done: at least one deed."
TOO_MANY = "At most ten deeds are done at once."
NO_DEED = "There is no such deed."
NO_VALUE = "Say with what: a deed is not complete."
BAD_VALUE = "This deed cannot be done with that value."
GONE = "The saved reply of this deed is gone."
NO_TEAM = "The team of this deed is gone."
NO_ENDPOINT = "The webhook of this deed is gone."
UNTOLD = "There is nobody who could be told."
REFUSALS = (NO_ACTIONS, TOO_MANY, NO_DEED, NO_VALUE, BAD_VALUE, GONE, NO_TEAM, NO_ENDPOINT, UNTOLD)


@dataclass(frozen=True, slots=True)
class Action:
    """One deed with what it is done with."""

    do: str
    value: str = ""

    def written(self) -> dict[str, str]:
        """As JSON."""
        return {"do": self.do, "value": self.value} if self.value else {"do": self.do}


@dataclass(frozen=True, slots=True)
class Done:
    """Whether it changed anything, and the deed that takes it back, where there is one."""

    changed: bool
    back: Action | None = None
    waits: bool = False
    """Somebody has to approve it first."""


def read(raw: Any, kinds: Collection[str]) -> list[Action]:
    """Deeds out of JSON; Rejected with what is wrong."""
    if not isinstance(raw, list) or not raw:
        raise Rejected(NO_ACTIONS)
    if len(raw) > MOST:
        raise Rejected(TOO_MANY)
    return [action(one, kinds) for one in raw]


def action(raw: Any, kinds: Collection[str]) -> Action:
    """One deed; Rejected with what is wrong."""
    do = raw.get("do") if isinstance(raw, dict) else None
    if not isinstance(do, str) or do not in kinds:
        raise Rejected(NO_DEED)
    given = raw.get("value")
    value = db.sound(str(given) if isinstance(given, str | int) and not isinstance(given, bool) else "").strip()
    if do == "case":
        return Action(do)
    if not value:
        raise Rejected(NO_VALUE)
    if not _fits(do, value):
        raise Rejected(BAD_VALUE)
    return Action(do, value)


def _fits(do: str, value: str) -> bool:
    if do in WORDS:
        return value in WORDS[do]
    if do == "assign":
        return re.fullmatch(rf"{ME}|{NOBODY}|user:[1-9][0-9]{{0,14}}", value) is not None
    if do == "notify":
        return re.fullmatch(rf"{notices.ASSIGNEE}|(user|team):[1-9][0-9]{{0,14}}", value) is not None
    if do == "field":
        return re.fullmatch(r"[1-9][0-9]{0,14}=.{0,500}", value) is not None
    if do == "restore":
        return re.fullmatch(r"open|pending|answered|closed|spam|snoozed(_[0-9]{1,11})?", value) is not None
    if do in ("team", "draft", "snooze", "webhook"):
        number = re.fullmatch(r"[1-9][0-9]{0,14}", value) is not None
        return (number and (do != "snooze" or int(value) <= HOURS)) or (do == "team" and value == NOBODY)
    return len(value) <= (desk.TAG if do in ("tag", "untag") else LONGEST)


def settled(session: Session, deeds: Sequence[Action]) -> list[Action]:
    """Deeds as they are kept; Rejected where a custom field does not hold what it is to be filled with."""
    return [Action(one.do, values.settled(session, one.value)) if one.do == "field" else one for one in deeds]


# --- doing ----------------------------------------------------------------------------------------------


def act(session: Session, conversation_id: int, one: Action, actor: str, kept: str = "") -> Done:
    """Do one deed in the caller's transaction; Rejected says why it cannot be done.

    `kept` marks what must happen once although it has no state of its own: a reply is queued once for it.
    """
    row = session.get(Conversation, conversation_id, populate_existing=True)
    if row is None:
        raise Rejected(f"There is no conversation {conversation_id}.")
    if one.do in ("assign", "team", "priority", "type", "tag", "untag"):
        return _set(session, row, one, actor)
    if one.do in _OWN:
        return _OWN[one.do](session, row, one.value, actor)
    if one.do == "note":
        notes.add(session, conversation_id=conversation_id, author=actor, text=filled(session, row, one.value, actor))
    elif one.do == "draft":
        _draft(session, row, int(one.value), actor)
    elif one.do == "notify":
        return Done(_tell(session, conversation_id, one.value, actor, kept))
    elif one.do == "case":
        outbox.emit(session, "case.wanted", [(str(row.id), {"conversation_id": row.id, "actor": actor})])
    elif one.do == "webhook":
        if not bulk.fetch(session, "SELECT 1 FROM webhook_endpoint WHERE id = ?", int(one.value), prepared=True):
            raise Rejected(NO_ENDPOINT)
        told = {"conversation_id": row.id, "endpoint_id": int(one.value), "actor": actor}
        outbox.emit(session, "webhook.wanted", [(kept, told)])
    else:
        within: Visibility | None = "private" if one.do == "reply_private" else None
        text = filled(session, row, one.value, actor)
        queued = replies.queue(session, conversation_id, text, author=actor, visibility=within, key=kept or None)
        return Done(True, waits=queued.state == "submitted")
    return Done(True)


def _tell(session: Session, conversation_id: int, target: str, actor: str, reason: str) -> bool:
    who = set(notices.people(session, target, conversation_id)) - workers.all_shut_out(session)
    if not who:
        raise Rejected(UNTOLD)
    return notices.add(session, [Notice(each, "rule", conversation_id, reason, actor) for each in sorted(who)]) > 0


def _set(session: Session, row: Conversation, one: Action, actor: str) -> Done:
    number = row.id or 0
    wanted = {NOBODY: "", ME: actor}.get(one.value, one.value)
    if one.do == "assign":
        back = Action("assign", row.assignee or NOBODY)
        return _with(desk.assign(session, number, wanted, actor), back)
    if one.do == "team":
        if wanted and session.get(Team, int(wanted)) is None:
            raise Rejected(NO_TEAM)
        back = Action("team", str(row.team_id or NOBODY))
        return _with(desk.set_team(session, number, int(wanted) if wanted else None, actor), back)
    if one.do == "priority":
        return _with(desk.set_priority(session, number, one.value, actor), Action("priority", row.priority))
    if one.do == "type":
        return _with(desk.set_type(session, number, wanted, actor), Action("type", row.type or NOBODY))
    if one.do == "tag":
        return _with(desk.tag(session, number, one.value, actor), Action("untag", one.value))
    return _with(desk.untag(session, number, one.value, actor), Action("tag", one.value))


def _with(changed: bool, back: Action) -> Done:
    return Done(changed, back if changed else None)


def _state(session: Session, row: Conversation, state: str, actor: str) -> Done:
    opened = row.state == "pending" and state == "open"
    back = Action("restore", "answered" if opened else stood.written(row))
    return _with(desk.set_state(session, row.id or 0, state, actor), back)


def _snooze(session: Session, row: Conversation, hours: str, actor: str) -> Done:
    back = Action("restore", stood.written(row))
    return _with(desk.snooze(session, row.id or 0, db.now() + timedelta(hours=int(hours)), actor), back)


def _restore(session: Session, row: Conversation, was: str, actor: str) -> Done:
    number, (state, until), back = row.id or 0, stood.read(was), Action("restore", stood.written(row))
    if state == "answered":  # it was opened, and nobody waits
        return _with(desk.answered(session, number, actor), Action("state", "open"))
    if row.state not in ("open", "pending"):
        return _with(desk.restore(session, number, state, until, actor), back)
    if state in ("closed", "spam"):  # it was opened
        return _with(desk.set_state(session, number, state, actor), back)
    if state == "snoozed" and until is not None and until > db.now():
        return _with(desk.snooze(session, number, until, actor), back)
    return Done(False)


def _fill(session: Session, row: Conversation, what: str, actor: str) -> Done:
    number, _, typed = what.partition("=")
    stood = values.put(session, row.id or 0, int(number), typed, actor)
    return _with(stood is not None, Action("field", f"{number}={stood}"))


_OWN: Mapping[str, Callable[[Session, Conversation, str, str], Done]] = {
    "state": _state, "snooze": _snooze, "field": _fill, "restore": _restore,
}  # fmt: skip


def _draft(session: Session, row: Conversation, reply_id: int, actor: str) -> None:
    """The saved reply, filled in, stands in the box; what was begun there stays below it."""
    kept = session.get(SavedReply, reply_id)
    if kept is None or not sharing.visible(session, kept.made_by, kept.shared, actor):
        raise Rejected(GONE)
    account = session.get(Account, row.account_id)
    language = saved.language(kept.texts, [row.language, account.language if account is not None else ""])
    text = filled(session, row, kept.texts[language], actor)
    begun = drafts.of(session, actor, row.id or 0)
    if begun is not None and text in begun.text:
        return
    both = f"{text}\n\n{begun.text}" if begun is not None else text
    answered = "private" if row.private else "public"
    drafts.save(session, actor, row.id or 0, begun.kind if begun is not None else answered, both)


def filled(session: Session, row: Conversation, text: str, actor: str) -> str:
    """A text with its places filled in, as far as they are known here; nobody stands where a rule writes."""
    person = session.get(Identity, row.identity_id) if row.identity_id is not None else None
    account = session.get(Account, row.account_id)
    name = person.name if person is not None else ""
    values = {
        "name": name or (person.handle if person is not None else ""),
        "first_name": saved.first_name(name),
        "agent": workers.name(session, actor),
        "account": account.handle if account is not None else "",
        "number": str(row.id),
    }
    return saved.fill(text, values)


def all_of(session: Session, conversation_id: int, deeds: Sequence[Action], actor: str) -> list[Action]:
    """Do them in order, all or none; returns what takes them back, in its order."""
    return back(each(session, conversation_id, deeds, actor))


def each(session: Session, conversation_id: int, deeds: Sequence[Action], actor: str) -> list[Done]:
    """Do them in order, all or none; what became of each."""
    return [act(session, conversation_id, one, actor) for one in deeds]


def back(done: Sequence[Done]) -> list[Action]:
    """What takes deeds back, in its order."""
    return [one.back for one in reversed(done) if one.back is not None]
