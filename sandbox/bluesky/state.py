"""What the simulated Bluesky network knows, and the verbs that change it."""

from __future__ import annotations

import secrets
from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from sandbox.bluesky.ids import cid, did, facets, tid
from sandbox.clock import Clock, iso
from sandbox.store import Store

Doc = dict[str, Any]
POST = "app.bsky.feed.post"
REPLY_NOTIFICATION_DEPTH = 5
ACCESS_SECONDS = 7200


class Bluesky:
    """Actors, records and notifications with the indexes that keep pages cheap."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.clock = clock
        self.actors = store.shelf("bluesky.actors")
        self.records = store.shelf("bluesky.records")
        self.notices = store.shelf("bluesky.notices")
        self.seen = store.shelf("bluesky.seen")
        self.passwords = store.shelf("bluesky.passwords")
        self.sessions = store.shelf("bluesky.sessions")
        self.grants = store.shelf("bluesky.grants")
        self.blobs = store.shelf("bluesky.blobs")
        self.jobs = store.shelf("bluesky.jobs")
        self.convos = store.shelf("bluesky.convos")
        self.messages = store.shelf("bluesky.messages")
        self.logs = store.shelf("bluesky.logs")
        self.blocks = store.shelf("bluesky.blocks")
        self.sent = store.shelf("bluesky.sent")
        self.served = store.shelf("bluesky.served")
        secret = store.shelf("bluesky.secret")
        if "jwt" not in secret:
            secret["jwt"] = {"value": secrets.token_hex(32)}
        self.proofs: dict[str, float] = {}
        self.secret: bytes = secret["jwt"]["value"].encode()
        self.quirks: dict[str, Any] = {}
        self.by_handle: dict[str, str] = {doc["handle"].lower(): key for key, doc in self.actors.items()}
        self.replies: dict[str, list[str]] = defaultdict(list)
        self.authored: dict[str, list[str]] = defaultdict(list)
        self.posts: list[str] = []
        self.likes: dict[str, int] = defaultdict(int)
        self.reposts: dict[str, int] = defaultdict(int)
        self.quotes: dict[str, int] = defaultdict(int)
        self.inboxes: dict[str, list[int]] = defaultdict(list)
        self.talk: dict[str, list[str]] = defaultdict(list)
        for record in self.records.values():
            self._index(record)
        for key, notice in self.notices.items():
            if not notice.get("gone"):
                self.inboxes[notice["to"]].append(int(key))
        for key, message in self.messages.items():
            self.talk[message["convo"]].append(key)
        self._last_notice = max((int(key) for key in self.notices), default=0)
        self._used_tids = {doc["rkey"] for doc in self.records.values()}

    # -- actors ---------------------------------------------------------------------------------

    def add_actor(self, doc: Doc) -> Doc:
        """Add an actor; ``doc`` has a handle and the profile's texts."""
        key = did(doc["handle"])
        actor = {
            "display_name": doc["handle"].split(".")[0],
            "bio": "",
            "followers": 0,
            "follows": 0,
            "language": None,
            "ours": False,
            **doc,
            "did": key,
        }
        self.actors[key] = actor
        self.by_handle[actor["handle"].lower()] = key
        return actor

    def find_actor(self, name: str) -> Doc | None:
        """An actor by handle or DID."""
        key = self.by_handle.get(name.lower().lstrip("@"), name)
        return self.actors.get(key)

    # -- records --------------------------------------------------------------------------------

    def post(
        self,
        author: Doc,
        text: str,
        *,
        reply_to: str | None = None,
        quote: str | None = None,
        language: str | None = None,
        at: datetime | None = None,
        **more: Any,
    ) -> Doc:
        """Publish a post on behalf of an actor."""
        moment = at or self.clock()
        value: Doc = {"$type": POST, "text": text, "createdAt": iso(moment)}
        if language:
            value["langs"] = [language]
        marks = facets(text, self.by_handle.get)
        if marks:
            value["facets"] = marks
        parent = self.records.get(reply_to or "")
        if parent:
            root = parent["value"].get("reply", {}).get("root") or _ref(parent)
            value["reply"] = {"root": root, "parent": _ref(parent)}
        if quote and quote in self.records:
            value["embed"] = {"$type": "app.bsky.embed.record", "record": _ref(self.records[quote])}
        return self.create(author["did"], POST, value, at=moment, **more)

    def create(
        self,
        owner: str,
        collection: str,
        value: Doc,
        rkey: str | None = None,
        at: datetime | None = None,
        **more: Any,
    ) -> Doc:
        """Store a record and tell those whom it concerns; the caller has checked that the key is free."""
        moment = at or self.clock()
        key = rkey or self.new_tid(moment)
        record: Doc = {
            "uri": f"at://{owner}/{collection}/{key}",
            "cid": cid(value),
            "did": owner,
            "collection": collection,
            "rkey": key,
            "value": value,
            "indexed_at": iso(moment),
            "deleted_at": None,
            "notices": [],
            **more,
        }
        self.records[record["uri"]] = record
        self._index(record)
        self._tell(record, moment)
        return record

    def delete(self, record: Doc) -> None:
        """Remove a record with its notifications; readers learn it only by looking it up."""
        if record["deleted_at"]:
            return
        self._count(record, -1)
        record["deleted_at"] = iso(self.clock())
        self.records[record["uri"]] = record
        for key in record["notices"]:
            notice = self.notices[str(key)]
            self.notices[str(key)] = notice | {"gone": True}
            self.inboxes[notice["to"]].remove(key)
        for uris in (self.posts, self.authored[record["did"]]):
            if record["uri"] in uris:
                uris.remove(record["uri"])

    def live(self, uri: str) -> Doc | None:
        """A record that exists."""
        record = self.records.get(uri)
        return record if record and not record["deleted_at"] else None

    def new_tid(self, moment: datetime) -> str:
        """A record key for that moment, unique in this network."""
        key = tid(moment)
        while key in self._used_tids:
            moment += timedelta(microseconds=1)
            key = tid(moment)
        self._used_tids.add(key)
        return key

    def serve(self, key: str) -> None:
        """Note that one of our accounts has been shown a post or message."""
        if key not in self.served:
            self.served[key] = {"at": iso(self.clock())}

    # -- inside ---------------------------------------------------------------------------------

    def _index(self, record: Doc) -> None:
        if record["collection"] == POST:
            parent = record["value"].get("reply", {}).get("parent", {}).get("uri")
            if parent:
                self.replies[parent].append(record["uri"])
        if record["deleted_at"]:
            return
        if record["collection"] == POST:
            self.posts.append(record["uri"])
            self.authored[record["did"]].append(record["uri"])
        self._count(record, 1)

    def _count(self, record: Doc, step: int) -> None:
        value = record["value"]
        if record["collection"] == "app.bsky.feed.like":
            self.likes[value["subject"]["uri"]] += step
        elif record["collection"] == "app.bsky.feed.repost":
            self.reposts[value["subject"]["uri"]] += step
        elif quoted(value):
            self.quotes[str(quoted(value))] += step

    def _tell(self, record: Doc, moment: datetime) -> None:
        told = {record["did"]}
        for owner, reason, subject in self._concerned(record):
            if owner not in told and self.actors.get(owner, {}).get("ours"):
                told.add(owner)
                self._last_notice += 1
                notice = {
                    "to": owner,
                    "uri": record["uri"],
                    "reason": reason,
                    "subject": subject,
                    "at": record["indexed_at"],
                }
                self.notices[str(self._last_notice)] = notice
                self.inboxes[owner].append(self._last_notice)
                record["notices"].append(self._last_notice)
                self.records[record["uri"]] = record

    def _concerned(self, record: Doc) -> list[tuple[str, str, str | None]]:
        value, collection = record["value"], record["collection"]
        if collection == "app.bsky.graph.follow":
            return [(value["subject"], "follow", None)]
        if collection in ("app.bsky.feed.like", "app.bsky.feed.repost"):
            subject = value["subject"]["uri"]
            return [(subject.split("/")[2], collection.rsplit(".", 1)[1], subject)]
        if collection != POST:
            return []
        people: list[tuple[str, str, str | None]] = []
        for facet in value.get("facets", []):
            people += [(feature["did"], "mention", None) for feature in facet["features"] if "did" in feature]
        target = quoted(value)
        if target:
            people.append((target.split("/")[2], "quote", target))
        parent = value.get("reply", {}).get("parent", {}).get("uri")
        for _ in range(REPLY_NOTIFICATION_DEPTH):
            if parent is None:
                break
            people.append((parent.split("/")[2], "reply", parent))
            above = self.records.get(parent, {}).get("value", {})
            parent = above.get("reply", {}).get("parent", {}).get("uri")
        return people


def quoted(value: Doc) -> str | None:
    """The address of the post that a post's value quotes."""
    embed = value.get("embed") or {}
    if embed.get("$type") == "app.bsky.embed.record":
        return str(embed["record"]["uri"])
    return None


def _ref(record: Doc) -> Doc:
    return {"uri": record["uri"], "cid": record["cid"]}
