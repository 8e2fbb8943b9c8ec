"""What to call a theme: the words that set its messages apart from those of all others (c-TF-IDF), by language.

https://maartengr.github.io/BERTopic/getting_started/ctfidf/ctfidf.html
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log

from sentiment.themes.terms import terms

TERMS = 8
"""Words kept for a theme and language."""
NAMED_BY = 3
"""Of which so many make its name."""
PEOPLE = 2
"""A word names a theme when so many people wrote it: what one person says of themselves names nothing."""
ENOUGH = 3
"""Messages in a language before it has words of its own."""


@dataclass(frozen=True)
class Said:
    """A message of a theme; `author` tells people apart and is 0 where nobody knows."""

    theme: int
    author: int
    language: str
    text: str


def name_all(messages: Iterable[Said]) -> dict[int, dict[str, list[str]]]:
    """The words of each theme by language, the most telling first."""
    spoken: dict[str, dict[int, _Bag]] = defaultdict(dict)
    for number, one in enumerate(messages):
        bag = spoken[one.language or "und"].setdefault(one.theme, _Bag())
        bag.add(terms(one.text, one.language), one.author or -number - 1)
    found: dict[int, dict[str, list[str]]] = defaultdict(dict)
    for language, bags in spoken.items():
        for theme, words in _telling(bags).items():
            if words and bags[theme].messages >= ENOUGH:
                found[theme][language] = words
    return dict(found)


def name(words: Mapping[str, list[str]]) -> dict[str, str]:
    """The name by language, out of the words."""
    return {language: ", ".join(_apart(found)[:NAMED_BY]) for language, found in words.items()}


class _Bag:
    """The words of one theme in one language, each counted once per message, and who wrote them."""

    def __init__(self) -> None:
        self.messages = 0
        self.counts: Counter[str] = Counter()
        self.written: dict[str, Counter[str]] = defaultdict(Counter)
        self.people: dict[str, set[int]] = defaultdict(set)

    def add(self, words: Mapping[str, str], author: int) -> None:
        self.messages += 1
        for folded, written in words.items():
            self.counts[folded] += 1
            self.written[folded][written] += 1
            self.people[folded].add(author)


def _telling(bags: Mapping[int, _Bag]) -> dict[int, list[str]]:
    total: Counter[str] = Counter()
    for bag in bags.values():
        total.update(bag.counts)
    mean = sum(total.values()) / max(len(bags), 1)
    found = {}
    for theme, bag in bags.items():
        weighed = {
            word: number / bag.messages * log(1 + mean / total[word])
            for word, number in bag.counts.items()
            if len(bag.people[word]) >= PEOPLE
        }
        best = sorted(weighed, key=lambda word: (-weighed[word], word))[: 2 * TERMS]
        found[theme] = _apart([_written(bag.written[word]) for word in best])[:TERMS]
    return found


def _written(forms: Counter[str]) -> str:
    """The usual spelling; capitals count when most writers use them."""
    return min(forms, key=lambda form: (-forms[form], form))


def _apart(words: list[str]) -> list[str]:
    """Without words that another, better one contains or is contained in."""
    kept: list[str] = []
    for word in words:
        low = word.lower()
        if not any(low in other.lower() or other.lower() in low for other in kept):
            kept.append(word)
    return kept
