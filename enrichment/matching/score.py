"""How likely it is that an account is one of the candidates, with evidence in words; "none of these" competes.

Pure: features, counts of the CRM at hand and weights in, decisions out. Each candidate has odds against
"nobody in the CRM", whose odds are 1; what is shared among candidates is shared by their odds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import exp, log
from typing import Literal

from enrichment.matching import agreement, compare
from enrichment.matching.agreement import SURE, VOUCHED, Crm, Signal
from enrichment.matching.people import Account, Person
from enrichment.matching.weights import Weights, shipped

Tier = Literal["A", "A-", "B", "C"]
Decision = Literal["auto", "review", "none"]
LEAST_AUTO = 0.995
MOST = 0.9999
_ANOTHER = frozenset({"other_company", "other_phone", "other_email", "colleague_email"})
"""Signals of another person of that name."""
WHATEVER = _ANOTHER | {"other_name", "family"}
"""What speaks against a link and does not matter beside a handle that stands in the CRM."""
_COUNTS = 2.0
"""From here on a signal counts as a family of evidence."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One candidate."""

    person: Person
    level: compare.Level
    """The better of shown name and user name."""
    odds: float
    """Against nobody in the CRM."""
    signals: tuple[Signal, ...]
    against: tuple[Signal, ...] = ()
    """What forbids an automatic link."""
    shown: compare.Level = "empty"

    def has(self, name: str) -> bool:
        return any(one.name == name for one in self.signals)

    def families(self) -> set[str]:
        """The independent kinds of evidence that speak for it."""
        return {one.family for one in self.signals if one.family and one.times > _COUNTS}

    def vouched(self) -> bool:
        """The name agrees well enough beside an e-mail or number; an initial only where the account shows it, since
        user name and address are often made of the same letters."""
        return self.level in VOUCHED and (self.level != "initial" or self.shown == "initial")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision about an account and its best candidate."""

    tier: Tier
    decision: Decision
    score: float
    best: Judged | None = None
    runner_up: float = 0.0


NOBODY = Verdict("C", "none", 0.0)


def judge(account: Account, person: Person, crm: Crm, weights: Weights | None = None) -> Judged:
    """The odds of one candidate with all signals, before competition."""
    weights = weights or shipped()
    size = float(crm.size + weights.audience)
    shown = compare.shown_name(account, person.name)
    user = compare.user_name(account, person.name)
    stranger = shown in ("different", "other_surname") and agreement.is_somebody(account, crm)
    level = shown if stranger or shown == "other_given" else _level(shown, user)
    if level == "given" and user == "empty" and agreement.other_surname(account, crm):
        level = "other_surname"
    own = agreement.own_values(account, person, level, crm, size, weights)
    named = agreement.naming(account, person, level, stranger, crm, size, weights)
    shared = agreement.shared_by_many(account, person, (*own, named), crm, weights)
    made = agreement.made(account, person, shown, user, crm, weights)
    odds = weights.in_crm / (1.0 - weights.in_crm) / size
    others = agreement.other_contact(account, person, own, weights)
    signals = (*own, named, *shared, *made, *others)
    for one in signals:
        odds *= one.times
    against = (*_forbidding(account, person, level, named, own, crm), *_elsewhere(own, (*shared, *others)))
    return Judged(person, level, odds, signals, against, shown)


def _level(shown: compare.Level, user: compare.Level) -> compare.Level:
    """The better of both, or both together; a user name that tells nothing takes nothing back."""
    if shown in ("given", "given_initial") and user in ("initial", "surname"):
        return "together"
    return shown if user == "empty" and shown != "empty" else compare.better(shown, user)


def _elsewhere(own: Sequence[Signal], shared: Sequence[Signal]) -> list[Signal]:
    """The site is the record's, employer or address are not: one of them is not up to date, or it is a namesake."""
    proven = any(one.name == "proven_site" for one in own)
    return [replace(one, times=1.0) for one in shared if one.name in _ANOTHER and proven]


def _forbidding(
    account: Account, person: Person, level: compare.Level, named: Signal, own: Sequence[Signal], crm: Crm
) -> list[Signal]:
    found = []
    for one in own:
        if one.times > 1.0 and crm.count(one.value) > 1:
            kind = _KINDS[one.value.partition(":")[0]]
            found.append(Signal("two_records", f"the same {kind} stands on another CRM record too", 1.0))
    theirs = [one for one in person.handles if one.startswith(f"{account.platform}:")]
    if theirs and not set(theirs) & set(account.own_handles):
        found.append(Signal("other_handle", "the CRM names another account here", 1.0))
    if named.name in ("name_stranger", "name_company_itself") or level in ("other_given", "other_surname"):
        found.append(Signal("other_name", named.words, 1.0))
    elif level == "different" and any(agreement.is_given(one, crm) for one in account.shown):
        found.append(Signal("other_name", "the account shows another given name", 1.0))
    proven = [one.value for one in own if one.name == "proven_site"]
    told = level in agreement.BY_GIVEN - {"typo"}
    if level == "initial" and any(agreement.is_family_site(one, person) for one in proven):
        told = False  # brothers may share the letter
    if proven and not told and not any(agreement.tells(one, account, person) for one in proven):
        found.append(Signal("family", "neither name nor address tells who it is: it may be another of the family", 1.0))
    return found


_KINDS = {"email": "e-mail", "phone": "number", "handle": "handle", "site": "site"}
_FROM_PHONES = frozenset({"whatsapp", "sms", "signal"})
"""Platforms that prove the number."""


def of(account: Account, people: Iterable[Person], crm: Crm, weights: Weights | None = None) -> Verdict:
    """The verdict about an account from the people it may be."""
    return decide(account, [judge(account, one, crm, weights) for one in people], crm, weights)


def decide(account: Account, judged: Sequence[Judged], crm: Crm, weights: Weights | None = None) -> Verdict:
    """The verdict about an account from its judged candidates, in any order."""
    ranked = rank(account, judged, crm, weights)
    return ranked[0] if ranked else NOBODY


def rank(account: Account, judged: Sequence[Judged], crm: Crm, weights: Weights | None = None) -> list[Verdict]:
    """A verdict for every candidate, the best first; at most one is linked automatically."""
    weights = weights or shipped()
    ordered = sorted(judged, key=lambda one: (-one.odds, one.person.id))
    if not ordered:
        return []
    total = 1.0 + sum(one.odds for one in ordered) + _unseen(ordered, crm)
    likely = [one.odds / total for one in ordered]
    found = []
    for place, one in enumerate(ordered):
        rival = likely[0] if place else (likely[1] if len(likely) > 1 else 0.0)
        found.append(_verdict(account, one, likely[place], rival, ordered, crm, weights))
    linked = [one for one in found if one.decision == "auto"]
    if len(linked) > 1:
        found = [_doubted(one) if one.decision == "auto" else one for one in found]
    return sorted(found, key=lambda one: (-_DECISIONS[one.decision], -one.score))


_DECISIONS: Mapping[Decision, int] = {"auto": 2, "review": 1, "none": 0}


def _doubted(one: Verdict) -> Verdict:
    return Verdict("B", "review", _below(one.score), one.best, one.runner_up)


def _unseen(ordered: Sequence[Judged], crm: Crm) -> float:
    """Odds of namesakes in the CRM that were not looked at, since there are too many."""
    best = ordered[0]
    if best.level not in compare.AGREES or best.odds <= 0:
        return 0.0
    carriers = max((crm.count(f"name:{one}") for one in best.person.name.pairs), default=0)
    seen = sum(1 for one in ordered if one.level == best.level)
    if carriers <= seen:
        return 0.0
    alone = best.odds
    for one in best.signals:
        if one.family != "name":
            alone /= max(one.times, 1e-9)
    return (carriers - seen) * alone


def _verdict(
    account: Account, one: Judged, likely: float, rival: float, all_: Sequence[Judged], crm: Crm, weights: Weights
) -> Verdict:
    score = calibrated(likely, weights)
    tier = _tier(account, one, score, rival, all_, crm, weights)
    if tier is not None:
        return Verdict(tier, "auto", round(max(score, LEAST_AUTO), 4), one, rival)
    if score >= weights.review and _tells(one):
        return Verdict("B", "review", _below(score), one, rival)
    return Verdict("C", "none", round(min(score, weights.review), 4), one, rival)


def _below(score: float) -> float:
    return round(min(score, LEAST_AUTO - 0.0001), 4)


def calibrated(likely: float, weights: Weights) -> float:
    """A probability as the reviewers' decisions have calibrated it; at most 0.9999."""
    if (weights.slope, weights.shift) == (1.0, 0.0) or not 0.0 < likely < 1.0:
        return min(likely, MOST)
    odds = weights.slope * log(likely / (1.0 - likely)) + weights.shift
    return min(1.0 / (1.0 + exp(-max(-60.0, min(60.0, odds)))), MOST)


def _tells(one: Judged) -> bool:
    """Tier C: a given name, a company, a place or a pseudonym alone is never proposed."""
    if one.families() & {"account", "contact"} or any(signal.name == "proven_site" for signal in one.signals):
        return True
    if one.level in ("given", "surname", "abbreviated"):
        return len(one.families() - {"name"}) > 0
    return one.level in compare.AGREES


def _tier(
    account: Account, one: Judged, score: float, rival: float, all_: Sequence[Judged], crm: Crm, weights: Weights
) -> Tier | None:
    """The tier in which it is linked by itself; None when a person decides."""
    strong = {signal.name for signal in one.signals if signal.times > 1.0}
    if "handle" in strong and all(signal.name in WHATEVER for signal in one.against):
        return "A"
    if one.against:
        return None
    if "proven_site" in strong:
        return "A"
    if "phone" in strong and account.platform in _FROM_PHONES:
        return "A"
    if strong & {"email", "phone"} and one.vouched():
        return "A-"
    if any(one.has(name) for name in _ANOTHER):
        return None
    if score < max(weights.auto, LEAST_AUTO) or rival > weights.rival or one.shown not in SURE:
        return None
    proven = one.families() - (set() if "proven_site" in strong else {"site"})
    return "B" if len(proven) > 1 and _alone(one, all_, crm) else None


def _alone(one: Judged, all_: Collection[Judged], crm: Crm) -> bool:
    """Nobody else in the CRM has the name, or may be meant by it."""
    if any(other is not one and other.level in VOUCHED for other in all_):
        return False
    name = one.person.name
    given = name.given_whole.text if name.given_whole else ""
    return all(crm.count(f"name:{given} {surname}") <= 1 for surname in name.surname_forms[:1])


def words(judged: Judged, most: int = 12) -> str:
    """The evidence as one line for people: what agrees or not, with its weight in powers of two."""
    parts = [f"{one.words} ({_bits(one.times)})" for one in judged.signals]
    parts += [one.words for one in judged.against if one.name != "other_name"]
    return "; ".join(parts[:most])


def _bits(times: float) -> str:
    return f"{log(max(times, 1e-9), 2):+.1f}"
