"""Messages by sentiment, the shares that follow from them, and how sure they are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt
from typing import Any

_Z = 1.959964
"""For an interval that holds the true share in 95 of 100 samples."""

RATED = ("negative", "neutral", "positive")
SENTIMENTS = (*RATED, "unsure")


@dataclass(frozen=True)
class Tally:
    """Messages by sentiment. `rated` leaves out "unsure" and those without a sentiment."""

    messages: int = 0
    negative: int = 0
    neutral: int = 0
    positive: int = 0
    unsure: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.messages + other.messages,
            self.negative + other.negative,
            self.neutral + other.neutral,
            self.positive + other.positive,
            self.unsure + other.unsure,
        )

    @property
    def rated(self) -> int:
        """The denominator of every share."""
        return self.negative + self.neutral + self.positive

    @property
    def unrated(self) -> int:
        """Everything else: "unsure" and without a sentiment."""
        return self.messages - self.rated

    @property
    def negative_share(self) -> float | None:
        """Negative of rated, 0 to 1; None when nothing was rated."""
        return self.negative / self.rated if self.rated else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % confidence interval of the negative share."""
        return wilson(self.negative, self.rated) if self.rated else None

    @property
    def net(self) -> float | None:
        """Net sentiment, -100 to 100: positive minus negative, of rated; None when nothing was rated."""
        return 100 * (self.positive - self.negative) / self.rated if self.rated else None

    @property
    def net_interval(self) -> tuple[float, float] | None:
        """The 95 % confidence interval of net sentiment."""
        return net_interval(self.positive, self.negative, self.rated) if self.rated else None

    @property
    def leaning(self) -> str:
        """One word for a person or a post: the sentiment of more than half of what is rated, else `mixed`.

        Empty when nothing was rated.
        """
        for name in RATED:
            if getattr(self, name) * 2 > self.rated:
                return name
        return "mixed" if self.rated else ""

    def as_dict(self) -> dict[str, Any]:
        """Flat values for JSON, CSV and tables."""
        low, high = self.interval or (None, None)
        net_low, net_high = self.net_interval or (None, None)
        return {
            "messages": self.messages,
            "negative": self.negative,
            "neutral": self.neutral,
            "positive": self.positive,
            "unsure": self.unsure,
            "rated": self.rated,
            "negative_share": rounded(self.negative_share),
            "negative_low": rounded(low),
            "negative_high": rounded(high),
            "net": rounded(self.net, 1),
            "net_low": rounded(net_low, 1),
            "net_high": rounded(net_high, 1),
        }


def tallies(rows: Iterable[tuple[Any, str, int]]) -> dict[Any, Tally]:
    """(key, sentiment, number) rows as one tally per key, in the order the keys come."""
    found: dict[Any, Tally] = defaultdict(Tally)
    for key, sentiment, number in rows:
        known = {sentiment: number} if sentiment in SENTIMENTS else {}
        found[key] += Tally(messages=number, **known)
    return found


def wilson(found: int, total: int) -> tuple[float, float]:
    """The Wilson score interval of a share at 95 %, also honest for small numbers.

    https://en.wikipedia.org/wiki/Binomial_proportion_confidence_interval#Wilson_score_interval
    """
    share, z2 = found / total, _Z * _Z
    middle = (share + z2 / (2 * total)) / (1 + z2 / total)
    half = _Z * sqrt(share * (1 - share) / total + z2 / (4 * total * total)) / (1 + z2 / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def net_interval(positive: int, negative: int, total: int) -> tuple[float, float]:
    """The 95 % interval of 100 * (positive - negative) / total, both being shares of the same messages.

    Bonett and Price's adjusted Wald interval: one message more on either side keeps it honest for small
    numbers (Bonett, Price: Adjusted Wald confidence interval for a difference of binomial proportions based on
    paired data, 2012).
    """
    plus, minus = (positive + 1) / (total + 2), (negative + 1) / (total + 2)
    half = _Z * sqrt((plus + minus - (plus - minus) ** 2) / (total + 2))
    return 100 * max(-1.0, plus - minus - half), 100 * min(1.0, plus - minus + half)


def rounded(value: float | None, digits: int = 4) -> float | None:
    """As it is written out."""
    return None if value is None else round(value, digits)
