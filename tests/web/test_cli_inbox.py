"""Searching, answering on every platform, taking back, and answers that are too long."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from core import db
from inbox.models import Conversation, Message, ReplyRow
from tests.living import Sandbox, done, refused, widerhall
from web.cli import inbox as commands

pytestmark = pytest.mark.xdist_group("living")

PUBLIC = ("lindenbahn", "marlowe")
"""Brands with public messages, one on each platform that has some; Telegram's bot is written to in private."""


def arrived(home: Sandbox, brand: str, text: str, **more: object) -> int:
    """Somebody writes and it is fetched; the conversation."""
    key = home.post(brand, text, **more)
    done("pull", "--account", home.account(brand)["handle"], "--wait")
    with db.read() as session:
        m = db.table(Message)
        return session.execute(sa.select(m.c.conversation_id).where(m.c.key == key)).scalar_one()


def reply(number: int) -> ReplyRow:
    with db.read() as session:
        row = session.get(ReplyRow, number)
        assert row is not None
        return row


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("zug", "Zug"),
        ("verspätung", "Verspätung"),
        ("verspat*", "Verspätung"),
        ("coffee", "coffee"),
        ('"fresh roast"', "fresh roast"),
        ("修理", "修理"),
        ("冷蔵庫", "冷蔵庫"),
    ],
)
def test_messages_are_found_in_three_languages(home: Sandbox, query: str, words: str) -> None:
    rows = done("search", query)
    assert rows
    assert all(words.lower() in row["text"].lower() for row in rows)


def test_nothing_found_is_said(home: Sandbox) -> None:
    said = widerhall("search", "xylophonkonzert")
    assert (said.code, said.out) == (0, "Nothing found.\n")


@pytest.mark.parametrize("brand", [*PUBLIC, "kumo"])
def test_an_answer_stands_on_the_platform_once(home: Sandbox, brand: str) -> None:
    conversation = arrived(home, brand, f"Is anybody there? ({brand})")
    said = done("reply", conversation, "--text", f"Yes, {brand} is.", "--wait")
    assert said["state"] == "sent"
    done("pull", "--wait")
    assert home.sent(f"Yes, {brand} is.") == 1
    with db.read() as session:
        m = db.table(Message)
        rows = session.execute(sa.select(m).where(m.c.text.contains(f"Yes, {brand} is."))).all()
    found = [(row.direction, row.conversation_id, row.id) for row in rows]
    assert found == [("outbound", conversation, said["message"])]


@pytest.mark.parametrize("brand", PUBLIC)
def test_a_private_message_is_answered_in_private(home: Sandbox, brand: str) -> None:
    conversation = arrived(home, brand, f"Just between us ({brand})", private=True)
    done("reply", conversation, "--text", f"Of course, says {brand}.", "--wait")
    (event,) = [one for one in home.world()["events"] if f"Of course, says {brand}." in (one["text"] or "")]
    assert (event["private"], event["direction"]) == (True, "outbound")


def test_the_same_key_never_sends_twice(home: Sandbox) -> None:
    conversation = arrived(home, "lindenbahn", "Fährt der Zug um acht?")
    first = done("reply", conversation, "--text", "Ja, um acht.", "--key", "ticket-1", "--wait")
    again = done("reply", conversation, "--text", "Ja, um acht.", "--key", "ticket-1", "--wait")
    assert first["reply"] == again["reply"]
    assert home.sent("Ja, um acht.") == 1


def test_an_answer_can_be_taken_back_for_a_while(home: Sandbox) -> None:
    conversation = arrived(home, "lindenbahn", "Und um neun?")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(commands, "settle", lambda *_: [])  # as beside a hub: the command only queues
        queued = done("reply", conversation, "--text", "Nein, um zehn.")
    assert queued["state"] == "queued"
    assert done("undo", queued["reply"])["cancelled"]
    assert not done("undo", queued["reply"])["cancelled"]
    done("pull", "--wait")
    assert (home.sent("Nein, um zehn."), reply(queued["reply"]).state) == (0, "cancelled")


def test_an_answer_that_left_cannot_be_taken_back(home: Sandbox) -> None:
    conversation = arrived(home, "lindenbahn", "Und um elf?")
    number = done("reply", conversation, "--text", "Um elf auch.", "--wait")["reply"]
    assert not done("undo", number)["cancelled"]
    assert "Too late" in widerhall("undo", number).out


@pytest.mark.parametrize(
    ("brand", "text", "numbers"),
    [
        ("lindenbahn", "ä" * 501, ("500",)),
        ("marlowe", "é" * 301, ("301", "300")),
        ("kumo", "💐" * 2049, ("4098", "4096")),
    ],
)
def test_an_answer_that_is_too_long_names_both_numbers(
    home: Sandbox, brand: str, text: str, numbers: tuple[str, ...]
) -> None:
    conversation = arrived(home, brand, f"Tell me everything ({brand})")
    said = widerhall("reply", conversation, "--text", text, "--wait", "--json")
    assert (said.code, said.json["state"]) == (1, "failed")
    for number in numbers:
        assert number in said.json["error"]
    assert home.sent(text) == 0


def test_lengths_are_the_platforms_own(home: Sandbox) -> None:
    """An address counts 23 on Mastodon, a family emoji one grapheme on Bluesky."""
    long = "https://lindenbahn.example/" + "a" * 480
    conversation = arrived(home, "lindenbahn", "Wo steht das?")
    assert done("reply", conversation, "--text", f"Hier: {long}", "--wait")["state"] == "sent"
    conversation = arrived(home, "marlowe", "Who is there?")
    assert done("reply", conversation, "--text", "👨‍👩‍👧‍👦" * 100, "--wait")["state"] == "sent"


def test_what_cannot_be_answered_is_said(home: Sandbox) -> None:
    assert "There is no conversation 999999" in refused("reply", 999999, "--text", "hello")
    assert "empty" in refused("reply", 1, "--text", "  ")


def test_a_conversation_without_a_hub_tells_how_the_reply_went(home: Sandbox) -> None:
    conversation = arrived(home, "lindenbahn", "Kurz gefragt?")
    said = widerhall("reply", conversation, "--text", "Kurz geantwortet.", "--wait")
    assert (said.code, "is sent" in said.out) == (0, True)
    with db.read() as session:
        row = session.get(Conversation, conversation)
        assert row is not None
        assert row.waiting_since is None
