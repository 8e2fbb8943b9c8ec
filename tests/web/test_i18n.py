"""Claims about languages: every text is marked, translated, and fits its places."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jinja2 import Environment
from jinja2.nodes import Add, Call, Concat, Const, Name, TemplateData

from core import db
from tests.web.conftest import Browser, user
from web import catalogues, i18n
from web.reader import Reader
from web.render import HERE

TRANSLATED = [language for language in i18n.LANGUAGES if language != "en"]
TEMPLATES = sorted((HERE / "templates").rglob("*.html"))
OURS = [one for one in TEMPLATES if one.name != "ui.html"]
"""All but the page of specimens, whose sentences are made up."""
SCRIPTS = sorted([*(HERE / "static").glob("*.js"), *(HERE / "static" / "js").glob("*.js")])
NAMES = {"Widerhall", "Python", "Salesforce", "PostgreSQL", "SQLite"}
KEYS = {"Esc", "Ctrl", "Enter", "Tab"}
NAMED = {"CRM", "Salesforce", "Widerhall"}
SAME = {
    "de": NAMED | {
        "Administrator", "Agent", "Broker", "Browser", "%(number)s ms",
        "%(promise)s: %(state)s", "Code %(number)s", "Emotion", "Filter",
        "Handle", "Hashtag",
        "Hashtags", "Text", "Name, %(language)s",
        "Installation", "Label", "Labels", "Lead", "Link", "Live", "Marketing", "Name", "Normal",
        "Passkey", "Passkeys", "Person",
        "Problem", "Region", "Revision", "Setup", "Spam", "Sticker", "System", "Team", "Teams", "Video", "Webhooks",
        "Website", "neutral", "positive",
    },
    "ja": NAMED | {"Ctrl"},
}  # fmt: skip
"""Words that are the same in both languages."""


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_catalogue_holds_exactly_the_texts_there_are(language: str) -> None:
    """When this fails: python -m web.catalogues, then translate what is new."""
    assert catalogues.refreshed(language) == i18n.po_file(language).read_bytes()


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language: str) -> None:
    missing = [one.id for one in catalogues.read(language) if one.id and not (one.string and all(one.string))]
    assert missing == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_text_was_left_in_english(language: str) -> None:
    same = {one.id for one in catalogues.read(language) if one.id and one.string == one.id}
    assert same - SAME[language] == set()
    assert not [one.id for one in catalogues.read(language) if one.fuzzy], "shown in English"


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_fill_the_same_places(language: str) -> None:
    places = re.compile(r"%\(\w+\)s|\{n\}")
    for one in catalogues.read(language):
        source = one.id[-1] if isinstance(one.id, tuple) else one.id
        for text in one.string if isinstance(one.string, tuple) else (one.string,):
            if one.id:
                assert sorted(places.findall(text)) == sorted(places.findall(source)), text


def test_signs_after_japanese_are_wide() -> None:
    narrow = re.compile("[ぁ-んァ-ヶー一-龥）](:(?!//)|[?!])")
    texts = [
        text for one in catalogues.read("ja") for text in ([one.string] if isinstance(one.string, str) else one.string)
    ]
    assert [text for text in texts if narrow.search(text)] == []


@pytest.mark.parametrize("template", OURS, ids=lambda path: path.name)
def test_template_has_no_text_outside_of_gettext(template: Path) -> None:
    source = re.sub(
        r"{% block (?!title|content)\w+ %}[a-z -]*{% endblock %}", "", template.read_text()
    )  # names of classes
    parsed = Environment(autoescape=True, extensions=["jinja2.ext.i18n"]).parse(source)
    markup = " ".join(node.data for node in parsed.find_all(TemplateData))
    markup = re.sub(r"<!doctype html>|<(svg|symbol|kbd)\b.*?</\1>", " ", markup, flags=re.DOTALL)
    spoken = re.findall(r'(?:placeholder|aria-label|title|alt)="([^"]*[a-zA-Z]{2}[^"]*)"', markup)
    words = re.findall(r"[A-Za-z]{2,}", re.sub(r"<[^>]*>|[\w-]+=\"[^\"]*|[^<]*>", " ", markup))
    assert [one for one in [*spoken, *words] if one not in NAMES] == []


@pytest.mark.parametrize("template", OURS, ids=lambda path: path.name)
def test_template_puts_no_sentence_together(template: Path) -> None:
    parsed = Environment(autoescape=True, extensions=["jinja2.ext.i18n"]).parse(template.read_text())
    joined = [part for node in parsed.find_all(Concat) for part in node.nodes]
    joined += [part for node in parsed.find_all(Add) for part in (node.left, node.right)]
    assert [part.lineno for part in joined if isinstance(part, Call) and _translates(part)] == []


@pytest.mark.parametrize("template", OURS, ids=lambda path: path.name)
def test_template_hands_no_words_to_a_part(template: Path) -> None:
    """A macro called with "Save" instead of _("Save")."""
    parsed = Environment(autoescape=True, extensions=["jinja2.ext.i18n"]).parse(template.read_text())
    translated = {id(node) for call in parsed.find_all(Call) if _translates(call) for node in call.find_all(Const)}
    values = [node.value for node in parsed.find_all(Const) if id(node) not in translated]
    words = [value for value in values if isinstance(value, str) and value not in KEYS]
    assert [one for one in words if re.search(r"^[A-ZÄÖÜ][a-zäöü]+( [a-zäöü]+|$)|[ぁ-んァ-ン一-龥]", one)] == []


def _translates(call: Call) -> bool:
    return isinstance(call.node, Name) and call.node.name in ("_", "gettext", "ngettext", "pgettext", "npgettext")


@pytest.mark.parametrize("language", ["en"])
def test_no_text_is_a_piece_of_a_sentence(language: str) -> None:
    pieces = re.compile(r"^\s|\s$|(^| )(the|a|an)$")
    texts = [text for one in catalogues.read(language) for text in (one.id if isinstance(one.id, tuple) else (one.id,))]
    assert [text for text in texts if pieces.search(text)] == []


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_script_says_nothing_of_its_own(script: Path) -> None:
    """Words come with the page, in data attributes."""
    said = r"""(?:textContent|innerText|innerHTML|title|placeholder|ariaLabel)\s*[=:]\s*["'`](?=[^"'`$]*[a-zA-Z]{2})"""
    said += r"""|(?:alert|confirm)\(\s*["'`]|setAttribute\("(?:title|alt|aria-[a-z]+)",\s*["'`](?=[^"'`$]*[A-Z ])"""
    assert re.findall(said, script.read_text()) == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_template_has_no_inline_script_or_style(template: Path) -> None:
    text = template.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", text)
    assert "| safe" not in text


@pytest.mark.parametrize(
    ("accept", "language"),
    [("de-AT,de;q=0.9,en;q=0.8", "de"), ("fr,ja;q=0.5", "ja"), ("fr", "en"), ("", "en"), ("en;q=0.1,de;q=0.2", "de"),
     ("de;q=x,ja", "ja"), ("*", "en"), ("de;q=0,ja;q=0.1", "ja")],
)  # fmt: skip
def test_language_is_what_the_browser_likes_best(accept: str, language: str) -> None:
    assert i18n.pick(accept) == language


@pytest.mark.parametrize(("language", "word"), [("de", "Anmelden"), ("ja", "サインイン"), ("en", "Sign in")])
def test_door_speaks_the_language_of_the_browser(browser: Browser, language: str, word: str) -> None:
    user("admin")
    text = browser.get("/signin", headers={"accept-language": language}).text
    assert f'<html lang="{language}" ' in text
    assert f"<h1>{word}</h1>" in text


def test_own_setting_counts_more_than_the_browser(as_role) -> None:
    browser = as_role("agent")
    browser.post("/settings/me", {"name": "A", "language": "ja", "time_zone": "Asia/Tokyo"})
    text = browser.get("/settings/me", headers={"accept-language": "de"}).text
    assert '<html lang="ja" ' in text


@pytest.mark.parametrize(("path", "status"), [("/nothing", 404), ("/settings/users", 403)])
@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_failures_speak_every_language(as_role, path: str, status: int, language: str) -> None:
    answer = as_role("agent").get(path, headers={"accept-language": language})
    assert answer.status_code == status
    assert f'<html lang="{language}" ' in answer.text


@pytest.mark.parametrize(("language", "shown"), [("de", "24. Nov. 2026"), ("ja", "2026/11/24"), ("en", "24 Nov 2026")])
def test_times_are_the_reader_s_own(language: str, shown: str) -> None:
    reader = Reader(language, zone=i18n_zone("Asia/Tokyo"))
    text = reader.moment(datetime(2026, 11, 23, 20, 30, tzinfo=UTC))
    assert text.startswith(shown) or shown in text.replace("24.11.2026", "24. Nov. 2026")
    assert "5:30" in text


def i18n_zone(name: str):
    from web.reader import zone

    return zone(name)


def test_unknown_time_zone_is_utc() -> None:
    assert i18n_zone("Nowhere/At all") is UTC


@pytest.mark.parametrize(("language", "shown"), [("en", "9:05"), ("de", "09:05"), ("ja", "9:05")])
def test_a_moment_that_is_ahead_has_its_time_whatever_the_year(language: str, shown: str) -> None:
    here = db.now().replace(hour=9, minute=5)
    reader = Reader(language)
    for days in (1, 40, 400):
        assert shown in reader.short(here + timedelta(days=days))
    assert shown not in reader.short(here - timedelta(days=400))
