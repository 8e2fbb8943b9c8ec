"""The newcomer's tour: the whole job by mouse and by keyboard in a running demo; `python -m tests.tour` times it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tour import job, pictures
from tests.tour.house import running
from tests.web.chromium import launched, needs_chromium

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.xdist_group("demo")
@needs_chromium
def test_a_newcomer_does_the_job_by_mouse_and_by_keyboard(tmp_path: Path) -> None:
    with running(tmp_path / "demo") as demo, launched() as browser:
        mouse = job.by_mouse(browser, demo, "Fährt der Nachtzug auch sonntags?", "Ja, sonntags um 23:48 Uhr.")
        keys = job.by_keyboard(browser, demo, "Und am Feiertag auch?", "Ja, auch am Feiertag.")
    for done in (mouse, keys):
        assert (done.sent, done.profiles, done.interactions) == (1, 1, 1)


def test_each_page_is_seen_in_each_language_width_and_theme() -> None:
    for place in pictures.PLACES:
        mine = [shot for shot in pictures.shots() if shot.place is place]
        assert {shot.language for shot in mine} == set(pictures.LANGUAGES)
        assert {shot.width for shot in mine} == set(pictures.WIDTHS)
        assert {shot.scheme for shot in mine} == set(pictures.SCHEMES)


def test_folder_holds_the_pictures_that_its_page_shows() -> None:
    folder = ROOT / "docs" / "tour"
    shown = {shot.file for shot in pictures.shots()}
    assert {path.name for path in folder.glob("*.jpg")} == shown
    assert all(name in (folder / "README.md").read_text("utf-8") for name in shown)
    assert sum(path.stat().st_size for path in folder.iterdir()) < 8_000_000
