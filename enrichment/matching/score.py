"""How likely it is that an account is one of the candidates, with evidence in words; "none of these" competes.

Pure: features, counts of the CRM at hand and weights in, decisions out. Each candidate has odds against
"nobody in the CRM", whose odds are 1; what is shared among candidates is shared by their odds.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from typing import Literal

from enrichment.matching import compare, keys
from enrichment.matching.people import Account, Name, Person
from enrichment.matching.weights import Weight, Weights, shipped
from enrichment.normalise import japanese, mail, places, sites

Tier = Literal["A", "A-", "B", "C"]
Decision = Literal["auto", "review", "none"]

GENERIC_FROM = 3
"""A value on so many persons belongs to nobody."""
LEAST_AUTO = 0.995
MOST = 0.9999
SURE: frozenset[compare.Level] = frozenset({"full", "reading", "nickname"})
"""Levels good enough for an automatic link in tier B."""
VOUCHED: frozenset[compare.Level] = SURE | {"initial"}
"""Levels good enough beside an e-mail or number."""
_INITIALS = 0.08
_COUNTS = 2.0
"""From here on a signal counts as a family of evidence."""
_NUMBER = re.compile(r"\d{2}")

Count = Callable[[str], int]
"""How many people of the CRM carry a key (`kind:value`, enrichment.matching.keys)."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that agrees or not: what, in words, and by how much it multiplies the odds."""

    name: str
    words: str
    times: float
    family: str = ""
    value: str = ""
    """The key it rests on, if any."""

    @property
    def supports(self) -> bool:
        return self.times >= 1.0


@dataclass(frozen=True, slots=True)
class Crm:
    """The CRM at hand: how many people it has, and how many carry a key."""

    size: int
    count: Count


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


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision about an account and its best candidate."""

    tier: Tier
    decision: Decision
    score: float
    best: Judged | None = None
    runner_up: float = 0.0


NOBODY = Verdict("C", "none", 0.0)


# --- one candidate -----------------------------------------------------------------------------------


def judge(account: Account, person: Person, crm: Crm, weights: Weights | None = None) -> Judged:
    """The odds of one candidate with all signals, before competition."""
    weights = weights or shipped()
    size = float(crm.size + weights.audience)
    shown = compare.shown_name(account, person.name)
    user = compare.user_name(account, person.name)
    stranger = shown in ("different", "other_surname") and _is_somebody(account, crm)
    level = shown if shown in ("other_given",) or stranger else compare.better(shown, user)
    own = _own(account, person, crm, size, weights)
    named = _name(account, person, level, stranger, crm, size, weights)
    shared = [*_work(account, person, crm, weights), *_place(account, person, crm, weights)]
    made = _made(account, person, shown, user, crm, weights)
    odds = weights.in_crm / (1.0 - weights.in_crm) / size
    signals = (*own, named, *shared, *made)
    for one in signals:
        odds *= one.times
    return Judged(person, level, odds, signals, tuple(_forbidding(account, person, level, named, own, crm)), shown)


def _name(
    account: Account, person: Person, level: compare.Level, stranger: bool, crm: Crm, size: float, weights: Weights
) -> Signal:
    if account.organisation or compare.is_company(account, person):
        return _other("company_itself", weights)
    if stranger:
        return _other("stranger", weights)
    if level not in weights.names:
        return _other(level, weights)
    weight = weights.names[level]
    strangers = size * chance(person.name, level, crm, weights)
    times = max(1.0, size * weight.keep / (strangers + weight.namesakes))
    return Signal(f"name_{level}", weight.words, times, "name")


def _other(name: str, weights: Weights) -> Signal:
    return Signal(f"name_{name}", weights.others[name].words, weights.others[name].times)


def chance(name: Name, level: compare.Level, crm: Crm, weights: Weights) -> float:
    """How often a stranger carries what agrees, from how often it stands in the CRM."""
    given = _frequency("given", name.given_forms, crm, weights)
    surname = _frequency("surname", name.surname_forms, crm, weights)
    if level == "surname":
        return surname
    if level == "given":
        return given
    if level == "initial":
        return surname * _INITIALS
    if level == "given_initial":
        return given * _INITIALS
    pair = max((crm.count(f"name:{one}") for one in name.pairs), default=0)
    return max(given * surname * weights.together, max(0, pair - 1) / (crm.size + weights.smoothing["records"]))


def _frequency(kind: str, forms: Sequence[str], crm: Crm, weights: Weights) -> float:
    """Share of the CRM that carries one of the forms; small CRMs lean on what is usual."""
    found = max((crm.count(f"{kind}:{one}") for one in forms), default=0)
    return _share(found, kind, crm, weights)


def _share(found: int, kind: str, crm: Crm, weights: Weights) -> float:
    records = weights.smoothing["records"]
    return (found + records * weights.smoothing[kind]) / (crm.size + records)


def _is_somebody(account: Account, crm: Crm) -> bool:
    """The shown name is a person's: two words or more, one of them a given name the CRM or our tables know."""
    if account.organisation:
        return False
    for one in account.shown:
        if (
            one.cjk
            and len(one.text) > 2
            and japanese.splits(one.text)
            and japanese.splits(one.text)[0][0] in japanese.SURNAMES
        ):
            return True
    if not 2 <= len(account.shown) <= 3:
        return False
    given = any(len(one.roots) > 1 or _known(one.text, "given", crm) for one in account.shown)
    surname = any(_known(one.text, "surname", crm) for one in account.shown_surnames)
    return given and (surname or len(account.shown) == 2)


def _known(text: str, kind: str, crm: Crm) -> bool:
    return len(text) > 1 and crm.count(f"{kind}:{text}") > 0


def _own(account: Account, person: Person, crm: Crm, size: float, weights: Weights) -> list[Signal]:
    """Values that are one person's: each kind once, the rarest value."""
    found = []
    for name, kind, mine, theirs in (
        ("handle", "handle", account.own_handles, person.handles),
        ("proven_site", "site", account.proven, person.sites),
        ("email", "email", account.emails, person.emails),
        ("phone", "phone", account.phones, person.phones),
        ("said_site", "site", account.said, person.sites),
    ):
        both = [one for one in mine if one in theirs]
        if both:
            found.append(_own_value(name, kind, both, person, crm, size, weights))
    return found


def _own_value(
    name: str, kind: str, both: Sequence[str], person: Person, crm: Crm, size: float, weights: Weights
) -> Signal:
    weight = weights.own[name]
    carriers, value = min((crm.count(f"{kind}:{one}"), one) for one in both)
    if carriers >= GENERIC_FROM or (kind == "email" and mail.is_role(value)):
        return Signal(name, f"{weight.words}, but several people share it", 1.0, "", f"{kind}:{value}")
    if kind == "site" and is_company_site(value, person):
        return Signal("company_site", "the site is the company's, not a person's", 1.0, "", f"site:{value}")
    return Signal(name, weight.words, weight.times * size, weight.family, f"{kind}:{value}")


def is_company_site(site: str, person: Person) -> bool:
    """The host is the company's: its domain, or it carries the company's name and not the person's."""
    host = sites.host_of(site)
    if person.domain and host == person.domain:
        return True
    plain = host.replace("-", "").replace(".", " ")
    own = [*person.name.surname, *person.name.given]
    if any(len(spoken) > 2 and spoken in plain for one in own for spoken in one.spoken):
        return False
    return any(len(word) > 3 and word in plain for word in person.company[:1])


def _work(account: Account, person: Person, crm: Crm, weights: Weights) -> list[Signal]:
    level = compare.work(account, person)
    if not level and compare.elsewhere(account, person):
        return [_times("other_company", weights)]
    if not level:
        return []
    carriers = max((crm.count(f"work:{one}") for one in keys.work_forms(person)), default=0)
    weight = weights.shared[level]
    return [_shared(level, weight, _share(carriers, "company", crm, weights))]


def _shared(name: str, weight: Weight, share: float) -> Signal:
    return Signal(name, weight.words, max(1.0, min(weight.times, 0.6 / share)), weight.family)


def _place(account: Account, person: Person, crm: Crm, weights: Weights) -> list[Signal]:
    level = compare.place(account, person)
    if not level:
        return []
    weight = weights.shared[level]
    if level == "same_town":
        return [_shared(level, weight, _share(crm.count(f"town:{person.town}"), "town", crm, weights))]
    if level == "other_town" and not any(_is_town(one, crm) for one in account.towns):
        return []
    return [Signal(level, weight.words, weight.times, weight.family)]


def _is_town(town: str, crm: Crm) -> bool:
    return places.known(town) or crm.count(f"town:{town}") > 0


def _made(
    account: Account, person: Person, shown: compare.Level, user: compare.Level, crm: Crm, weights: Weights
) -> list[Signal]:
    """What the user name adds: made of the same name, or of the same letters as the e-mail address."""
    if shown == "other_given":
        return []
    found = []
    if user in compare.AGREES and shown in compare.AGREES:
        found.append(_times("handle_agrees", weights))
    if len(account.handle_plain) > 3 and account.handle_plain in person.locals:
        if _of_its_own(account.handle_plain, user, person.name):
            own, size = weights.own["local"], crm.size + weights.audience
            carriers = max(1, crm.count(f"local:{account.handle_plain}"))
            key = f"local:{account.handle_plain}"
            found.append(Signal("local", own.words, own.times * size / carriers**2, own.family, key))
        else:
            found.append(_times("local_made", weights))
    return found


def _of_its_own(handle: str, user: compare.Level, name: Name) -> bool:
    """A user name that cannot be guessed from the name: other words, or a number in it."""
    if _NUMBER.search(handle):
        return True
    if any(one.han for one in (*name.given, *name.surname)) and japanese.is_romaji(handle):
        return False  # it may be a reading that is not known here
    return user == "empty" and not _of_the_name(handle, name)


def _of_the_name(handle: str, name: Name) -> bool:
    spoken = [one for part in (*name.given, *name.surname) for one in part.spoken if len(one) > 2]
    return any(one in handle or handle.rstrip("0123456789") in one for one in spoken)


def _times(name: str, weights: Weights) -> Signal:
    weight = weights.shared[name]
    return Signal(name, weight.words, weight.times, weight.family)


# --- what forbids an automatic link ------------------------------------------------------------------


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
    if named.name in ("name_stranger", "name_company_itself") or level == "other_given":
        found.append(Signal("other_name", named.words, 1.0))
    return found


_KINDS = {"email": "e-mail", "phone": "number", "handle": "handle", "site": "site"}
_FROM_PHONES = frozenset({"whatsapp", "sms", "signal"})
"""Platforms that prove the number."""


# --- competition -------------------------------------------------------------------------------------


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
    if "handle" in strong and all(signal.name == "other_name" for signal in one.against):
        return "A"
    if one.against:
        return None
    if "proven_site" in strong:
        return "A"
    if "phone" in strong and account.platform in _FROM_PHONES:
        return "A"
    if strong & {"email", "phone"} and one.level in VOUCHED:
        return "A-"
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
