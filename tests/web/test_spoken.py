"""Every word of a page came through gettext: pages are rendered in a made-up language and searched for others."""

from __future__ import annotations

import gettext
import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest

from tests.web import lived, places
from web import i18n, render
from web.permissions import ROLES

NAMES = re.compile(
    r"Widerhall|Salesforce|LibreTranslate|DeepL|Mastodon|Bluesky|Telegram|English|Deutsch|UTC|Ctrl|Esc|Enter|PDF|CSV|JSON|OAuth|HTTP|CRM|"
    r"SLA|ID|Python|SQLite|PostgreSQL|kB|MB|GB|Contact|Lead|Account|[A-Z]\w+/[\w/+-]+"
)
"""Names that are the same in every language: our own, other products', formats, keys, time zones."""
DATA = re.compile(r"\S*(?:\.example|@|://|_|\d)\S*|[a-z_]+\.[a-z_.]+")
"""Addresses, handles, codes, names of fields and subscribers."""
SPOKEN = ("aria-label", "title", "placeholder", "alt", "aria-description", "aria-roledescription", "label")
SILENT = {"script", "style", "code", "kbd", "pre", "svg", "samp"}
VOID = {"input", "meta", "link", "br", "hr", "img", "wbr", "use", "path", "rect", "circle", "line", "col", "source"}


class MadeUp(gettext.NullTranslations):
    """A language in which every text stands between corner brackets."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"

    def pgettext(self, context: str, message: str) -> str:
        return f"⟦{message}⟧"

    def npgettext(self, context: str, msgid1: str, msgid2: str, n: int) -> str:
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


class Said(HTMLParser):
    """What a page says, in text and in attributes, apart from code and keys."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.texts += [found[name] or "" for name in SPOKEN if found.get(name)]
        self.texts += [
            value or "" for name, value in attrs if name in ("data-one", "data-many", "data-words", "data-confirm")
        ]
        if tag == "input" and found.get("type") in ("submit", "button", "reset"):
            self.texts.append(found.get("value") or "")
        if tag not in VOID:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        while self._inside and self._inside.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not SILENT & set(self._inside):
            self.texts.append(data)


def foreign(page: str) -> list[str]:
    """The texts of a page in which words stand that did not come through gettext."""
    parser = Said()
    parser.feed(page)
    found, depth = [], 0
    for text in parser.texts:
        rest, depth = _outside(text, depth)
        if re.search(r"[A-Za-z]{2,}", DATA.sub(" ", NAMES.sub(" ", rest))):
            found.append(" ".join(text.split())[:200])
    return found


def _outside(text: str, depth: int) -> tuple[str, int]:
    """What stands outside of all corner brackets, and how many are open at the end: markup may stand inside."""
    kept = ""
    for sign in text:
        depth += (sign == "⟦") - (sign == "⟧")
        kept += sign if depth == 0 and sign != "⟧" else " "
    return kept, depth


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(i18n, "catalogue", lambda language: MadeUp())
    render.environment.cache_clear()
    yield
    render.environment.cache_clear()


@pytest.mark.parametrize("text", ["⟦Save⟧ ⟦%(n)s of ⟦two⟧⟧", "Кофе 12:30", "kim@mail.example", "⟦Mood⟧: "])
def test_what_is_translated_or_data_passes(text: str) -> None:
    assert foreign(f"<p title='⟦x⟧'>{text}</p>") == []


@pytest.mark.parametrize(
    "page", ["<p>Save</p>", "<p>⟦Save⟧ changes</p>", "<i title='Save'></i>", "<input type=submit value=Save>"]
)
def test_what_is_neither_is_found(page: str) -> None:
    assert len(foreign(page)) == 1


def test_every_page_speaks_the_reader_s_language_alone(made_up: None, as_role) -> None:
    lived.everything()
    found: set[str] = set()
    for role in ROLES:
        browser = as_role(role)
        for path in {*places.pages(), f"/inbox/{lived.talk('m:1')}"} - {"/ui"}:  # specimens are no words of ours
            answer = browser.get(path, headers={"accept-language": "ja"})
            if answer.headers.get("content-type", "").startswith("text/html"):
                found |= {f"{path}: {text}" for text in foreign(answer.text)}
    for path in ("/signin", "/signin/forgot", "/signin/password"):
        found |= {f"{path}: {text}" for text in foreign(browser.get(path).text)}
    assert sorted(found) == []
