"""E-mail addresses in one form, found in bios, and told apart from addresses that are nobody's own.

The canonical form: lower case, the domain in its ASCII form, `googlemail.com` as `gmail.com`. What follows
a `+` is dropped at every provider (sub-addressing reaches the same box wherever it is used); dots in the
local part are dropped at Gmail only, since elsewhere they tell people apart.
"""

from __future__ import annotations

import re
import unicodedata

from email_validator import EmailNotValidError, validate_email

from enrichment.normalise.text import listed

ROLES = listed(
    """
    info support kontakt contact contacts office buero sales verkauf vertrieb hello hallo hi mail email post
    service kundenservice kundendienst help hilfe team admin administrator webmaster hostmaster postmaster
    presse press media marketing newsletter news noreply no-reply donotreply datenschutz privacy dpo jobs
    karriere career bewerbung billing invoice buchhaltung rechnung anfrage anfragen enquiries inquiry
    booking reservierung reservations shop order orders bestellung legal abuse security feedback zentrale
    sekretariat general toiawase otoiawase eigyo soumu kouhou saiyo uketsuke
    """
)
"""Local parts behind which several people stand."""

FREE_HOSTS = listed(
    """
    gmail.com outlook.com hotmail.com live.com msn.com yahoo.com yahoo.de yahoo.co.uk yahoo.co.jp ymail.com
    icloud.com me.com mac.com aol.com gmx.de gmx.net gmx.at gmx.ch web.de t-online.de freenet.de mail.de
    posteo.de mailbox.org proton.me protonmail.com tutanota.com tuta.io fastmail.com zoho.com mail.com
    docomo.ne.jp ezweb.ne.jp softbank.ne.jp i.softbank.jp au.com nifty.com btinternet.com orange.fr
    """
)
"""Domains that say nothing about whom somebody works for."""

_GMAIL = {"gmail.com", "googlemail.com"}
_AT = r"(?:at|ät|a|\(?@\)?|a\s?t|klammeraffe|アットマーク|アット|あっと)"
_DOT = r"(?:dot|punkt|ドット|どっと)"
_BRACKETED = re.compile(rf"\s*[\(\[\{{<《【]\s*{_AT}\s*[\)\]\}}>》】]\s*", re.IGNORECASE)
_BRACKETED_DOT = re.compile(rf"\s*[\(\[\{{<《【]\s*(?:{_DOT}|\.)\s*[\)\]\}}>》】]\s*", re.IGNORECASE)
_SPOKEN = re.compile(
    rf"\b([\w.+-]+)\s+(?:at|ät|AT)\s+([\w-]+(?:\s+{_DOT}\s+[\w-]+|\.[\w-]+)*)\s+{_DOT}\s+([a-z]{{2,}})\b",
    re.IGNORECASE,
)
_SPOKEN_DOT = re.compile(rf"\s+{_DOT}\s+", re.IGNORECASE)
_SPOKEN_REST = re.compile(rf"(@[\w.-]+)\s+{_DOT}\s+(?=[a-z])", re.IGNORECASE)
_DASHED = re.compile(rf"(?<=\w)\s*[-_*~|]\s*{_AT}\s*[-_*~|]\s*(?=\w)", re.IGNORECASE)
_DASHED_DOT = re.compile(rf"(?<=\w)\s*[-*~|]\s*{_DOT}\s*[-*~|]\s*(?=\w)", re.IGNORECASE)
_SPOKEN_LOCAL = re.compile(rf"\b(\w+)\s+{_DOT}\s+(?=\w+\s*(?:@|\bat\b|\bät\b))", re.IGNORECASE)
_TOLD = re.compile(r"\b(\w+(?:[._+-]\w+)+|\w*\d\w*)\s+(?:at|ät)\s+([\w-]+(?:\.[\w-]+)*\.[a-z]{2,})\b", re.IGNORECASE)
_SHOUTED = re.compile(r"\b([\w.+-]+) +AT +([\w-]+(?:\.[\w-]+)*\.[a-z]{2,})\b")
_SPACED_DOT = re.compile(r"(@[\w.-]*\w)\s+\.\s+(?=[a-z]{2,}\b)", re.IGNORECASE)
_LONE_STAR = re.compile(r"(?<=[\w.])[★☆●◎◆■#](?=[\w-]+\.[a-z]{2,})", re.IGNORECASE)
_SPACED_AT = re.compile(r"(?<=[\w.+-])\s+@\s+(?=[\w-]+\s?\.\s?[a-z]{2,})", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<![\w@./+:%-])(?:mailto:)?([a-z0-9][\w.+%'-]*@[\w-]+(?:\.[\w-]+)+)", re.IGNORECASE)
_LABELLED = re.compile(r"\b(e-?mail|mail|post|kontakt|contact|メール)[:：](?=\S)", re.IGNORECASE)


_USUAL = re.compile(
    r"^[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+){0,6}@(?:[a-z0-9]+(?:-[a-z0-9]+){0,4}\.){1,3}"
    r"(?:com|net|org|example|de|at|ch|jp|uk|eu|fr|us|io|dev)$",
    re.ASCII,
)
"""Addresses about which nothing is to be asked: the quick way."""


def canonical(address: str) -> str:
    """The comparable form of an address; empty when it is none."""
    if _USUAL.match(address):
        local, _, domain = address.lower().partition("@")
        if domain not in _GMAIL:
            return f"{local.split('+')[0]}@{domain}"
    address = unicodedata.normalize("NFKC", address).strip().strip("<>()[].,;:\"'").removeprefix("mailto:")
    try:
        valid = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        return ""
    local = valid.local_part.lower()
    domain = (valid.ascii_domain or valid.domain).lower()
    local = local.split("+")[0] or local
    if domain in _GMAIL:
        local, domain = local.replace(".", "") or local, "gmail.com"
    return f"{local}@{domain}"


def found_in(bio: str) -> tuple[str, ...]:
    """Addresses in a text, plainly written or hidden from machines: `name (at) domain (dot) de`.

    `@user@server` is a handle and no address.
    """
    text = _LABELLED.sub(r"\1: ", unicodedata.normalize("NFKC", bio))
    text = _BRACKETED_DOT.sub(".", _BRACKETED.sub("@", text))
    text = _DASHED_DOT.sub(".", _DASHED.sub("@", text))
    text = _SPOKEN_LOCAL.sub(r"\1.", text)
    text = _SPOKEN.sub(lambda m: f"{m[1]}@{_SPOKEN_DOT.sub('.', m[2])}.{m[3]}", text)
    while (joined := _SPOKEN_REST.sub(r"\1.", text)) != text:
        text = joined
    text = _SPACED_AT.sub("@", _LONE_STAR.sub("@", _SHOUTED.sub(r"\1@\2", _TOLD.sub(r"\1@\2", text))))
    text = _SPACED_DOT.sub(r"\1.", text)
    found = (canonical(match[1].rstrip(".-_")) for match in _ADDRESS.finditer(text))
    return tuple(dict.fromkeys(one for one in found if one))


def is_role(address: str) -> bool:
    """A box several people read: `info@…`."""
    return address.split("@")[0] in ROLES


def company_domain(address: str) -> str:
    """The domain when it can speak for a company; empty for providers anybody can use."""
    domain = address.rpartition("@")[2]
    return "" if domain in FREE_HOSTS else domain
