"""Customers answer surveys: most of those who get a link open its page some seconds later and confirm what they think.

Nothing is known of who asks: a link whose path begins with ``/s/`` is opened, and the form that is there is filled in.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin

import httpx

from sandbox.store import Store
from sandbox.world import World

LINK = re.compile(r"https?://[\w.:\[\]-]+/s/[\w-]{8,}")
LOOK_SECONDS = 2.0
MOST = 12
"""Questions somebody has patience for."""
WORDS = {
    "de": ("Schnell und freundlich, danke.", "Es hat zu lange gedauert.", "Alles gut."),
    "en": ("Quick and friendly, thanks.", "It took too long.", "All good."),
    "ja": ("早くて丁寧でした。", "時間がかかりすぎました。", "問題ありません。"),
}


def links(world: World) -> Iterator[tuple[str, str]]:
    """What our accounts sent with such a link: (its id, the link)."""
    for state, kept in ((world.mastodon, "statuses"), (world.bluesky, "messages"), (world.telegram, "messages")):
        stored = getattr(state, kept)
        for number in list(state.sent.keys()):
            found = LINK.search(json.dumps(stored.get(number) or {}, default=str))
            if found is not None:
                yield f"{kept}:{number}", found[0]


def filled(page: str, mood: random.Random) -> tuple[str, dict[str, str]] | None:
    """The address and the values with which a page's form is sent; None where there is none."""
    form = re.search(r'<form[^>]*method="post"[^>]*action="([^"]+)"(.*?)</form>', page, re.S)
    if form is None:
        return None
    values = {}
    for tag in re.findall(r"<input[^>]*>", form[2]):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name is not None and value is not None and 'type="hidden"' in tag:
            values[name[1]] = unescape(value[1])
    chosen = re.findall(r'type="(?:radio|checkbox)" name="([^"]*)" value="(\d+)"', form[2])
    if chosen:
        best = sorted(chosen, key=lambda one: int(one[1]))
        place = round((len(best) - 1) * mood.betavariate(2.4, 1.1))
        values[best[place][0]] = best[place][1]
    for name in re.findall(r'<textarea[^>]*name="([^"]*)"', form[2]):
        values[name] = mood.choice(WORDS.get(values.get("lang", ""), WORDS["en"]))
    return unescape(form[1]), values


async def answer(link: str, mood: random.Random) -> int:
    """Open a link and answer to the end; returns how many questions were answered."""
    done = 0
    async with httpx.AsyncClient(timeout=20, follow_redirects=True) as client:
        page = await client.get(link)
        while done < MOST and page.status_code == 200 and (form := filled(page.text, mood)) is not None:
            page = await client.post(urljoin(link, form[0]), data=form[1])
            done += 1
    return done


async def customers(world: World, store: Store, wait: float = 4.0) -> None:
    """Look for links and have four of five answered, each once, until cancelled."""
    asked = store.shelf("surveys.asked")
    while True:
        for number, link in list(links(world)):
            if number in asked:
                continue
            asked[number] = {"link": link}
            mood = random.Random(f"{world.seed} {number}")  # a play, not a secret
            if mood.random() < 0.8:
                await asyncio.sleep(mood.uniform(0, wait))
                try:
                    await answer(link, mood)
                except httpx.HTTPError:
                    continue
        await asyncio.sleep(LOOK_SECONDS)
