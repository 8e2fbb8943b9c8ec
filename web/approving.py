"""Approvals for people: who is told of a submitted reply, and what its card in the thread says."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session

from connectors.capabilities import BY_NAME
from connectors.lengths import length
from core import db
from core.outbox import DONE, Item, Outcome
from inbox import approvals, notices, submissions, teams, visibility
from inbox.approval_models import Approval
from inbox.models import Account, Message, ReplyRow
from inbox.notices import Notice
from inbox.worker_models import Role, User
from web import composer, kept, roles
from web.i18n import N_
from web.reader import Reader

NOBODY = N_("nobody: they leave by themselves")
ANYBODY = N_("whoever may approve")
_PIECES = re.compile(r"\s+|\w+|[^\w\s]")
Pieces = Sequence[tuple[str, str]]
"""(same, gone or new; text)."""


# --- who is told ----------------------------------------------------------------------------------------


def tell(items: list[Item]) -> Outcome:
    """approval.asked: everybody who may decide and sees the conversation is told, once for each submission."""
    found: list[Notice] = []
    with db.read() as session:
        for item in items:
            row = session.get(Approval, int(item.payload["reply_id"]))
            if row is not None and row.state == "submitted":
                found += _notices(session, row)
    if not found:
        return DONE

    def write(session: Session) -> None:
        a = db.table(Approval)
        rows = session.scalars(sa.select(Approval).where(a.c.state == "submitted"))
        still = {submissions.asking(row) for row in rows}
        notices.add(session, [one for one in found if one.reason in still])

    return Outcome(write)


def _notices(session: Session, row: Approval) -> list[Notice]:
    reply = session.get(ReplyRow, row.reply_id)
    if reply is None:
        return []
    reason, number = submissions.asking(row), reply.conversation_id
    return [Notice(who, "approval", number, reason, row.submitted_by) for who in approvers(session, row, number)]


def approvers(session: Session, row: Approval, conversation_id: int) -> list[str]:
    """Who may decide about it."""
    found = []
    for user in holders(session):
        who = f"user:{user.id}"
        if approvals.asked(row, who, approvals.teams_of(session, who)) and visibility.of(
            session, roles.sight(session, user), [conversation_id]
        ):
            found.append(who)
    return found


def holders(session: Session) -> list[User]:
    """Everybody whose role approves, by name."""
    u = db.table(User)
    query = sa.select(User).select_from(u).outerjoin(db.table(Role), kept.of_user())
    query = query.where(u.c.disabled.is_(False), roles.may("replies.approve"))
    return list(session.scalars(query.order_by(u.c.name, u.c.id)))


def choices(session: Session, reader: Reader) -> list[tuple[str, str]]:
    """Who can be asked to approve what an account sends: nobody, whoever may, one of them, a team."""
    people = [(f"user:{one.id}", one.name) for one in holders(session)]
    groups = [(f"team:{number}", name) for number, name in teams.names(session)]
    fixed = [("", reader.words(NOBODY)), (submissions.ANYBODY, reader.words(ANYBODY))]
    return [*fixed, *people, *groups]


def why(reader: Reader, asked: str) -> str:
    """Why somebody has to approve what this reader sends: role, asked, or empty."""
    return "role" if not reader.may("replies.send") else "asked" if asked else ""


# --- the card -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Card:
    """A reply that was submitted or rejected, as its reader sees it."""

    row: Approval
    mark: str
    """What stood in the conversation when the card was drawn."""
    decides: bool
    mine: bool
    """The reader wrote it."""
    wrote: int
    """Messages that came since it was submitted."""
    others: int
    """Other replies to the same conversation that wait."""
    late: bool
    """Its moment has passed."""
    length: int
    limit: int
    """Characters on its platform; 0 when nobody knows."""
    changes: Pieces = ()
    """From what was submitted to what it is now."""
    typed: str | None = None
    """What the approver had changed, after a refusal."""
    reason: str = ""
    problem: str = ""

    @property
    def version(self) -> str:
        """Changes with what the card shows."""
        return f"{self.row.state}-{self.mark}-{self.late}-{self.decides}-{self.row.submitted_at.timestamp()}"


def cards(session: Session, rows: Sequence[ReplyRow], account: Account, reader: Reader) -> dict[int, Card]:
    """The cards of those replies of one conversation that were submitted, by reply."""
    asked = [one for one in rows if one.state in ("submitted", "rejected")]
    if not asked:
        return {}
    found = approvals.of_replies(session, [one.id or 0 for one in asked])
    groups = approvals.teams_of(session, reader.actor) if reader.may("replies.approve") else set()
    mark = approvals.mark(session, asked[0].conversation_id)
    waiting = sum(one.state in ("submitted", "queued", "sending", "held") for one in rows)
    return {
        number: _card(session, reply, found[number], account, reader, groups, mark, waiting)
        for reply in asked
        if (number := reply.id or 0) in found
    }


def _card(
    session: Session, reply: ReplyRow, row: Approval, account: Account, reader: Reader, groups: set[str], mark: str,
    waiting: int,
) -> Card:  # fmt: skip
    open_, platform = row.state == "submitted", BY_NAME.get(account.platform)
    kind = "private" if reply.visibility == "private" else "public"
    return Card(
        row=row,
        mark=mark,
        decides=open_ and reader.may("replies.approve") and approvals.asked(row, reader.actor, groups),
        mine=row.submitted_by == reader.actor,
        wrote=_wrote(session, reply) if open_ else 0,
        others=waiting - 1 if open_ else 0,
        late=open_ and row.planned_at is not None and row.planned_at <= db.now(),
        length=length(reply.text, platform.counting if platform is not None else ""),
        limit=composer.limits(platform, account).get(kind, 0),
        changes=changes(row.text, reply.text),
    )


def _wrote(session: Session, reply: ReplyRow) -> int:
    m = db.table(Message)
    query = sa.select(sa.func.count()).where(
        m.c.conversation_id == reply.conversation_id, m.c.direction == "inbound", m.c.id > reply.after_id,
        m.c.origin != "context",
    )  # fmt: skip
    return int(session.scalar(query) or 0)


def changes(before: str, after: str) -> Pieces:
    """What was changed, word by word; nothing when it is the same."""
    if before.strip() == after.strip():
        return ()
    old, new = _PIECES.findall(before), _PIECES.findall(after)
    found: list[tuple[str, str]] = []
    for what, left, right, start, end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        sides = [("same", old[left:right])] if what == "equal" else [("gone", old[left:right]), ("new", new[start:end])]
        found += [(kind, "".join(words)) for kind, words in sides if words]
    return found


def decided(session: Session, details: Mapping[int, Mapping[str, object]]) -> dict[int, Pieces]:
    """What approvers changed, by activity: {activity: its detail}."""
    numbers = {one: int(str(detail.get("reply") or 0)) for one, detail in details.items() if detail.get("edited")}
    if not numbers:
        return {}
    found, r = approvals.of_replies(session, list(numbers.values())), db.table(ReplyRow)
    rows = session.execute(sa.select(r.c.id, r.c.text).where(r.c.id.in_(sorted(numbers.values()))))
    texts = {row.id: row.text for row in rows}
    return {one: changes(found[number].text, texts[number]) for one, number in numbers.items() if number in found}
