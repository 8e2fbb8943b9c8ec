"""Seeded events for benchmarks: three languages, threads and repeat authors in everyday proportions."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from core.event import Author, Event

START = datetime(2026, 10, 1, tzinfo=UTC)
WORDS = {
    "en": "the parcel still has not arrived and nobody answers my mail about order this is the third time please help "
    "great service thank you love it when will the new model be back in stock refund broken screen".split(),
    "de": "die Lieferung ist immer noch nicht angekommen und niemand antwortet auf meine Nachricht zur Bestellung bitte "
    "um Hilfe toller Service vielen Dank wann ist das neue Modell wieder lieferbar Erstattung Bildschirm kaputt".split(),
}
PARTS = ["配送が", "まだ届いて", "いません。", "返金を", "お願いします。", "とても", "良い", "サービス", "でした。", "注文番号は", "新しい", "モデルは", "いつ", "入荷"]


def text(rng: random.Random, number: int) -> str:
    """A short post of 8 to 30 words (or as long in Japanese) that occurs once."""
    language = rng.choice(("en", "de", "ja"))
    if language == "ja":
        return "".join(rng.choice(PARTS) for _ in range(rng.randint(5, 16))) + str(number)
    return " ".join(rng.choice(WORDS[language]) for _ in range(rng.randint(8, 30))) + f" {number}"


def events(count: int, seed: int = 1, platform: str = "mastodon") -> list[Event]:
    """`count` inbound mentions and answers by count/4 people; a third answers an earlier one."""
    rng = random.Random(seed)
    people = [
        Author(
            platform=platform, id=f"https://social.example/users/u{n}", handle=f"u{n}@social.example", name=f"Person {n}",
            url=f"https://social.example/@u{n}", bio="Just a person who writes", followers=n % 5000, language="de",
        )  # fmt: skip
        for n in range(max(1, count // 4))
    ]
    made: list[Event] = []
    for number in range(count):
        parent = made[rng.randrange(max(0, number - 2000), number)].key if number and rng.random() < 0.33 else None
        made.append(
            Event(
                key=f"{platform}:https://social.example/users/u/statuses/{seed}-{number}",
                platform=platform,
                kind="reply" if parent else "mention",
                author=rng.choice(people),
                text=text(rng, number),
                posted_at=START + timedelta(seconds=number),
                parent_key=parent,
                url=f"https://social.example/@u/{number}",
                ref=f'{{"id":"{number}"}}',
                counts={"likes": number % 7},
                raw={"id": str(number), "visibility": "public"},
            )
        )
    return made
