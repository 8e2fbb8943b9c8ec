"""Keys by which an account finds the people it may be: whatever both sides could have in common, as short texts."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise, permutations

from enrichment.matching import compare
from enrichment.matching.people import Account, Name, Person, pairs_of
from enrichment.matching.words import SOUND, word
from enrichment.normalise import japanese
from enrichment.normalise.text import listed

OWN = ("email", "phone", "site", "handle")
"""Kinds of values that are one person's own."""
MOST_WORDS = 40
_MOST_SPLIT = 24
_MOST_SHOWN = 4
_CUT, _READINGS = 3, 3
_NO_KANA = re.compile(r"[\u4e00-\u9fff\u3005-\u3007\u30a1-\u30ff]{2,}")
_COMMON = listed("""
    the and for with from und der die das den von mit bei fan dad mom mum love life music of to in
    at my me is are ich wir aus für not all new der views own opinions tweets
    """)


def of_person(person: Person) -> set[str]:
    """All keys of a person of the CRM, each as `kind:value`."""
    found = {f"email:{one}" for one in person.emails}
    found.update(f"phone:{one}" for one in person.phones)
    found.update(f"site:{one}" for one in person.sites)
    found.update(f"handle:{one}" for one in person.handles)
    found.update(f"local:{one}" for one in person.locals if len(one) >= _CUT)
    given, surname, pairs = person.name.given_forms, person.name.surname_forms, person.name.pairs
    work, town = work_forms(person), person.town
    found.update(f"given:{one}" for one in given)
    found.update(f"surname:{one}" for one in surname)
    found.update(f"work:{one}" for one in work)
    found.update(f"name:{one}" for one in pairs)
    found.update(_beside(person.name, surname))
    found.update(f"short:{one}" for one in short_forms(person.name))
    if town:
        found.add(f"town:{town}")
    for place in (*([town] if town else []), *work):
        found.update(f"named:{one}|{place}" for one in (*given, *surname, *pairs))
    if town:
        found.update(f"worktown:{one}|{town}" for one in work)
    return found


def _beside(name: Name, surname: tuple[str, ...]) -> set[str]:
    """Surname and initial, and for slips of the keyboard the given name with either end of the surname."""
    given, whole = name.given_whole, name.surname_whole
    if given is None or whole is None:
        return set()
    initials = {spoken[0] for spoken in given.spoken or (given.text,)}
    initials |= {spoken[0] for one in name.given for spoken in one.spoken[:1]}
    found = {f"initial:{one} {letter}" for one in surname for letter in initials}
    if not whole.cjk and len(whole.text) > _CUT:
        found |= {f"start:{root} {whole.text[:_CUT]}" for root in given.roots}
        found |= {f"end:{root} {whole.text[-_CUT:]}" for root in given.roots}
    return found


def short_forms(name: Name) -> tuple[str, ...]:
    """The first two syllables of surname and given name, as Japanese friends call each other: Sasaki Kenta, sasaken."""
    if name.surname_whole is None or name.given_whole is None or not name.surname_whole.cjk:
        return ()
    surnames, given = (
        [one for one in map(japanese.beginning, word.spoken[:_READINGS]) if one]
        for word in (name.surname_whole, name.given_whole)
    )
    return tuple(dict.fromkeys(one + two for one in surnames for two in given))


def work_forms(person: Person) -> tuple[str, ...]:
    """How a bio would name the company: its first word, all of it in one, its domain."""
    found: dict[str, None] = {}
    if person.company:
        found["".join(person.company)] = None
        if len(person.company[0]) >= _CUT:
            found[person.company[0]] = None
    if person.domain:
        found[f"@{person.domain}"] = None
    return tuple(found)


# --- the account's side ------------------------------------------------------------------------------


def first(account: Account) -> set[str]:
    """Keys that are looked up first: which of its words name a company or a town of the CRM?"""
    found = {f"town:{town}" for town in account.towns}
    words = [one for one in account.texts.split() if one not in _COMMON][:MOST_WORDS]
    words += [one for one in account.named.split() if one not in _COMMON]
    latin = [one for one in words if one.isascii()]
    found.update(f"work:{one}" for one in latin if len(one) >= _CUT)
    found.update(f"work:{one}{two}" for one, two in pairwise(latin))
    found.update(f"town:{one}" for one in latin if len(one) > _CUT)
    for one in words:
        if not one.isascii():
            found.update(_japanese_places(one))
    for host in account.hosts:
        found.add(f"work:@{host}")
        if host.count(".") > 1:
            found.add(f"work:@{host.partition('.')[2]}")
    return found


def _japanese_places(run: str) -> set[str]:
    found = {f"town:{run}"}
    for piece in _NO_KANA.findall(run)[:6]:
        found.add(f"town:{piece}")
        found.update(f"work:{piece[:end]}" for end in range(2, min(len(piece), 12) + 1))
    return found


def second(account: Account, live: Iterable[str]) -> set[str]:
    """All other keys; `live` are those of `first` that the CRM has."""
    found = {f"email:{one}" for one in account.emails}
    found.update(f"phone:{one}" for one in account.phones)
    found.update(f"site:{one}" for one in (*account.proven, *account.said))
    found.update(f"handle:{one}" for one in account.own_handles)
    if len(account.handle_plain) >= _CUT:
        found.add(f"local:{account.handle_plain}")
        found.update(f"local:{one}" for one in (account.handle, account.handle.rstrip("0123456789")) if one)
    given, surname, pairs = _shown(account)
    pairs += _shown_and_handle(account)
    found.update(f"given:{one}" for one in given)
    found.update(f"surname:{one}" for one in surname)
    found.update(f"name:{one}" for one in pairs)
    found.update(_shown_beside(account))
    work = [one.partition(":")[2] for one in live if one.startswith("work:")]
    towns = [one.partition(":")[2] for one in live if one.startswith("town:")]
    for place in (*towns[:4], *work[:8]):
        found.update(f"named:{one}|{place}" for one in (*given, *surname, *pairs))
    found.update(f"worktown:{one}|{town}" for one in work[:8] for town in towns[:4])
    found.update(_of_handle(account))
    found.update(f"short:{spoken}" for one in account.shown for spoken in one.spoken if len(spoken) > _CUT)
    return found


def shown_pairs(account: Account) -> set[str]:
    """Given name and surname in any order, as the shown name has them, or the user name where none is shown."""
    if account.shown:
        return set(_shown(account)[2])
    words = [word(one, "given") for one in account.handle_words]
    return {pair for one, two in permutations(words[:_MOST_SHOWN], 2) for pair in pairs_of(one.lookup, two.lookup)}


def _shown(account: Account) -> tuple[list[str], list[str], list[str]]:
    """Given names, surnames and pairs that the shown name may hold, in any order."""
    words = [word_pair for word_pair in zip(account.shown, account.shown_surnames, strict=True)][:_MOST_SHOWN]
    given = [form for one, _ in words for form in one.lookup]
    surname = [form for _, one in words for form in one.lookup]
    pairs = [pair for (one, _), (_, two) in permutations(words, 2) for pair in pairs_of(one.lookup, two.lookup)]
    for one, _ in words:
        if one.cjk:
            for left, right in japanese.splits(one.text)[:4]:
                for s, g in ((left, right), (right, left)):
                    gs, ss = word(g, "given").lookup, word(s, "surname").lookup
                    given += gs
                    surname += ss
                    pairs += pairs_of(gs, ss)
    if len(words) > 2:
        surname += ["".join(two.text for _, two in words[1:])]
    return given, surname, pairs


def _shown_and_handle(account: Account) -> list[str]:
    """Given name and surname where the shown name has the one and the user name the other: Julie, jrichardson."""
    found: list[str] = []
    beside = [one for one in account.handle_words if len(one) >= _CUT][:_MOST_SHOWN]
    for one, last in zip(account.shown[:_MOST_SHOWN], account.shown_surnames, strict=False):
        for surname in dict.fromkeys((*compare.beside_given(account, one), *beside)):
            found += pairs_of(one.lookup, word(surname, "surname").lookup)
        for given in beside:
            found += pairs_of(word(given, "given").lookup, last.lookup)
    return found


def _shown_beside(account: Account) -> set[str]:
    found: set[str] = set()
    words = [*zip(account.shown, account.shown_surnames, strict=True)][:_MOST_SHOWN]
    for (given, _), (_, surname) in permutations(words, 2):
        forms = [form for form in surname.lookup if len(form) > 1]
        found.update(f"initial:{form} {spoken[0]}" for form in forms for spoken in given.spoken if spoken)
        if not surname.cjk and len(surname.text) >= _CUT:
            found.update(f"start:{root} {surname.text[:_CUT]}" for root in given.roots)
            found.update(f"end:{root} {surname.text[-_CUT:]}" for root in given.roots)
    return found


def _of_handle(account: Account) -> set[str]:
    """A user name as a name: its words, and each cut of its letters."""
    handle = account.handle
    if not _CUT < len(handle) <= _MOST_SPLIT or not handle.isascii():
        return set()
    found = _cut(handle, "")
    if japanese.is_romaji(handle):
        found |= _cut(japanese.sound(handle), SOUND)
    words = account.handle_words
    for one in words:
        if len(one) > _CUT:
            surname = word(one, "surname").text
            found.add(f"surname:{surname}")
            found.update(f"initial:{surname} {other[0]}" for other in words if other != one)
            if len(words) > 1 and len(one) > _CUT + 1:
                found.add(f"initial:{one[1:]} {one[0]}")
    return found


def _cut(letters: str, mark: str) -> set[str]:
    """Given name and surname, or surname and initial, at every cut and in both orders."""
    found: set[str] = set()
    for at in range(1, len(letters)):
        for given, surname in ((letters[:at], letters[at:]), (letters[at:], letters[:at])):
            if len(surname) < _CUT:
                continue
            if len(given) == 1:
                found.add(f"initial:{mark}{surname} {given}")
            elif mark:
                found.add(f"name:{mark}{given} {mark}{surname}")
            else:
                found.update(f"name:{root} {surname}" for root in word(given, "given").roots)
    return found
