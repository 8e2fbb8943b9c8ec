"""Claims about names that are written the other way: sentences around them stay as they are."""

from __future__ import annotations

from datetime import UTC

import pytest
from markupsafe import Markup

from web import bidi, i18n
from web.reader import Reader
from web.render import environment


@pytest.mark.parametrize("value", ["Kim", "高橋", "", 3, None])
def test_what_turns_nothing_is_left_alone(value: object) -> None:
    assert bidi.isolated(value) is value


def test_name_that_turns_is_enclosed_and_cannot_break_out() -> None:
    assert bidi.isolated("\u202eevil\u2069\u2069") == "\u2068evil\u2069"
    assert bidi.isolated("שלום") == "\u2068שלום\u2069"


def test_sentences_of_templates_and_of_code_enclose_names() -> None:
    text = environment("en").from_string('{{ _("to %(account)s", account=name) }}').render(name="\u202e<b>")
    assert text == "to \u2068&lt;b&gt;\u2069"
    assert Reader("en", UTC).words("to %(account)s", account="\u202ex") == "to \u2068x\u2069"


def test_a_stored_text_in_the_place_of_a_sentence_stays_text() -> None:
    spoken = bidi.speaking(i18n.catalogue("de"))["_"]
    for text in ("<script>x()</script>", Markup("<b>x</b>"), "<b>x</b>"):
        assert "<" not in spoken(text)
    assert spoken("50% of 3 %d") == "50% of 3 %d"
    assert spoken("Inbox") == "Eingang"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\u202egnp.exe", "gnp.exe"), ("a\u202ab\u202cc", "abc"), ("\u2067שלום", "\u2067שלום\u2069"),
        ("\u2069\u2069end", "end"), ("to \u2068Kim\u2069", "to \u2068Kim\u2069"),
        ("\u2066a\u2069\u2069b", "\u2066a\u2069b"), ("高橋 שלום", "高橋 שלום"),
    ],
)  # fmt: skip
def test_nothing_a_stranger_wrote_turns_what_stands_after_it(written: str, shown: str) -> None:
    text = environment("en").from_string("{{ name }} · 12:30").render(name=written)
    assert text == f"{shown} · 12:30"
    assert bidi.contained(shown) == shown


def test_a_value_that_is_kept_with_its_sentence_is_not_taken_for_markup_that_reads_the_same() -> None:
    spoken = bidi.speaking(i18n.catalogue("de"))["_"]
    for _ in range(2):
        assert spoken("Me: %(name)s", name="<b>") == "Ich: &lt;b&gt;"
        assert spoken("Me: %(name)s", name=Markup("<b>")) == "Ich: <b>"
