"""Claims about mails: one for each person and period, in their language, and never twice, whatever is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.outbox import OutboxRow
from core.topics import SUBSCRIBERS
from inbox import notices
from inbox.notice_models import Notification, NotificationChoice
from inbox.notices import Notice
from sandbox.mail import Mailbox
from tests.conftest import BOTH
from tests.web.conftest import account, event, store, user
from web import auth, doctor
from web.notices import clock, mail
from web.notices.models import Digest

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SUBSCRIBER = SUBSCRIBERS["web.notices.mail.send"]


def somebody(how: str = "daily", language: str = "de", **choice: int) -> str:
    """An agent in Berlin who gets mails."""
    email = user("agent")
    with db.write() as session:
        row = auth.find(session, email)
        assert row is not None
        row.language, row.time_zone = language, "Europe/Berlin"
        session.add(row)
        notices.choose(session, NotificationChoice(who=f"user:{row.id}", mail=how, **choice))
        return f"user:{row.id}"


def told(who: str, *reasons: str, at: datetime = NOW - timedelta(hours=20)) -> None:
    n = db.table(Notification)
    with db.write() as session:
        notices.add(session, [Notice(who, "mention", 1, one, "system") for one in reasons])
        session.execute(sa.update(n).where(n.c.reason.in_(reasons)).values(at=at))


def sent() -> None:
    while outbox.step(SUBSCRIBER, mail.send):
        pass


def states() -> list[str]:
    with db.read() as session:
        return list(session.scalars(sa.select(db.table(Digest).c.state).order_by(db.table(Digest).c.id)))


@pytest.fixture
def talk(database: str) -> None:
    store(account(), event("m:1", "Between us: the secret is 42"))


# --- when -----------------------------------------------------------------------------------------------


def test_period_has_one_end_however_often_it_is_asked_for() -> None:
    at = datetime(2026, 11, 20, 11, 59, 59, tzinfo=UTC)
    assert clock.edge("hourly", 0, BERLIN, at) == datetime(2026, 11, 20, 11, tzinfo=UTC)
    assert clock.edge("daily", 13 * 60, BERLIN, at) == datetime(2026, 11, 19, 12, tzinfo=UTC)
    assert clock.edge("daily", 13 * 60, BERLIN, at + timedelta(seconds=1)) == datetime(2026, 11, 20, 12, tzinfo=UTC)
    before, after = (clock.edge("daily", 480, BERLIN, datetime(2026, 10, day, 12, tzinfo=UTC)) for day in (24, 25))
    assert after - before == timedelta(hours=25)  # clocks are put back in that night


def test_quiet_hours_go_over_midnight_and_follow_the_clock_on_the_wall() -> None:
    def quiet(hour: int, minute: int = 0) -> bool:
        return clock.quiet(22 * 60, 6 * 60 + 30, BERLIN, datetime(2026, 11, 20, hour, minute, tzinfo=UTC))

    assert [quiet(20, 59), quiet(21), quiet(3), quiet(5, 29), quiet(5, 30)] == [False, True, True, True, False]
    assert not clock.quiet(None, None, BERLIN, NOW)
    assert [clock.minute(one) for one in ("6:30", "24:00", "12:60", "x")] == [390, None, None, None]


# --- once -----------------------------------------------------------------------------------------------


@BOTH
def test_one_mail_says_what_is_unread_without_any_text(talk: None, box: Mailbox) -> None:
    who = somebody()
    told(who, "one", "two")
    assert [mail.make(NOW), mail.make(NOW)] == [1, 0]
    sent()
    (one,) = box.mails
    assert (one["to"], one["from"]) == (["agent@demo.example"], "hub@demo.example")
    assert one["subject"] == "Widerhall: 2 ungelesene Benachrichtigungen"
    for text in (one["text"], one["html"]):
        assert "Widerhall hat Sie erwähnt" in text
        assert "https://hub.example/notifications/1" in text
        assert "https://hub.example/settings/me/notifications" in text
        assert "secret" not in text
    assert states() == ["sent"]
    assert mail.make(NOW + timedelta(days=1)) == 0


def test_who_never_signed_in_is_told_the_time_zone(talk: None, box: Mailbox) -> None:
    who = somebody(language="en")
    with db.write() as session:
        auth.get(session, int(who[5:])).time_zone = ""
    told(who, "one")
    mail.make(NOW)
    sent()
    (one,) = box.mails
    assert all("Times in this mail are in the time zone UTC." in text for text in (one["text"], one["html"]))


def test_what_was_read_before_it_left_is_not_sent(talk: None, box: Mailbox) -> None:
    who = somebody()
    told(who, "one")
    mail.make(NOW)
    with db.write() as session:
        notices.read(session, who)
    sent()
    assert box.mails == []


def test_next_period_has_its_own_mail_and_quiet_hours_wait(talk: None, box: Mailbox) -> None:
    who = somebody("hourly", "en", quiet_from=12 * 60, quiet_until=14 * 60)
    told(who, "one")
    assert mail.make(NOW) == 0  # one o'clock in Berlin
    assert mail.make(NOW + timedelta(hours=1)) == 1
    told(who, "two", at=NOW + timedelta(minutes=30))
    assert mail.make(NOW + timedelta(hours=1, minutes=59)) == 0
    assert mail.make(NOW + timedelta(hours=2)) == 1
    sent()
    assert [one["subject"] for one in box.mails] == ["Widerhall: 1 unread notification"] * 2


def test_busy_server_is_asked_again_and_one_that_refuses_is_not(talk: None, box: Mailbox) -> None:
    told(somebody(), "one")
    mail.make(NOW)
    box.busy = 1
    sent()
    assert (box.mails, states()) == ([], ["waiting"])
    with db.write() as session:
        session.execute(sa.update(db.table(OutboxRow)).values(due_at=0))
    sent()
    assert (len(box.mails), states()) == (1, ["sent"])


def test_address_that_does_not_exist_is_given_up(talk: None, box: Mailbox) -> None:
    who = somebody()
    with db.write() as session:
        row = auth.get(session, int(who[5:]))
        row.email = "nobody@demo.example"
        session.add(row)
    told(who, "one")
    mail.make(NOW)
    sent()
    assert (box.mails, states()) == ([], ["failed"])
    (found,) = doctor._mail()
    assert found.found == "The mail server refuses mails to Agent: 550 5.1.1 No such user here"
    with db.write() as session:
        auth.get(session, int(who[5:])).email = "agent@demo.example"
    told(who, "two")
    mail.make(NOW + timedelta(days=1))
    sent()
    assert list(doctor._mail()) == []


def test_mails_that_do_not_go_are_told(talk: None, box: Mailbox) -> None:
    told(somebody(), "one")
    mail.make(NOW)
    box.busy = mail.TRIES
    for _ in range(mail.TRIES):
        assert list(doctor._mail()) == []
        sent()
        with db.write() as session:
            session.execute(sa.update(db.table(OutboxRow)).values(due_at=0))
    assert [one.found for one in doctor._mail()] == [
        "Mails that cannot be sent at present: 1. 451 4.3.0 Try again later"
    ]


def test_without_a_server_nothing_is_made(talk: None) -> None:
    told(somebody(), "one")
    mail._looked[0] = 0.0
    assert mail.due() == 0
    assert states() == []


# --- kill -9 --------------------------------------------------------------------------------------------

WORKER = """
import sys
from core import db, outbox
from core.topics import SUBSCRIBERS
from web.notices import mail

db.configure(sys.argv[1])
while outbox.step(SUBSCRIBERS["web.notices.mail.send"], mail.send):
    pass
"""


@pytest.mark.parametrize(("step", "again"), [("rcpt", 0), ("kept", 1)])
def test_killed_at_any_step_a_period_has_one_mail_and_nothing_is_lost(
    talk: None, database: str, box: Mailbox, step: str, again: int
) -> None:
    """Before the text it is sent after all; with it, its answer is unknown: the next period says what is unread."""
    told(somebody("hourly"), "one")
    mail.make(NOW)
    working: list[subprocess.Popen[bytes]] = []

    def kill(at: str) -> None:
        if at == step:
            os.kill(working[0].pid, signal.SIGKILL)
            working[0].wait(60)

    box.watch(kill)
    working.append(subprocess.Popen([sys.executable, "-c", WORKER, database], env={**os.environ}))
    working[0].wait(90)
    assert working[0].returncode == -signal.SIGKILL
    box.watch(lambda at: None)
    with db.write() as session:  # the lease is over
        session.execute(sa.update(db.table(OutboxRow)).values(due_at=0))
    sent()
    assert len(box.mails) == 1
    assert mail.make(NOW + timedelta(hours=1)) == again
    sent()
    assert len({one["id"] for one in box.mails}) == len(box.mails) == 1 + again
    assert states() == (["unknown", "sent"] if again else ["sent"])


def test_mail_tells_nothing_of_what_its_reader_no_longer_sees(database: str, box: Mailbox) -> None:
    store(account(), event("m:1", author=None))
    other, who = account(handle="@other@social.example"), somebody()
    told(who, "one", "two")
    with db.write() as session:
        notices.add(session, [Notice(who, "failed", 1, "mine", "system")])
        session.execute(sa.update(db.table(Notification)).values(at=NOW - timedelta(hours=20)))
        auth.set_accounts(session, int(who[5:]), [other], "test")
    assert mail.make(NOW) == 1
    sent()
    (one,) = box.mails
    assert "1 ungelesene" in str(one["subject"])
    told(who, "three")
    assert mail.make(NOW + timedelta(days=1)) == 0, "nothing is made that would not be told"


def test_those_whose_time_has_not_come_keep_nobody_from_their_mail(
    database: str, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(account(), event("m:1"))
    monkeypatch.setattr(mail, "AT_ONCE", 1)
    told(somebody(), "later", at=NOW)
    email = user("marketer")
    with db.write() as session:
        row = auth.find(session, email)
        assert row is not None
        notices.choose(session, NotificationChoice(who=f"user:{row.id}", mail="now"))
    told(f"user:{row.id}", "at once", at=NOW - timedelta(minutes=5))
    assert mail.make(NOW) == 1
