"""How well an annotator agrees with labelled texts, on any task."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from core.errors import BadPayload
from sentiment import answers
from sentiment.answers import LANGUAGE, Unsupported
from sentiment.language import identify
from sentiment.measures import Evaluation, figures
from sentiment.port import TASKS, Annotator

BATCH = 256
"""Texts asked at once."""


@dataclass(frozen=True)
class _Said:
    """An answer with its probability; `unsure` is what the inbox would not show as a class."""

    name: str
    sure: float | None
    unsure: bool


def evaluate(
    texts: Sequence[str],
    labels: Sequence[str],
    annotator: Annotator,
    languages: Sequence[str | None] | None = None,
    batch: int = BATCH,
    task: str = "sentiment",
) -> Evaluation:
    """Compare with labels, which are names of the task's classes or their numbers; BadPayload for another one.

    When the labels name some of the classes but not all, the answer is the likeliest of those they name.
    Unsupported when the annotator has no answer for any of the texts.
    """
    return timed(texts, labels, annotator, languages, batch, task)[0]


def timed(
    texts: Sequence[str],
    labels: Sequence[str],
    annotator: Annotator,
    languages: Sequence[str | None] | None = None,
    batch: int = BATCH,
    task: str = "sentiment",
) -> tuple[Evaluation, float]:
    """The same with the seconds the annotator took."""
    if len(texts) != len(labels):
        raise BadPayload(f"there are {len(texts)} texts and {len(labels)} labels: they must be as many.")
    truth = answers.labels(labels, task)
    among = _among(truth, task)
    started = time.perf_counter()
    if task == LANGUAGE:
        said = [_Said(*guess, guess[0] == "und") for guess in identify(texts)]
    else:
        said = list(_asked(texts, annotator, languages, batch, task, among))
    seconds = time.perf_counter() - started
    names, sure = [one.name for one in said], [one.sure for one in said]
    return figures(truth, names, sure, sum(one.unsure for one in said), TASKS.get(task, ())), seconds


def _among(truth: Sequence[str], task: str) -> frozenset[str]:
    """The classes an answer is chosen from: those the labels name, unless that would leave no choice."""
    named = frozenset(truth)
    return named if len(named) > 1 else frozenset(TASKS.get(task, ()))


def _asked(
    texts: Sequence[str],
    annotator: Annotator,
    languages: Sequence[str | None] | None,
    batch: int,
    task: str,
    among: frozenset[str],
) -> Iterator[_Said]:
    told = False
    for start in range(0, len(texts), batch):
        hints = list(languages[start : start + batch]) if languages is not None else None
        found = annotator.annotate(list(texts[start : start + batch]), hints)
        told = told or answers.supports(found, task)
        if not told and any(text.strip() for text in texts[start : start + batch]):
            raise Unsupported(f"unsupported: {annotator.name} does not tell {task}.")
        for one in found:
            yield _Said(*answers.likeliest(one, task, among), answers.answer(one, task) in ("", "unsure"))
