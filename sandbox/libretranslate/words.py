"""What the simulated server knows: a few words in three languages. It says in every answer that it only simulates."""

from __future__ import annotations

import re
from typing import Any

LANGUAGES = {"en": "English", "de": "German", "ja": "Japanese"}
WORDS: tuple[tuple[str, str, str], ...] = (
    ("hello", "hallo", "こんにちは"),
    ("thank you", "danke", "ありがとう"),
    ("thanks", "danke", "ありがとう"),
    ("please", "bitte", "お願いします"),
    ("sorry", "entschuldigung", "すみません"),
    ("train", "zug", "電車"),
    ("ticket", "fahrkarte", "切符"),
    ("delayed", "verspätet", "遅延"),
    ("late", "zu spät", "遅い"),
    ("platform", "gleis", "ホーム"),
    ("coffee", "kaffee", "コーヒー"),
    ("tea", "tee", "紅茶"),
    ("tent", "zelt", "テント"),
    ("order", "bestellung", "注文"),
    ("parcel", "paket", "荷物"),
    ("invoice", "rechnung", "請求書"),
    ("broken", "kaputt", "壊れた"),
    ("refund", "erstattung", "返金"),
    ("help", "hilfe", "助けて"),
    ("where", "wo", "どこ"),
    ("when", "wann", "いつ"),
    ("today", "heute", "今日"),
    ("tomorrow", "morgen", "明日"),
    ("good", "gut", "良い"),
    ("bad", "schlecht", "悪い"),
    ("and", "und", "と"),
    ("not", "nicht", "ない"),
    ("is", "ist", "です"),
    ("my", "mein", "私の"),
    ("the", "die", "その"),
    ("we", "wir", "私たち"),
    ("again", "wieder", "また"),
    ("repair", "reparatur", "修理"),
    ("network", "netz", "通信"),
)  # fmt: skip
"""In the order of LANGUAGES."""
_GERMAN = re.compile(r"\b(der|die|das|und|ist|nicht|ich|wir|mein|bitte|danke|hallo|zug|wo|ein|eine)\b|[äöüß]", re.I)
_JAPANESE = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]")


def detect(texts: list[str]) -> dict[str, Any]:
    """One language for all of them, as the real server finds it."""
    whole = " ".join(texts)
    if _JAPANESE.search(whole):
        return {"confidence": 96.0, "language": "ja"}
    return {"confidence": 88.0, "language": "de" if _GERMAN.search(whole) else "en"}


def translate(text: str, source: str, target: str) -> str:
    """The words it knows in the other language, the rest as it was, and a mark in front."""
    if source == target:
        return text
    places = list(LANGUAGES)
    from_, to = places.index(source), places.index(target)
    known = sorted(((row[from_], row[to]) for row in WORDS), key=lambda pair: -len(pair[0]))
    found = dict(reversed(known))
    edge = "" if source == "ja" else r"\b"
    pattern = re.compile(edge + "(" + "|".join(re.escape(word) for word, _ in known) + ")" + edge, re.I)
    return f"[simulated {source}→{target}] " + pattern.sub(lambda match: found[match[0].lower()], text)
