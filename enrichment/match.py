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
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from enrichment.keys import IdentityKeys, IdentityView, Key, of_identity, shown_name
from enrichment.normalise import companies, mail, names, sites
from inbox.text import fold

RULES = "2026.1"
"""Version of these rules; stored with every decision, so that it can be replayed."""

Tier = Literal["A", "A-", "B", "C"]
Decision = Literal["auto", "review", "none"]

GENERIC_FROM = 3
"""A value on so many persons belongs to nobody."""
LARGEST_CLUSTER = 10
REVIEW_FROM = 0.5
AUTO_SCORE = {"A": 1.0, "A-": 0.97}

WEIGHTS: Mapping[str, float] = {
    "handle": 0.95, "proven_site": 0.9, "email": 0.8, "phone": 0.75, "said_site": 0.55,
    "name_full": 0.35, "name_nickname": 0.3, "name_initial": 0.2, "name_surname": 0.1, "company": 0.35,
}  # fmt: skip
AGAINST: Mapping[str, float] = {"name_other_given": 0.7, "name_different": 0.7}
"""By how much the score shrinks."""

NAME_WORDS: Mapping[names.Level, str] = {
    "full": "given name and surname are the same",
    "nickname": "the surname is the same, the given name is a short form of it",
    "initial": "initial and surname are the same",
    "surname": "only the surname is the same",
    "given": "only the given name is the same",
    "other_given": "the surname is the same, the given name is another",
    "unreadable": "the names are in scripts that cannot be compared",
    "different": "the names are different",
    "empty": "there is no name to compare",
}


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
    contact_id: str | None = None
    """Our contact it stands for; two records of one contact are one person."""
    accounts: tuple[LinkedAccount, ...] = ()
    """The identities linked to that contact."""
    refused: bool = False
    """A person said that it is not this identity."""
    objects: bool = False
    """The person behind the record objects to being matched."""

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
    identity: IdentityView, candidates: Sequence[CandidateView], shared: Collection[Key] = frozenset()
) -> list[Match]:
    """Every candidate with its decision, best first; at most one person is linked automatically."""
    own = of_identity(identity)
    carriers = _carriers(candidates)
    generic = {key for key, persons in carriers.items() if len(persons) >= GENERIC_FROM} | set(shared)
    judged = [_judge(identity, own, one, carriers, generic) for one in candidates]
    judged.sort(key=lambda one: (-_ORDER[one.decision], -one.score, one.candidate or 0))
    return _one_at_most(judged, {one.id: one.person for one in candidates})


_ORDER: Mapping[Decision, int] = {"auto": 2, "review": 1, "none": 0}


def fingerprint(key: Key) -> str:
    """The short hash under which evidence names a value."""
    return hashlib.sha256(f"{key.kind}:{key.value}".encode()).hexdigest()[:16]


def _carriers(candidates: Sequence[CandidateView]) -> dict[Key, set[str]]:
    found: dict[Key, set[str]] = defaultdict(set)
    for one in candidates:
        for key in one.keys:
            found[key].add(one.person)
    return found


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
    identity: IdentityView,
    own: IdentityKeys,
    candidate: CandidateView,
    carriers: Mapping[Key, set[str]],
    generic: set[Key],
) -> Match:
    if candidate.refused or candidate.objects:
        word = "a person decided: not the same" if candidate.refused else "the person objects to matching"
        veto = Evidence("refused" if candidate.refused else "objection", word, supports=False)
        return Match("C", candidate.id, "none", 0.0, (veto,))
    if identity.contact_id and identity.contact_id == candidate.contact_id:
        known = Evidence("linked", "this account is linked to this contact already", 1.0)
        return Match("A", candidate.id, "auto", 1.0, (known,))
    signals = _signals(identity, own, candidate, generic)
    if not signals:  # a namesake at most
        return Match("C", candidate.id, "none", 0.0)
    level = names.agreement(shown_name(identity), candidate.first_name, candidate.last_name, candidate.name)
    against = _conflicts(identity, own, candidate, carriers, generic)
    named = _name_evidence(level)
    evidence = (*signals, *against, *named)
    tier = _tier(signals, against, level)
    if tier in AUTO_SCORE:
        return Match(tier, candidate.id, "auto", AUTO_SCORE[tier], evidence)
    score = _score(evidence)
    telling = any(one.weight and one.signal in _TELLING for one in signals) or _two_families(signals, level)
    if telling and score >= REVIEW_FROM:
        return Match("B", candidate.id, "review", score, evidence)
    return Match("C", candidate.id, "none", score, evidence)


_TELLING = frozenset({"handle", "proven_site", "email", "phone", "said_site"})
"""Signals that are worth a reviewer's look by themselves."""


def _two_families(signals: Sequence[Evidence], level: names.Level) -> bool:
    return level in names.AGREES and any(one.signal == "company" for one in signals)


def _tier(signals: Sequence[Evidence], against: Sequence[Evidence], level: names.Level) -> Tier:
    """A and A- where the rules allow an automatic link; B for everything else that is shared."""
    strong = {one.signal for one in signals if one.weight}
    if against:
        return "B"
    if "handle" in strong:
        return "A"
    if "proven_site" in strong and level != "other_given":
        return "A"
    if strong & {"email", "phone"} and level in names.AGREES:
        return "A-"
    return "B"


def _signals(identity: IdentityView, own: IdentityKeys, candidate: CandidateView, generic: set[Key]) -> list[Evidence]:
    """What both sides share, in the order of its strength; generic values are named with no weight."""
    found = []
    for signal, keys, words in (
        ("handle", own.handles, "the handle stands in the CRM record"),
        ("proven_site", own.proven_sites, "a site this account has proven to own is the CRM record's own"),
        ("email", own.emails, "an e-mail in the bio stands on the CRM record"),
        ("phone", own.phones, "a phone number in the bio stands on the CRM record"),
        ("said_site", own.said_sites, "a site on the profile, not proven, is the CRM record's"),
    ):
        for key in sorted(keys & candidate.keys):
            found.append(_shared_value(signal, key, words, candidate, generic))
    named = f"{identity.name} {identity.bio}"
    if candidate.company and companies.named_in(named, candidate.company):
        found.append(Evidence("company", "name or bio mention the company", WEIGHTS["company"]))
    return found


def _shared_value(signal: str, key: Key, words: str, candidate: CandidateView, generic: set[Key]) -> Evidence:
    value = fingerprint(key)
    if key in generic or (key.kind == "email" and mail.is_role(key.value)):
        return Evidence(signal, f"{words}, but several people share it", value=value)
    if key.kind == "site" and _company_site(key.value, candidate):
        return Evidence("company_site", "the site is the company's, not a person's", value=value)
    return Evidence(signal, words, WEIGHTS[signal], value=value)


def _company_site(site: str, candidate: CandidateView) -> bool:
    """The host carries the company's name and not the person's."""
    host = sites.host_of(site).replace("-", "").replace(".", " ")
    person = {w for w in names.tokens(f"{candidate.first_name} {candidate.last_name}") if len(w) > 2}
    if any(fold(word) in host for word in person):
        return False
    return any(len(word) > 3 and word in host for word in companies.significant(candidate.company)[:1])


def _conflicts(
    identity: IdentityView,
    own: IdentityKeys,
    candidate: CandidateView,
    carriers: Mapping[Key, set[str]],
    generic: set[Key],
) -> list[Evidence]:
    """What speaks against an automatic link, whatever supports it."""
    found = []
    exact = bool(own.handles & candidate.keys)
    proof = own.handles | own.proven_sites | own.emails | own.phones
    for key in sorted((proof & candidate.keys) - generic):
        if len(carriers.get(key, ())) > 1:
            words = f"the same {_KINDS[key.kind]} stands on another CRM record too"
            found.append(Evidence("two_records", words, supports=False, value=fingerprint(key)))
    theirs = {k for k in candidate.keys if k.kind == "handle" and k.value.startswith(f"{identity.platform}:")}
    if theirs and not exact:
        found.append(Evidence("other_handle", "the CRM names another account here", supports=False))
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


_KINDS = {"email": "e-mail", "phone": "number", "handle": "handle", "site": "site", "name": "name"}


def _name_evidence(level: names.Level) -> list[Evidence]:
    signal, words = f"name_{level}", NAME_WORDS[level]
    if signal in AGAINST:
        return [Evidence(signal, words, AGAINST[signal], supports=False)]
    return [Evidence(signal, words, WEIGHTS.get(signal, 0.0))]


def _score(evidence: Sequence[Evidence]) -> float:
    """How much is left of the doubt, each signal once; what speaks against it shrinks the rest."""
    doubt, factor, counted = 1.0, 1.0, set()
    for one in evidence:
        if one.signal in counted:
            continue
        counted.add(one.signal)
        if one.supports:
            doubt *= 1.0 - one.weight
        elif one.weight:
            factor *= one.weight
    return round((1.0 - doubt) * factor, 4)
