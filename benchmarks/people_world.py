"""A seeded world of people for matching: contacts of a CRM, accounts on platforms, and who is who.

Half of the accounts have no contact: strangers, namesakes, families, colleagues, brands, pseudonyms. The
other half shows its person as people do: short forms, other scripts, slips, moved away, half hidden addresses.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from anyascii import anyascii

from benchmarks.people_names import (
    COMPANY_WORDS,
    GIVEN,
    HOBBIES,
    PSEUDONYMS,
    RARE,
    SHORT,
    SURNAMES,
    TOWNS,
    Town,
)  # fmt: skip
from enrichment.matching.people import Contact, Profile

T = TypeVar("T")
LANGUAGES = ("de", "en", "ja")
LOCALES = {"Germany": "de_DE", "Austria": "de_AT", "Switzerland": "de_CH", "United States": "en_US",
           "United Kingdom": "en_GB", "Japan": "ja_JP"}  # fmt: skip
FREE = {"de": ["gmx.de", "web.de", "gmail.com", "posteo.de"], "en": ["gmail.com", "outlook.com", "yahoo.com"],
        "ja": ["gmail.com", "yahoo.co.jp", "icloud.com"]}  # fmt: skip
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"})
_DECORATIONS = ("🌊", "✨", "🇺🇦", "☕️", "📚", "(she/her)", "| er/ihm", "🦊🌿", ":verified:", "★", "@ home", "🎧")
_KATAKANA = {code: chr(code + 0x60) for code in range(0x3041, 0x3097)}


@dataclass(frozen=True, slots=True)
class Human:
    """Somebody, known to the CRM or not. Japanese names carry their reading."""

    language: str
    given: str
    surname: str
    given_kana: str
    surname_kana: str
    town: Town
    company: str
    domain: str
    email: str
    phone: str
    website: str


@dataclass(frozen=True)
class World:
    """Contacts, accounts, who is who (account id → contact id, or nothing) and what kind each account is."""

    contacts: list[Contact]
    profiles: list[Profile]
    truth: dict[str, str]
    kinds: dict[str, str] = field(default_factory=dict)


def contacts(size: int, seed: int = 7) -> Iterator[Contact]:
    """A CRM of so many people, one after the other."""
    for number, human in enumerate(humans(size, random.Random(seed))):
        yield _contact(f"C{number}", human, random.Random(f"{seed}:{number}"))


def world(size: int = 10_000, accounts: int = 6_000, seed: int = 7) -> World:
    """Contacts with accounts, half of which are theirs."""
    rng = random.Random(seed)
    everybody = list(humans(size, rng))
    known = [_contact(f"C{number}", human, random.Random(f"{seed}:{number}")) for number, human in enumerate(everybody)]
    owners = rng.sample(range(size), accounts // 2)
    profiles, truth, kinds = [], {}, {}
    for number in range(accounts):
        name = f"S{number}"
        if number < len(owners):
            profile, kind = _own_account(name, everybody[owners[number]], rng), "match"
            truth[name] = f"C{owners[number]}"
        else:
            profile, kind = _other_account(name, rng, everybody)
            truth[name] = ""
        profiles.append(profile)
        kinds[name] = kind
    rng.shuffle(profiles)
    return World(known, profiles, truth, kinds)


# --- people ------------------------------------------------------------------------------------------


def humans(size: int, rng: random.Random) -> Iterator[Human]:
    """People of companies in three languages; some are of one family with the one before."""
    companies = [_company(rng.choice(LANGUAGES), rng) for _ in range(max(20, size // 12))]
    by_language = {language: [one for one in companies if one[2] == language] or companies for language in LANGUAGES}
    before: Human | None = None
    for _ in range(size):
        if before is not None and rng.random() < 0.04:  # somebody of the same family
            yield _relative(before, rng)
            before = None
            continue
        before = _human(rng, by_language)
        yield before


def _human(rng: random.Random, by_language: dict[str, list[tuple[str, str, str]]]) -> Human:
    language = rng.choices(LANGUAGES, (4, 4, 3))[0]
    given, given_kana = _picked(GIVEN[language], rng)
    surname, surname_kana = _surname(language, rng)
    company = domain = ""
    if rng.random() < 0.8:
        company, domain, _ = rng.choice(by_language[language])
    town = _skewed(TOWNS[language], rng)
    human = Human(language, given, surname, given_kana, surname_kana, town, company, domain, "", "", "")
    number = phone(town.country, rng) if rng.random() < 0.6 else ""
    website = f"https://{latin(surname)}-{latin(given)}.example" if rng.random() < 0.07 else ""
    return replace(human, email=_email(human, rng) if rng.random() < 0.9 else "", phone=number, website=website)


def human_of(language: str, rng: random.Random) -> Human:
    """Somebody who speaks that language, at a company of their own or none."""
    while (found := _human(rng, {one: [_company(one, rng)] for one in LANGUAGES})).language != language:
        pass
    return found


def _relative(one: Human, rng: random.Random) -> Human:
    given, given_kana = _picked(GIVEN[one.language], rng)
    other = replace(one, given=given, given_kana=given_kana, company="", domain="", website="")
    shared = rng.random()
    number = one.phone if shared < 0.4 else ""
    return replace(other, phone=number, email=one.email if shared > 0.85 else _email(other, rng))


def _surname(language: str, rng: random.Random) -> tuple[str, str]:
    if rng.random() < 0.45:
        return _picked(SURNAMES[language], rng)
    first, last = (rng.choice(part) for part in RARE[language])
    if language != "ja":
        return first + last, ""
    (kanji, kana), (kanji2, kana2) = first.split(":"), last.split(":")
    return kanji + kanji2, kana + kana2


def _picked(pool: str, rng: random.Random) -> tuple[str, str]:
    written, _, kana = _skewed(pool.split(), rng).partition(":")
    return written, kana


def _skewed(pool: Sequence[T], rng: random.Random) -> T:
    """The first of a list more often than the last, as with names and towns."""
    return pool[int(len(pool) * rng.random() ** 1.7)]


def _company(language: str, rng: random.Random) -> tuple[str, str, str]:
    first, second, forms, more = COMPANY_WORDS[language]
    if language == "ja":
        (kanji, one), (kana, two) = rng.choice(first).split(":"), rng.choice(second).split(":")
        form = rng.choice(forms)
        name = f"{kanji}{kana}{form}" if rng.random() < 0.6 else f"{form}{kanji}{kana}"
        return name, f"{one}-{two}.example", language
    if rng.random() < 0.15:  # as many are: named after a family
        surname = _surname(language, rng)[0]
        return f"{surname} {rng.choice(forms)}".strip(), f"{latin(surname)}.example", language
    word = rng.choice(first) + rng.choice(second)
    kind = rng.choice(more)
    return " ".join(filter(None, (word, kind, rng.choice(forms)))), f"{latin(word)}.example", language


def latin(text: str) -> str:
    """Lower-case ASCII letters of a name, umlauts written out."""
    return "".join(ch for ch in anyascii(text.translate(_UMLAUTS)).lower() if ch.isalnum())


def spoken(human: Human) -> tuple[str, str]:
    """Given name and surname in Latin letters."""
    return latin(_short(human.given_kana) or human.given), latin(_short(human.surname_kana) or human.surname)


def _short(kana: str) -> str:
    """Long vowels written short, as in passports."""
    kana = kana.replace("おお", "お")
    return re.sub("(?<=[おこそとのろょゅゆよごどほも])う", "", kana)


def _email(human: Human, rng: random.Random) -> str:
    given, surname = spoken(human)
    host = human.domain if human.domain and rng.random() < 0.6 else rng.choice(FREE[human.language])
    if host == human.domain:
        local = rng.choice(
            [f"{given}.{surname}", f"{given[0]}.{surname}", f"{given[0]}{surname}", given, f"{surname}.{given}"]
        )
        return f"{local}@{host}"
    local = rng.choice([f"{given}.{surname}", f"{given}{surname}", _nick(human, rng)])
    return f"{local}{rng.choice(['', '', str(rng.randrange(1, 99))])}@{host}"


_NICKS = (
    "sonne",
    "wolke",
    "fuchs",
    "sky",
    "pixel",
    "tiger",
    "mango",
    "blitz",
    "lumi",
    "nova",
    "koala",
    "ninja",
    "echo",
)


def _nick(human: Human, rng: random.Random) -> str:
    tail = rng.choice([spoken(human)[0], rng.choice(_NICKS), str(rng.randrange(100, 9999))])
    return f"{rng.choice(_NICKS)}{rng.choice(['', '_', '.'])}{tail}"


def phone(country: str, rng: random.Random) -> str:
    """A mobile number of a country."""
    number = rng.randrange(10**7)
    codes = {"Germany": "+49151", "Austria": "+43664", "Switzerland": "+4179", "United States": "+1212555",
             "United Kingdom": "+447700", "Japan": "+8190"}  # fmt: skip
    digits = {"United States": 4, "United Kingdom": 6, "Japan": 8, "Germany": 8, "Switzerland": 7}.get(country, 7)
    return f"{codes[country]}{number * 7919 % 10**digits:0{digits}d}"


def _contact(name: str, human: Human, rng: random.Random) -> Contact:
    given, surname = human.given, human.surname
    if human.language == "ja" and rng.random() < 0.12:
        given, surname = (part.title() for part in spoken(human))
    elif rng.random() < 0.02:
        surname = _slip(surname, rng)
    elif human.language == "de" and rng.random() < 0.08:
        surname = surname.translate(_UMLAUTS)
    elif rng.random() < 0.03:
        given = f"{given[0]}."
    return Contact(
        id=name,
        first_name=given,
        last_name=surname,
        emails=(human.email,) if human.email else (),
        phones=(human.phone,) if human.phone else (),
        websites=(human.website,) if human.website else (),
        company=human.company,
        domain=human.domain,
        city=human.town.name if rng.random() < 0.85 else "",
        country=human.town.country if rng.random() < 0.9 else "",
        locale=LOCALES[human.town.country],
    )


# --- accounts ----------------------------------------------------------------------------------------


def _own_account(name: str, human: Human, rng: random.Random) -> Profile:
    """How somebody who is in the CRM shows up."""
    hidden = rng.random() < 0.1
    shown = rng.choice(PSEUDONYMS[human.language]) if hidden else _shown(human, rng)
    bio = _bio(human, rng, work=0.3, town=0.08)
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    contact = rng.random()
    if human.email and contact < 0.06:
        bio += f" · {_half_hidden(human.email, rng)}"
    elif human.email and contact < 0.1:
        emails = (human.email,)
    elif human.phone and contact < 0.13:
        bio += f" · Tel {human.phone}"
    elif human.phone and contact < 0.15:
        phones = (human.phone,)
    links: tuple[tuple[str, bool], ...] = ()
    if human.website and rng.random() < 0.6:
        links = ((human.website, rng.random() < 0.6),)
    elif human.domain and rng.random() < 0.06:
        links = ((f"https://www.{human.domain}/team", False),)
    elif rng.random() < 0.08:
        links = (("https://linktr.ee/" + latin(shown)[:9], False),)
    return Profile(
        name, _platform(rng), _handle(human, rng, hidden), shown, bio, _location(human, rng), links, emails, phones
    )


def _other_account(name: str, rng: random.Random, humans: list[Human]) -> tuple[Profile, str]:
    """Somebody, or something, that is not in the CRM."""
    kind = rng.choices(("stranger", "homonym", "family", "colleague", "brand", "pseudonym"), (45, 14, 9, 14, 8, 10))[0]
    like = rng.choice(humans)
    if kind == "brand":
        like = next((one for one in (rng.choice(humans) for _ in range(50)) if one.company), like)
        return _brand(name, like, rng), kind
    human = _human(rng, {language: [_company(language, rng)] for language in LANGUAGES})
    if kind == "homonym":
        name_of = {part: getattr(like, part) for part in ("given", "surname", "given_kana", "surname_kana", "language")}
        human = replace(human, town=_skewed(TOWNS[like.language], rng), **name_of)
    elif kind == "family":
        given, kana = _picked(GIVEN[like.language], rng)
        if given == like.given:
            kind = "homonym"
        human = replace(like, given=given, given_kana=kana, company="", domain="", email="")
        if rng.random() < 0.8:
            human = replace(human, phone="", website="")
    elif kind == "colleague":
        same = like if like.company else human
        human = replace(human, company=same.company, domain=same.domain, town=same.town)
    hidden = kind == "pseudonym"
    shown = rng.choice(PSEUDONYMS[human.language]) if hidden else _shown(human, rng)
    links = ((human.website, False),) if human.website and rng.random() < 0.4 else ()
    phones = (human.phone,) if human.phone and rng.random() < 0.03 else ()
    bio = _bio(human, rng, work=0.3 if kind != "colleague" else 0.8, town=0.08)
    return Profile(
        name, _platform(rng), _handle(human, rng, hidden), shown, bio, _location(human, rng), links, (), phones
    ), kind  # fmt: skip


def _brand(name: str, like: Human, rng: random.Random) -> Profile:
    shown = rng.choice([like.company, like.company.replace("GmbH", "").strip(), f"{like.company} official"])
    verified = rng.random() < 0.5
    emails = (f"info@{like.domain}",) if like.domain and rng.random() < 0.3 else ()
    link = ((f"https://{like.domain}", verified),) if like.domain else ()
    bio = rng.choice(["Offizieller Account", "Official account. Support 9-5", "公式アカウントです", "We make things."])
    return Profile(name, _platform(rng), latin(like.company)[:18] or "brand", shown, bio, like.town.name, link, emails)


def _platform(rng: random.Random) -> str:
    return rng.choice(("mastodon", "bluesky", "x", "instagram", "telegram", "facebook"))


def _shown(human: Human, rng: random.Random) -> str:
    """The name as the account shows it."""
    japanese = human.language == "ja"
    text = _shown_japanese(human, rng) if japanese else _shown_latin(human.given, human.surname, rng)
    return f"{text} {rng.choice(_DECORATIONS)}" if rng.random() < 0.2 else text


def _shown_latin(given: str, surname: str, rng: random.Random) -> str:
    called = SHORT.get(given, given)
    if rng.random() < 0.12:
        given = called
    ways = (
        f"{given} {surname}", f"{given[0]}. {surname}", f"{called} {surname[0]}.", called, given, f"{surname}, {given}",
        f"{given} {surname}".translate(_UMLAUTS), _slip(f"{given} {surname}", rng),
        f"{given} {rng.choice('ABCDEFGHJKLMRST')}. {surname}", f"{given} {surname}".lower(),
    )  # fmt: skip
    return rng.choices(ways, (54, 7, 7, 4, 4, 4, 5, 5, 3, 7))[0]


def _shown_japanese(human: Human, rng: random.Random) -> str:
    given, surname = (part.title() for part in spoken(human))
    kana = human.surname_kana, human.given_kana
    ways = (
        f"{human.surname}{human.given}", f"{human.surname} {human.given}", f"{given} {surname}", f"{surname} {given}",
        "".join(kana), " ".join(kana).translate(_KATAKANA), human.given, human.given_kana,
        (kana[0][:2] + kana[1][:2]).translate(_KATAKANA), given,
    )  # fmt: skip
    return rng.choices(ways, (26, 14, 16, 5, 8, 5, 6, 7, 5, 4))[0]


def _handle(human: Human, rng: random.Random, hidden: bool) -> str:
    given, surname = spoken(human)
    if hidden or rng.random() < 0.2:
        return _nick(human, rng)
    short = latin(SHORT.get(human.given, "")) or given
    made = rng.choice(
        [
            *(f"{given}_{surname}", f"{given}{surname}", f"{given[0]}{surname}", f"{surname}{given[0]}"),
            *(f"{short}_{surname}", f"{short}{surname}", f"{given}{rng.randrange(60, 99)}", f"{surname}_{given}"),
            f"{short}.{surname[:4]}",
        ]
    )
    if rng.random() < 0.06:
        made = made.replace("o", "0").replace("e", "3").replace("i", "1")
    return made + (str(rng.randrange(1, 2010)) if rng.random() < 0.2 else "")


def _bio(human: Human, rng: random.Random, work: float, town: float) -> str:
    parts = rng.sample(HOBBIES[human.language], rng.randrange(3))
    if human.company and rng.random() < work:
        name = human.company
        for form in COMPANY_WORDS[human.language][2]:
            name = name.replace(form, "").strip() if form else name
        how = {
            "de": [f"bei {name}", f"@ {name}", f"arbeitet für {name.split()[0]}"],
            "en": [f"works at {name}", f"@{name.split()[0]}", f"{name} alum"],
            "ja": [f"{name}で働いています", f"{name}勤務", f"@{name}"],
        }
        parts.append(rng.choice(how[human.language]))
    if rng.random() < town:
        parts.append(human.town.name)
    rng.shuffle(parts)
    return rng.choice([" · ", ". ", " | ", "\n"]).join(parts)


def _location(human: Human, rng: random.Random) -> str:
    way = rng.random()
    if way < 0.3:
        return ""
    town = human.town if way < 0.88 else _skewed(TOWNS[rng.choice(LANGUAGES)], rng)
    name = rng.choice([town.name, town.name, *town.others])
    return rng.choice(
        [name, name, f"{name}, {town.country}", f"📍{name}", town.country if rng.random() < 0.3 else name]
    )


def _half_hidden(address: str, rng: random.Random) -> str:
    local, _, host = address.partition("@")
    dotted = host.replace(".", " (dot) ") if rng.random() < 0.3 else host
    return rng.choice(
        [address, f"{local} (at) {dotted}", f"{local}[at]{host}", f"{local} [ät] {host}", f"✉ {local}★{host}"]
    )


def _slip(text: str, rng: random.Random) -> str:
    """One letter lost, doubled or swapped with the next."""
    if len(text) < 5:
        return text
    at = rng.randrange(1, len(text) - 2)
    return rng.choice(
        [
            text[:at] + text[at + 1 :],
            text[:at] + text[at] + text[at:],
            text[:at] + text[at + 1] + text[at] + text[at + 2 :],
        ]
    )
