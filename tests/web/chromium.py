"""A real Chromium for tests: the one of this machine, and pages in which somebody is signed in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from core import db
from tests.web.conftest import user
from web import auth, sessions

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(
    PROGRAM is None, reason="no Chromium on this machine: install the package `chromium`"
)
expect.set_options(timeout=20_000)
"""Milliseconds: two workers may share this machine with the browser."""
LOCALES = {"de": "de-DE", "en": "en-GB", "ja": "ja-JP"}


@contextmanager
def launched() -> Iterator[Browser]:
    """The browser itself, for several tests."""
    with sync_playwright() as running:
        browser = running.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Seen:
    """Opens pages of a server; every message on the console and every broken policy is a complaint."""

    browser: Browser
    address: str
    complaints: list[str] = field(default_factory=list)
    _contexts: list[BrowserContext] = field(default_factory=list)

    def page(
        self, role: str = "", *, language: str = "en", width: int = 1440, scheme: Any = "light", height: int = 900,
        offline_is_fine: bool = False,
    ) -> Page:  # fmt: skip
        """An empty page; with a `role` somebody of it is signed in."""
        context = self.browser.new_context(
            viewport={"width": width, "height": height}, locale=LOCALES[language], color_scheme=scheme,
            timezone_id="Europe/Berlin",
        )  # fmt: skip
        self._contexts.append(context)
        if role:
            context.add_cookies([{"name": "widerhall", "value": token(role), "url": self.address}])
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if _bad(said, offline_is_fine) else None)
        return page

    def close(self) -> None:
        """Close what is left open."""
        for context in self._contexts:
            context.close()


SETTLED = ", ".join(f".htmx-{state}" for state in ("request", "swapping", "added", "settling"))


def settled(page: Page) -> None:
    """Wait until what was asked for is there and its forms are the scripts', however slow this machine is."""
    page.wait_for_function("(busy) => document.readyState === 'complete' && !document.querySelector(busy)", arg=SETTLED)


LEFT = ("htmx:afterRequest", "htmx:sendAbort")
"""What is said of a request whose page was left; what fails otherwise has a third word of its own."""


def _bad(said: Any, offline_is_fine: bool) -> bool:
    if said.type not in ("error", "warning"):
        return False
    expected = ("404 (Not Found)", "403 (Forbidden)", *LEFT) + (
        ("net::ERR_", "Failed to fetch", "[object Event]") if offline_is_fine else ()
    )
    return not any(one in said.text for one in expected)


def token(role: str) -> str:
    """The cookie of a new sign-in of somebody of a role."""
    email = user(role)
    with db.write() as session:
        found = auth.find(session, email)
        assert found is not None
        return sessions.start(session, found.id or 0, "test")
