"""Browsers that are told at once: their subscriptions, the hub's key, and the handler that sends kind and number."""

from __future__ import annotations

import json

import sqlalchemy as sa
from sqlmodel import Session

from core import crypto, db, log, push
from core.errors import Rejected, TryLater
from core.outbox import Item, Outcome
from core.settings import settings
from core.webhook import Answer
from inbox import notices, visibility
from inbox.notice_models import Notification
from inbox.worker_models import User
from web import i18n, reader, roles
from web.i18n import N_
from web.models import SessionRow
from web.notices import clock, words
from web.notices.models import PushBrowser, PushKey

MOST = 20
"""Browsers of one person."""
GONE = (404, 410)
BUSY, LONGEST = 60.0, 6 * 3600.0
"""Seconds until a busy service is asked again that does not say when, and at most where it does."""
TOO_MANY = N_("There are twenty browsers already. Switch it off in one of them first.")

logger = log.get("web.push")


def public_key(session: Session) -> str:
    """The hub's public key; the pair is made at first need."""
    pem, public = push.new_key()
    t = db.table(PushKey)
    values = {"id": 1, "sealed": crypto.seal(pem), "public": public}
    session.execute(db.upsert(PushKey).on_conflict_do_nothing(), values)  # somebody may make it at the same moment
    return str(session.execute(sa.select(t.c.public)).scalar_one())


def add(session: Session, user_id: int, to: push.Subscription, agent: str, key: str) -> None:
    """Tell a person in this browser, too, while its sign-in `key` holds; one that was somebody else's is theirs now."""
    b = db.table(PushBrowser)
    over = sa.and_(b.c.user_id == user_id, b.c.session.not_in(sa.select(db.table(SessionRow).c.digest)))
    session.execute(sa.delete(b).where(sa.or_(b.c.endpoint == to.endpoint, over)))
    if int(session.scalar(sa.select(sa.func.count()).where(b.c.user_id == user_id)) or 0) >= MOST:
        raise Rejected(TOO_MANY)
    session.add(
        PushBrowser(
            user_id=user_id, endpoint=to.endpoint, p256dh=to.p256dh, auth=to.auth, agent=agent[:200], session=key,
            made_at=db.now(),
        )
    )  # fmt: skip


def renew(session: Session, user_id: int, old: str, to: push.Subscription, agent: str, key: str) -> bool:
    """The browser got another subscription in place of `old`; of the one of its sign-in `key` when it does not know.

    False, and nothing is kept, when the person was not told there: they have not asked for it.
    """
    b = db.table(PushBrowser)
    there = b.c.endpoint == old if old else b.c.session == key
    gone = sa.delete(b).where(b.c.user_id == user_id, there).returning(b.c.id)
    if session.execute(gone).first() is None:
        return False
    add(session, user_id, to, agent, key)
    return True


def show_one(user_id: int, endpoint: str, said: str) -> Answer | None:
    """Show `said` in one browser of a person's; what its push service answered, None when they are not told there.

    TryLater and Rejected as `core.push.send`. A browser that is gone is removed.
    """
    b = db.table(PushBrowser)
    with db.write() as session:
        row = session.scalars(sa.select(PushBrowser).where(b.c.user_id == user_id, b.c.endpoint == endpoint)).first()
        public_key(session)
        key = session.get_one(PushKey, 1)
        session.expunge_all()
    if row is None:
        return None
    word = json.dumps({"kind": "test", "said": said, "id": 0, "talk": 0, "unread": 0}).encode()
    to = push.Subscription(row.endpoint, row.p256dh, row.auth)
    answer = push.send(to, word, crypto.unseal(key.sealed), key.public, _contact())
    if answer.status in GONE:
        with db.write() as session:
            remove(session, user_id, endpoint)
    return answer


def remove(session: Session, user_id: int, endpoint: str) -> None:
    """Tell them there no more."""
    b = db.table(PushBrowser)
    session.execute(sa.delete(b).where(b.c.user_id == user_id, b.c.endpoint == endpoint))


def told(session: Session, key: str) -> bool:
    """Who is signed in there is told in this browser."""
    b = db.table(PushBrowser)
    return session.execute(sa.select(b.c.id).where(b.c.session == key).limit(1)).first() is not None


def goes_on(session: Session, before: str, key: str) -> None:
    """Somebody signed in anew in a browser whose sign-in was `before`: it is told on if they are the same."""
    b, s = db.table(PushBrowser), db.table(SessionRow)
    same = sa.select(s.c.user_id).where(s.c.digest == key).scalar_subquery()
    session.execute(sa.update(b).where(b.c.session == before, b.c.user_id == same).values(session=key))


def send(items: list[Item]) -> Outcome:
    """Outbox handler of `notification.made`: one encrypted word to each browser; those that are gone are removed.

    A repeat shows the same notification in the same place.
    """
    later: dict[int, TryLater] = {}
    gone: list[str] = []
    for item in items:
        with db.read() as session:
            wanted = _wanted(session, int(item.payload["notification_id"]))
        if wanted is None:
            continue
        word, pem, public, browsers = wanted
        for one in browsers:
            try:
                answer = push.send(one, word, pem, public, _contact())
            except TryLater as error:
                later[item.id] = error
                continue
            except Rejected:
                gone.append(one.endpoint)
                continue
            if answer.status in GONE:
                gone.append(one.endpoint)
            elif answer.status == 429 or answer.status >= 500:
                wait = BUSY if answer.wait is None else min(answer.wait, LONGEST)
                later[item.id] = TryLater(f"The push service says {answer.status}.", wait)
            elif not answer.taken:
                logger.warning("push refused", status=answer.status)

    def write(session: Session) -> None:
        b = db.table(PushBrowser)
        session.execute(sa.delete(b).where(b.c.endpoint.in_(gone)))

    return Outcome(write if gone else None, later)


def _wanted(session: Session, number: int) -> tuple[bytes, str, str, list[push.Subscription]] | None:
    """What is said, with which key, to whom; None when nobody is to be told now."""
    row = session.get(Notification, number)
    if row is None or not row.push or row.read_at is not None:
        return None
    b = db.table(PushBrowser)
    s = db.table(SessionRow)
    signed_in = sa.exists().where(s.c.digest == b.c.session, s.c.user_id == b.c.user_id, s.c.expires_at >= db.now())
    query = sa.select(PushBrowser).where(b.c.user_id == int(row.who[5:]), signed_in).order_by(b.c.id)
    browsers = [push.Subscription(one.endpoint, one.p256dh, one.auth) for one in session.scalars(query)]
    user, key = session.get(User, int(row.who[5:])), session.get(PushKey, 1)
    if not browsers or user is None or user.disabled or key is None:
        return None
    if row.kind not in notices.OF_ONES_OWN and not visibility.of(
        session, roles.sight(session, user), [row.conversation_id]
    ):
        return None
    chosen = notices.choice(session, row.who)
    if clock.quiet(chosen.quiet_from, chosen.quiet_until, reader.zone(user.time_zone), db.now()):
        return None
    said = i18n.catalogue(user.speaks).gettext(words.KINDS[row.kind][1])
    word = {"kind": row.kind, "said": said, "id": number, "talk": row.conversation_id,
            "unread": notices.unread(session, row.who)}  # fmt: skip
    return json.dumps(word).encode(), crypto.unseal(key.sealed), key.public, browsers


def _contact() -> str:
    """Where a push service can reach who runs this hub."""
    if settings().mail_from:
        return f"mailto:{settings().mail_from}"
    return settings().public_url if settings().public_url.startswith("https:") else "mailto:hub@widerhall.invalid"
