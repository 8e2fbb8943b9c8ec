"""What of an account agrees with a person of the CRM, and what does not: each as a signal with its weight. Pure.

How telling a value is comes from the CRM at hand: a name by how many carry it, a site or number by how many share it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from enrichment.matching import compare, keys
from enrichment.matching.people import Account, Name, Person
from enrichment.matching.weights import Weight, Weights
from enrichment.matching.words import Word
from enrichment.normalise import japanese, mail, places, sites
from inbox.text import bare

GENERIC_FROM = 3
"""A value on so many persons belongs to nobody."""
SURE: frozenset[compare.Level] = frozenset({"full", "nickname"})
"""Levels good enough for an automatic link in tier B; a reading is one of several that kanji have."""
VOUCHED: frozenset[compare.Level] = SURE | {"reading", "together", "initial"}
"""Levels good enough beside an e-mail or number."""
_INITIALS = 0.08
BY_GIVEN: frozenset[compare.Level] = VOUCHED | {"typo", "given_initial", "given"}
"""Levels that tell a person from the family."""
_LEAST_USER = 3
_FAMILY = 30.0
"""So much less a site that may be the family's proves."""
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


def other_surname(account: Account, crm: Crm) -> bool:
    """The user name has the shown given name and beside it somebody else's surname: Alistair, alistairwoodby."""
    known = (one for word in account.shown for one in compare.beside_given(account, word, initials=False))
    return any(len(one) > _LEAST_USER and _known(one, "surname", crm) for one in known)


def naming(
    account: Account, person: Person, level: compare.Level, stranger: bool, crm: Crm, size: float, weights: Weights
) -> Signal:
    unlike = level in ("different", "unreadable")
    if account.organisation or compare.is_company(account, person) or (unlike and compare.is_its_site(account, person)):
        return _other("company_itself", weights)
    if stranger:
        return _other("stranger", weights)
    if level not in weights.names:
        return _other(level, weights)
    weight = weights.names[level]
    strangers = size * chance(person.name, level, crm, weights, account)
    times = max(1.0, size * weight.keep / (strangers + weight.namesakes))
    return Signal(f"name_{level}", weight.words, times, "name")


def _other(name: str, weights: Weights) -> Signal:
    return Signal(f"name_{name}", weights.others[name].words, weights.others[name].times)


def chance(name: Name, level: compare.Level, crm: Crm, weights: Weights, account: Account | None = None) -> float:
    """How often a stranger carries what agrees, from how often it stands in the CRM.

    A short form that is a common name of its own is as common as that.
    """
    name = _in_order(name, crm)
    given = _frequency("given", name.given_forms, crm, weights)
    if account is not None and level == "nickname":
        given = max(given, _frequency("given", [one.text for one in account.shown], crm, weights))
    surname = _frequency("surname", name.surname_forms, crm, weights)
    if level == "surname":
        return surname
    if level == "given":
        return given
    if level == "initial":
        return surname * _INITIALS
    if level == "given_initial":
        return given * _INITIALS
    if level == "abbreviated" and (short := keys.short_forms(name)):
        return _share(max(crm.count(f"short:{one}") for one in short), "abbreviated", crm, weights)
    pair = max((crm.count(f"name:{one}") for one in name.pairs), default=0)
    return max(given * surname * weights.together, max(0, pair - 1) / (crm.size + weights.smoothing["records"]))


def _in_order(name: Name, crm: Crm) -> Name:
    """A name whose parts were typed the wrong way round, as the rest of the CRM knows them."""

    def turned(kind: str, other: str, forms: Sequence[str]) -> bool:
        return max(_carriers(other, forms, crm)) > max(_carriers(kind, forms, crm))

    both = name.given_forms and name.surname_forms
    if both and turned("given", "surname", name.given_forms) and turned("surname", "given", name.surname_forms):
        return replace(name, given_forms=name.surname_forms, surname_forms=name.given_forms)
    return name


def _carriers(kind: str, forms: Sequence[str], crm: Crm) -> list[int]:
    return [crm.count(f"{kind}:{one}") for one in forms]


def _frequency(kind: str, forms: Sequence[str], crm: Crm, weights: Weights) -> float:
    """Share of the CRM that carries one of the forms; small CRMs lean on what is usual."""
    found = max((crm.count(f"{kind}:{one}") for one in forms), default=0)
    return _share(found, kind, crm, weights)


def _share(found: int, kind: str, crm: Crm, weights: Weights) -> float:
    records = weights.smoothing["records"]
    return (found + records * weights.smoothing[kind]) / (crm.size + records)


def is_somebody(account: Account, crm: Crm) -> bool:
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
    given = any(is_given(one, crm) for one in account.shown)
    surname = any(_known(one.text, "surname", crm) for one in account.shown_surnames)
    return given and (surname or len(account.shown) == 2)


def _known(text: str, kind: str, crm: Crm) -> bool:
    return len(text) > 1 and crm.count(f"{kind}:{text}") > 0


def own_values(
    account: Account, person: Person, level: compare.Level, crm: Crm, size: float, weights: Weights
) -> list[Signal]:
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
            one = _own_value(name, kind, both, person, crm, size, weights)
            family = kind == "site" and level not in BY_GIVEN and is_family_site(one.value, person)
            found.append(replace(one, times=max(1.0, one.times / _FAMILY)) if family else one)
    return found


def other_contact(account: Account, person: Person, own: Sequence[Signal], weights: Weights) -> list[Signal]:
    """Another e-mail or number than the record's: people have several, but rarely two in one house."""
    names = {one.name for one in own}
    found = []
    if set(account.phones) - {person.switchboard} and person.phones and "phone" not in names:
        found.append(_times("other_phone", weights))
    if account.emails and person.emails and "email" not in names:
        mine, theirs = ({one.rpartition("@")[2] for one in emails} for emails in (account.emails, person.emails))
        work = {one for one in theirs if mail.company_domain(one)}
        if mine & work:
            found.append(_times("colleague_email", weights))
        elif not mine.isdisjoint(theirs) or bool(work) == any(map(mail.company_domain, mine)):
            found.append(_times("other_email", weights))
    return found


def _own_value(
    name: str, kind: str, both: Sequence[str], person: Person, crm: Crm, size: float, weights: Weights
) -> Signal:
    weight = weights.own[name]
    carriers, value = min((crm.count(f"{kind}:{one}"), one) for one in both)
    if carriers >= GENERIC_FROM or (kind == "email" and mail.is_role(value)):
        return Signal(name, f"{weight.words}, but several people share it", 1.0, "", f"{kind}:{value}")
    if kind == "site" and (is_company_site(value, person) or _at_work(value, crm)):
        return Signal("company_site", "the site is the company's, not a person's", 1.0, "", f"site:{value}")
    return Signal(name, weight.words, weight.times * size, weight.family, f"{kind}:{value}")


def _at_work(site: str, crm: Crm) -> bool:
    """Its host is where somebody else in the CRM works."""
    return crm.count(f"work:@{sites.host_of(site)}") > 0


def is_family_site(site: str, person: Person) -> bool:
    """The address has the surname and not the given name: it may be the whole family's."""
    letters = bare("".join(ch for ch in site.partition(":")[2] or site if ch.isalpha()))
    return _contains(letters, person.name.surname) and not _contains(letters, person.name.given)


def tells(site: str, account: Account, person: Person) -> bool:
    """The address is made of the person's given name, or of the user name."""
    letters = "".join(ch for ch in site.partition(":")[2] if ch.isalnum())
    user = "" if is_family_site(site, person) else account.handle_plain
    return _contains(bare(letters), person.name.given) or (len(user) > _LEAST_USER and user in letters)


def _contains(letters: str, words: Sequence[Word]) -> bool:
    """One of the words stands in the letters, as written or by its sound."""
    forms = letters, japanese.sound(letters)
    return any(len(spoken) > 2 and spoken in form for one in words for spoken in one.spoken for form in forms)


def is_company_site(site: str, person: Person) -> bool:
    """The host is the company's: its domain, or it carries the company's name and not the person's."""
    host = sites.host_of(site)
    if person.domain and host == person.domain:
        return True
    plain = host.replace("-", "").replace(".", " ")
    if _contains(plain, (*person.name.surname, *person.name.given)):
        return False
    return any(len(word) > 3 and word in plain for word in person.company[:1])


def shared_by_many(
    account: Account, person: Person, before: Sequence[Signal], crm: Crm, weights: Weights
) -> list[Signal]:
    """Company and place, together by no more than their joint rarity: colleagues live in the company's town."""
    work, place = _work(account, person, crm, weights), _place(account, person, crm, weights)
    names = {one.name for one in before if one.times > 1.0 or one.name == "name_company_itself"}
    if "name_company_itself" in names:  # which explains both
        return [one for one in (*work, *place) if not one.supports]
    if any(one.name == "name_other_given" for one in before):  # a family lives in one town
        return [one for one in (*work, *place) if one.name != "same_town"]
    if "email" in names and work and work[0].name == "domain":  # which is the address's
        return place
    if not (work and place and work[0].supports and place[0].name == "same_town"):
        return [*work, *place]
    both = max((crm.count(f"worktown:{one}|{person.town}") for one in keys.work_forms(person)), default=0)
    if both > 1:
        most = 0.6 * (crm.size + weights.smoothing["records"]) / (both - 1) / work[0].times
        place = [replace(place[0], times=max(1.0, min(place[0].times, most)))]
    return [*work, *place]


def _work(account: Account, person: Person, crm: Crm, weights: Weights) -> list[Signal]:
    level = compare.work(account, person)
    called = level != "domain" and bool(person.switchboard) and person.switchboard in account.phones
    if not level and not called and compare.elsewhere(account, person):
        return [_times("other_company", weights)]
    if not level and not called:
        return []
    carriers = max((crm.count(f"work:{one}") for one in keys.work_forms(person)), default=0)
    share = _share(carriers, "company", crm, weights)
    if called or not level:
        words = "a phone number is the company's"
        return [_shared("switchboard", replace(weights.shared["domain"], words=words), share)]
    return [_shared(level, weights.shared[level], share)]


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


def made(
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
    letters, words = handle.rstrip("0123456789"), (*name.given, *name.surname)
    return _contains(letters, words) or any(letters in spoken for one in words for spoken in one.spoken)


def _times(name: str, weights: Weights) -> Signal:
    weight = weights.shared[name]
    return Signal(name, weight.words, weight.times, weight.family)


def is_given(one: Word, crm: Crm) -> bool:
    """A given name, as the CRM or our tables know it."""
    return len(one.text) > 1 and (len(one.roots) > 1 or _known(one.text, "given", crm))
