"""Company names without their legal forms."""

from __future__ import annotations

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


def significant(name: str) -> tuple[str, ...]:
    """What tells this company from others, folded: `Nordwerk Maschinenbau GmbH` → nordwerk, maschinenbau."""
    text = plain(name)
    for affix in _AFFIXES:
        text = text.replace(affix, " ")
    return tuple(word for word in words(fold(text)) if word not in _FORMS and len(word) > 1)


def named_in(text: str, company: str) -> bool:
    """A text names the company: all its words in a row, or the first when that is long enough to tell."""
    wanted = significant(company)
    if not wanted:
        return False
    there = words(fold(plain(text)))
    joined = " ".join(there)
    if f" {' '.join(wanted)} " in f" {joined} ":
        return True
    first = wanted[0]
    if not first.isascii():
        return len("".join(wanted)) > 2 and "".join(wanted) in joined.replace(" ", "")
    return len(first) > 5 and first in there
