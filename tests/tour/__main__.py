"""`python -m tests.tour`: run the demo, do the job, take the pictures, write docs/tour/."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.tour import desk, job, pictures
from tests.tour.house import ROOT, Demo, running
from tests.web.chromium import PROGRAM

FOLDER = ROOT / "docs" / "tour"


def main() -> int:
    """Exit code 1 when the job takes longer than it may."""
    parser = argparse.ArgumentParser(prog="tests.tour")
    parser.add_argument("--out", type=Path, default=FOLDER, help="where the pictures go")
    parser.add_argument("--png", action="store_true", help="large and exact, for looking closely")
    parser.add_argument("--only", default="", help="pages to take, separated by commas")
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="widerhall-tour-") as folder,
        running(Path(folder) / "hub") as demo,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=["--no-sandbox"])
        done = [] if given.only else both(browser, demo)
        taken = _pictures(browser, demo, given)
        browser.close()
    if not given.only and not given.png:
        (given.out / "README.md").write_text(pictures.readme(taken, _figures(done)), "utf-8")
    for one in done:
        sys.stdout.write(f"{one}\n")
    return 0 if all(one.arrived <= job.LIVE_SECONDS for one in done) else 1


def both(browser: Browser, demo: Demo) -> list[job.Done]:
    """The job by mouse and by keyboard."""
    return [
        job.by_mouse(browser, demo, "Wann fährt die erste Bahn am Sonntag?", "Um 5:12 Uhr ab Hauptbahnhof."),
        job.by_keyboard(browser, demo, "Und wann fährt die letzte zurück?", "Um 23:48 Uhr ab Elsterau."),
    ]


def _figures(done: list[job.Done]) -> str:
    seconds = " and ".join(f"{one.arrived:.1f} s" for one in done)
    rest = "the answer stood on its platform, the profile and the interaction in Salesforce"
    return f"A customer's post stood in the open inbox after {seconds}; {rest}."


def _pictures(browser: Browser, demo: Demo, given: Any) -> list[pictures.Shot]:
    kept = desk.settle(demo)
    demo.control("/_play", steps="all")
    page, colleague = (browser.new_context(locale="en-GB").new_page() for _ in range(2))
    job.sign_in(page, demo)
    job.sign_in(colleague, demo, "jonas@demo.example", desk.PASSWORD)
    page.wait_for_timeout(15_000)  # the world's story is read and annotated
    cookie = next(one["value"] for one in page.context.cookies() if one["name"] == "widerhall")
    values = {**kept, **find(page, demo), "thread": f"/inbox/{longest(colleague, demo)}?view=all"}
    desk.work(demo)
    for one in (page, colleague):
        one.context.close()
    only = set(given.only.split(",")) - {""}
    return pictures.take(
        browser, demo, cookie, values, given.out, png=given.png, chosen=lambda shot: not only or shot.place.name in only
    )


def find(page: Any, demo: Demo) -> dict[str, str]:
    """Numbers of things worth a picture: somebody whom the CRM knows, the first subject."""
    page.goto(f"{demo.inbox}/people?show=linked")
    person = page.locator("a.who").first.get_attribute("href").rsplit("/", 1)[-1]
    page.goto(f"{demo.inbox}/listening")
    found = page.locator("a[href^='/listening/']").evaluate_all("(all) => all.map((one) => one.getAttribute('href'))")
    subject = next((one.rsplit("/", 1)[-1] for one in found if one.rsplit("/", 1)[-1].isdigit()), "1")
    return {"person": person, "subject": subject}


def longest(page: Any, demo: Demo) -> str:
    """The number of the longest thread in sight, found by a colleague: whoever looks has read it."""
    page.goto(f"{demo.inbox}/inbox?view=all")
    rows = page.locator("#rows [data-row]").evaluate_all("(all) => all.map((one) => one.dataset.row)")
    found, most = str(rows[0]), -1
    for row in rows[:40]:
        page.goto(f"{demo.inbox}/inbox/{row}?view=all")
        kinds = page.locator("#log [data-entry]").count() + 5 * page.locator("#log .msg-public ~ .msg-dm").count()
        if kinds > most:
            found, most = str(row), kinds
    return found


if __name__ == "__main__":
    sys.exit(main())
