"""The words of a text that may name what it is about, in each language's own way of cutting."""

from __future__ import annotations

import re

from inbox.text import fold
from sentiment.themes.stopwords import ANY, WORDS

SHORTEST = 3
LONGEST = 30
_RUN_LONGEST = 6
"""Longer runs of kanji are several words: they are known by their pairs, as in search."""

_HANDLE = re.compile(r"(?<!\w)[@＠][\w.\-]+(?:@[\w.\-]+)?")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\w+", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_][^\W_]*(?:[-'’][^\W\d_]+)*")
_RUNS = re.compile(r"[\u4e00-\u9fff々〆]+|[\u30a1-\u30faー]+")
_KANA = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]")
_EAST = re.compile(r"[\u3041-\u30fa\u3400-\u9fff\uac00-\ud7ff]")


def terms(text: str, language: str) -> dict[str, str]:
    """What may name a text: folded word → as written. No handles, addresses, numbers, stop words; each once."""
    plain = _ADDRESS.sub(" ", _HANDLE.sub(" ", text))
    if language == "ja" or _KANA.search(plain):
        return _japanese(plain)
    stop = WORDS.get(language, ANY)
    found: dict[str, str] = {}
    for match in _WORD.finditer(plain):
        word = match[0]
        folded = fold(word).replace("'", "").replace("’", "")
        if SHORTEST <= len(word) <= LONGEST and folded not in stop and not _EAST.search(word):
            found.setdefault(folded, word)
    return found


def _japanese(text: str) -> dict[str, str]:
    """Runs of kanji and of katakana, and the pairs of long runs of kanji; hiragana is grammar."""
    found: dict[str, str] = {}
    for match in _RUNS.finditer(text):
        run = match[0].strip("ー") if match[0].startswith("ー") else match[0]
        katakana = bool(_KANA.match(run))
        parts = [run] if katakana or len(run) <= _RUN_LONGEST else [run[n : n + 2] for n in range(len(run) - 1)]
        for part in parts:
            folded = fold(part)
            if len(part) >= 2 + katakana and len(part) <= LONGEST and folded not in WORDS["ja"]:
                found.setdefault(folded, part)
    return found
