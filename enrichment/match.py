"""Whether an account and a CRM record are the same person: pure rules over plain values (docs/people.md).

    Tier A   the account is linked already; its handle stands in the CRM; a proven site is the record's own
    Tier A-  an e-mail or number in the bio stands on exactly one person, whose name agrees; nothing conflicts
    review   something is shared, but not enough, or something speaks against it
    none     only what many share: a given name, a company, a place; or a person said "not the same"

Two accounts with one name are never one person for that reason alone.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from math import log2
from typing import Any

from enrichment.keys import IdentityKeys, IdentityView, Key, of_identity, profile
from enrichment.matching import agreement, people, score
from enrichment.matching.weights import Weights, shipped
from enrichment.normalise import companies, mail, phones, places

RULES = "2026.4"
"""Version of these rules; stored with every decision, so that it can be replayed."""

Tier = score.Tier
Decision = score.Decision

GENERIC_FROM = agreement.GENERIC_FROM
LARGEST_CLUSTER = 10
AUTO_SCORE: Mapping[Tier, float] = {"A": 1.0, "A-": 0.97}
MOST_SURE = 0.96
"""A proposal is never shown as surer than a link that the rules made."""
_HALF = 8.0
"""An agreement of so many powers of two has half of the weight there is."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One signal: what it is, how strong, and whether it speaks for or against, in words."""

    signal: str
    words: str
    weight: float = 0.0
    supports: bool = True
    value: str = ""
    """Short hash of the value it rests on, for replays; empty when it rests on none."""

    def row(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class LinkedAccount:
    """An identity that is linked to a candidate's contact already."""

    platform: str
    external_id: str
    handle: str = ""
    """In its comparable form."""


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A CRM record that shares a key with the identity."""

    id: int
    """Row id of our mirror."""
    keys: frozenset[Key]
    first_name: str = ""
    last_name: str = ""
    name: str = ""
    company: str = ""
    company_site: str = ""
    company_phone: str = ""
    city: str = ""
    country: str = ""
    contact_id: str | None = None
    """Our contact it stands for; two records of one contact are one person."""
    accounts: tuple[LinkedAccount, ...] = ()
    """The identities linked to that contact."""
    refused: bool = False
    """A person said that it is not this identity."""
    objects: bool = False
    """The person behind the record objects to being matched."""
    object: str = ""
    """Contact, Lead or csv."""

    @property
    def person(self) -> str:
        return self.contact_id or f"record:{self.id}"


@dataclass(frozen=True, slots=True)
class Match:
    """The decision about one identity and one record."""

    tier: Tier
    candidate: int | None
    """Row id of the CRM record; None when nothing was found."""
    decision: Decision
    score: float
    evidence: tuple[Evidence, ...] = field(default=())


NOBODY = Match("C", None, "none", 0.0)


def match(identity: IdentityView, candidates: Sequence[CandidateView], shared: Collection[Key] = frozenset()) -> Match:
    """The decision for an identity: the best candidate, or nobody. `shared` are values of many."""
    found = rank(identity, candidates, shared)
    return found[0] if found else NOBODY


def rank(
    identity: IdentityView,
    candidates: Sequence[CandidateView],
    shared: Collection[Key] = frozenset(),
    sizes: Mapping[str, int] | None = None,
    records: int = 0,
    weights: Weights | None = None,
) -> list[Match]:
    """Every candidate with its decision, best first; at most one person is linked automatically.

    `sizes` says how many records of the CRM carry a name or company (`kind:value`), `records` how many there are.
    """
    own = of_identity(identity)
    seen = account(identity, own)
    crm, weights = _crm(candidates, shared, sizes or {}, records), weights or shipped()
    weighed = {one.id: score.judge(seen, person(one), crm, weights) for one in candidates if not _vetoed(one)}
    likely = _likely(candidates, weighed)
    sure = {row: score.calibrated(value, weights) for row, value in likely.items()}
    judged = [_judge(identity, own, one, weighed.get(one.id), sure.get(one.id, 0.0)) for one in candidates]
    judged.sort(key=lambda one: (-_ORDER[one.decision], -one.score, one.candidate or 0))
    return _one_at_most(judged, {one.id: one.person for one in candidates})


def _vetoed(one: CandidateView) -> bool:
    return one.refused or one.objects


def _crm(
    candidates: Sequence[CandidateView], shared: Collection[Key], sizes: Mapping[str, int], records: int
) -> agreement.Crm:
    carriers: dict[str, set[str]] = defaultdict(set)
    for one in candidates:
        for key in one.keys:
            carriers[f"{key.kind}:{key.value}"].add(one.person)
    generic = {f"{key.kind}:{key.value}" for key in shared}

    def count(key: str) -> int:
        found = max(len(carriers.get(key, ())), sizes.get(key, 0))
        return max(found, GENERIC_FROM) if key in generic else found

    return agreement.Crm(max(records, len(candidates)), count)


def _likely(candidates: Sequence[CandidateView], weighed: Mapping[int, score.Judged]) -> dict[int, float]:
    """How likely each candidate is, beside all other persons and nobody; two records of one person do not compete."""
    best: dict[str, float] = defaultdict(float)
    for one in candidates:
        if one.id in weighed:
            best[one.person] = max(best[one.person], weighed[one.id].odds)
    total = 1.0 + sum(best.values())
    odds = {one.id: (weighed[one.id].odds, best[one.person]) for one in candidates if one.id in weighed}
    return {row: mine / (total - most + mine) for row, (mine, most) in odds.items()}


_ORDER: Mapping[Decision, int] = {"auto": 2, "review": 1, "none": 0}


def fingerprint(key: Key) -> str:
    """The short hash under which evidence names a value."""
    return hashlib.sha256(f"{key.kind}:{key.value}".encode()).hexdigest()[:16]


def _one_at_most(judged: list[Match], persons: Mapping[int, str]) -> list[Match]:
    """When two persons could be linked, none is: a reviewer chooses."""
    linked = {persons[one.candidate] for one in judged if one.decision == "auto" and one.candidate}
    if len(linked) < 2:
        return judged
    rival = Evidence("rival", "another CRM record fits as well", supports=False)
    return [
        Match("B", one.candidate, "review", min(one.score, 0.9), (*one.evidence, rival))
        if one.decision == "auto"
        else one
        for one in judged
    ]


def _judge(
    identity: IdentityView, own: IdentityKeys, candidate: CandidateView, judged: score.Judged | None, likely: float
) -> Match:
    if judged is None:
        word = "a person decided: not the same" if candidate.refused else "the person objects to matching"
        veto = Evidence("refused" if candidate.refused else "objection", word, supports=False)
        return Match("C", candidate.id, "none", 0.0, (veto,))
    if identity.contact_id and identity.contact_id == candidate.contact_id:
        known = Evidence("linked", "this account is linked to this contact already", 1.0)
        return Match("A", candidate.id, "auto", 1.0, (known,))
    if not judged.families() - {"name"} and not any(one.value for one in judged.signals):  # a namesake at most
        return Match("C", candidate.id, "none", 0.0)
    against = _conflicts(identity, own, candidate, judged)
    evidence = (*(_evidence(one) for one in judged.signals), *against)
    tier = _tier(judged, against)
    if tier in AUTO_SCORE:
        return Match(tier, candidate.id, "auto", AUTO_SCORE[tier], evidence)
    sure = round(min(likely, MOST_SURE), 4)
    if _weighs(judged, *_PROVING) or (likely >= shipped().review and _telling(judged)):
        return Match("B", candidate.id, "review", sure, evidence)
    return Match("C", candidate.id, "none", sure, evidence)


_PROVING = ("handle", "proven_site", "email", "phone")
"""Signals that are worth a reviewer's look by themselves."""


def _telling(judged: score.Judged) -> bool:
    """Worth a reviewer's look when likely: a user name that is the address's, or the name with a second kind."""
    families = judged.families()
    if "account" in families:
        return True
    return judged.level in agreement.VOUCHED and bool(families & {"company", "site", "place"})


def _weighs(judged: score.Judged, *signals: str) -> bool:
    return any(one.name in signals and one.times > 1.0 for one in judged.signals)


def _tier(judged: score.Judged, against: Sequence[Evidence]) -> Tier:
    """A and A- where the rules allow an automatic link; B for everything else that is shared."""
    conflicts = {one.signal for one in against}
    if _weighs(judged, "handle") and not conflicts - score.WHATEVER:
        return "A"
    if conflicts:
        return "B"
    if _weighs(judged, "proven_site"):
        return "A"
    return "A-" if _weighs(judged, "email", "phone") and judged.vouched() else "B"


def _evidence(signal: agreement.Signal) -> Evidence:
    """A signal as it is stored: its weight from nothing to one, a value only by its hash."""
    kind, _, value = signal.value.partition(":")
    short = fingerprint(Key(kind, value)) if value else ""  # type: ignore[arg-type]  # kinds of the scorer are ours
    return Evidence(signal.name, signal.words, weight(signal.times), signal.supports, short)


def weight(times: float) -> float:
    """By how much a signal multiplies the odds, from nothing to one."""
    strength = abs(log2(max(times, 1e-9)))
    return round(strength / (strength + _HALF), 2)


def _conflicts(
    identity: IdentityView, own: IdentityKeys, candidate: CandidateView, judged: score.Judged
) -> list[Evidence]:
    """What speaks against an automatic link, whatever supports it."""
    found = [Evidence(one.name, one.words, supports=False) for one in judged.against]
    exact = bool(own.handles & candidate.keys)
    others = [
        one
        for one in candidate.accounts
        if (one.platform, one.external_id) != (identity.platform, identity.external_id)
    ]
    rivals = [one for one in others if one.platform == identity.platform]
    mine = {key.value.partition(":")[2] for key in own.handles}
    if any(one.handle in mine for one in rivals):
        words = "another account with this handle is linked already: the handle was given to somebody else"
        found.append(Evidence("recycled_handle", words, supports=False))
    elif rivals and not exact:
        words = "another account on this platform is linked to this contact already"
        found.append(Evidence("other_account", words, supports=False))
    if len(others) >= LARGEST_CLUSTER:
        found.append(Evidence("large_cluster", "ten accounts are linked to this contact", supports=False))
    return found


# --- both sides as the scorer sees them --------------------------------------------------------------


def account(identity: IdentityView, own: IdentityKeys) -> people.Account:
    """The account in its comparable forms, with all spellings of its handle."""
    handles = tuple(sorted(key.value for key in own.handles))
    return replace(people.account(profile(identity)), own_handles=handles)


@lru_cache(maxsize=10_000)
def person(candidate: CandidateView) -> people.Person:
    """A CRM record in its comparable forms, out of its keys."""
    values: dict[str, list[str]] = defaultdict(list)
    for key in sorted(candidate.keys):
        values[key.kind].append(key.value)
    emails = tuple(values["email"])
    domain = people.company_host(candidate.company_site)
    if not domain and emails and candidate.company:
        domain = mail.company_domain(emails[0])
    return people.again(
        str(candidate.id),
        people.name_of(candidate.first_name, candidate.last_name, candidate.name),
        emails,
        tuple(values["phone"]),
        tuple(values["site"]),
        tuple(values["handle"]),
        companies.significant(candidate.company) if candidate.company else (),
        domain,
        places.town(candidate.city) if candidate.city else "",
        places.country(candidate.country) if candidate.country else "",
        _switchboard(candidate, emails),
    )


def _switchboard(candidate: CandidateView, emails: tuple[str, ...]) -> str:
    if not candidate.company_phone:
        return ""
    name = (candidate.first_name, candidate.last_name, candidate.name)
    typed = people.Contact("", *name, emails=emails, city=candidate.city, country=candidate.country)
    return phones.e164(candidate.company_phone, people.phone_region(typed)) or ""
