"""One mail per person and period with what is unread: made by the clock, sent by the outbox, at most once.

due     clock job: for whom a period has ended, one row of `digest` with its notifications, and the letter, at once
send    outbox handler: the mail; before its text goes out the row says so, so that one that was cut off there is
        never repeated. What it was about comes with the next mail as long as it is unread: nothing is lost.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import partial
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlmodel import Session

from core import db, log, mail, outbox
from core.errors import NotConfigured, Rejected, TryLater, Unknown
from core.outbox import Item, OutboxRow, Outcome
from core.settings import settings
from inbox import notices, visibility
from inbox.notice_models import Notification, NotificationChoice
from inbox.worker_models import User
from web import i18n, reader, render, roles
from web.i18n import N_
from web.notices import clock, listing
from web.notices.models import Digest
from web.reader import Reader
from web.supervisor import web_url

EVERY = 10.0
"""Seconds between two looks of one process."""
AT_ONCE = 200
LISTED = 50
KEPT = timedelta(days=90)
TOPIC = "digest.due"
MAILS = ("web.notices.mail.send", "web.notices.letters.send", "web.forwarding.send")
"""Subscribers that send mails."""
TIMES = N_("Times in this mail are in the time zone UTC.")
ZONED = N_("%(moment)s, time zone UTC")
"""For whoever has no time zone yet, since they never signed in."""
TRIES = 3
"""So often a mail was tried before anybody is told that mails do not go: a server may be away for a moment."""

logger = log.get("web.mail")
_looked = [0.0]


@dataclass(frozen=True)
class Addressee:
    """Somebody for whom a mail may be due, and since when something waits for it."""

    user: User
    choice: NotificationChoice
    oldest: datetime


# --- making ---------------------------------------------------------------------------------------------


def due() -> int:
    """Clock job: make the mails whose period has ended; returns how many."""
    moment = time.monotonic()
    if not mail.is_set_up() or moment - _looked[0] < EVERY:
        return 0
    _looked[0] = moment
    return make(db.now())


def make(now: datetime) -> int:
    """The mails that are due at a moment; asking again for the same period makes none."""
    with db.read() as session:
        wanted = [(one, edge) for one in _waiting(session) if (edge := _edge(one, now)) and one.oldest < edge]
    if not wanted:
        return 0
    with db.write() as session:
        return sum(_make(session, one, edge, now) for one, edge in wanted[:AT_ONCE])


def _waiting(session: Session) -> list[Addressee]:
    n, u = db.table(Notification), db.table(User)
    query = (
        sa.select(n.c.who, sa.func.min(n.c.at).label("oldest"))
        .where(n.c.mail == 1, n.c.read_at.is_(None))
        .group_by(n.c.who)
    )
    oldest = {who: at for who, at in session.execute(query)}
    numbers = [int(one[5:]) for one in oldest]
    users = session.scalars(sa.select(User).where(u.c.id.in_(numbers), u.c.disabled.is_(False)))
    return [Addressee(one, notices.choice(session, f"user:{one.id}"), oldest[f"user:{one.id}"]) for one in users]


def _edge(one: Addressee, now: datetime) -> datetime | None:
    """What happened before it belongs into a mail now; None in quiet hours."""
    zone = reader.zone(one.user.time_zone)
    if one.choice.mail != "daily" and clock.quiet(one.choice.quiet_from, one.choice.quiet_until, zone, now):
        return None
    return clock.edge(one.choice.mail, one.choice.mail_at, zone, now)


def _make(session: Session, one: Addressee, edge: datetime, now: datetime) -> int:
    n, d, who = db.table(Notification), db.table(Digest), f"user:{one.user.id}"
    period = f"{one.choice.mail}:{edge.isoformat(timespec='seconds')}"
    values = {
        "who": who, "period": period, "notices": [], "message_id": f"<{secrets.token_hex(16)}@{domain()}>",
        "state": "waiting", "error": "", "made_at": now,
    }  # fmt: skip
    made = session.execute(db.upsert(Digest).on_conflict_do_nothing().returning(d.c.id), values).scalar()
    if made is None:
        return 0
    waiting = sa.and_(n.c.who == who, n.c.mail == 1, n.c.read_at.is_(None), n.c.at < edge)
    taken = session.scalars(sa.update(n).where(waiting).values(mail=2).returning(n.c.id)).all()
    if not taken:
        session.execute(sa.delete(d).where(d.c.id == made))
        return 0
    session.execute(sa.update(d).where(d.c.id == made).values(notices=sorted(taken)))
    session.execute(sa.delete(d).where(d.c.made_at < now - KEPT))
    outbox.emit(session, TOPIC, [(str(made), {"digest_id": made})])
    return 1


# --- sending --------------------------------------------------------------------------------------------


def send(items: list[Item]) -> Outcome:
    """Outbox handler of `digest.due`."""
    later: dict[int, TryLater] = {}
    writes: list[Callable[[Session], None]] = []
    for item in items:
        number = int(item.payload["digest_id"])
        try:
            state, error = _sent(number)
        except TryLater as problem:
            later[item.id] = problem
            continue
        if state:
            writes.append(partial(_mark, number=number, state=state, error=error))

    def write(session: Session) -> None:
        for one in writes:
            one(session)

    return Outcome(write, later)


def _sent(number: int) -> tuple[str, str]:
    """The state after one attempt; empty when there is nothing to do. TryLater: nothing was sent."""
    with db.read() as session:
        row = session.get(Digest, number)
        if row is None or row.state not in ("waiting", "sending"):
            return "", ""
        if row.state == "sending":  # the last attempt was cut off while the server took it
            return "unknown", ""
        message = written(session, row)
    if message is None:
        return "failed", ""
    try:
        mail.send(message, lambda: _begin(number))
    except Unknown as error:
        return "unknown", str(error)
    except Rejected as error:
        return "failed", str(error)
    except NotConfigured as error:
        raise TryLater(str(error), 600.0) from error
    except TryLater:
        _back(number)
        raise
    return "sent", ""


def _begin(number: int) -> None:
    with db.write() as session:
        d = db.table(Digest)
        session.execute(sa.update(d).where(d.c.id == number).values(state="sending"))


def _back(number: int) -> None:
    """The server said that it did not take it: it waits as before."""
    with db.write() as session:
        d = db.table(Digest)
        session.execute(sa.update(d).where(d.c.id == number).values(state="waiting"))


def _mark(session: Session, *, number: int, state: str, error: str) -> None:
    row = session.get(Digest, number)
    if row is None:
        return
    row.state, row.error = state, error[:300]
    row.sent_at = db.now() if state == "sent" else None
    session.add(row)
    if state == "unknown":  # what is still unread comes with the next mail
        n = db.table(Notification)
        session.execute(sa.update(n).where(n.c.id.in_(row.notices), n.c.read_at.is_(None)).values(mail=1))
    if state != "sent":
        logger.warning("mail not sent", digest_id=number, state=state)


def refused(session: Session) -> list[tuple[str, str]]:
    """(name, the server's words) of those whose last mail the server did not take, by name; who is shut out is left."""
    d, u = db.table(Digest), db.table(User)
    last = sa.select(sa.func.max(d.c.id)).where(d.c.state.not_in(("waiting", "sending"))).group_by(d.c.who)
    query = (
        sa.select(u.c.name, d.c.error)
        .join(u, d.c.who == sa.literal("user:").concat(sa.cast(u.c.id, sa.String)))
        .where(d.c.id.in_(last), d.c.state == "failed", d.c.error != "", u.c.disabled.is_(False))
    )
    return [(name, error) for name, error in session.execute(query.order_by(u.c.name, u.c.id))]


def late(session: Session) -> tuple[int, str] | None:
    """How many mails of every kind wait because the server did not take them, and what was said last of one."""
    o = db.table(OutboxRow)
    waits = (o.c.subscriber.in_(MAILS), o.c.dead == 0, o.c.tries >= TRIES)
    query = sa.select(o.c.reason).where(*waits, o.c.reason != "").order_by(o.c.id.desc())
    reasons = session.scalars(query).all()
    return (len(reasons), reasons[0]) if reasons else None


# --- writing --------------------------------------------------------------------------------------------


def written(session: Session, row: Digest) -> EmailMessage | None:
    """The mail in its reader's language; None when they are gone, or have nothing to read of what they see."""
    user = session.get(User, int(row.who[5:]))
    n = db.table(Notification)
    query = sa.select(Notification).where(n.c.id.in_(row.notices), n.c.read_at.is_(None)).order_by(n.c.id.desc())
    if user is None or user.disabled:
        return None
    sight = roles.sight(session, user)
    unread = session.scalars(query).all()
    seen = visibility.of(session, sight, sorted({one.conversation_id for one in unread}))
    found = [one for one in unread if one.kind in notices.OF_ONES_OWN or one.conversation_id in seen]
    if not found:
        return None
    who = recipient(session, user)
    shown = listing.shown(session, found[:LISTED], who)
    ngettext = i18n.catalogue(who.language).ngettext
    title = ngettext("%(num)s unread notification", "%(num)s unread notifications", len(found)) % {"num": len(found)}
    zoned = who.words(TIMES) if not user.time_zone else ""
    values = {"title": title, "notices": shown, "base": base(), "more": len(found) - len(shown), "zoned": zoned}
    message = EmailMessage(policy=mail.POLICY)
    message["Subject"] = f"Widerhall: {title}"
    message["From"] = settings().mail_from
    message["To"] = user.email
    message["Message-ID"] = row.message_id
    message["Date"] = row.made_at
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_plain(who, shown, title, base(), len(found) - len(shown), zoned))
    message.add_alternative(render.text("mail/digest.html", who, **values), subtype="html")
    return message


def recipient(session: Session, user: User) -> Reader:
    """Somebody who is written to: in their language and time zone, with what they may and see."""
    may, sight = roles.granted_to(session, user.role), roles.sight(session, user)
    return Reader(
        user.speaks, reader.zone(user.time_zone), user.id or 0, user.name, user.email, user.role,
        permissions=may, sight=sight,
    )  # fmt: skip


def moment(who: Reader, user: User, at: datetime) -> str:
    """Date and time in full for somebody who is written to, with the time zone while none is known of theirs."""
    return who.moment(at) if user.time_zone else who.words(ZONED, moment=who.moment(at))


def base() -> str:
    """Where this hub is opened, without a slash at the end."""
    return (settings().public_url or web_url() or f"http://{settings().host}:{settings().port}").rstrip("/")


def domain() -> str:
    """The right side of our Message-IDs."""
    return urlsplit(settings().public_url).hostname or "widerhall.invalid"


def _plain(who: Reader, shown: Sequence[listing.Shown], title: str, base: str, more: int, zoned: str) -> str:
    lines = [title, ""]
    for one in shown:
        name = f" – {one.name}" if one.name else ""
        lines += [f"* {one.said}{name} ({who.short(one.at)})", f"  {base}/notifications/{one.id}"]
    if more:
        lines += [f"  {base}/notifications"]
    lines += ["", zoned] if zoned else []
    lines += ["", who.words("Change what you are told, and when:"), f"{base}/settings/me/notifications"]
    return "\n".join(lines) + "\n"
