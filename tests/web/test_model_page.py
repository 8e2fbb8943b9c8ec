"""Claims about the model page: what is in use, its trouble, its figures here, and having history rated again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from core import db
from inbox import facts
from sentiment import active, card, corrections, passes, speed
from sentiment.models import AnnotationRow
from tests.conftest import BOTH
from tests.web.conftest import account, event, store

pytestmark = BOTH
HERE = "/settings/model"
HTMX = {"hx-request": "true"}


@pytest.fixture(autouse=True)
def no_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card.card, "__defaults__", (Path("nowhere.json"),))


@pytest.fixture
def rate(database: str) -> Callable[..., list[int]]:
    """Messages with what the lexicon said of them."""
    number = account()

    def do(language: str, *moods: str) -> list[int]:
        store(number, *(event(f"{language}:{n}", f"{language} {n}") for n in range(len(moods))))
        with db.write() as session:
            m = db.table(facts.Message)
            rows = session.execute(m.select().where(m.c.key.startswith(f"{language}:")).order_by(m.c.id)).all()
            facts.set(
                session,
                {row.id: {"language": language, "sentiment": mood} for row, mood in zip(rows, moods, strict=True)},
            )
            for row, mood in zip(rows, moods, strict=True):
                if mood:
                    session.add(
                        AnnotationRow(
                            message_id=row.id, message_version=1, model="lexicon", model_version="7", language=language,
                            sentiment=mood, p_neg=0.2, p_neu=0.2, p_pos=0.6, at=db.now(),
                        )
                    )  # fmt: skip
        return [row.id for row in rows]

    return do


def cells(text: str, head: str) -> list[str]:
    """The cells of the row that begins with a word."""
    for row in re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL):
        found = [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)]
        if found and found[0] == head:
            return found
    return []


def test_an_empty_hub_says_what_will_be_here(database: str, as_role) -> None:
    text = as_role("admin").get(HERE).text
    assert "No model card came along" in text
    assert "Nothing has arrived yet" in text
    assert "The lexicon stands in" not in text


def test_coverage_counts_what_others_wrote_by_language(rate, as_role) -> None:
    rate("de", "negative", "positive", "unsure", "")
    rate("ja", "positive")
    text = as_role("admin").get(HERE).text
    assert cells(text, "German")[1:4] == ["4", "75%", "33%"]
    assert cells(text, "Japanese")[1:4] == ["1", "100%", "0%"]


def test_disagreement_of_people_has_an_interval(rate, as_role) -> None:
    one, two, *_ = rate("de", "negative", "negative", "negative", "negative")
    with db.write() as session:
        corrections.correct(session, one, "sentiment", "positive", "user:1")
        corrections.correct(session, two, "sentiment", "negative", "user:1")
    text = as_role("admin").get(HERE).text
    assert cells(text, "German")[4:] == ["25%", "5% to 70%"]
    assert cells(text, "Sentiment") == ["Sentiment", "1", "1"]


def test_trouble_of_the_model_is_said_above_everything(database: str, as_role) -> None:
    with db.write() as session:
        active.write_state(session, "hub:big", "The file is gone.")
    text = as_role("admin").get(HERE).text
    assert 'role="alert"' in text
    assert "The lexicon stands in for the chosen model, which cannot be used: The file is gone." in text


def test_a_rating_by_another_annotator_than_the_chosen_one_is_noticed(rate, as_role) -> None:
    rate("de", "negative")
    with db.write() as session:
        active.write_state(session, "hub:big", "")
    assert "rated by another annotator" in as_role("admin").get(HERE).text


def test_speed_is_that_of_the_last_hours(database: str, as_role) -> None:
    with db.write() as session:
        speed.note(session, "lexicon", 1200, 0.5)
    text = as_role("admin").get(HERE).text
    assert "2,400 messages a second" in re.sub(r"[\u2066-\u2069]", "", text)


def test_weeks_come_after_the_page_and_without_a_script_with_it(rate, as_role) -> None:
    rate("de", "negative", "positive")
    browser = as_role("marketer")
    assert "Week from" not in browser.get(HERE).text
    assert "Week from" in browser.get(f"{HERE}?drifting=yes").text
    part = browser.get(f"{HERE}/drift", headers=HTMX).text
    assert part.count('<th scope="rowgroup"') == 1
    assert "50%" in part
    assert browser.get(f"{HERE}/drift").headers["location"] == f"{HERE}?drifting=yes#drift"


def test_history_is_rated_again_by_whoever_may(database: str, as_role) -> None:
    assert as_role("marketer").post(f"{HERE}/again").status_code == 403
    assert "Rate stored messages again" not in as_role("marketer").get(HERE).text
    browser = as_role("admin")
    assert browser.post(f"{HERE}/again").headers["location"] == f"{HERE}?note=rating-again"
    with db.read() as session:
        assert passes.running(session) is not None
    assert "0 of 0 are rated again" in browser.get(HERE).text


@pytest.mark.parametrize("role", ["agent", "dpo"])
def test_others_do_not_see_it(database: str, as_role, role: str) -> None:
    assert as_role(role).get(HERE).status_code == 403


def test_the_card_shows_quality_with_its_interval_and_heads_without_data(
    database: str, as_role, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = {"task": "sentiment", "language": "de", "set": "UMSAB", "n": 870, "macro_f1": 0.751, "low": 0.72,
               "high": 0.78, "calibration_error": 0.02}  # fmt: skip
    heads = {"sentiment": {"data": ["UMSAB", "SemEval"], "supported": True}, "urgency": {"supported": False}}
    file = tmp_path / "card.json"
    file.write_text(json.dumps({"measures": [measure, {"task": "broken"}], "heads": heads}))
    monkeypatch.setattr(card.card, "__defaults__", (file,))
    text = as_role("admin").get(HERE).text
    assert cells(text, "Sentiment") == ["Sentiment", "German", "UMSAB", "870", "75%", "72% to 78%", "2%"]
    assert "UMSAB, SemEval" in text
    assert text.count("unsupported") == 1


@pytest.mark.parametrize("content", ["", "[]", '{"measures": {}, "heads": []}', "{broken"])
def test_a_card_that_cannot_be_read_is_none(database: str, tmp_path: Path, content: str) -> None:
    file = tmp_path / "card.json"
    file.write_text(content)
    assert card.card(file) == card.Card((), ())
