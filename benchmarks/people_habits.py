"""A second seeded world of people, with other habits: what holds in one made-up world only is no claim.

The CRM has fewer fields and several typists: former surnames, titles, capitals, given name and surname swapped or in
one cell, switchboards, sites of companies and of families. Accounts have other user names, letters that only look
bold, other romaji, job titles, other ways to hide an address.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.people_names import COMPANY_WORDS, GIVEN, SHORT, SURNAMES, TOWNS
from benchmarks.people_world import FREE, LANGUAGES, LOCALES, Human, World, human_of, humans, latin, phone, spoken
from enrichment.matching.people import Contact, Profile

_WORDS = [
    "turbo",
    "vanilla",
    "cosmo",
    "kiwi",
    "rocket",
    "marble",
    "ghost",
    "panda",
    "retro",
    "umi",
    "hoshi",
    "kaze",
    "bamboo",
    "onyx",
    "velvet",
    "comet",
]
_PSEUDONYMS = (
    "Kopfkino",
    "spiegel.ei",
    "zzz",
    "Lost in Space",
    "しろくま",
    "ラーメン探検隊",
    "Old Man Yells",
    "まるまる",
)
_JOBS = {
    "de": ["Einkauf", "Bäckerin", "Vertrieb", "Entwicklerin", "Altenpfleger"],
    "en": ["Surveyor", "Product designer", "Paramedic", "Engineer", "Copywriter"],
    "ja": ["営業", "デザイナー", "看護師", "エンジニア", "編集者"],
}
_SAYINGS = {
    "de": ["Mama von 2", "Bücherwurm 📚", "Hier nur Quatsch", "Zwischen Bergen und Büro"],
    "en": ["Trying my best", "Retweets ≠ endorsement", "Gardening & gin", "in search of good pizza"],
    "ja": ["無言フォロー失礼します🙇", "写真📷と登山⛰", "推し活中", "日常をつぶやきます"],
}
_SIGNS = ("🚀", "🐕", "🎸", "🌈", "🧗", "🍜", "🌸", "⚽", "☀️")
_PLATFORMS = ("x", "mastodon", "bluesky", "instagram", "threads", "youtube", "linkedin")
_BOLD = {ord(old): chr(new + n) for start, new in (("A", 0x1D400), ("a", 0x1D41A)) for n in range(26)
         for old in (chr(ord(start) + n),)}  # fmt: skip
_WIDE = {code: chr(code + 0xFEE0) for code in range(0x21, 0x7F)}
_KATAKANA = {code: chr(code + 0x60) for code in range(0x3041, 0x3097)}
_KUNREI = (("shi", "si"), ("tsu", "tu"), ("chi", "ti"), ("ji", "zi"), ("fu", "hu"))


def world(size: int = 10_000, accounts: int = 6_000, seed: int = 7) -> World:
    """Contacts with accounts, half of which are theirs."""
    rng = random.Random(f"habits {seed}")
    known = _one_owner_each([_settled(one, rng) for one in humans(size, rng)])
    for place in range(1, size):
        if known[place].surname == known[place - 1].surname and rng.random() < 0.4:
            site = f"https://familie-{spoken(known[place])[1]}.example"
            known[place - 1 : place + 1] = [replace(one, website=site) for one in known[place - 1 : place + 1]]
    contacts = [_contact(f"C{number}", one, rng) for number, one in enumerate(known)]
    profiles, truth, kinds = [], {}, {}
    for number, owner in enumerate(rng.sample(range(size), accounts // 2)):
        name = f"S{number}"
        profiles.append(_account(name, known[owner], rng, rng.random() < 0.08))
        truth[name], kinds[name] = f"C{owner}", "match"
    for number in range(len(profiles), accounts):
        profile, kind = _other(f"S{number}", known, rng)
        profiles.append(profile)
        truth[profile.id], kinds[profile.id] = "", kind
    rng.shuffle(profiles)
    return World(contacts, profiles, truth, kinds)


# --- people ------------------------------------------------------------------------------------------


def _settled(one: Human, rng: random.Random) -> Human:
    """Somebody with an address and a site of these habits, who mostly lives where the company is."""
    given, surname = spoken(one)
    if one.domain and rng.random() < 0.6:
        one = replace(one, town=random.Random(one.domain).choice(TOWNS[one.language]))
    alias = _alias(one)
    local = rng.choice(
        [
            f"{given}.{surname}",
            f"{surname}.{given}",
            f"{given}{surname}{rng.randrange(55, 99)}",
            alias,
            f"{given}_{surname}",
        ]
    )
    email = f"{local}@{rng.choice(FREE[one.language])}"
    if one.domain and rng.random() < 0.5:
        email = f"{rng.choice([f'{given}.{surname}', given[0] + surname, surname, given])}@{one.domain}"
    hosts = [f"{given}{surname}.example", f"{surname}.example", f"{alias}.example", f"medium.com/@{given}{surname}"]
    site = f"https://{rng.choice(hosts)}" if rng.random() < 0.14 else ""
    return replace(one, email=email, phone=phone(one.town.country, rng), website=site)


def _one_owner_each(known: Sequence[Human]) -> list[Human]:
    """Nobody has the address or site of somebody else."""
    found, taken = [], set[str]()
    for number, one in enumerate(known):
        email = f"{number}{one.email}" if one.email in taken else one.email
        site = "" if one.website in taken else one.website
        taken |= {email, site} - {""}
        found.append(replace(one, email=email, website=site))
    return found


def _alias(one: Human) -> str:
    """The same made-up user name for the same person, whoever asks."""
    own = random.Random(f"{one.given}{one.surname}{one.town.name}{one.company}")
    return (
        own.choice(_WORDS)
        + own.choice(["", "_", "."])
        + own.choice([*_WORDS, str(own.randrange(999)), spoken(one)[0][:4]])
    )


def _switchboard(one: Human) -> str:
    return phone(one.town.country, random.Random(one.domain))


def _contact(name: str, one: Human, rng: random.Random) -> Contact:
    first, last = _typed(one, rng)
    emails = (one.email,) if rng.random() < 0.72 else ()
    if one.domain and rng.random() < 0.03:
        emails = (f"info@{one.domain}",)
    number = _switchboard(one) if one.domain and rng.random() < 0.25 else one.phone
    site = one.website if rng.random() < 0.8 else ""
    if not site and one.domain and rng.random() < 0.08:
        site = f"https://www.{one.domain}"
    company = one.company.upper() if rng.random() < 0.1 else one.company
    return Contact(
        id=name,
        first_name=first,
        last_name=last,
        emails=emails,
        phones=(number,) if rng.random() < 0.5 else (),
        websites=(site,) if site else (),
        company=company if rng.random() < 0.85 else "",
        domain=one.domain if rng.random() < 0.55 else "",
        city=one.town.name if rng.random() < 0.65 else "",
        country=one.town.country if rng.random() < 0.75 else "",
        locale=LOCALES[one.town.country] if rng.random() < 0.9 else "",
    )


def _typed(one: Human, rng: random.Random) -> tuple[str, str]:
    """Given name and surname as one of several typists enters them."""
    given, surname = spoken(one)
    if one.language == "ja":
        kana = one.given_kana.translate(_KATAKANA), one.surname_kana.translate(_KATAKANA)
        ways = [(one.given, one.surname), (given.title(), surname.title()), kana, (one.surname, one.given),
                ("", one.surname + one.given)]  # fmt: skip
        return rng.choices(ways, (80, 8, 6, 3, 3))[0]
    former = rng.choice(SURNAMES[one.language].split())
    ways = [(one.given, one.surname), (one.given, one.surname.upper()), (one.surname, one.given),
            (f"Dr. {one.given}", one.surname), (SHORT.get(one.given, one.given), one.surname),
            (f"{one.given[0]}.", one.surname), (one.given, former)]  # fmt: skip
    return rng.choices(ways, (82, 3, 2, 3, 3, 3, 4))[0]


# --- accounts ----------------------------------------------------------------------------------------


def _account(name: str, one: Human, rng: random.Random, hidden: bool) -> Profile:
    """How somebody shows up; hidden ones show no name."""
    platform = rng.choice(_PLATFORMS)
    user = _alias(one) if hidden else _handle(one, rng)
    if platform == "bluesky":
        user = one.website.removeprefix("https://") if _own_host(one) and rng.random() < 0.3 else f"{user}.bsky.social"
    elif platform == "mastodon" and rng.random() < 0.5:
        user = f"@{user}@{rng.choice(['mastodon.social', 'chaos.social', 'mstdn.jp'])}"
    shown = rng.choice(_PSEUDONYMS) if hidden else _shown(one, rng)
    emails = (one.email,) if rng.random() < 0.04 else ()
    phones = (one.phone,) if rng.random() < 0.025 else ()
    return Profile(name, platform, user, shown, _bio(one, rng), _place(one, rng), _links(one, rng), emails, phones)


def _own_host(one: Human) -> bool:
    return bool(one.website) and "/@" not in one.website


def _links(one: Human, rng: random.Random) -> tuple[tuple[str, bool], ...]:
    if one.website and rng.random() < 0.65:
        return ((one.website, rng.random() < 0.5),)
    if one.domain and rng.random() < 0.2:
        return ((f"https://www.{one.domain}{rng.choice(['', '/', '/about'])}", rng.random() < 0.25),)
    return ()


def _handle(one: Human, rng: random.Random) -> str:
    given, surname = (_romaji(part, rng) for part in spoken(one)) if one.language == "ja" else spoken(one)
    born, short = str(rng.randrange(55, 99)), latin(SHORT.get(one.given, "")) or given
    return rng.choice(
        [
            *(
                given + surname,
                f"{given}.{surname}",
                given[0] + surname,
                surname + given[0],
                given + born,
                surname + born,
            ),
            *(f"{short}_{surname}", f"{short}{surname[0]}{born}", f"the_{given}_{surname}", f"{surname}{given[:2]}"),
            *(f"{given}{rng.choice(['codes', 'writes', 'kocht'])}", given[:3] + surname[:4], f"real{given}{surname}"),
            *(surname + born, _alias(one), _alias(one)),
        ]
    )


def _romaji(text: str, rng: random.Random) -> str:
    """Another romanisation: Kunrei, or long vowels written out."""
    way = rng.random()
    if way < 0.2:
        for hepburn, kunrei in _KUNREI:
            text = text.replace(hepburn, kunrei)
    elif way < 0.4:
        text = re.sub(r"(?<=[skgdnryzht])o(?=$|[^aeiou])", "oh" if way < 0.3 else "ou", text, count=1)
    return text


def _shown(one: Human, rng: random.Random) -> str:
    text = _shown_japanese(one, rng) if one.language == "ja" else _shown_latin(one, rng)
    way = rng.random()
    if way < 0.15:
        return f"{text}{rng.choice(_SIGNS)}"
    if way < 0.2:
        return f"{rng.choice(_SIGNS)} {text}"
    return f"{text} {rng.choice(['(he/him)', 'she/they', '(sie/ihr)', '[privat]'])}" if way < 0.24 else text


def _shown_latin(one: Human, rng: random.Random) -> str:
    given, surname, called = one.given, one.surname, SHORT.get(one.given, one.given)
    employer = f" from {one.company.split()[0]}" if one.company else ""
    ways = (
        f"{given} {surname}", f"{called} {surname}", f"{given[0]}. {surname}", given, called, f"{given} {surname[0]}.",
        f"{surname.upper()} {given}", f"{given} {surname} | {rng.choice(_JOBS[one.language])}", f"{given}{employer}",
        f"{given[0]}.{surname[0]}.", f"Dr. {given} {surname}", f"{given}{surname}",
        f"{given} {surname}".translate(rng.choice([_BOLD, _WIDE])),
    )  # fmt: skip
    return rng.choices(ways, (48, 9, 6, 5, 3, 5, 3, 5, 2, 1, 3, 3, 7))[0]


def _shown_japanese(one: Human, rng: random.Random) -> str:
    given, surname = (_romaji(part, rng).title() for part in spoken(one))
    kana = one.surname_kana + one.given_kana
    ways = (
        one.surname + one.given, f"{one.surname}　{one.given}", f"{one.surname} {one.given}（{given} {surname}）",
        f"{given} {surname}", f"{given} / {one.given}", f"{surname.upper()} {given}", kana, kana.translate(_KATAKANA),
        one.given, given, f"{one.surname}さん", f"{one.given[:1]}ちゃん", f"{one.surname}{one.given}@仕事垢",
        f"{one.surname} {one.given}｜{rng.choice(_JOBS['ja'])}",
    )  # fmt: skip
    return rng.choices(ways, (22, 12, 4, 14, 3, 4, 6, 6, 5, 5, 3, 2, 6, 6))[0]


def _bio(one: Human, rng: random.Random) -> str:
    parts = rng.sample(_SAYINGS[one.language], rng.randrange(3))
    if one.company and rng.random() < 0.33:
        short, job = _without_form(one), rng.choice(_JOBS[one.language])
        parts.append(rng.choice({
            "de": [f"{job} bei {short}", f"Teil von {short} seit 2019", f"{short}-Team", f"beruflich: {one.company}"],
            "en": [f"{job} at {short}", f"{job}, {one.company}", f"{short} employee", f"Building @{latin(short)}"],
            "ja": [f"{one.company}で営業をしています", f"{short}の{job}", f"{short} / {job}", f"{one.company} 所属"],
        }[one.language]))  # fmt: skip
    if rng.random() < 0.12:
        town = one.town.name
        parts.append({"de": f"aus {town}", "en": f"living in {town}", "ja": f"{town}在住"}[one.language])
    if rng.random() < 0.07:
        local, _, host = one.email.partition("@")
        dotted = host.replace(".", "(dot)")
        parts.append(rng.choice([one.email, f"DM or {one.email}", f"{local} AT {host}", f"{local}(a){dotted}"]))
    if rng.random() < 0.03:
        parts.append(f"WhatsApp: {one.phone}")
    rng.shuffle(parts)
    return rng.choice([" | ", " • ", " / ", "\n"]).join(parts)


def _without_form(one: Human) -> str:
    short = one.company
    for form in filter(None, COMPANY_WORDS[one.language][2]):
        short = short.replace(form, "")
    return short.strip()


def _place(one: Human, rng: random.Random) -> str:
    way, town = rng.random(), one.town.name
    if way < 0.45:
        return ""
    if way < 0.6:
        return rng.choice([one.town.country, "somewhere", "地球", "Internet"])
    if way < 0.66:
        town = rng.choice(TOWNS[one.language]).name
    other = rng.choice(TOWNS[one.language]).name
    return rng.choice([town, town, f"{town}, {one.town.country}", town.upper(), f"{town} ⇄ {other}"])


# --- accounts of nobody in the CRM -------------------------------------------------------------------


def _other(name: str, known: Sequence[Human], rng: random.Random) -> tuple[Profile, str]:
    kind = rng.choices(("stranger", "homonym", "family", "colleague", "brand", "pseudonym"), (40, 20, 12, 14, 8, 6))[0]
    like = rng.choice(known)
    if kind == "brand":
        like = next((one for one in (rng.choice(known) for _ in range(50)) if one.company), like)
        return _brand(name, like, rng), kind
    one = replace(human_of(like.language if kind != "stranger" else rng.choice(LANGUAGES), rng), website="")
    if kind == "homonym":
        parts = ("given", "surname", "given_kana", "surname_kana")
        one = replace(one, **{part: getattr(like, part) for part in parts})
    elif kind == "family":
        given, _, kana = rng.choice(GIVEN[like.language].split()).partition(":")
        shared = like.phone if rng.random() < 0.5 else one.phone
        one = replace(like, given=given, given_kana=kana, company="", domain="", phone=shared)
        kind = "homonym" if given == like.given else kind
    elif kind == "colleague":
        one = replace(one, company=like.company, domain=like.domain, town=like.town)
    own = one.website if kind == "family" and "familie-" in one.website else ""
    settled = _settled(one, rng)
    number = one.phone if kind == "family" else settled.phone
    settled = replace(settled, website=own, phone=number, email=f"{rng.randrange(1000, 9999)}{settled.email}")
    return _account(name, settled, rng, kind == "pseudonym"), kind


def _brand(name: str, like: Human, rng: random.Random) -> Profile:
    company = like.company or "Onyx"
    shown = rng.choice([company, f"{company} Official", company.split()[0], f"{company} Karriere", f"{company}公式"])
    link = ((f"https://{like.domain}", rng.random() < 0.5),) if like.domain else ()
    emails = (f"info@{like.domain}",) if like.domain and rng.random() < 0.2 else ()
    phones = (_switchboard(like),) if like.domain and rng.random() < 0.15 else ()
    bio = rng.choice(["Wir sind für euch da.", "The official home.", "最新情報をお届けします", "Impressum: siehe Link"])
    town = like.town.name if rng.random() < 0.6 else ""
    return Profile(name, rng.choice(_PLATFORMS), latin(company)[:15] or "brand", shown, bio, town, link, emails, phones)
