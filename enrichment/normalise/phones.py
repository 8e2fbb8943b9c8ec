"""Telephone numbers in E.164, from CRM fields and from bios, with hints where a number has no country."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import phonenumbers
from phonenumbers import Leniency, NumberParseException, PhoneNumberFormat, PhoneNumberMatcher

from inbox.text import fold, has_cjk

_BY_WORD = {
    "de": "DE", "deutschland": "DE", "germany": "DE", "berlin": "DE", "hamburg": "DE", "muenchen": "DE",
    "koeln": "DE", "frankfurt": "DE", "leipzig": "DE", "kiel": "DE", "at": "AT", "oesterreich": "AT",
    "austria": "AT", "wien": "AT", "vienna": "AT", "graz": "AT", "ch": "CH", "schweiz": "CH",
    "switzerland": "CH", "zuerich": "CH", "zurich": "CH", "basel": "CH", "bern": "CH", "uk": "GB",
    "england": "GB", "scotland": "GB", "wales": "GB", "kingdom": "GB", "london": "GB", "manchester": "GB",
    "bristol": "GB", "leeds": "GB", "edinburgh": "GB", "cardiff": "GB", "ireland": "IE", "dublin": "IE",
    "usa": "US", "states": "US", "york": "US", "portland": "US", "boston": "US", "chicago": "US",
    "canada": "CA", "toronto": "CA", "australia": "AU", "sydney": "AU", "melbourne": "AU",
    "japan": "JP", "tokyo": "JP", "osaka": "JP", "kyoto": "JP", "france": "FR", "paris": "FR",
}  # fmt: skip
_JAPAN = re.compile("日本|[都道府県市区町村]$|東京|大阪|京都|名古屋|札幌|福岡|横浜|神戸|仙台|広島|沖縄")
_BY_LANGUAGE = {"de": "DE", "ja": "JP", "de-at": "AT", "de-ch": "CH", "en-us": "US", "en-gb": "GB"}
_BY_DOMAIN = {"de": "DE", "at": "AT", "ch": "CH", "jp": "JP", "uk": "GB", "fr": "FR", "ie": "IE", "au": "AU"}
_DIGITS = re.compile(r"\d")


def region(location: str = "", language: str = "") -> str | None:
    """The country a number without one probably belongs to; None when nothing tells."""
    if location and (_JAPAN.search(location.strip()) is not None):
        return "JP"
    words = re.findall(r"[a-z]+", fold(location))
    for word in reversed(words):
        if word in _BY_WORD:
            return _BY_WORD[word]
    language = language.lower().replace("_", "-")
    return _BY_LANGUAGE.get(language) or _BY_LANGUAGE.get(language.split("-")[0])


def record_region(name: str, emails: tuple[str, ...]) -> str | None:
    """The same for a CRM record: by the country of an e-mail's domain, or a name in Japanese."""
    for address in emails:
        if found := _BY_DOMAIN.get(address.rpartition(".")[2].lower()):
            return found
    return "JP" if has_cjk(name) else None


@lru_cache(maxsize=4096)
def e164(number: str, country: str | None = None) -> str:
    """A number as `+4915112345678`; empty when it is none, or has no country and none is known."""
    try:
        parsed = phonenumbers.parse(unicodedata.normalize("NFKC", number), country)
    except NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def found_in(bio: str, country: str | None = None) -> tuple[str, ...]:
    """Numbers in a text: with a country code any possible one, without it only such as can be dialled
    there, since years and scores look like numbers too."""
    text = unicodedata.normalize("NFKC", bio)
    if len(_DIGITS.findall(text)) < 7:
        return ()
    found = [
        match.number
        for match in PhoneNumberMatcher(text, None, leniency=Leniency.POSSIBLE)
        if match.raw_string.startswith("+")
    ]
    if country is not None:
        found += [match.number for match in PhoneNumberMatcher(text, country, leniency=Leniency.VALID)]
    spelled = (phonenumbers.format_number(number, PhoneNumberFormat.E164) for number in found)
    return tuple(dict.fromkeys(spelled))
