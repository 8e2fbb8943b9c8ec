"""The living world: founded once from the data files, moved on step by step, and by customers."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from sandbox.bluesky import Bluesky
from sandbox.brands import GROUP, SCOPES, brands
from sandbox.clock import Clock, iso, parse
from sandbox.mastodon import Mastodon
from sandbox.people import load, people
from sandbox.script import parse as parse_turn
from sandbox.steps import Steps
from sandbox.store import Store
from sandbox.telegram import Telegram

Doc = dict[str, Any]
LANGUAGES = ("de", "ja", "en")
PAST_DAYS = 14


class World:
    """The three platforms and everything that happens on them."""

    def __init__(self, store: Store, clock: Clock, seed: int = 7) -> None:
        self.clock = clock
        self.about = store.shelf("world")
        self.refs = store.shelf("world.refs")
        self.crm = store.shelf("salesforce.keys")
        self.mastodon = Mastodon(store, clock)
        self.bluesky = Bluesky(store, clock)
        self.telegram = Telegram(store, clock)
        self.steps = Steps(self)
        self.founding = False
        if "start" not in self.about:
            self._found(seed)
        self.seed: int = self.about["start"]["seed"]
        self._map_people()

    # -- founding -------------------------------------------------------------------------------

    def _found(self, seed: int) -> None:
        moment = self.clock()
        self._add_accounts()
        self._map_people()
        timed = self._timed_steps(random.Random(seed), moment)
        self.about["start"] = {"seed": seed, "at": iso(moment)}
        self.about["play"] = {"done": 0}
        self.founding = True
        for at, step in sorted(timed, key=lambda pair: pair[0]):
            self.steps.do(step, at)
        self.founding = False

    def _add_accounts(self) -> None:
        for brand in brands().values():
            getattr(self, f"_add_{brand['platform']}_brand")(brand)
        for person in people().values():
            bios = {platform: person["bio"] for platform in ("mastodon", "bluesky", "telegram")}
            if "mastodon" in person:
                self._add_mastodon_person(person, bios["mastodon"])
            if "bluesky" in person:
                self.bluesky.add_actor(
                    {
                        "handle": person["bluesky"],
                        "display_name": person["name"],
                        "bio": person["bio"],
                        "followers": person.get("followers", 0),
                        "follows": person.get("followers", 0) // 3 + 5,
                        "language": person["lang"],
                        "person": person["key"],
                    }
                )
            if "telegram" in person:
                self._add_telegram_person(person)

    def _add_mastodon_brand(self, brand: Doc) -> None:
        account = self.mastodon.add_account(
            {
                "username": brand["handle"],
                "domain": None,
                "display_name": brand["name"],
                "note": brand["bio"],
                "fields": [{"name": "Web", "value": f"https://{brand['handle']}.example", "verified_at": None}],
                "followers_count": 5120,
                "language": brand["lang"],
                "ours": True,
                "brand": brand["key"],
            }
        )
        self.mastodon.tokens[brand["token"]] = {"account": account["id"], "scopes": SCOPES, "app": None}

    def _add_bluesky_brand(self, brand: Doc) -> None:
        actor = self.bluesky.add_actor(
            {
                "handle": brand["handle"],
                "display_name": brand["name"],
                "bio": brand["bio"],
                "followers": 8800,
                "follows": 12,
                "language": brand["lang"],
                "ours": True,
                "brand": brand["key"],
            }
        )
        for name, scope in (("password", "appPassPrivileged"), ("public_password", "appPass")):
            self.bluesky.passwords[brand[name]] = {"did": actor["did"], "scope": f"com.atproto.{scope}"}

    def _add_telegram_brand(self, brand: Doc) -> None:
        user = {
            "id": brand["bot_id"],
            "is_bot": True,
            "first_name": brand["name"],
            "username": brand["handle"],
        }
        self.telegram.bots["bot"] = {
            "token": brand["token"],
            "user": user,
            "url": "",
            "secret": "",
            "allowed": [],
            "error": None,
            "brand": brand["key"],
        }
        self.telegram.add_user(brand["bot_id"], user)
        group = {
            "id": GROUP,
            "type": "supergroup",
            "title": "Kumo Mobile Community",
            "username": "kumo_community",
        }
        self.telegram.add_chat(group)

    def _add_mastodon_person(self, person: Doc, bio: str) -> None:
        username, _, domain = person["mastodon"].partition("@")
        fields = [
            {"name": name, "value": value, "verified_at": "2024-02-03T10:00:00.000Z" if verified else None}
            for name, value, verified in person.get("fields", [])
        ]
        self.mastodon.add_account(
            {
                "username": username,
                "domain": domain or None,
                "display_name": person["name"],
                "note": bio,
                "fields": fields,
                "followers_count": person.get("followers", 0),
                "following_count": person.get("followers", 0) // 2 + 9,
                "statuses_count": person.get("followers", 0) * 3,
                "language": person["lang"],
                "person": person["key"],
            }
        )

    def _add_telegram_person(self, person: Doc) -> None:
        number, username = person["telegram"]
        first, _, last = person["name"].partition(" ")
        if person["lang"] == "ja" and last:
            first, last = last, first
        doc = {
            "first_name": first,
            "language_code": person["lang"],
            "bio": person["bio"],
            "person": person["key"],
        }
        if last:
            doc["last_name"] = last
        if username:
            doc["username"] = username
        self.telegram.add_user(number, doc)

    def _timed_steps(self, dice: random.Random, moment: datetime) -> list[tuple[datetime, Doc]]:
        timed: list[tuple[datetime, Doc]] = []
        for language in LANGUAGES:
            for number, thread in enumerate(load(f"threads_{language}.json")):
                hours = dice.uniform(6, PAST_DAYS * 24 - 2)
                at = moment - timedelta(hours=hours)
                pause = min(4.0, hours / (len(thread["turns"]) + 1))
                for step in thread_steps(thread, language, f"{language}{number}"):
                    timed.append((at, step))
                    at += timedelta(hours=dice.uniform(0.05, pause), seconds=dice.uniform(0, 1))
        for step in load("extras.json"):
            timed.append((moment - timedelta(hours=step["hours_ago"]), step))
        return timed

    # -- people and accounts --------------------------------------------------------------------

    def _map_people(self) -> None:
        self.accounts: dict[tuple[str, str], Doc] = {}
        self.ours: dict[str, Doc] = {}
        shelves = {
            "mastodon": self.mastodon.accounts,
            "bluesky": self.bluesky.actors,
            "telegram": self.telegram.users,
        }
        for platform, shelf in shelves.items():
            for doc in shelf.values():
                if doc.get("person"):
                    self.accounts[platform, doc["person"]] = doc
                if doc.get("brand"):
                    self.ours[doc["brand"]] = doc
        if "bot" in self.telegram.bots:
            self.ours["kumo"] = self.telegram.bot["user"]

    # -- moving on ------------------------------------------------------------------------------

    def play(self, steps: int | None) -> int:
        """Let the next ``steps`` happenings happen (None: all that are left); returns how many did."""
        script = load("play.json")
        done: int = self.about["play"]["done"]
        upto = len(script) if steps is None else min(len(script), done + steps)
        for step in script[done:upto]:
            at = self.clock() - timedelta(hours=step["hours_ago"]) if "hours_ago" in step else None
            self.steps.do(step, at)
        self.about["play"] = {"done": upto}
        return upto - done

    @property
    def started(self) -> datetime:
        """When the world was founded."""
        return parse(self.about["start"]["at"])


def thread_steps(thread: Doc, language: str, name: str) -> list[Doc]:
    """A thread of the data files as single steps; turn n gets the reference ``name.n``."""
    steps: list[Doc] = []
    for place, line in enumerate(thread["turns"]):
        turn = parse_turn(line, language)
        answers = turn.answers if turn.answers is not None else place - 1
        known = thread.get("id", name)
        step: Doc = {
            "say": line,
            "lang": language,
            "brand": thread["brand"],
            "dm": thread.get("dm", False),
            "ref": f"{known}.{place}",
        }
        if place:
            step["reply"] = f"{known}.{answers}"
        for option in ("group", "also"):
            if option in thread:
                step[option] = thread[option]
        steps.append(step)
        edited = thread.get("edits", {}).get(str(place))
        if edited:
            steps.append({"edit": f"{known}.{place}", "text": edited})
        if place in thread.get("deleted", []):
            steps.append({"delete": f"{known}.{place}"})
    return steps
