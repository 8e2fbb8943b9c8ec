"""Texts people decorate, in one form: width and variant kanji settled, emoji and ornaments gone."""

from __future__ import annotations

import re
import unicodedata

_VARIANTS = str.maketrans(
    "髙﨑嵜碕邊邉齋齊澤濵濱櫻國廣德眞惠龍嶋嶌冨靜應瀨龜㔟桒栁𠮷學壽榮圓藪來禮萬條實淺關辻槇",
    "高崎崎崎辺辺斎斉沢浜浜桜国広徳真恵竜島島富静応瀬亀勢桑柳吉学寿栄円薮来礼万条実浅関辻槙",
)
"""Kanji that families write in an older or rarer form."""

_SHORTCODE = re.compile(r":[a-z0-9_]{2,40}:", re.IGNORECASE)
"""Custom emoji of a Mastodon server."""

_PRONOUN = r"(?:she|her|hers|he|him|his|they|them|theirs|it|its|sie|ihr|er|ihm|dey|xier|any)"
_PRONOUNS = re.compile(rf"[\(\[]?\b{_PRONOUN}(?:\s*/\s*{_PRONOUN})+\b[\)\]]?", re.IGNORECASE)
_SPACES = re.compile(r"\s+")
_ORNAMENTS = frozenset({"So", "Sk", "Cf", "Cs", "Co", "Cn", "Cc"})
_KEPT = frozenset("^`゛゜")
"""Signs of those classes that people type as letters or marks."""


def plain(text: str) -> str:
    """One spelling without ornaments: NFKC, variant kanji, no emoji, shortcodes or invisible characters.

    Case, umlauts, kana and kanji stay. Idempotent.
    """
    if text.isascii() and ":" not in text and text.isprintable():
        return _SPACES.sub(" ", text).strip()
    while True:
        cleaned = _once(text)
        if cleaned == text:
            return cleaned
        text = cleaned


def _once(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).translate(_VARIANTS)
    text = _SHORTCODE.sub(" ", text)
    text = "".join(_kept(char) for char in text)
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", text)).strip()


def _kept(char: str) -> str:
    if char.isascii():
        return char if char.isprintable() else " "
    if char in _KEPT:
        return char
    category = unicodedata.category(char)
    if category == "Cf":
        return ""
    if category in _ORNAMENTS or 0xFE00 <= ord(char) <= 0xFE0F:
        return " "
    return char


def listed(words: str) -> frozenset[str]:
    """The words of a list written as text."""
    return frozenset(words.split())


def without_pronouns(text: str) -> str:
    """A name without "(she/her)" and the like."""
    return _PRONOUNS.sub(" ", text)
