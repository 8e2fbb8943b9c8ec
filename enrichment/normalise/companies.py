"""Company names without their legal forms."""

from __future__ import annotations

import re
from functools import lru_cache

from enrichment.normalise.text import listed, plain
from inbox.text import fold, words

_FORMS = listed(
    """
    gmbh mbh ag kg kgaa ohg gbr ug se ev eg ltd limited llc llp plc inc corp corporation co company
    sa sarl sas bv nv ab oy as aps kk yk gk pty pte holding group gruppe und and the
    株式会社 有限会社 合同会社 株 有 合同 社団法人 財団法人 haftungsbeschraenkt
    """
)
_AFFIXES = ("株式会社", "有限会社", "合同会社", "一般社団法人", "(株)", "(有)")


_ORGANISATIONS = _FORMS - listed("and und the se sa as gbr co company") | listed(
    """
    official offizieller kundenservice kundendienst support shop store team redaktion verein verband club stiftung
    foundation agency agentur studio studios services service solutions magazin magazine news zeitung radio museum
    restaurant cafe hotel praxis kanzlei university universitaet hochschule 公式 協会 事務局 編集部 編集室 広報
    """
)
_SUFFIXES = ("公式", "株式会社", "有限会社", "合同会社", "協会", "事務局", "編集部", "広報", "サポート", "ショップ")


@lru_cache(maxsize=65_536)
def words_of(text: str) -> tuple[str, ...]:
    """The words of a text, folded."""
    return tuple(words(fold(plain(text))))


def is_organisation(shown: str) -> bool:
    """A shown name carries a word that people's names do not have."""
    if any(one in shown for one in _SUFFIXES):
        return True
    return any(one in _ORGANISATIONS for one in words_of(shown))


@lru_cache(maxsize=200_000)
def significant(name: str) -> tuple[str, ...]:
    """What tells this company from others, folded: `Nordwerk Maschinenbau GmbH` → nordwerk, maschinenbau."""
    text = plain(name)
    for affix in _AFFIXES:
        text = text.replace(affix, " ")
    return tuple(word for word in words(fold(text)) if word not in _FORMS and len(word) > 1)


_EMPLOYER = re.compile(
    r"(?:\b(?:works? (?:at|for)|working (?:at|for)|employed (?:at|by)|\w+ at|arbeite[nt]? (?:bei|für)"
    r"|angestellt bei|bei(?: der)?)\s*|(?<!\w)@\s*)(?P<after>[A-ZÄÖÜ][\w&.-]+)"
    r"|(?P<before>[\u4e00-\u9fff\u30a1-\u30ff]{2,})(?:勤務|で働|に勤め|の社員|所属|で営業)"
    r"|(?P<staff>[A-ZÄÖÜ][\w&.-]+) (?:employee|team member|Mitarbeiter)"
    r"|(?:株式会社|有限会社|合同会社)(?P<form>[\u4e00-\u9fff\u30a1-\u30ff]{2,})"
    r"|(?P<formed>[\u4e00-\u9fff\u30a1-\u30ff]{2,}?)(?:株式会社|有限会社|合同会社)"
    r"|(?P<firm>[A-ZÄÖÜ][\w&-]+)(?: [A-ZÄÖÜ&][\w&-]*){0,3} (?:GmbH|AG|SE|KG|Ltd|Inc|Corp|LLC|PLC|plc)(?![A-Za-z])"
    r"|(?<!\w)@(?P<at>[\u4e00-\u9fffA-ZÄÖÜ\u30a1-\u30ff][\w\u30fc]+)"
)


def employers(bio: str) -> tuple[str, ...]:
    """Companies a bio names as the account's own: after "works at", "bei" or "@", before 勤務 and the like."""
    found = (next(filter(None, match.groups())) for match in _EMPLOYER.finditer(plain(bio)))
    return tuple(dict.fromkeys(fold(one) for one in found))
