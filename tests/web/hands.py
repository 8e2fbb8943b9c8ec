"""What somebody does at a page without a mouse: reach a thing by the Tab key, type over what stands there, confirm."""

from __future__ import annotations

from playwright.sync_api import Error, Page, expect

from tests.web.chromium import Seen
from web import i18n

MOST = 160
"""Presses of the Tab key until a thing must have been reached."""
REFUSED = "422 (Unprocessable"


def reach(page: Page, selector: str, *, back: bool = False) -> None:
    """Press Tab until the thing has the focus; fails where it cannot be reached."""
    for _ in range(MOST):
        try:
            if page.evaluate("(wanted) => document.activeElement?.matches(wanted) ?? false", selector):
                return
        except Error:  # the next page is just coming
            page.wait_for_load_state()
        page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"the keyboard does not reach {selector}")


def type_in(page: Page, selector: str, text: str) -> None:
    """Reach a field and replace what stands there."""
    reach(page, selector)
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)


def press(page: Page, selector: str, key: str = "Enter") -> None:
    """Reach a thing and press a key on it."""
    reach(page, selector)
    page.keyboard.press(key)


def confirmed(page: Page, selector: str) -> None:
    """Press a button that asks whether one is sure; the first time it is left by Escape, and nothing happens."""
    press(page, selector)
    expect(page.locator("dialog[open]")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.locator(selector)).to_be_focused()
    page.evaluate("() => new Promise((done) => setTimeout(done))")  # the page has heard that it was closed
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_be_visible()
    press(page, "dialog[open] .btn-danger, dialog[open] .btn-primary")


def said(language: str, sentence: str, **values: object) -> str:
    """A sentence of ours in a language, as a page shows it."""
    words = i18n.catalogue(language).gettext(sentence)
    assert language == "en" or words != sentence, f"not translated: {sentence}"
    return words % values if values else words


def wrong(page: Page, name: str, sentence: str) -> None:
    """The field says so below itself and to a screen reader, and the cursor can go there."""
    field = page.locator(f"#f-{name}")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(page.locator(f"#e-{name}")).to_contain_text(sentence)
    assert f"e-{name}" in (field.get_attribute("aria-describedby") or "")


def forgive(seen: Seen) -> None:
    """The browser complains of every answer that refuses a form; those are meant."""
    seen.complaints[:] = [one for one in seen.complaints if REFUSED not in one]
