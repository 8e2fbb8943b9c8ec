"""Claims about single mails: whoever's sign-in changes is told so, in their language, and a refused one is not lost."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.outbox import OutboxRow
from core.topics import SUBSCRIBERS
from sandbox.mail import Mailbox
from tests.web.conftest import PASSWORD, user
from web import auth, tokens
from web import letters as letters_of
from web.notices import letters
from web.signin import factors, recovery, totp
from web.signin.entry import Visit
from web.signin.models import Passkey

SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"


def somebody(role: str = "agent", language: str = "de") -> int:
    email = user(role)
    with db.write() as session:
        row = auth.find(session, email)
        assert row is not None
        row.language, row.time_zone = language, "Europe/Berlin"
        return row.id or 0


def sent() -> None:
    while outbox.step(SUBSCRIBERS["web.notices.letters.send"], letters.send):
        pass


def subjects(box: Mailbox) -> list[str]:
    sent()
    found = [one["subject"].removeprefix("Widerhall: ") for one in box.mails]
    box.mails.clear()
    return found


def test_whoever_changes_how_one_signs_in_it_is_told(database: str, box: Mailbox) -> None:
    me, admin = somebody(language="en"), somebody("admin")
    with db.write() as session:
        auth.change_password(session, me, PASSWORD, "other quiet words")
        codes = factors.confirm(session, me, SECRET, totp_now())
        session.add(Passkey(user_id=me, credential="x", public_key="x", name="Phone", sign_count=0, made_at=db.now()))
        session.flush()
        factors.prove(session, me, codes[0])
        factors.new_codes(session, me)
        factors.remove_app(session, me, "agent", "")
        factors.remove_passkey(session, me, 1, "agent", "")
        tokens.make(session, me, "Export", ["people.read"], frozenset({"people.read"}), None, f"user:{me}")
    assert subjects(box) == [
        "Your password was changed",
        "An app for codes was set up for your sign-in",
        "Somebody signed in as you with a recovery code (left: 9)",
        "New recovery codes were made for your sign-in",
        "The app for codes was removed from your sign-in",
        "The passkey “Phone” was removed from your sign-in",
        "The token “Export” was made in your name",
    ]
    with db.write() as session:
        totp.keep(session, me, SECRET, 0)
        recovery.make(session, me)
        factors.reset(session, me, f"user:{admin}")
        auth.reset_password(session, me, PASSWORD, f"user:{admin}")
    assert subjects(box) == ["Admin took your second factors away", "Admin gave you a new password"]


def broken(me: int) -> None:
    with db.write() as session:
        auth.change_password(session, me, PASSWORD, "other quiet words")
        raise ZeroDivisionError


def totp_now() -> str:
    import pyotp

    return pyotp.TOTP(SECRET).generate_otp(int(db.now().timestamp()) // totp.SECONDS)


def test_the_mail_says_when_what_to_do_and_where_in_its_reader_s_language(database: str, box: Mailbox) -> None:
    me = somebody()
    with db.write() as session:
        auth.change_password(session, me, PASSWORD, "other quiet words")
    sent()
    (one,) = box.mails
    assert (one["to"], one["subject"]) == (["agent@demo.example"], "Widerhall: Ihr Passwort wurde geändert")
    for text in (one["text"], one["html"]):
        assert "Wenn Sie das nicht waren" in text
        assert "https://hub.example/settings/me/security" in text
        assert "quiet words" not in text


def test_what_is_taken_back_tells_nobody_and_without_a_server_nothing_waits(
    database: str, box: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    me = somebody()
    with pytest.raises(ZeroDivisionError):
        broken(me)
    assert subjects(box) == []
    monkeypatch.setattr(letters.mail, "is_set_up", lambda: False)
    with db.write() as session:
        auth.change_password(session, me, PASSWORD, "other quiet words")
    with db.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(db.table(OutboxRow))) == 0


def test_a_mail_that_the_server_refuses_stays_with_the_stuck_work(database: str, box: Mailbox) -> None:
    me = somebody()
    with db.write() as session:
        auth.get(session, me).email = "nobody@demo.example"
        auth.change_password(session, me, PASSWORD, "other quiet words")
    sent()
    with db.read() as session:
        (row,) = session.scalars(sa.select(OutboxRow)).all()
    assert (row.dead, row.reason) == (1, "550 5.1.1 No such user here")


def test_who_never_chose_a_language_is_written_to_in_the_one_of_their_browser(database: str, box: Mailbox) -> None:
    me = somebody(language="")
    with db.read() as session:
        email = auth.get(session, me).email
    for asked, title in (("ja", "パスワードが変更されました"), ("de", "Ihr Passwort wurde geändert")):
        came = auth.sign_in("192.0.2.1", email, PASSWORD, Visit("test", language=asked))
        assert came is not None
        with db.write() as session:
            letters_of.write(session, me, "password")
        assert subjects(box) == [title]
    with db.write() as session:
        auth.get(session, me).language = "en"
        letters_of.write(session, me, "password")
    assert subjects(box) == ["Your password was changed"]


@pytest.mark.parametrize(
    ("language", "zone"), [("en", "time zone UTC"), ("de", "Zeitzone UTC"), ("ja", "タイムゾーン：UTC")]
)
def test_who_has_no_time_zone_yet_is_told_which_one_is_meant(
    database: str, box: Mailbox, language: str, zone: str
) -> None:
    me = somebody(language=language)
    for name, named in (("Europe/Berlin", False), ("", True)):
        with db.write() as session:
            auth.get(session, me).time_zone = name
            letters_of.write(session, me, "password")
        sent()
        one = box.mails.pop()
        assert [zone in one["text"], zone in one["html"]] == [named, named]
