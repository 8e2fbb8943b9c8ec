"""Tone and cues of Japanese: the longest known term at each place of a text without spaces."""

from __future__ import annotations

import re
from collections import defaultdict

from inbox.text import fold
from sentiment.lexicon.data import QUESTION, SPAM, Lexicon, Term, signs
from sentiment.lexicon.spaced import AFTER_BUT, BEFORE_BUT, FLIP_NEGATIVE, FLIP_POSITIVE, Reading

_WEB = re.compile(r"https?://[!-~]+|[@＠][\w.\-]+")
# What may stand between a stem and its negation: 満足|できない, 良|くない, 好き|ではありません
_NEGATION = re.compile(
    "(?:く|し|り|れ|え|け|き|じ|せ|ら|わ|か|さ|ま|に|は|も|が|と|で|では|じゃ|では|でき|出来|になら|とは|とは言え|"
    "とは思え|とは思わ|する|だと思え|には|くは|くも|いとは|いと|ではあり|くあり){0,3}"
    "(?:な(?:い(?!か|で)|かっ|く(?!て|なっ)|さそ|けれ)|ません(?!か)|ませんでし|ず(?!っ)|ぬ)"
)
_MAYBE = re.compile("か(?:も|な)")


class Scorer:
    """Scores Japanese texts; terms are indexed by their first two characters."""

    def __init__(self, lexicon: Lexicon) -> None:
        terms = dict(lexicon.words) | dict(lexicon.phrases)
        for sign, tone in signs().items():
            terms.setdefault(fold(sign), Term(tone=tone))
        index: dict[str, list[tuple[str, Term]]] = defaultdict(list)
        for key, term in terms.items():
            index[key[:2]].append((key, term))
        self._single = {key: term for key, term in terms.items() if len(key) == 1}
        self._index = {start: sorted(entries, key=lambda entry: -len(entry[0])) for start, entries in index.items()}

    def read(self, text: str) -> Reading:
        """The tone and cues of one text."""
        text = fold(_WEB.sub(" ", text) if "@" in text or "http" in text else text)
        reading = Reading(words=len(text) // 2 + 1)
        parts: list[list[float]] = [[0.0, 0.0]]
        boost, boost_until = 1.0, -1
        position, end = 0, len(text)
        while position < end:
            term, width = self._longest(text, position)
            if term is None:
                position += 1
                continue
            if term.cues:
                reading.cues |= term.cues
                reading.spam += bool(term.cues & SPAM)
            position += width
            if term.boost != 1.0:
                boost, boost_until = term.boost, position + 6
            if term.contrasts:
                parts.append([0.0, 0.0])
            if term.tone:
                strength = boost if position - width <= boost_until else 1.0
                reading.denials += self._tone(text, position, term.tone * strength, parts[-1])
                reading.hits += 1
        return self._close(reading, text, parts)

    def _longest(self, text: str, position: int) -> tuple[Term | None, int]:
        for key, term in self._index.get(text[position : position + 2], ()):
            if text.startswith(key, position):
                return term, len(key)
        return self._single.get(text[position]), 1

    @staticmethod
    def _tone(text: str, position: int, tone: float, part: list[float]) -> bool:
        denied = bool(_NEGATION.match(text, position)) and not _MAYBE.match(text, position)
        if denied:
            tone *= FLIP_POSITIVE if tone > 0 else FLIP_NEGATIVE
        if tone > 0:
            part[0] += tone
        else:
            part[1] -= tone
        return denied

    @staticmethod
    def _close(reading: Reading, text: str, parts: list[list[float]]) -> Reading:
        filled = [part for part in parts if sum(part)]
        for place, (positive, negative) in enumerate(filled):
            last = place == len(filled) - 1
            weight = (AFTER_BUT if last else BEFORE_BUT) if len(filled) > 1 else 1.0
            reading.positive += positive * weight
            reading.negative += negative * weight
        reading.exclaims = text.count("!")
        reading.asks = "?" in text
        if reading.asks:
            reading.cues |= QUESTION
        return reading
