"""What the documentation names exists: functions, files, commands, settings, places that are linked."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from core.settings import Settings
from core.topics import TOPICS
from tests.docs.pages import DOCS, PAGES, ROOT, code, commands, text
from web.permissions import PERMISSIONS

EACH = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
ROOMS = ("core", "connectors", "inbox", "sentiment", "listening", "enrichment", "web", "sandbox", "migrations", "tests")
_DOTTED = re.compile(rf"^(?:{'|'.join(ROOMS)})(?:\.\w+)+$")
_FILE = re.compile(r"^(?:[\w.-]+/)*[\w.-]+\.(?:py|md|toml|html|tsv)$|^(?:[\w.-]+/)+$")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_COMMAND = re.compile(r"(?:^|[`\s/])widerhall((?: +[^\s`|;)&]+)+)", re.MULTILINE)


@cache
def _read(page: Path) -> str:
    return page.read_text("utf-8")


def _resolve(dotted: str) -> Any:
    parts = dotted.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: Any = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for name in parts[length:]:
            found = getattr(found, name)
        return found
    raise AttributeError(dotted)


@EACH
def test_dotted_names_resolve(page: Path) -> None:
    names = {name.partition("(")[0] for name in code(_read(page))}
    for name in sorted(one for one in names if _DOTTED.match(one) and one not in PERMISSIONS and one not in TOPICS):
        if not (ROOT / name).exists():
            assert _resolve(name) is not None


@EACH
def test_files_that_are_named_exist(page: Path) -> None:
    for name in sorted(one for one in code(_read(page)) if _FILE.match(one) and one.split("/")[0] in _top()):
        assert (ROOT / name).exists(), f"{page.name} names {name}"


@cache
def _top() -> frozenset[str]:
    return frozenset(path.name for path in ROOT.iterdir()) - {"var", "logs"}


@EACH
def test_links_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(_without_code(_read(page))):
        if "://" in target or target.startswith("mailto:"):
            continue
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        assert there.exists(), f"{page.name} links to {target}"
        if anchor:
            assert anchor in _anchors(there), f"{page.name} links to {target}"


def _without_code(words: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", words, flags=re.DOTALL)


def _anchors(page: Path) -> set[str]:
    """The anchors that headings get when they are shown as a web page."""
    heads = re.findall(r"^#+ (.*)$", _read(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_the_index_leads_to_every_page() -> None:
    linked = {(DOCS / target.partition("#")[0]).resolve() for target in _LINK.findall(text("README.md"))}
    assert set(DOCS.rglob("*.md")) - {DOCS / "README.md"} <= linked


@cache
def _commands() -> dict[tuple[str, ...], set[str]]:
    """Commands and the options each takes."""
    return {
        path: {name for one in command.params for name in (*one.opts, *one.secondary_opts)}
        for path, command in commands()
    }


def _check_command(words: list[str], where: str) -> None:
    """The longest command that the words begin with takes every option they name."""
    if words[:1] == ["--data"]:
        words = words[2:]
    groups = {path[:1] for path in _commands() if len(path) > 1}
    found = [path for path in _commands() if list(path) == words[: len(path)]]
    if not found:
        alone = len(words) == 1 and (words[0],) in groups
        assert alone or not re.match(r"^[a-z-]+$", words[0]), f"{where}: there is no widerhall {' '.join(words)}"
        return
    options = _commands()[max(found, key=len)]
    for word in words:
        name = word.partition("=")[0].rstrip(",.:")
        if re.match(r"^--[a-z-]+$", name):
            assert name in options | {"--help"}, f"{where}: widerhall {' '.join(words)}"


def _named(words: str) -> list[list[str]]:
    joined = words.replace("\\\n", " ")
    return [found.split() for found in _COMMAND.findall(joined)]


@EACH
def test_commands_that_are_named_exist(page: Path) -> None:
    shown = re.findall(r"```.*?```|`[^`\n]*`", _read(page), re.DOTALL)
    for words in [one for part in shown for one in _named(part)]:
        _check_command(words, page.name)


def test_commands_that_the_product_names_exist() -> None:
    for room in ("core", "connectors", "inbox", "sentiment", "listening", "enrichment", "web"):
        for path in (ROOT / room).rglob("*.py"):
            for part in re.findall(r"`(widerhall [^`]*)`", _read(path)):
                if "|" not in part and "{" not in part:
                    _check_command(part.split()[1:], path.name)


@EACH
def test_settings_that_are_named_exist(page: Path) -> None:
    known = {f"WIDERHALL_{name.upper()}" for name in Settings.model_fields}
    known |= {name for name in code(text("settings.md")) if name.startswith("WIDERHALL_")}
    assert set(re.findall(r"WIDERHALL_[A-Z_]+", _read(page))) <= known
