"""What is never kept about people, by name and by shape: payment data, guesses about character or circumstances.

Pure. What somebody declares about themselves (`gender`, `age`) is no guess; a name that says it was inferred,
predicted or scored is one. Names are compared without case and signs: `cardNumber`, `card_number`, `CARD-NUMBER`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Reason = Literal["payment", "psychographic", "guess", "sensitive", "depth"]

DEEPEST = 8
"""Levels of nesting that are looked into; what lies deeper is refused."""

PAYMENT = re.compile(
    r"^(payment|card(?!inal|igan|board|io)|credit(card|debit)?card|debitcard|cc(num|number|exp|cvc|cvv)?$|cvv|cvc|csc$|"
    r"iban|bic$|swift(code)?$|bankaccount|accountnumber|routingnumber|sortcode|pan$|paypal|sepa|cardholder)"
)
PSYCHOGRAPHIC = re.compile(
    r"psychograph|personality|mbti|myersbriggs|enneagram|bigfive|^ocean(score|s)?$|neuroticism|extraversion|"
    r"extroversion|agreeableness|conscientiousness|opennessscore|^openness$|lifestylesegment|persuadab|temperament|"
    r"mentalstate|vulnerab"
)
GUESSED = re.compile(r"infer|predict|guess|estimat|likely|propensity|probab|modell?ed|lookalike")
DEMOGRAPHIC = re.compile(
    r"age|gender|sex|birth|income|wealth|salary|education|marital|family|child|parent|ethnic|race|nationality|religio|"
    r"politic|orientation|household|occupation|homeowner|health|pregnan"
)
SENSITIVE = re.compile(
    r"^(ethnicity|race|religion|religiousbelief|politicalview|politicalopinion|politicalparty|party(affiliation)|"
    r"sexualorientation|tradeunion|healthcondition|diagnosis|disability|biometric|genetic)"
)

_DIGITS = re.compile(r"(?<![\d+])\d(?:[ -]?\d){12,18}(?!\d)")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b")
_CARD = re.compile(
    r"4\d{15}(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|"
    r"6(?:011|5\d\d|4[4-9]\d)\d{12,15}|3(?:0[0-5]|[68]\d)\d{11,16}|35(?:2[89]|[3-8]\d)\d{12,15}|62\d{14,17}|"
    r"(?:50|5[6-8])\d{11,17}"
)
"""Beginnings and lengths of the schemes' numbers; Luhn's sum decides."""
_REGISTRY = """AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29
ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20
LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27
TN24 TR26 UA29 VA22 VG24 XK20"""
IBAN_LENGTHS: Mapping[str, int] = {one[:2]: int(one[2:]) for one in _REGISTRY.split()}
"""Country → length (ISO 13616)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A value that was dropped: why, and the name it stood under, never the value."""

    reason: Reason
    name: str


def sift(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[Refusal]]:
    """What may be kept, and what was dropped from it at any depth."""
    dropped: list[Refusal] = []
    kept = {str(name): value for name, value in _kept(values, "", 0, dropped)}
    return kept, dropped


def by_name(name: str) -> Reason | None:
    """Why a value under this name is refused; None when it is not."""
    plain = re.sub(r"[\W_]", "", name).lower()
    if PAYMENT.search(plain):
        return "payment"
    if PSYCHOGRAPHIC.search(plain):
        return "psychographic"
    if GUESSED.search(plain) and DEMOGRAPHIC.search(plain):
        return "guess"
    return "sensitive" if SENSITIVE.search(plain) else None


def statement(name: str, value: str, source: str) -> Reason | None:
    """Why what a source says about a person is refused; circumstances are refused of a source that infers."""
    plain = re.sub(r"[\W_]", "", name).lower()
    if source.startswith("inferred:") and DEMOGRAPHIC.match(plain):
        return "guess"
    return by_name(name) or by_shape(value)


WHY: Mapping[Reason, str] = {
    "payment": "Payment data is not kept: no account or card numbers.",
    "psychographic": "What somebody is like is not guessed, and not kept.",
    "guess": "Age, gender, origin, family and income are not guessed.",
    "sensitive": "Belief, origin and health are not kept.",
    "depth": "It lies too deep to be looked at.",
}
"""As sentences for people."""


def by_shape(value: Any) -> Reason | None:
    """`payment` for a text or number in which a card's number or an IBAN stands."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = f"{value:.0f}" if isinstance(value, float) and value == value and abs(value) < 1e19 else str(value)
    return "payment" if holds_card(text) or holds_iban(text) else None


def holds_card(text: str) -> bool:
    """A payment card's number stands in the text: the beginning of a scheme, its length, and Luhn's sum."""
    runs = (re.sub(r"\D", "", found[0]) for found in _DIGITS.finditer(text))
    return any(_CARD.fullmatch(run) and luhn(run) for run in runs)


def luhn(digits: str) -> bool:
    """Luhn's sum of a number is right."""
    doubled = (int(one) * (2 if place % 2 else 1) for place, one in enumerate(reversed(digits)))
    return sum(one - 9 if one > 9 else one for one in doubled) % 10 == 0


def holds_iban(text: str) -> bool:
    """An IBAN whose check digits are right stands in the text."""
    return any(_is_iban(found[0].replace(" ", "")) for found in _IBAN.finditer(text.upper()))


def _is_iban(plain: str) -> bool:
    """Words may follow an IBAN without a sign between: its country says how long it is."""
    length = IBAN_LENGTHS.get(plain[:2], 0)
    return 0 < length <= len(plain) and _checked(plain[:length])


def _checked(plain: str) -> bool:
    return int("".join(str(int(one, 36)) for one in plain[4:] + plain[:4])) % 97 == 1


def _kept(values: Mapping[str, Any], path: str, depth: int, dropped: list[Refusal]) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        where = f"{path}{name}"
        reason = by_name(str(name))
        if reason is not None:
            dropped.append(Refusal(reason, where))
            continue
        kept = _value(value, where, depth + 1, dropped)
        if kept is not _DROPPED:
            yield name, kept


_DROPPED = object()


def _value(value: Any, where: str, depth: int, dropped: list[Refusal]) -> Any:
    if depth > DEEPEST and isinstance(value, dict | list):
        dropped.append(Refusal("depth", where))
        return _DROPPED
    if isinstance(value, dict):
        return dict(_kept(value, f"{where}.", depth, dropped))
    if isinstance(value, list):
        found = (_value(one, where, depth + 1, dropped) for one in value)
        return [one for one in found if one is not _DROPPED]
    reason = by_shape(value)
    if reason is None:
        return value
    dropped.append(Refusal(reason, where))
    return _DROPPED
