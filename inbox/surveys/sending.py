"""Who is asked, and when: a closing becomes an invitation, and an invitation a reply, each of them once.

    closed ──► waiting ──► sent         handed to replies, in one transaction
                  ├──────► unsent       with the reason
                  └──────► withdrawn    it was opened again meanwhile

What a closing leads to is decided when the waiting is over: by then it may be open again, or the person asked already.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session

from core import crypto, db, outbox, turns
from core.errors import Rejected
from core.event import Visibility
from core.outbox import DONE, Item, Outcome
from core.settings import settings
from core.turns import Turn
from inbox import activities, consent, replies, saved
from inbox.conditions import known, predicate
from inbox.conditions.tree import Asker
from inbox.models import Account, Activity, Conversation, Identity, Message, ReplyRow
from inbox.surveys import store
from inbox.surveys.models import Survey, SurveyInvitation

PURPOSE = "survey"
REASONS = ("off", "consent", "lately", "nobody", "window", "public", "closed", "address", "long")
"""Why nothing was sent: the survey was switched off; the purpose is, or they object; they were asked lately; nobody
is known; the platform's time to answer is over; there is no private way; the platform or account takes no replies;
no public address is set; the text is too long."""
SHOWN = ("window", "public", "closed", "address", "long")
"""Those that the thread shows: somebody can do something about them."""
NEVER_CAME = ("failed", "cancelled")
"""Whoever was sent an invitation in such a reply was not asked."""
ARRIVES = timedelta(seconds=30)
"""After its moment an answer stands on its platform."""
BY_PEOPLE = re.compile(r"user:[0-9]+|cli")


@dataclass(frozen=True, slots=True)
class Way:
    """How an invitation can leave: in private or in public, and how long it may be; or why it cannot."""

    visibility: Visibility = "private"
    fits: Callable[[str], bool] = lambda text: True
    reason: str = ""


Ways = Callable[[Account, Conversation, Message, bool], Way]
"""Decides for an account, its conversation, the message that is answered, and whether public is allowed."""


def digest(token: str) -> str:
    """A link's token as it is stored."""
    return hmac.new(crypto.salt(), f"survey:{token}".encode(), hashlib.sha256).hexdigest()


# --- closings → invitations -------------------------------------------------------------------------------


def on_activity(items: list[Item]) -> Outcome:
    """activity.recorded: what people closed is asked about, by the first survey that fits; opened again, it is not."""
    given = (item.payload["activity_id"] for item in items)
    numbers = sorted({int(one) for value in given for one in (value if isinstance(value, list) else [value])})
    with db.read() as session:
        a = db.table(Activity)
        wanted = (a.c.id.in_(numbers), a.c.what == "closed")
        closings = list(session.scalars(sa.select(Activity).where(*wanted).order_by(a.c.id)))
        ready = [one for one in store.every(session) if one.enabled] if closings else []
        found = [(one, survey) for one in closings if (survey := _fitting(session, ready, one)) is not None]
    if not found:
        return DONE

    def write(session: Session) -> None:
        for closing, survey in found:
            _invite(session, closing, survey)

    return Outcome(write)


def _fitting(session: Session, ready: list[Survey], closing: Activity) -> Survey | None:
    if not BY_PEOPLE.fullmatch(closing.actor):
        return None
    for one in ready:
        if closing.at < one.since:
            continue
        group = store.group(one)
        talks = known.read(session, [closing.conversation_id], group)
        if talks and predicate.holds(group, talks[0], Asker("", db.now())):
            return one
    return None


def _invite(session: Session, closing: Activity, survey: Survey) -> None:
    i = db.table(SurveyInvitation)
    talk = session.get(Conversation, closing.conversation_id)
    if talk is None or session.get(Activity, closing.id) is None:
        return
    row = {
        "survey_id": survey.id, "conversation_id": talk.id, "identity_id": talk.identity_id, "closing": closing.id,
        "actor": closing.actor, "state": "waiting", "reason": "", "language": "", "made_at": db.now(),
    }  # fmt: skip
    made = session.execute(db.upsert(SurveyInvitation).on_conflict_do_nothing().returning(i.c.id), row).scalar()
    if made is not None:
        due = max(closing.at + timedelta(minutes=survey.delay), _answered(session, talk.id or 0))
        outbox.emit(session, "survey.due", [(str(made), {"invitation_id": made})], due_at=due)


def _answered(session: Session, conversation_id: int) -> datetime:
    """When the answers that are about to leave stand on their platform: nobody is asked before."""
    r, moment = db.table(ReplyRow), db.now()
    waiting = (r.c.conversation_id == conversation_id, r.c.state == "queued", r.c.send_at <= moment + replies.PUT_OFF)
    people = ~r.c.author.startswith("survey:")
    last = session.scalar(sa.select(sa.func.max(r.c.send_at)).where(*waiting, people))
    return last + ARRIVES if last is not None else moment


# --- invitations → replies --------------------------------------------------------------------------------


def send(session: Session, invitation_id: int, ways: Ways) -> None:
    """Decide one invitation that is due; what was decided before stays so.

    One transaction at a time does that: of two for the same person the second sees that the first was sent.
    """
    turns.take(session, Turn.SURVEYS)
    i = db.table(SurveyInvitation)
    query = sa.select(SurveyInvitation).where(i.c.id == invitation_id).with_for_update()
    row = session.scalars(query).first()
    if row is None or row.state != "waiting":
        return
    talk = session.get(Conversation, row.conversation_id)
    survey = session.get(Survey, row.survey_id)
    if talk is None or survey is None:
        return
    if talk.state != "closed" or not _newest(session, row):
        row.state = "withdrawn"
    else:
        reason = _against(session, row, survey) or _hand_over(session, row, survey, talk, ways)
        row.state, row.reason = ("unsent", reason) if reason else ("sent", "")
        if reason in SHOWN:
            detail = {"invitation": row.id, "reason": reason}
            activities.record(session, {row.conversation_id: "survey-unsent"}, f"survey:{survey.id}", detail)
    session.add(row)
    session.flush()


def _newest(session: Session, row: SurveyInvitation) -> bool:
    """Nobody opened and closed it again since."""
    a = db.table(Activity)
    later = (a.c.conversation_id == row.conversation_id, a.c.what == "closed", a.c.id > row.closing)
    return session.execute(sa.select(a.c.id).where(*later).limit(1)).first() is None


def _against(session: Session, row: SurveyInvitation, survey: Survey) -> str:
    """Why this person is not asked now; empty when nothing speaks against it."""
    if not survey.enabled:
        return "off"
    person = session.get(Identity, row.identity_id) if row.identity_id is not None else None
    if person is None or person.ours or person.bot:
        return "nobody"
    if not consent.may(session, person.id or 0, PURPOSE):
        return "consent"
    i, n, r = db.table(SurveyInvitation), db.table(Identity), db.table(ReplyRow)
    whole = n.c.id == person.id if person.contact_id is None else n.c.contact_id == person.contact_id
    lately = (i.c.state == "sent", i.c.sent_at > db.now() - timedelta(days=survey.rest))
    asked = (
        sa.select(i.c.id).outerjoin(r, r.c.id == i.c.reply_id).where(~sa.func.coalesce(r.c.state, "").in_(NEVER_CAME))
    )
    asked = asked.where(i.c.identity_id.in_(sa.select(n.c.id).where(whole)), *lately)
    return "lately" if session.execute(asked.limit(1)).first() is not None else ""


def _hand_over(session: Session, row: SurveyInvitation, survey: Survey, talk: Conversation, ways: Ways) -> str:
    """Queue the reply with the link; empty, or why it cannot be sent."""
    account, answered = session.get(Account, talk.account_id), replies.answerable(session, talk.id or 0)
    if account is None or answered is None:
        return "closed"
    way = ways(account, talk, answered, survey.public)
    base = settings().public_url.rstrip("/")
    if way.reason or not base:
        return way.reason or "address"
    token, moment = secrets.token_urlsafe(18), db.now()
    language = saved.language(survey.texts, [talk.language, account.language])
    text = invitation(survey.texts[language], f"{base}/s/{token}")
    if not way.fits(text):
        return "long"
    try:
        reply = replies.queue(
            session, talk.id or 0, text, author=f"survey:{survey.id}", visibility=way.visibility, undo_seconds=0,
            key=f"survey:{row.id}", answers=answered.key,
        )  # fmt: skip
    except Rejected:
        return "closed"
    row.reply_id, row.language, row.digest, row.sent_at = reply.id, language, digest(token), moment
    row.expires_at = moment + timedelta(days=survey.valid)
    return ""


def invitation(texts: Mapping[str, str], link: str) -> str:
    """The text that is sent, with the link in its places."""
    return store.LINK.sub(lambda found: link + (f"?v={found[1]}" if found[1] else ""), texts["invitation"])


# --- what became of them ----------------------------------------------------------------------------------


def of_survey(session: Session, survey_id: int, before: int = 0, limit: int = 50) -> list[SurveyInvitation]:
    """Whom a survey asked or not, the newest first; `before` goes on after the one of that number."""
    i = db.table(SurveyInvitation)
    query = sa.select(SurveyInvitation).where(i.c.survey_id == survey_id, *([i.c.id < before] if before else []))
    return list(session.scalars(query.order_by(i.c.id.desc()).limit(limit)))


def counts(session: Session) -> dict[int, dict[str, int]]:
    """{survey: {state: how many}}."""
    i = db.table(SurveyInvitation)
    found: dict[int, dict[str, int]] = {}
    query = sa.select(i.c.survey_id, i.c.state, sa.func.count()).group_by(i.c.survey_id, i.c.state)
    for number, state, count in session.execute(query):
        found.setdefault(number, {})[state] = count
    return found
