"""Seeded events for benchmarks: three languages, threads and repeat authors in everyday proportions."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from core.event import Author, Event, Page

START = datetime(2026, 10, 1, tzinfo=UTC)
WORDS = {
    "en": "the parcel still has not arrived and nobody answers my mail about order this is the third time please "
    "help great service thank you love it when will the new model be back in stock refund broken screen",
    "de": "die Lieferung ist immer noch nicht angekommen und niemand antwortet auf meine Nachricht zur Bestellung "
    "bitte um Hilfe toller Service vielen Dank wann ist das neue Modell wieder lieferbar Erstattung Bildschirm",
    "ja": "配送が まだ届いて いません。 返金を お願いします。 とても 良い サービス "
    "でした。 注文番号は 新しい モデルは いつ 入荷",
}


def text(rng: random.Random, number: int) -> str:
    """A short post of 8 to 30 words (or as long in Japanese) that occurs once."""
    language = rng.choice(("en", "de", "ja"))
    words = WORDS[language].split()
    if language == "ja":
        return "".join(rng.choices(words, k=rng.randint(5, 16))) + str(number)
    return " ".join(rng.choices(words, k=rng.randint(8, 30))) + f" {number}"


def events(count: int, seed: int = 1, platform: str = "mastodon") -> Iterator[Event]:
    """`count` inbound mentions and answers by count/4 people; a third answers an earlier one."""
    rng = random.Random(seed)
    keys: list[str] = []
    for number in range(count):
        parent = rng.choice(keys[-2000:]) if keys and rng.random() < 0.33 else None
        keys.append(f"{platform}:https://social.example/users/u/statuses/{seed}-{number}")
        yield Event(
            key=keys[-1],
            platform=platform,
            kind="reply" if parent else "mention",
            author=_person(platform, rng.randrange(max(1, count // 4))),
            text=text(rng, number),
            posted_at=START + timedelta(seconds=number),
            parent_key=parent,
            url=f"https://social.example/@u/{number}",
            ref=f'{{"id":"{number}"}}',
            counts={"likes": number % 7},
            raw={"id": str(number), "visibility": "public"},
        )


def _person(platform: str, number: int) -> Author:
    return Author(
        platform=platform, id=f"https://social.example/users/u{number}", handle=f"u{number}@social.example",
        name=f"Person {number}", url=f"https://social.example/@u{number}", bio="Just a person who writes",
        followers=number % 5000, language="de",
    )  # fmt: skip


def pages(count: int, size: int, seed: int = 1) -> Iterator[Page]:
    """The same cut into pages, each made when it is asked for, as a pull does."""
    made = events(count, seed)
    for start in range(0, count, size):
        yield Page(events=tuple(islice(made, size)), cursor=str(start))
