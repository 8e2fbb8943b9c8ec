"""Claims about /ui and the parts: every macro and icon is shown, nothing inline, htmx comes from a package."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.web.conftest import Browser
from web.pages import ui
from web.render import HERE, STATIC

TEMPLATES = HERE / "templates"
ROOT = HERE.parent
PARTS = (TEMPLATES / "parts" / "ui.html").read_text("utf-8")
SHEETS = sorted([*STATIC.glob("*.css"), *STATIC.glob("pages/*.css")])


def test_page_shows_every_section_twice(as_role) -> None:
    text = as_role("marketer").get("/ui").text
    assert [name for name in ui.SECTIONS if f'<section id="{name}">' not in text] == []
    assert text.count('data-theme="light"') == text.count('data-theme="dark"') == len(ui.SECTIONS)


def test_every_macro_is_shown() -> None:
    page = (TEMPLATES / "ui.html").read_text("utf-8")
    inside = {
        "csrf",
        "way",
        "back",
        "deed",
        "sign",
        "mark",
        "ring",
        "toast",
        "banner",
        "pager",
    }  # drawn by others, or by hand
    macros = set(re.findall(r"macro ([a-z]\w*)\(", PARTS))
    assert {name for name in macros - inside if not re.search(rf"\b{name}\(", page)} == set()


def test_every_icon_that_is_used_is_drawn_once() -> None:
    drawn = re.findall(r'<symbol id="([^"]+)"', (TEMPLATES / "parts" / "icons.html").read_text("utf-8"))
    assert len(drawn) == len(set(drawn))
    used = {
        name
        for file in TEMPLATES.rglob("*.html")
        for name in re.findall(r'(?:\bicon|sign)\("([a-z-]+)"|href="#([a-z-]+)"/>', file.read_text("utf-8"))
    }
    assert {one or other for one, other in used} - set(drawn) == set()


@pytest.mark.parametrize("file", sorted(TEMPLATES.rglob("*.html")), ids=lambda file: file.name)
def test_no_template_carries_style_or_script(file: Path) -> None:
    text = file.read_text("utf-8")
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=\"|<script(?![^>]*\ssrc=)|hx-on|hx-vals='js:|javascript:", text)


@pytest.mark.parametrize("file", SHEETS, ids=lambda file: file.name)
def test_every_colour_stands_in_the_tokens(file: Path) -> None:
    known = set(re.findall(r"--[\w-]+(?=:)", "".join(one.read_text("utf-8") for one in SHEETS)))
    assert set(re.findall(r"var\((--[\w-]+)", file.read_text("utf-8"))) - known == set()


def test_htmx_and_its_extension_are_there_and_named(as_role) -> None:
    text = as_role("agent").get("/ui").text
    for name, part in (("vendor/htmx-2.min.js", "var htmx="), ("vendor/hx-sse-2.min.js", "defineExtension")):
        assert re.search(rf'<script src="/static/{name}\?v=\w+" defer></script>', text)
        assert part in (STATIC / name).read_text("utf-8")


def test_build_hook_puts_the_files_into_a_fresh_tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("hatchling")
    monkeypatch.syspath_prepend(str(ROOT))
    packages = tmp_path / "packages"
    import hatch_build

    for package, name, _ in hatch_build.FILES:
        (packages / name).parent.mkdir(parents=True, exist_ok=True)
        (packages / name).write_text(Path(name).name, "utf-8")
        info = packages / f"{package.replace('-', '_')}-1.0.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Name: {package}\nVersion: 1.0\n", "utf-8")
    monkeypatch.setattr(sys, "path", [str(packages), *sys.path])
    made = hatch_build.copy(tmp_path / "tree")
    assert [path.relative_to(tmp_path / "tree").as_posix() for path in made] == [
        "web/static/vendor/htmx-2.min.js",
        "web/static/vendor/hx-sse-2.min.js",
        "web/fonts/ipaexg.ttf",
        "web/fonts/IPA_Font_License_Agreement_v1.0.txt",
    ]
    assert made[1].read_text("utf-8") == "hx-sse-2.min.js"


def test_build_files_are_not_in_the_repository_but_in_the_wheel() -> None:
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    assert {"web/static/vendor/", "web/fonts/"} <= {*ignored}
    assert 'path = "hatch_build.py"' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_static_files_are_compressed_and_pages_are_not(browser: Browser, as_role) -> None:
    asked = {"headers": {"accept-encoding": "gzip"}}
    sheet = browser.get("/static/components.css", **asked)
    assert sheet.headers["content-encoding"] == "gzip"
    assert sheet.text.startswith("/* Widerhall components")
    assert "content-encoding" not in as_role("agent").get("/ui", **asked).headers
