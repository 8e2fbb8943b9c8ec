"""Claims about saved replies: filled in as the conversation tells, kept once, refused with the field that is wrong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import db
from inbox import saved
from inbox.saved import Wrong, fill, first_name, language
from tests.conftest import BOTH


def keep(name: str = "Delivery", shortcut: str = "", reply_id: int | None = None, **texts: str) -> int:
    with db.write() as session:
        return saved.save(
            session, reply_id, name=name, shortcut=shortcut, texts=texts or {"en": "On its way."}, actor="user:1"
        )


def names(asked: str = "") -> list[str]:
    with db.read() as session:
        return [one.name for one in saved.every(session, asked)]


@pytest.mark.parametrize(
    ("text", "values", "read"),
    [
        ("Hello {name}, here is {agent}.", {"name": "Kim", "agent": "Ada"}, "Hello Kim, here is Ada."),
        ("Hello {first_name|there}!", {}, "Hello there!"),
        ("Hello {name}!", {"name": "  "}, "Hello!"),
        (
            "{name}様、お問い合わせありがとうございます。",
            {"name": "山田"},
            "山田様、お問い合わせありがとうございます。",
        ),
        ("{ name | Ihr } Team", {}, "Ihr Team"),
        ("No place {here and {name}", {"name": "Kim"}, "No place {here and Kim"),
        ("{name}", {"name": "{agent}", "agent": "Ada"}, "{agent}"),
    ],
)
def test_places_are_filled_in(text: str, values: dict[str, str], read: str) -> None:
    assert fill(text, values) == read


@given(st.text(alphabet=st.characters(exclude_characters="{}"), max_size=80))
def test_a_text_without_places_stays_as_it_is(text: str) -> None:
    assert fill(text, {"name": "Kim"}) == text


def test_the_first_name_is_the_first_of_several_latin_words() -> None:
    assert [first_name(one) for one in ("Kim Sommer", "Ölaf Groß", "Kim", "山田 太郎", "")] == [
        "Kim", "Ölaf", "Kim", "山田 太郎", "",
    ]  # fmt: skip


def test_the_customers_language_comes_first_then_english() -> None:
    texts = {"de": "Hallo", "en": "Hello", "ja": "こんにちは"}
    assert language(texts, ["ja", "de"]) == "ja"
    assert language(texts, ["fr", ""]) == "en"
    assert language({"de": "Hallo"}, ["ja"]) == "de"


@BOTH
def test_it_is_kept_changed_found_and_removed(database: str) -> None:
    number = keep("Wo ist mein Paket", "/Paket", de="Hallo {name}, Ihr Paket kommt.", en="Hello {name}, it is coming.")
    keep("Größe", en="It runs small.")
    assert names() == ["Größe", "Wo ist mein Paket"]
    assert names("paket kommt") == ["Wo ist mein Paket"]
    assert names("groesse") == ["Größe"]
    assert names("paket small") == []
    assert keep("Paket", "paket", number, ja="発送済みです。") == number
    with db.read() as session:
        (row,) = saved.every(session, "paket")
        assert (row.shortcut, row.texts, row.changed_by) == ("paket", {"ja": "発送済みです。"}, "user:1")
    with db.write() as session:
        assert saved.remove(session, number, "user:1")
        assert not saved.remove(session, number, "user:1")
    assert names() == ["Größe"]


@BOTH
@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "n" * 81}),
        ("name", {"name": "GROESSE"}),
        ("shortcut", {"name": "n", "shortcut": "two words"}),
        ("shortcut", {"name": "n", "shortcut": "/Size"}),
        ("texts", {"name": "n", "en": "  "}),
        ("en", {"name": "n", "en": "x" * 5001}),
        ("de", {"name": "n", "de": "Hallo {vorname}"}),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(database: str, field: str, values: dict[str, str]) -> None:
    keep("Größe", "size", en="It runs small.")
    with pytest.raises(Wrong) as refused:
        keep(**values)
    assert refused.value.field == field
    assert refused.value.sentence in saved.SENTENCES
    assert names() == ["Größe"]


@BOTH
def test_an_own_name_and_shortcut_may_stay(database: str) -> None:
    number = keep("Size", "size", en="It runs small.")
    assert keep("size", "size", number, en="It runs large.") == number


@BOTH
def test_one_that_is_gone_cannot_be_changed(database: str) -> None:
    with pytest.raises(saved.Rejected, match="gone"):
        keep("Size", "", 4711, en="x")
