"""Both sides as the scorer sees them: a person of the CRM and an account, each value in its comparable forms."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from enrichment.matching.words import SOUND, Word, with_sounds, word
from enrichment.normalise import companies, handles, japanese, mail, names, phones, places, sites
from enrichment.normalise.text import listed
from inbox.text import bare, fold, has_cjk

MOST = 5
"""E-mails or numbers a person has at most; more in one place are a directory, and none counts."""
_MOST_WORDS = 6
_MOST_FORMS = 8
_LONGEST_CODE = 3
_SPLIT_LOCAL = re.compile(r"[._+-]+")
_KANA = re.compile("[\u3041-\u30ff]")
_GERMAN = re.compile(r"[äöüß]|\b(?:und|ich|der|die|das|für|bei|aus|Handy|Telefon|Büro)\b")
_DIGITS = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class Name:
    """The name of a person in parts; `whole` joins the words of each."""

    given: tuple[Word, ...] = ()
    surname: tuple[Word, ...] = ()
    surname_whole: Word | None = None
    given_whole: Word | None = None
    given_forms: tuple[str, ...] = ()
    """Spellings by which the given name is looked up; for Latin letters the names it may stand for."""
    surname_forms: tuple[str, ...] = ()
    pairs: tuple[str, ...] = ()
    """Given name and surname together, letters with letters and sounds with sounds."""


def in_parts(given: tuple[Word, ...], surname: tuple[Word, ...], first: Word | None, last: Word | None) -> Name:
    """A name with its spellings worked out; `first` and `last` are the whole given name and surname."""
    given_forms, surname_forms = forms_of(first, given), forms_of(last, surname)
    return Name(given, surname, last, first, given_forms, surname_forms, tuple(pairs_of(given_forms, surname_forms)))


def forms_of(whole: Word | None, parts: tuple[Word, ...] = ()) -> tuple[str, ...]:
    """Spellings of a word, and of its parts where it has several."""
    if whole is None:
        return ()
    found: dict[str, None] = {}
    for one in (whole, *(parts if len(parts) > 1 else ())):
        found.update(dict.fromkeys(one.lookup))
    return tuple(found)[:_MOST_FORMS]


def pairs_of(given: Iterable[str], surname: Iterable[str]) -> list[str]:
    """Given name and surname together, letters with letters and sounds with sounds."""
    return [f"{one} {two}" for one in given for two in surname if (one[0] == SOUND) == (two[0] == SOUND)]


@dataclass(frozen=True, slots=True)
class Person:
    """A contact or lead of the CRM."""

    id: str
    name: Name = field(default_factory=Name)
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    sites: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    """`platform:handle`."""
    company: tuple[str, ...] = ()
    """Its significant words."""
    domain: str = ""
    """The company's own."""
    town: str = ""
    country: str = ""
    switchboard: str = ""
    """The company's number, which is nobody's own."""
    locals: tuple[str, ...] = ()
    """Local parts of the addresses, letters and digits only."""


@dataclass(frozen=True, slots=True)
class Contact:
    """A record of the CRM as it is typed there."""

    id: str
    first_name: str = ""
    last_name: str = ""
    name: str = ""
    """Where it has no parts."""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    websites: tuple[str, ...] = ()
    handles: tuple[tuple[str, str], ...] = ()
    """Platform and handle."""
    company: str = ""
    domain: str = ""
    """Its domain or website."""
    switchboard: str = ""
    """Its number."""
    city: str = ""
    country: str = ""
    locale: str = ""


@dataclass(frozen=True, slots=True)
class Profile:
    """An account as its platform describes it."""

    id: str
    platform: str = ""
    handle: str = ""
    name: str = ""
    bio: str = ""
    location: str = ""
    links: tuple[tuple[str, bool], ...] = ()
    """Address, and whether the platform has proven it."""
    emails: tuple[str, ...] = ()
    """Beside those in the bio."""
    phones: tuple[str, ...] = ()
    language: str = ""
    domain_handle: bool | None = None
    """Whether the handle is a domain it has proven to own; None: told by its looks."""


@dataclass(frozen=True, slots=True)
class Account:
    """A profile in its comparable forms."""

    id: str
    platform: str
    shown: tuple[Word, ...] = ()
    """The words of the shown name, as given names."""
    shown_surnames: tuple[Word, ...] = ()
    """The same words as surnames."""
    organisation: bool = False
    """The name carries a word that people do not have: GmbH, shop, official."""
    handle: str = ""
    """Letters and digits of the user name, digits for letters undone."""
    handle_words: tuple[str, ...] = ()
    handle_plain: str = ""
    """Letters and digits as they are."""
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    proven: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    own_handles: tuple[str, ...] = ()
    towns: tuple[str, ...] = ()
    country: str = ""
    texts: str = ""
    """Bio and place, and what the name says beside the person, folded, words apart by one space."""
    run: str = ""
    """The same without spaces."""
    named: str = ""
    """The shown name, so too."""
    employers: tuple[str, ...] = ()
    """What follows "works at", "bei", "@" or stands before 勤務 in the bio."""
    hosts: tuple[str, ...] = ()
    """Hosts of links, e-mails and a domain handle."""


# --- the CRM's side ----------------------------------------------------------------------------------


def person(contact: Contact) -> Person:
    """A contact in its comparable forms."""
    emails = tuple(dict.fromkeys(one for one in map(mail.canonical, contact.emails) if one))
    region = phone_region(contact)
    domain = company_host(contact.domain)
    if not domain and emails:
        domain = mail.company_domain(emails[0]) if contact.company else ""
    switchboard = (phones.e164(contact.switchboard, region) or "") if contact.switchboard else ""
    numbers = dict.fromkeys(n for n in (phones.e164(one, region) for one in contact.phones if one) if n)
    typed = (f"{platform}:{handles.comparable(platform, one)}" for platform, one in contact.handles if one)
    return again(
        contact.id,
        name_of(contact.first_name, contact.last_name, contact.name),
        emails,
        tuple(one for one in numbers if one != switchboard),
        tuple(dict.fromkeys(s for s in map(sites.comparable, filter(None, contact.websites)) if s)),
        tuple(one for one in typed if not one.endswith(":")),
        companies.significant(contact.company) if contact.company else (),
        domain,
        places.town(contact.city) if contact.city else "",
        places.country(contact.country) or _country_of_locale(contact.locale),
        switchboard,
    )


def company_host(site: str) -> str:
    """The host of a company's domain or website; empty for hosts of many."""
    host = sites.host_of(sites.comparable(site)) if site else ""
    return "" if host in sites.SHARED_HOSTS else mail.company_domain(host)


def again(
    id_: str,
    name: Name,
    emails: tuple[str, ...],
    numbers: tuple[str, ...],
    own_sites: tuple[str, ...],
    own_handles: tuple[str, ...],
    company: tuple[str, ...],
    domain: str,
    town: str,
    country: str,
    switchboard: str = "",
) -> Person:
    """A person out of values that are in their comparable forms already."""
    spoken = _spoken_by_mail(name, emails)
    locals_ = tuple(local_part(one) for one in emails if not mail.is_role(one))
    values = emails, numbers, own_sites, own_handles, company, domain, town, country, switchboard
    return Person(id_, spoken, *values, locals_)


def phone_region(contact: Contact) -> str | None:
    """The country a number of this record belongs to when it does not say so."""
    code = places.country(contact.country) or _country_of_locale(contact.locale)
    if code:
        return code.upper()
    whole = contact.name or f"{contact.first_name} {contact.last_name}"
    return phones.record_region(whole, contact.emails) or phones.region(contact.city, contact.locale)


def _country_of_locale(locale: str) -> str:
    _, _, code = locale.replace("-", "_").partition("_")
    return code.lower() if len(code) == 2 else ""


@lru_cache(maxsize=200_000)
def name_of(first: str, last: str, whole: str = "") -> Name:
    """A name in parts, as words."""
    first, last = names.parts(first, last, whole)
    given = names.tokens(first)
    surname = names.surname_words(last)
    return in_parts(
        tuple(word(one, "given") for one in given),
        tuple(word(one, "surname") for one in surname),
        word("".join(given), "given") if given else None,
        word("".join(surname), "surname") if surname else None,
    )


def local_part(address: str) -> str:
    """Letters and digits of what stands before the @."""
    return "".join(ch for ch in address.partition("@")[0] if ch.isalnum())


def _spoken_by_mail(name: Name, emails: tuple[str, ...]) -> Name:
    """Kanji whose reading the record's own address gives away: k.sasaki@… and kentasasaki@… read 佐々木."""
    surname, given = name.surname_whole, name.given_whole
    if surname is None or not surname.han or not emails or mail.is_role(emails[0]):
        return name
    local = emails[0].partition("@")[0].rstrip("0123456789")
    pieces = [piece for piece in _SPLIT_LOCAL.split(local) if piece.isalpha() and piece.isascii()]
    first, last = _joined(local, given) if len(pieces) == 1 else _apart(pieces, surname, given)
    if not (first or last):
        return name
    spoken = with_sounds(given, (first,)) if given is not None and first else given
    return in_parts(name.given, name.surname, spoken, with_sounds(surname, (last,)) if last else surname)


def _joined(local: str, given: Word | None) -> tuple[str, str]:
    """A surname's sound beside a given name in one run."""
    if given is None or not japanese.is_romaji(local):
        return "", ""
    sound = japanese.sound(local)
    for spoken in given.spoken:
        for rest in (sound.removeprefix(spoken), sound.removesuffix(spoken)):
            if len(spoken) > 2 and len(rest) > 2 and rest != sound and japanese.is_romaji(rest):
                return "", rest
    return "", ""


def _apart(pieces: list[str], surname: Word, given: Word | None) -> tuple[str, str]:
    """Which piece of an address is the given name and which the surname, as sounds; empty where untold."""
    spoken = [japanese.sound(piece) for piece in pieces if len(piece) > 2 and japanese.is_romaji(piece)]
    if len(pieces) != 2 or not spoken:
        return "", ""
    if len(spoken) == 1:
        return ("", spoken[0]) if min(map(len, pieces)) == 1 else ("", "")
    one, two = spoken
    if one in surname.spoken or (given is not None and two in given.spoken):
        return two, one
    if two in surname.spoken or (given is not None and one in given.spoken):
        return one, two
    return "", ""


# --- the account's side ------------------------------------------------------------------------------


def account(profile: Profile) -> Account:
    """A profile in its comparable forms."""
    shown = _name_words(profile)
    user = profile.handle.lstrip("@").split("@")[0]
    domain = profile.domain_handle if profile.domain_handle is not None else _is_domain(profile)
    proven = [url for url, verified in profile.links if verified and url]
    if domain:
        proven.append(profile.handle.lstrip("@"))
    emails = _few((*(e for e in map(mail.canonical, profile.emails) if e), *mail.found_in(profile.bio)))
    towns, country = places.read(profile.location) if profile.location else ((), "")
    region = country.upper() or phones.region(profile.location, profile.language) or _region(profile)
    numbers = (*(n for n in (phones.e164(one, region) for one in profile.phones if one) if n),
               *phones.found_in(profile.bio, region))  # fmt: skip
    own = tuple(dict.fromkeys(s for s in map(sites.comparable, proven) if s))
    said = (sites.comparable(url) for url, verified in profile.links if url and not verified)
    said_sites = tuple(one for one in dict.fromkeys(said) if one and one not in own)
    local = _without_ending(user) if "." in user and (domain or user.endswith(".social")) else user
    spelled = handles.comparable(profile.platform, profile.handle)
    named = _spaced(profile.name)
    texts = _spaced(f"{profile.bio} | {profile.location}") + _beyond(named, shown)
    return Account(
        id=profile.id,
        platform=profile.platform,
        shown=tuple(word(one, "given") for one in shown),
        shown_surnames=tuple(word(one, "surname") for one in shown),
        organisation=companies.is_organisation(profile.name),
        handle=handle_letters(local),
        handle_words=handle_words(local),
        handle_plain="".join(ch for ch in fold(local) if ch.isalnum()),
        emails=emails,
        phones=_few(numbers),
        proven=own,
        said=said_sites,
        own_handles=(f"{profile.platform}:{spelled}",) if spelled else (),
        towns=towns,
        country=country,
        texts=texts,
        run=texts.replace(" ", ""),
        named=named,
        employers=companies.employers(profile.bio),
        hosts=_hosts(own, said_sites, emails),
    )


def _region(profile: Profile) -> str | None:
    """The country a number belongs to, by the language the profile is written in."""
    written = f"{profile.name} {profile.bio}"
    if _KANA.search(written):
        return "JP"
    return "DE" if _GERMAN.search(written) else None


def _is_domain(profile: Profile) -> bool:
    """A handle that is a domain of its own, as Bluesky proves it; the platform's own names are none."""
    handle = profile.handle.lstrip("@").lower()
    shared = (".bsky.social", ".mastodon.social")
    return profile.platform == "bluesky" and "." in handle and "@" not in handle and not handle.endswith(shared)


_ENDINGS = listed("example social info name blog shop online page site cloud tech design studio email world")


def _without_ending(host: str) -> str:
    """A domain used as a user name without what says nothing about its owner: anna.berg.example is anna.berg."""
    labels = host.lower().removesuffix(".bsky.social").split(".")
    if len(labels) > 1 and (len(labels[-1]) <= _LONGEST_CODE or labels[-1] in _ENDINGS):
        labels = labels[:-1]
    return ".".join(labels)


def _few(values: tuple[str, ...]) -> tuple[str, ...]:
    found = tuple(dict.fromkeys(values))
    return found if len(found) <= MOST else ()


def _name_words(profile: Profile) -> tuple[str, ...]:
    """The words of the shown name; nothing where the platform shows the handle only."""
    user = profile.handle.lstrip("@").split("@")[0].lower()
    shown = profile.name.strip()
    if shown.lower().lstrip("@") in (user, profile.handle.lower().lstrip("@")) and " " not in shown:
        return ()
    before = names.before_work(shown)
    if not re.search(r"\s", before):
        before = names.CAMEL.sub(" ", before)
    if _DIGITS.search(before):
        before = " ".join(map(_undone, before.split()))
    return tuple(one for one in names.tokens(before) if not names.is_particle(one))[:_MOST_WORDS]


def _beyond(named: str, shown: tuple[str, ...]) -> str:
    """What the shown name says after the person's: "Anna Berg @ Nordwerk"."""
    if not shown:
        return named
    _, found, rest = named.rpartition(f" {fold(shown[-1])} ")
    return f"{rest.strip()} " if found and rest.strip() else ""


def _spaced(text: str) -> str:
    return f" {' '.join(companies.words_of(text))} " if text else " "


def _hosts(own: tuple[str, ...], said: tuple[str, ...], emails: tuple[str, ...]) -> tuple[str, ...]:
    found = [sites.host_of(one) for one in (*own, *said)]
    found += [mail.company_domain(one) for one in emails]
    return tuple(dict.fromkeys(one for one in found if one and one not in sites.SHARED_HOSTS))


_LEET = str.maketrans("013457", "oieast")
_LETTER_DIGIT = re.compile(r"(?<=[a-z])[013457]+(?=[a-z])|^[013457]+(?=[a-z]{2})|(?<=[a-z])[0134](?=$)")
_AFFIX = listed("""
    the real its im i am official mr mrs ms dr iam this just hey hi der die das mein ich bin
    der_echte echte team photo photos foto fotos art music musik blog tv online dev de jp uk us ja
    ger en web xx xo x
    """)


@lru_cache(maxsize=65_536)
def handle_words(user: str) -> tuple[str, ...]:
    """The words of a user name: cut at signs, digits and capitals; b0b reads bob; years are gone."""
    return tuple(
        fold(part)
        for part in names.of_handle(_undone(user)).split()
        if part and not part.isdigit() and fold(part) not in _AFFIX
    )


@lru_cache(maxsize=65_536)
def handle_letters(user: str) -> str:
    """The words of a user name without anything between."""
    return bare("".join(handle_words(user)))


def _undone(user: str) -> str:
    """Digits that stand for letters as letters; those at the end that look like a year or number stay."""
    kept = re.match(r"^(.*?)(\d{2,})$", user)
    head, tail = (kept[1], kept[2]) if kept else (user, "")
    if not _DIGITS.search(head) or has_cjk(head):
        return user
    lowered = _LETTER_DIGIT.sub(lambda m: m[0].translate(_LEET), head.lower())
    return "".join(new if old.isdigit() else old for old, new in zip(head, lowered, strict=True)) + tail
