"""Sentiment towards each brand that a message names, where the whole message has only one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sentiment.clauses import mark, shares
from sentiment.port import Annotator, Sentiment, decide

Probabilities = tuple[float, float, float]
"""(negative, neutral, positive), adding up to 1."""

_LEAN = 0.6
"""Weight of a comparison's own direction beside what the annotator says of its words."""
_PRAISE: Probabilities = (0.1, 0.2, 0.7)


@dataclass(frozen=True)
class Towards:
    """What a message says about one brand; `parts` are the texts it was read from."""

    name: str
    sentiment: Sentiment
    probabilities: Probabilities
    parts: tuple[str, ...]


def towards(
    text: str,
    names: Sequence[Sequence[str]],
    classify: Callable[[list[str]], Sequence[Probabilities]],
) -> list[Towards | None]:
    """For each brand, given by its names (the first to show), what the text says of it; None where it is not named.

    With one brand named the whole text counts. `classify` is asked once, for all parts.
    """
    marked = mark(text, names)
    found = shares(marked)
    if len(found) == 1:
        parts = {brand: [(text, 0, False)] for brand in found}
    else:
        parts = {
            brand: [
                *([(" ".join(share.plain), 0, False)] if share.plain else []),
                *((one.text, one.lean, against) for one, against in share.compared),
            ]
            for brand, share in found.items()
        }
    texts = list(dict.fromkeys(part for some in parts.values() for part, _, _ in some))
    answers = dict(zip(texts, classify(texts) if texts else [], strict=True))
    result: list[Towards | None] = []
    for number, brand in enumerate(names):
        some = parts.get(number)
        if not some:
            result.append(None)
            continue
        mixed = _mixed([_turned(answers[part], lean, against) for part, lean, against in some])
        result.append(Towards(brand[0], decide(mixed), mixed, tuple(part for part, _, _ in some)))
    return result


def classifier(annotator: Annotator, language: str | None = None) -> Callable[[list[str]], list[Probabilities]]:
    """What an annotator says of texts in one language, as `towards` asks for it."""
    return lambda texts: [one.probabilities for one in annotator.annotate(texts, [language] * len(texts))]


def _turned(answer: Probabilities, lean: int, against: bool) -> Probabilities:
    if lean:
        hint = _PRAISE if lean > 0 else _PRAISE[::-1]
        answer = _sum([(1 - _LEAN, answer), (_LEAN, hint)])
    negative, neutral, positive = answer
    return (positive, neutral, negative) if against else answer


def _mixed(answers: Sequence[Probabilities]) -> Probabilities:
    """The mean, in which parts without an opinion count little."""
    weights = [1.1 - answer[1] for answer in answers]
    return _sum([(weight / sum(weights), answer) for weight, answer in zip(weights, answers, strict=True)])


def _sum(parts: Sequence[tuple[float, Probabilities]]) -> Probabilities:
    negative, neutral, positive = (sum(weight * answer[place] for weight, answer in parts) for place in range(3))
    return negative, neutral, positive
