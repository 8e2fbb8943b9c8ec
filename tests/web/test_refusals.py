"""Claims about sentences of other rooms: each is still said there, and put into the reader's words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors import attaching
from connectors import refusals as platforms
from core import hosts
from inbox import notes
from tests.web.conftest import account, event, store
from web import attaching as words
from web import i18n, refusals
from web.reader import Reader

ROOT = Path(refusals.__file__).parents[1]


def test_every_sentence_is_said_somewhere_and_translated() -> None:
    said = "".join(
        one.read_text("utf-8")
        for room in ("core", "inbox", "connectors", "enrichment")
        for one in (ROOT / room).rglob("*.py")
    )
    sentences = (*refusals.SENTENCES, *refusals.TEMPLATES)
    said += "".join((*platforms.SENTENCES, hosts.PRIVATE))
    assert [one for one in sentences if one not in said] == []
    for language in ("de", "ja"):
        assert [one for one in sentences if i18n.catalogue(language).gettext(one) == one] == []
    assert set(platforms.SENTENCES) <= set(refusals.TEMPLATES)
    assert set(attaching.SENTENCES) <= set(words.SENTENCES)


@pytest.mark.parametrize("template", refusals.known())
def test_what_was_kept_is_said_with_its_names_and_numbers(as_role, template: str) -> None:
    names = re.findall(r"%\((\w+)\)s", template)
    values = {one: "12345" if one in ("most", "count") else f"a ({one}) b" for one in names}
    reader = Reader(language="de")
    said = refusals.said(template % values, reader)
    assert said != template % values
    assert [one for one in values.values() if one not in said and one != "12345"] == []
    assert ("12.345" in said) == ("12345" in values.values())


def test_a_note_that_is_too_long_is_refused_in_the_reader_s_language(as_role, database: str) -> None:
    store(account(), event("1"))
    text = "n" * (notes.LIMIT + 1)
    page = as_role("admin").post("/inbox/1/reply", {"kind": "note", "text": text}, headers={"accept-language": "de"})
    assert page.status_code == 422
    assert "Die Notiz ist zu lang: höchstens 10.000 Zeichen." in page.text
    assert text in page.text


def test_a_file_that_is_no_table_is_refused_in_the_reader_s_language(as_role, database: str) -> None:
    admin = as_role("admin")
    for path in ("/settings/contacts/preview", "/settings/orders/preview"):
        page = admin.post(path, files={"file": ("a.csv", b"\x00\x01", "text/csv")}, headers={"accept-language": "de"})
        assert page.status_code == 422
        assert "Speichern Sie" in page.text
