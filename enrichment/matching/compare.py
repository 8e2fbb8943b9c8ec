"""How far what an account shows agrees with a person of the CRM: name, user name, place, company. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from enrichment.matching.people import Account, Name, Person
from enrichment.matching.words import Word, by_sound, comparable, initial_of, near, same, short_for, word
from enrichment.normalise import japanese, names

Level = Literal[
    "full", "reading", "nickname", "together", "typo", "initial", "given_initial", "abbreviated", "surname", "given",
    "other_given", "other_surname", "different", "unreadable", "empty",
]  # fmt: skip
"""together: the given name in the shown name, the surname in the user name. given_initial: the given name and the
first letter of the surname. abbreviated: both names, cut short."""

ORDER: tuple[Level, ...] = (
    "full", "reading", "nickname", "together", "typo", "initial", "given_initial", "abbreviated", "surname", "given",
    "unreadable", "empty", "other_given", "other_surname", "different",
)  # fmt: skip
"""From what speaks for it most to what speaks against it most."""
_RANK = {level: place for place, level in enumerate(ORDER)}
AGREES: frozenset[Level] = frozenset({"full", "reading", "nickname", "together", "typo", "initial", "given_initial"})
_LEAST_SURNAME, _TELLING_SURNAME, _LEAST_PART, _LEAST_BOTH = 3, 5, 2, 6


def better(one: Level, two: Level) -> Level:
    """The level that speaks more for it."""
    return one if _RANK[one] <= _RANK[two] else two


def shown_name(account: Account, name: Name) -> Level:
    """The shown name beside a person's."""
    if not account.shown or (name.surname_whole is None and name.given_whole is None):
        return "empty"
    best = _words(account.shown, account.shown_surnames, name)
    if best in ("full", "reading", "nickname"):
        return best
    for place, one in enumerate(account.shown):
        if one.cjk and len(one.text) > 1:
            others = account.shown[:place] + account.shown[place + 1 :]
            best = better(_run(one, others, name), best)
    return best


def _run(one: Word, others: tuple[Word, ...], name: Name) -> Level:
    """A Japanese name without a space: every cut, both orders."""
    best: Level = "different"
    for left, right in japanese.splits(one.text):
        for surname, given in ((left, right), (right, left)):
            if name.surname_whole is not None and same(word(surname, "surname"), name.surname_whole):
                sound = by_sound(word(surname, "surname"), name.surname_whole)
                best = better(_given((word(given, "given"), *others), name, sound), best)
    return best


def _words(given: Sequence[Word], surnames: Sequence[Word], name: Name) -> Level:
    found = _surname_at(surnames, name)
    if found:
        rest = [one for place, one in enumerate(given) if place not in found]
        sound = any(by_sound(surnames[place], name.surname_whole) for place in found if name.surname_whole)
        return _given(rest, name, sound)
    return _no_surname(given, surnames, name)


def _surname_at(surnames: Sequence[Word], name: Name) -> tuple[int, ...]:
    """Where the surname stands among the words: as a whole, all its parts, or the last of them."""
    whole = name.surname_whole
    if whole is None:
        return ()
    for place, one in enumerate(surnames):
        if same(one, whole):
            return (place,)
    if len(name.surname) < _LEAST_PART:
        return ()
    places = [next((p for p, one in enumerate(surnames) if same(one, part)), None) for part in name.surname]
    return tuple(place for place in places if place is not None)


def _given(rest: Sequence[Word], name: Name, sound: bool) -> Level:
    """The surname is there: what of the given name?"""
    wanted = _given_words(name)
    if not rest or not wanted:
        return "surname"
    for one in rest:
        for target in wanted:
            if same(one, target) and (len(one.text) > 1 or one.cjk):
                return "reading" if sound or by_sound(one, target) else "full"
    if any(short_for(one, target) for one in rest for target in wanted):
        return "nickname"
    if initial_of(rest[0], wanted[0]):
        return "initial"
    if any(near(one, target) for one in rest for target in wanted):
        return "typo"
    if not any(comparable(one, target) for one in rest for target in wanted):
        return "surname"
    return "other_given"


def _given_words(name: Name) -> tuple[Word, ...]:
    if name.given_whole is None or len(name.given) == 1:
        return (name.given_whole,) if name.given_whole is not None else ()
    return (*name.given, name.given_whole)


def _no_surname(given: Sequence[Word], surnames: Sequence[Word], name: Name) -> Level:
    wanted, whole = _given_words(name), name.surname_whole
    at = [p for p, one in enumerate(given) if any(same(one, w) or short_for(one, w) for w in wanted)]
    if at:
        rest = [one for place, one in enumerate(surnames) if place not in at]
        if whole is not None and any(near(one, whole) for one in rest):
            return "typo"
        if not rest or whole is None:
            return "given"
        if any(len(one.text) == 1 and initial_of(one, whole) for one in rest):
            return "given_initial"
        return "other_surname" if any(comparable(one, whole) for one in rest) else "given"
    if any(_cut_short(one, name) for one in given):
        return "abbreviated"
    targets = [*wanted, *([whole] if whole is not None else [])]
    readable = any(comparable(one, target) for one in given for target in targets)
    return "different" if readable else "unreadable"


def _cut_short(one: Word, name: Name) -> bool:
    """The beginnings of both names in one word: ササケン for Sasaki Kenta."""
    if name.surname_whole is None or name.given_whole is None:
        return False
    return any(_beginnings(spoken, name) for spoken in one.spoken if len(spoken) >= _LEAST_BOTH)


def _beginnings(spoken: str, name: Name) -> bool:
    if name.surname_whole is None or name.given_whole is None:
        return False
    for surname in name.surname_whole.spoken:
        for given in name.given_whole.spoken:
            for first, second in ((surname, given), (given, surname)):
                if first[:_LEAST_PART] != spoken[:_LEAST_PART]:
                    continue
                for cut in range(_LEAST_PART, len(spoken) - 1):
                    if first.startswith(spoken[:cut]) and second.startswith(spoken[cut:]):
                        return True
    return False


# --- the user name -----------------------------------------------------------------------------------


def user_name(account: Account, name: Name) -> Level:
    """The user name beside a person's name; "empty" when it tells nothing, never against it."""
    if not account.handle or name.surname_whole is None:
        return "empty"
    best: Level = "empty"
    if len(account.handle_words) > 1:
        words = [one for one in account.handle_words if not names.is_particle(one)]
        split = _words([word(one, "given") for one in words], [word(one, "surname") for one in words], name)
        best = split if split in AGREES or split in ("abbreviated", "surname") else "empty"
    if best in ("full", "reading", "nickname"):
        return best
    return better(_joined(account, name), best)


def _joined(account: Account, name: Name) -> Level:
    """A user name in one run: bobhayes, rhayes, hayesr."""
    surname, given = name.surname_whole, name.given_whole
    if surname is None:
        return "empty"
    handle = japanese.sound(account.handle) if surname.cjk else account.handle
    best: Level = "empty"
    for spoken in surname.spoken:
        if len(spoken) < _LEAST_SURNAME:
            continue
        before, found, after = handle.partition(spoken)
        if found:
            best = better(_beside(before, after, spoken, given), best)
    if best == "empty" and any(
        _beginnings(one, name) for one in (handle, *account.handle_words) if len(one) >= _LEAST_BOTH
    ):
        return "abbreviated"
    return best


def _beside(before: str, after: str, surname: str, given: Word | None) -> Level:
    for rest in (before, after):
        if len(rest) > 1 and given is not None:
            if rest in given.spoken:
                return "reading" if given.han else "full"
            if not given.cjk and short_for(word(rest, "given"), given):
                return "nickname"
    family = after == "s" and given is not None and not given.cjk  # the Thorntons
    initials = {one[0] for one in given.spoken} if given is not None and not family else set()
    if (not after and before in initials) or (not before and after in initials):
        return "initial"
    return "surname" if not before and len(surname) >= _TELLING_SURNAME else "empty"


def beside_given(account: Account, given: Word, initials: bool = True) -> tuple[str, ...]:
    """What a user name has beside a given name or its initial: what may be the surname."""
    handle = account.handle
    if not handle.isascii() or not given.spoken or len(given.text) < _LEAST_PART - given.cjk:
        return ()
    starts = dict.fromkeys((*given.spoken[:2], *(one[0] for one in given.spoken[:2] if initials)))
    found = [handle.removeprefix(one) for one in starts if handle.startswith(one)]
    found += [handle.removesuffix(one) for one in starts if handle.endswith(one)]
    return tuple(dict.fromkeys(one for one in found if len(one) >= _LEAST_SURNAME))


# --- place and company -------------------------------------------------------------------------------

Place = Literal["same_town", "same_country", "other_town", "other_country", ""]


def place(account: Account, person: Person) -> Place:
    """Where both are; empty when one of them does not say."""
    if person.town and (person.town in account.towns or _named(account.texts, person.town)):
        return "same_town"
    if person.country and account.country and person.country != account.country:
        return "other_country"
    if person.town and account.towns:
        return "other_town"
    if person.country and person.country == account.country:
        return "same_country"
    return ""


def _named(texts: str, town: str) -> bool:
    if town.isascii():
        return len(town) > _LEAST_SURNAME and f" {town} " in texts.replace("new york", "newyork")
    return len(town) >= _LEAST_PART and town in texts.replace("東京都", "東京")  # which is not 京都


Work = Literal["domain", "company", "company_part", ""]


def work(account: Account, person: Person) -> Work:
    """Whether the account names the person's company: by an address of it, its whole name, or a part."""
    if person.domain and any(host == person.domain or host.endswith(f".{person.domain}") for host in account.hosts):
        return "domain"
    return company_in(account.texts, account.run, person) if person.company else ""


def company_in(texts: str, run: str, person: Person) -> Work:
    """The company's name in folded words; `run` are the same without spaces."""
    words = person.company
    whole = " ".join(words)
    if not whole.isascii():
        joined = "".join(words)
        if len(joined) > _LEAST_PART and joined in run:
            return "company"
        return ""
    if f" {whole} " in texts:
        return "company" if len(words) > 1 or len(whole) > _LEAST_SURNAME else "company_part"
    if len(words) > 1 and f" {''.join(words)} " in texts:
        return "company"
    first = words[0] if words else ""
    return "company_part" if len(first) >= _TELLING_SURNAME and f" {first} " in texts else ""


def elsewhere(account: Account, person: Person) -> bool:
    """The account names an employer, and the person's company is another."""
    return bool(person.company and account.employers and not work(account, person))


def is_company(account: Account, person: Person) -> bool:
    """The account shows itself as the person's company, not as the person."""
    if not (person.company or person.domain) or not account.shown:
        return False
    shown = {one for one in account.named.split()}
    if not (person.company and set(person.company[:2]) <= shown) and not _called_as_host(account, person):
        return False
    given = person.name.given_whole
    return given is None or not any(same(one, given) or short_for(one, given) for one in account.shown)


def is_its_site(account: Account, person: Person) -> bool:
    """The account is called as a site it links to, and the site is not the person's: a shop, a band, a company."""
    own = {one.partition("/")[0] for one in person.sites}
    labels = {"".join(ch for ch in one.partition(".")[0] if ch.isalnum()) for one in account.hosts if one not in own}
    return "".join(account.named.split()) in labels


def _called_as_host(account: Account, person: Person) -> bool:
    """It links to the company's domain and its name begins like that."""
    label = "".join(ch for ch in person.domain.partition(".")[0] if ch.isalnum())
    there = any(host == person.domain or host.endswith(f".{person.domain}") for host in account.hosts)
    return there and len(label) > _LEAST_SURNAME and account.named.replace(" ", "").startswith(label)
