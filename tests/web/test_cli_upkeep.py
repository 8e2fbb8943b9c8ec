"""What people know better, on the command line: corrections, new heads, history annotated again, drift."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from core import db
from inbox.models import Message
from sentiment import fitted, passes, retrain
from sentiment.embedded.heads import Head, Heads
from sentiment.port import CLASSES
from tests.living import done, refused, widerhall
from tests.web.conftest import account, event, store

pytestmark = pytest.mark.xdist_group("living")


@pytest.fixture
def messages(hub: None) -> list[int]:
    """Forty messages that the lexicon rated: half of them dull, half bright."""
    done("sentiment", "use", "lexicon")
    store(account(), *(event(f"m:{n}", f"{('dull', 'bright')[n % 2]} {n} thing") for n in range(40)))
    done("sentiment", "reannotate", "--wait")
    with db.read() as session:
        return list(session.scalars(sa.select(db.table(Message).c.id).order_by(db.table(Message).c.id)))


def shown(number: int) -> Message:
    with db.read() as session:
        found = session.get(Message, number)
    assert found is not None
    return found


def test_a_message_is_corrected_and_taken_back(messages: list[int]) -> None:
    one = messages[0]
    said = done("sentiment", "correct", one, "--sentiment", "positive", "--offensive", "no", "--language", "de")
    assert said["corrected"] == {"sentiment": "positive", "offensive": "no", "language": "de"}
    assert (shown(one).sentiment, shown(one).offensive, shown(one).language) == ("positive", False, "de")
    assert done("sentiment", "correct", one, "--undo", "sentiment")["undone"] == ["sentiment"]
    assert shown(one).sentiment != "positive"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["correct", "1"], "--sentiment positive"),
        (["correct", "4711", "--sentiment", "positive"], "nothing to correct"),
        (["correct", "1", "--undo", "mood"], "nothing called 'mood'"),
        (["reannotate", "--since", "yesterday"], "2026-11-01"),
        (["retrain", "--task", "mood"], "no head for 'mood'"),
        (["retrain"], "30 corrections of one task are needed"),
        (["heads", "abcdef"], "heads shipped"),
    ],
)
def test_what_is_wrong_is_a_sentence(hub: None, words: list[str], expected: str) -> None:
    assert expected in refused("sentiment", *words)


def test_history_is_annotated_again(messages: list[int]) -> None:
    found = done("sentiment", "reannotate", "--wait")
    assert (found["total"], found["changed"], found["ended"]) == (0, 0, True)
    assert done("sentiment", "status")["again"] is None


def test_a_pass_waits_for_a_hub(hub: None) -> None:
    assert done("sentiment", "reannotate", "--since", "2026-01-01")["ended"] is False
    assert done("sentiment", "status")["again"] == {"done": 0, "total": 0}


def test_drift_is_a_row_per_week_and_language(messages: list[int]) -> None:
    (week,) = [row for row in done("sentiment", "drift", "--language", "en") if row["n"]]
    assert week["n"] <= 40
    assert week["negative"] + week["neutral"] + week["positive"] + week["unsure"] == pytest.approx(1)
    assert "stability" in widerhall("sentiment", "drift").out


# --- heads ------------------------------------------------------------------------------------------------


def encode(texts: list[str]) -> Any:
    rows = np.zeros((len(texts), 384), np.float32)
    for row, text in zip(rows, texts, strict=True):
        row[0 if text.startswith("dull") else 1] = 1
    return rows


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Heads:
    """An encoder that knows dull from bright, with a head that finds everything neutral."""
    weight = np.zeros((3, 384), np.float32)
    weight[1] = 1.0
    heads = Heads({"sentiment": Head("sentiment", CLASSES, weight, np.zeros(3, np.float32), {"": 1.0})})
    monkeypatch.setattr(retrain, "model", lambda: (heads, "enc", encode))
    monkeypatch.setattr(fitted, "encoder", lambda: "enc")
    return heads


@pytest.fixture
def corrected(messages: list[int], model: Heads) -> None:
    for number in messages:
        done("sentiment", "correct", number, "--sentiment", "negative" if shown(number).text[0] == "d" else "positive")


def test_heads_are_fitted_compared_and_switched_only_when_told_so(corrected: None, model: Heads) -> None:
    found = done("sentiment", "retrain")
    row = found["tasks"]["sentiment"]
    assert (row["n"], row["better"], found["switched"], found["heads"]) == (40, True, False, "shipped")
    assert row["shipped"]["accuracy"] == 0.0
    assert row["new"]["interval"][0] > 0.9
    found = done("sentiment", "retrain", "--yes")
    assert found["switched"] is True
    assert done("sentiment", "heads")["in_use"] == found["heads"] != "shipped"
    with db.read() as session:
        assert passes.running(session) is not None
    assert done("sentiment", "retrain", "--yes")["switched"] is False
    assert done("sentiment", "heads", "shipped") == {"in_use": "shipped", "others": [found["heads"]]}


def test_people_see_the_comparison_before_they_are_asked(corrected: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("typer.confirm", lambda words: bool(asked.append(words)))
    said = widerhall("sentiment", "retrain", "--task", "sentiment")
    assert (len(asked), said.code) == (1, 0)
    assert "Everything stays as it is." in said.out
    assert "0.000 (0.000 to 0.000)" in said.out
    assert done("sentiment", "heads")["in_use"] == "shipped"
