"""What somebody wants and how soon, by rules over the cues of a text."""

from __future__ import annotations

from sentiment.lexicon.data import CHURN, PURCHASE, QUESTION, REQUEST, SERVICE, SPAM, THANKS, URGENT
from sentiment.lexicon.spaced import Reading
from sentiment.port import Intent, Urgency

_PRESSING = frozenset({"complaint", "churn", "request", "question"})
_CALM = frozenset({"praise", "spam", "other"})


def intent(reading: Reading, probabilities: tuple[float, float, float], linked: bool) -> Intent:
    """The first rule that fits; `linked` means the text carries a web address."""
    cues = reading.cues
    negative, neutral, positive = probabilities
    sour = negative >= max(neutral, positive)
    sweet = positive >= max(neutral, negative)
    asks = reading.asks or bool(cues & QUESTION)
    if cues & SPAM and reading.spam + linked >= 2 and not sour:
        return "spam"
    if cues & CHURN and not sweet:
        return "churn"
    if sour and (cues & SERVICE or negative > 0.6 or reading.asks):
        return "complaint"
    return _wish(cues, asks) or _feeling(cues, sour, sweet, positive)


def _wish(cues: int, asks: bool) -> Intent | None:
    if cues & PURCHASE and (asks or cues & REQUEST):
        return "purchase"
    if cues & REQUEST:
        return "request"
    return "question" if asks else None


def _feeling(cues: int, sour: bool, sweet: bool, positive: float) -> Intent:
    if sour:
        return "complaint"
    return "praise" if sweet and (cues & (THANKS | SERVICE) or positive > 0.6) else "other"


def urgency(reading: Reading, wanted: Intent, probabilities: tuple[float, float, float]) -> Urgency:
    """High where somebody is stuck, harmed or asks for speed; low where nobody waits for an answer."""
    if reading.cues & URGENT and (wanted in _PRESSING or probabilities[0] >= 0.4) and wanted != "spam":
        return "high"
    return "low" if wanted in _CALM else "normal"
