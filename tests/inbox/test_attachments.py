"""Claims about files: what they are, where they lie, whose they are, and that they go with what they belong to."""

from __future__ import annotations

import stat

import pytest
import sqlalchemy as sa

from core import db, outbox
from core.errors import Rejected
from core.event import Event, Page
from core.outbox import OutboxRow
from core.topics import SUBSCRIBERS
from inbox import approvals, attachments, erasure, files, filetypes, notes, replies
from inbox.file_models import Attached, StoredFile
from inbox.ingest import store_page
from inbox.models import Conversation
from inbox.parts import store as parts
from tests import photos
from tests.conftest import BOTH

from .conftest import event, person

PNG = photos.png()
ME, OTHER = "user:1", "user:2"


@pytest.fixture
def talk(account) -> int:
    store_page(account, Page(events=(event(1),)))
    with db.read() as session:
        return session.scalars(sa.select(db.table(Conversation).c.id)).one()


def add(talk: int, data: bytes = PNG, name: str = "a.png", author: str = ME) -> int:
    with db.write() as session:
        return attachments.add(session, talk, author, name, data)


def swept() -> None:
    """Everything that waits for the sweep is worked off."""
    while outbox.step(SUBSCRIBERS["inbox.files.sweep"], files.sweep):
        pass


def lies() -> list[str]:
    """What lies on disk."""
    root = files.path("xx").parents[1]
    return sorted(one.name for one in root.rglob("*") if one.is_file())


def number(model) -> int:
    with db.read() as session:
        return session.execute(sa.select(sa.func.count()).select_from(db.table(model))).scalar_one()


@pytest.mark.parametrize(
    ("data", "name", "kind", "mime"),
    [
        (PNG, "a.html", "image", "image/png"),
        (b"\xff\xd8\xff\xe0", "", "image", "image/jpeg"),
        (b"GIF89a", "x", "image", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "x", "image", "image/webp"),
        (b"\0\0\0\x18ftypmp42", "x", "video", "video/mp4"),
        (b"%PDF-1.7", "x.png", "file", "application/pdf"),
        (b"PK\x03\x04", "x.docx", "file", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        (b"<svg onload=alert(1)>", "x.png", "file", filetypes.UNKNOWN),
        (b"<!doctype html><script>", "x.html", "file", filetypes.UNKNOWN),
        (b"hello", "x.txt", "file", "text/plain"),
        (b"MZ\0\0", "x.txt", "file", filetypes.UNKNOWN),
    ],
)
def test_a_file_is_what_it_begins_with(data: bytes, name: str, kind: str, mime: str) -> None:
    assert filetypes.told(data, name) == (kind, mime)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\a\\b.png", "b.png"),
        ("", "file"),
        ("a\0\u202e\n.png", "a.png"),
        ("...", "file"),
    ],
)
def test_a_name_leads_nowhere(name: str, kept: str) -> None:
    assert attachments._named(name) == kept


@BOTH
def test_a_content_lies_once_and_goes_with_the_last_that_names_it(talk: int) -> None:
    first, second = add(talk), add(talk, author=OTHER, name="same.png")
    (digest,) = lies()
    assert stat.S_IMODE(files.path(digest).stat().st_mode) == 0o600
    with db.write() as session:
        assert not attachments.remove(session, talk, OTHER, first)
        assert attachments.remove(session, talk, ME, first)
    swept()
    assert lies() == [digest]
    with db.write() as session:
        attachments.remove(session, talk, OTHER, second)
    swept()
    assert (lies(), number(StoredFile)) == ([], 0)


def test_a_sweep_that_is_repeated_or_comes_late_takes_nothing_in_use(talk: int) -> None:
    first = add(talk)
    with db.write() as session:
        attachments.remove(session, talk, ME, first)
    add(talk)
    swept()
    swept()
    assert len(lies()) == 1


@BOTH
def test_files_go_with_the_reply_and_come_back_when_it_is_taken_back(talk: int) -> None:
    mine, theirs = add(talk), add(talk, author=OTHER)
    with db.write() as session, pytest.raises(Rejected):
        replies.queue(session, talk, "", author=ME, attached=[theirs])
    with db.write() as session:
        reply = replies.queue(session, talk, "", author=ME, attached=[mine], undo_seconds=60)
        number_of_it = reply.id
        assert [one.name for one in attachments.outgoing(session, reply.id)] == ["a.png"]
        assert attachments.begun(session, talk, ME) == []
    with db.write() as session:
        assert replies.undo(session, number_of_it, ME)
        attachments.back(session, number_of_it, ME)
        assert [one.id for one in attachments.begun(session, talk, ME)] == [mine]


def test_a_reply_without_words_and_files_is_none(talk: int) -> None:
    with db.write() as session, pytest.raises(Rejected):
        replies.queue(session, talk, " ", author=ME)


def test_a_note_keeps_its_files_until_it_is_removed(talk: int) -> None:
    one = add(talk, b"%PDF-1", "terms.pdf")
    with db.write() as session:
        note = notes.add(session, conversation_id=talk, author=ME, text="See this.", attached=[one])
        assert [each.name for each in attachments.of(session, "note_id", [note])[note]] == ["terms.pdf"]
    with db.write() as session:
        notes.remove(session, note, ME)
    swept()
    assert (lies(), number(Attached)) == ([], 0)


@BOTH
def test_an_erasure_takes_every_file_of_the_person(talk: int) -> None:
    one, two = add(talk), add(talk, b"%PDF-2", "b.pdf")
    add(talk, b"%PDF-3", "c.pdf")
    with db.write() as session:
        replies.queue(session, talk, "Here", author=ME, attached=[one])
        notes.add(session, conversation_id=talk, author=ME, text="n", attached=[two])
        attachments.keep_picture(session, talk, 1, 0, PNG + b"theirs")
    assert len(lies()) == 4
    with db.write() as session:
        who = session.execute(sa.text("SELECT identity_id FROM message WHERE id = 1")).scalar_one()
        erasure.erase(session, f"identity:{who}", "user:1")
    assert number(Attached) == 0
    swept()
    assert lies() == []


def test_a_picture_goes_with_its_message(account, talk: int) -> None:
    with db.write() as session:
        attachments.keep_picture(session, talk, 1, 0, PNG)
        key = session.execute(sa.text("SELECT key FROM message WHERE id = 1")).scalar_one()
    gone = Event(key=key, platform="mastodon", kind="mention", action="delete", posted_at=db.now(), author=person("p1"))
    store_page(account, Page(events=(gone,)))
    swept()
    assert (number(Attached), lies()) == (0, [])


def test_what_is_empty_too_large_or_one_too_many_is_refused(talk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WIDERHALL_ATTACHMENT_MB", "1")
    from core.settings import settings

    settings.cache_clear()
    for data in (b"", b"x" * 1_000_001):
        with pytest.raises(Rejected):
            add(talk, data)
    for n in range(attachments.MOST):
        add(talk, photos.png(n))
    with pytest.raises(Rejected, match="Ten files"):
        add(talk)
    assert len(lies()) == attachments.MOST


def test_what_nobody_sends_for_a_month_goes(talk: int) -> None:
    add(talk)
    with db.write() as session:
        session.execute(sa.update(db.table(Attached)).values(at=db.now() - attachments.BEGUN * 2))
    add(talk, b"%PDF-new", "new.pdf")
    swept()
    assert (number(Attached), len(lies())) == (1, 1)


def test_letters_name_no_file_and_no_person(talk: int) -> None:
    one = add(talk, name="passport of kim.png")
    with db.write() as session:
        attachments.remove(session, talk, ME, one)
    with db.read() as session:
        (letter,) = session.scalars(sa.select(OutboxRow).where(db.table(OutboxRow).c.topic == "file.unused"))
    assert set(letter.payload) == {"digest"}


def test_a_reply_that_waits_for_approval_keeps_its_files(talk: int) -> None:
    one = add(talk)
    with db.write() as session:
        reply = replies.queue(session, talk, "", author=ME, attached=[one], approval="asked").id or 0
    with db.write() as session:
        assert approvals.approve(session, reply, OTHER)
    with db.write() as session:
        assert approvals.take_back(session, reply, OTHER)
        assert [each.id for each in attachments.of(session, "reply_id", [reply])[reply]] == [one]
    with db.write() as session:
        assert approvals.reject(session, reply, OTHER, "Not this one")
    with db.write() as session:
        assert approvals.submit(session, reply, ME)
        assert [each.name for each in attachments.outgoing(session, reply)] == ["a.png"]


@BOTH
def test_files_stand_where_their_notes_do_after_merging_and_splitting(account, talk: int) -> None:
    store_page(account, Page(events=(event(2, author=person("bo")),)))
    with db.read() as session:
        other = session.scalars(sa.select(sa.func.max(db.table(Conversation).c.id))).one()
    here, there, begun = add(talk), add(other, b"%PDF-1", "b.pdf"), add(other)
    with db.write() as session:
        notes.add(session, conversation_id=talk, author=ME, text="n", attached=[here])
        notes.add(session, conversation_id=other, author=ME, text="n", attached=[there])
        parts.merge(session, talk, other, ME)
    assert places() == {here: talk, there: talk, begun: talk}
    with db.write() as session:
        parts.split(session, other, ME)
    assert places() == {here: talk, there: other, begun: talk}


def places() -> dict[int, int]:
    """Where each file stands."""
    with db.read() as session:
        return {row.id: row.conversation_id for row in session.scalars(sa.select(Attached))}


@pytest.mark.parametrize(
    ("brand", "told"),
    [
        (b"isom", ("video", "video/mp4")),
        (b"mp42", ("video", "video/mp4")),
        (b"qt  ", ("video", "video/quicktime")),
        (b"M4A ", ("audio", "audio/mp4")),
        (b"heic", ("file", "image/heic")),
        (b"avif", ("file", "image/avif")),
    ],
)
def test_what_lies_in_an_iso_container_is_told_by_its_brand(brand: bytes, told: tuple[str, str]) -> None:
    assert filetypes.told(b"\0\0\0\x18ftyp" + brand + b"\0" * 12, "a.mp4") == told
