"""How an annotator does on the written hard cases: `python -m tests.sentiment.hard_cases lexicon embedded`.

Prints a table by kind and language and one of sentiment towards brands. The likeliest of the three classes counts;
nothing says in which language a text is.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from sentiment import active
from sentiment.port import CLASSES, Annotator
from sentiment.towards import Probabilities, towards
from tests.sentiment.cases import LANGUAGES, rows

Score = tuple[int, int]
"""(right, of how many)."""


def by_kind(annotator: Annotator, language: str) -> dict[str, Score]:
    """The score of each kind of hard case, in the order of the file."""
    cases = rows("hard", language)
    found = annotator.annotate([text for text, _, _ in cases])
    scores: dict[str, Score] = {}
    for (_, label, kind), one in zip(cases, found, strict=True):
        right, n = scores.get(kind, (0, 0))
        scores[kind] = (right + (likeliest(one.probabilities) == label), n + 1)
    return scores


def by_brand(annotator: Annotator, language: str) -> tuple[Score, Score]:
    """Over the brands of the cases in towards/: the score of the parts, and of the whole message for all."""

    def classify(texts: list[str]) -> list[Probabilities]:
        return [one.probabilities for one in annotator.annotate(texts)]

    parts = whole = n = 0
    for text, brands, labels in rows("towards", language):
        found = towards(text, [names.split("|") for names in brands.split(";")], classify)
        same = likeliest(classify([text])[0])
        for one, label in zip(found, labels.split(";"), strict=True):
            n += 1
            parts += one is not None and likeliest(one.probabilities) == label
            whole += same == label
    return (parts, n), (whole, n)


def likeliest(probabilities: Sequence[float]) -> str:
    """The class with the largest share, "unsure" or not."""
    return CLASSES[list(probabilities).index(max(probabilities))]


def main(names: Sequence[str], say: Callable[[str], object] = sys.stdout.write) -> None:
    """Print both tables in Markdown, a column for each annotator and language."""
    annotators = {name: active.make(name) for name in names}
    columns = [(name, language) for name in annotators for language in LANGUAGES]
    head = "".join(f" {name} {language} |" for name, language in columns)
    rule = "---|" * (len(columns) + 1)
    scores = [by_kind(annotators[name], language) for name, language in columns]
    say(f"| Kind |{head}\n|{rule}\n")
    for kind in dict.fromkeys(kind for one in scores for kind in one):
        say(f"| {kind} |" + "".join(f" {_fraction(one.get(kind))} |" for one in scores) + "\n")
    totals = [(sum(right for right, _ in one.values()), sum(n for _, n in one.values())) for one in scores]
    say("| **all** |" + "".join(f" {_percent(one)} |" for one in totals) + "\n\n")
    pairs = [by_brand(annotators[name], language) for name, language in columns]
    say(f"| Towards a brand |{head}\n|{rule}\n")
    for place, name in enumerate(("by its clauses", "the whole message for each")):
        say(f"| {name} |" + "".join(f" {_percent(pair[place])} |" for pair in pairs) + "\n")


def _fraction(score: Score | None) -> str:
    return f"{score[0]}/{score[1]}" if score else "–"


def _percent(score: Score) -> str:
    return f"{100 * score[0] / score[1]:.1f} % of {score[1]}"


if __name__ == "__main__":
    main(sys.argv[1:] or ["lexicon"])
