"""Reading the lexicons: tab-separated lines of kind, weight and terms (sentiment/lexicons/*.tsv)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from inbox.text import bare, fold

FOLDER = Path(__file__).parent.parent / "lexicons"
LANGUAGES = ("de", "en", "ja")

QUESTION, REQUEST, PURCHASE, CHURN, SPAM, URGENT, THANKS, SERVICE = (1 << bit for bit in range(8))
CUES = {
    "question": QUESTION,
    "request": REQUEST,
    "purchase": PURCHASE,
    "churn": CHURN,
    "spam": SPAM,
    "urgent": URGENT,
    "thanks": THANKS,
    "service": SERVICE,
}


@dataclass(slots=True)
class Term:
    """All that the lexicon knows about one word or phrase: tone (-4 to 4), and what it does to others."""

    tone: float = 0.0
    boost: float = 1.0
    negates: bool = False
    contrasts: bool = False
    cues: int = 0


@dataclass(slots=True)
class Lexicon:
    """One language. Keys are folded; a phrase's key is its words with one space between."""

    words: dict[str, Term] = field(default_factory=dict)
    prefixes: dict[str, Term] = field(default_factory=dict)
    phrases: dict[str, Term] = field(default_factory=dict)

    def term(self, key: str) -> Term:
        """The entry for a key, made when it is new."""
        if key.endswith("*"):
            return self.prefixes.setdefault(key[:-1], Term())
        return (self.phrases if " " in key else self.words).setdefault(key, Term())


@cache
def read(language: str) -> Lexicon:
    """The lexicon of a language, read once per process."""
    lexicon = Lexicon()
    for line in (FOLDER / f"{language}.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, weight, terms = line.split("\t")
            for term in terms.split(","):
                _add(lexicon, kind, weight, term.strip(), language)
    return lexicon


def _add(lexicon: Lexicon, kind: str, weight: str, text: str, language: str) -> None:
    folded = fold(text).replace("’", "'")
    if not folded:
        return
    for key in {folded, bare(folded)} if language == "de" else {folded}:
        term = lexicon.term(key)
        if kind == "tone":
            if abs(float(weight)) >= abs(term.tone):
                term.tone = float(weight)
        elif kind == "boost":
            term.boost = float(weight)
        elif kind == "not":
            term.negates = True
        elif kind == "but":
            term.contrasts = True
        else:
            term.cues |= CUES[kind]


@cache
def signs() -> dict[str, float]:
    """Emoji and emoticons with their tone."""
    found: dict[str, float] = {}
    for line in (FOLDER / "emoji.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            weight, terms = line.split("\t")
            found |= {term.casefold().removesuffix("\ufe0f"): float(weight) for term in terms.split(" ")}
    return found


@cache
def digest() -> str:
    """Changes whenever a lexicon changes: part of the annotator's version."""
    content = b"".join(path.read_bytes() for path in sorted(FOLDER.glob("*.tsv")))
    return hashlib.sha256(content).hexdigest()[:8]
