"""Questions: what an answer may be, and which question comes next."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import Rejected
from inbox.surveys import questions
from inbox.surveys.questions import Branch, Question

from .made import question

ASKED = [
    question("score", "csat", branches=(Branch("at_most", 2, "q2"), Branch("is", 5, "end"))),
    question("q1", "choice", "Speed", "Tone", needed=False),
    question("q2", "text"),
]


@pytest.mark.parametrize(
    ("one", "given", "expected"),
    [
        (ASKED[0], ["4"], 4), (ASKED[1], ["2"], 2), (ASKED[1], [""], None), (ASKED[2], [" so\x00so "], "soso"),
        (question("q", "choices", "A", "B", "C"), ["3", "1", "3"], [1, 3]), (question("q", "nps"), ["0"], 0),
        (question("q", "scale", top=3), ["3"], 3),
    ],
)  # fmt: skip
def test_an_answer_is_read(one: Question, given: list[str], expected: Any) -> None:
    assert questions.answer(one, given) == expected


@pytest.mark.parametrize(
    ("one", "given"),
    [
        (ASKED[0], ["6"]), (ASKED[0], ["0"]), (ASKED[0], []), (ASKED[0], ["x"]), (ASKED[0], ["1", "2"]),
        (ASKED[1], ["3"]), (ASKED[2], ["x" * 2001]), (question("q", "scale", top=3), ["4"]), (ASKED[0], ["４"]),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_refused(one: Question, given: list[str]) -> None:
    with pytest.raises(Rejected) as refused:
        questions.answer(one, given)
    assert str(refused.value) in questions.ANSWERS


def test_the_way_follows_the_answers() -> None:
    assert questions.way(ASKED, {}) == ([], "score")
    assert questions.way(ASKED, {"score": 2}) == (["score"], "q2")
    assert questions.way(ASKED, {"score": 5}) == (["score"], "")
    assert questions.way(ASKED, {"score": 4}) == (["score"], "q1")
    assert questions.way(ASKED, {"score": 4, "q1": None}) == (["score", "q1"], "q2")
    assert questions.way(ASKED, {"score": 2, "q1": 1, "q2": "x"}) == (["score", "q2"], "")


@given(st.lists(st.tuples(st.sampled_from(["is", "at_most", "at_least"]), st.integers(1, 5), st.integers(0, 6))),
       st.lists(st.integers(1, 5), min_size=5, max_size=5))  # fmt: skip
def test_every_way_ends_and_never_goes_back(branches: list[tuple[str, int, int]], answers: list[int]) -> None:
    led = tuple(Branch(op, value, f"q{go}") for op, value, go in branches)
    asked = [question(f"q{n}", "scale", branches=led) for n in range(5)]
    done, after = questions.way(asked, {f"q{n}": value for n, value in enumerate(answers)})
    assert after == ""
    assert done == sorted(set(done))
    assert questions.read(questions.written(asked)) == asked


@pytest.mark.parametrize(
    ("kind", "score", "expected"),
    [
        ("csat", 4, "good"), ("csat", 3, "middle"), ("csat", 2, "bad"), ("thumbs", 1, "good"), ("thumbs", 0, "bad"),
        ("nps", 9, "good"), ("nps", 8, "middle"), ("nps", 6, "bad"), ("ces", 5, "good"), ("ces", 3, "bad"),
        ("own", None, ""),
    ],
)  # fmt: skip
def test_verdicts(kind: str, score: int | None, expected: str) -> None:
    assert questions.verdict(kind, score) == expected
