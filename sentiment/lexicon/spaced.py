"""Tone and cues of a text in a language that puts spaces between words (German, English)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from inbox.text import bare, fold
from sentiment.lexicon.data import QUESTION, SPAM, Lexicon, Term, signs

_WEB = re.compile(r"https?://\S+|www\.\S+|(?<!\w)[@＠][\w.\-]+(?:@[\w.\-]+)?|&\w+;")
_TOKEN = re.compile(
    "|".join(sorted((re.escape(sign) for sign in signs() if sign.isascii()), key=len, reverse=True))
    + r"|[^\W_]+(?:'[^\W_]+)*|[!?]+|\.{2,}|[.,;:\n]|[\u2600-\u27bf\u2b50\U0001f300-\U0001faff♪♥☹☺]"
)
_STRETCHED = re.compile(r"(.)\1{2,}")
_ENDINGS = {
    "en": ("'s", "s", "es", "ed", "d", "ly", "ing", "er", "est", "y"),
    "de": (
        "e",
        "en",
        "er",
        "es",
        "em",
        "n",
        "s",
        "st",
        "t",
        "te",
        "ten",
        "ere",
        "eren",
        "erer",
        "sten",
        "ste",
    ),
}
_NEGATION_REACH = 4
_CACHE_LIMIT = 100_000
_PHRASE_WORDS = 5
_CLAUSE = ".;:!?\n"

FLIP_POSITIVE = -0.8
FLIP_NEGATIVE = -0.4
BEFORE_BUT = 0.6
AFTER_BUT = 1.25


@dataclass(slots=True)
class Reading:
    """What was found: the sums of positive and of negative tone, cues, question and exclamation marks."""

    positive: float = 0.0
    negative: float = 0.0
    cues: int = 0
    asks: bool = False
    exclaims: int = 0
    words: int = 0
    hits: int = 0
    denials: int = 0
    spam: int = 0


@dataclass(slots=True)
class _Known:
    """A token in the context of its lexicon: its own entry and whether phrases begin with it."""

    term: Term
    phrases: dict[str, Term] | None = None
    longest: int = 0


@dataclass(slots=True)
class _State:
    reading: Reading
    negation: int = 0
    boost: float = 1.0
    boost_left: int = 0
    last_tone: float = 0.0
    last_at: int = -9
    clause_positive: float = 0.0
    clause_negative: float = 0.0
    parts: list[tuple[float, float]] = field(default_factory=list)


class Scorer:
    """Scores texts of one language; remembers every word it has looked up."""

    def __init__(self, lexicon: Lexicon, language: str) -> None:
        self._lexicon = lexicon
        self._language = language
        self._endings = _ENDINGS[language]
        self._known: dict[str, _Known | None] = {}
        self._starts: dict[str, dict[str, Term]] = {}
        for key, term in lexicon.phrases.items():
            self._starts.setdefault(key.split(" ")[0], {})[key] = term
            lexicon.words.setdefault(key.replace(" ", ""), term)

    def read(self, text: str) -> Reading:
        """The tone and cues of one text."""
        text = fold(_WEB.sub(" ", text) if "@" in text or "http" in text or "&" in text else text)
        tokens = _TOKEN.findall(text.replace("’", "'").replace("`", "'"))
        reading = Reading(words=len(tokens))
        state = _State(reading)
        known, position, end = self._known, 0, len(tokens)
        while position < end:
            token = tokens[position]
            try:
                found = known[token]
            except KeyError:
                found = self._look_up(token)
            if found is None:
                state.negation -= 1
                state.boost_left -= 1
                position += 1
                continue
            term, width = found.term, 1
            if found.phrases:
                term, width = self._phrase(tokens, position, found)
            self._take(state, token, term, position, width)
            position += width
        self._close(state)
        return reading

    def _phrase(self, tokens: list[str], position: int, found: _Known) -> tuple[Term, int]:
        phrases = found.phrases or {}
        for width in range(min(found.longest, len(tokens) - position), 1, -1):
            term = phrases.get(" ".join(tokens[position : position + width]))
            if term is not None:
                return term, width
        return found.term, 1

    @staticmethod
    def _cue(reading: Reading, cues: int, position: int, width: int) -> None:
        if cues & QUESTION and position > 1 and width == 1:
            cues &= ~QUESTION  # "how" asks at the start, hardly in the middle
        if cues & SPAM:
            reading.spam += 1
        reading.cues |= cues

    def _take(self, state: _State, token: str, term: Term, position: int, width: int) -> None:
        reading = state.reading
        if term.cues:
            self._cue(reading, term.cues, position, width)
        if term.contrasts:
            self._contrast(state)
        if token[0] in ".,;:!?\n…":
            self._mark(state, token)
            return
        if term.tone:
            self._tone(state, term.tone, position)
        if term.negates:
            reading.denials += 1
            self._negate(state, position)
        elif not term.tone:
            state.negation -= 1
        if term.boost != 1.0:
            state.boost = term.boost
            state.boost_left = 2
        elif term.tone:
            state.boost_left = 0

    def _negate(self, state: _State, position: int) -> None:
        if self._language == "de" and position - state.last_at <= 3 and state.last_tone > 0:
            state.clause_positive -= state.last_tone  # "gefällt mir nicht": the negation follows
            state.clause_negative += state.last_tone * -FLIP_POSITIVE
            state.last_tone = 0.0
            return
        state.negation = _NEGATION_REACH

    def _tone(self, state: _State, tone: float, position: int) -> None:
        if state.boost_left > 0:
            tone *= state.boost
        if state.negation > 0:
            tone *= FLIP_POSITIVE if tone > 0 else FLIP_NEGATIVE
            state.negation = 0
        if tone > 0:
            state.clause_positive += tone
        else:
            state.clause_negative -= tone
        state.last_tone, state.last_at = tone, position
        state.reading.hits += 1

    def _mark(self, state: _State, token: str) -> None:
        if token[0] in "!?":
            if "?" in token:
                state.reading.asks = True
            state.reading.exclaims += token.count("!")
        if token[0] in _CLAUSE or token == "..":  # noqa: S105  # punctuation, not a secret
            state.negation = 0
            state.last_at = -9
        state.boost_left = 0

    def _contrast(self, state: _State) -> None:
        state.parts.append((state.clause_positive, state.clause_negative))
        state.clause_positive = state.clause_negative = 0.0
        state.negation = 0
        state.last_at = -9

    def _close(self, state: _State) -> None:
        factor = AFTER_BUT if any(sum(part) for part in state.parts) else 1.0
        reading = state.reading
        reading.positive = state.clause_positive * factor
        reading.negative = state.clause_negative * factor
        for positive, negative in state.parts:
            weight = BEFORE_BUT if state.clause_positive + state.clause_negative else 1.0
            reading.positive += positive * weight
            reading.negative += negative * weight
        if reading.exclaims:
            emphasis = 1.0 + 0.08 * min(reading.exclaims, 4)
            reading.positive *= emphasis
            reading.negative *= emphasis
        if reading.asks:
            reading.cues |= QUESTION

    def _look_up(self, token: str) -> _Known | None:
        if len(self._known) > _CACHE_LIMIT:
            self._known.clear()
        term = self._find(token)
        phrases = self._starts.get(token)
        known: _Known | None = None
        if phrases:
            longest = max(key.count(" ") + 1 for key in phrases)
            known = _Known(term or Term(), phrases, min(longest, _PHRASE_WORDS))
        elif term is not None:
            known = _Known(term)
        self._known[token] = known
        return known

    def _find(self, token: str) -> Term | None:
        tone = signs().get(token)
        if tone is not None:
            return Term(tone=tone)
        if not token[0].isalnum():
            return Term()
        forms = [token]
        if _STRETCHED.search(token):
            forms += [_STRETCHED.sub(r"\1\1", token), _STRETCHED.sub(r"\1", token)]
        if self._language == "de":
            forms += [short for form in forms if (short := bare(form)) != form]
        for form in forms:
            term = self._form(form)
            if term is not None:
                return term
        return None

    def _form(self, form: str) -> Term | None:
        words = self._lexicon.words
        if form in words:
            return words[form]
        for ending in self._endings:
            if form.endswith(ending) and len(form) - len(ending) >= 4:
                stem = form[: -len(ending)]
                term = words.get(stem) or (words.get(stem + "e") if self._language == "en" else None)
                if term is not None and (term.tone or term.cues):
                    return term
        for size in range(min(len(form), 14), 2, -1):
            if form[:size] in self._lexicon.prefixes:
                return self._lexicon.prefixes[form[:size]]
        return self._compound(form) if self._language == "de" and len(form) >= 9 else None

    def _compound(self, form: str) -> Term | None:
        """A German compound takes its tone from its last part: "lieferverzoegerung"."""
        words = self._lexicon.words
        stems = [form, *(form[: -len(ending)] for ending in ("en", "n", "s", "e") if form.endswith(ending))]
        for start in range(3, len(form) - 4):
            for stem in stems:
                term = words.get(stem[start:])
                if term is not None and abs(term.tone) >= 2:
                    return Term(tone=term.tone, cues=term.cues)
        return None
