"""What can happen in the world: saying, editing, deleting, liking, following, and Telegram's other things."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sandbox import keys
from sandbox.bluesky import chat
from sandbox.brands import BUSINESS, GROUP, brands
from sandbox.clock import iso
from sandbox.script import parse
from sandbox.telegram.media import add_file

if TYPE_CHECKING:
    from sandbox.world import World

Doc = dict[str, Any]


class Refusal(Exception):
    """A customer asked for something that the platform does not offer; the text says what."""


class Steps:
    """Does one happening at a time on the right platform."""

    def __init__(self, world: World) -> None:
        self.world = world

    def do(self, step: Doc, at: datetime | None = None) -> str | None:
        """Let one step of a data file happen; returns the key of what it made."""
        if "say" in step:
            return self._say(step, at)
        if "edit" in step:
            return self.edit(self._key(step["edit"]), step["text"])
        if "delete" in step:
            return self.delete(self._key(step["delete"]))
        if "telegram" in step:
            return self._telegram_special(step, at)
        return self._react(step, at)

    # -- saying ---------------------------------------------------------------------------------

    def _say(self, step: Doc, at: datetime | None) -> str:
        turn = parse(step["say"], step["lang"])
        brand = brands()[step["brand"]]
        platform = brand["platform"]
        ours = turn.who == "us"
        who = self.world.ours[brand["key"]] if ours else self.world.accounts[platform, turn.who]
        reply = self.world.refs.get(step.get("reply", ""), {}).get("key")
        more: Doc = {"labels": turn.labels, "language": step["lang"], "seeded": self.world.founding}
        key = self.say(
            platform,
            who,
            brand["key"],
            turn.text,
            private=step.get("dm", False),
            reply_to=reply,
            at=at,
            addressed=turn.addressed,
            group=step.get("group", False),
            also=step.get("also"),
            quote=self.world.refs.get(step.get("quote", ""), {}).get("key"),
            business=step.get("business", False),
            **more,
        )
        if "ref" in step:
            self.world.refs[step["ref"]] = {"key": key}
        return key

    def say(
        self,
        platform: str,
        who: Doc,
        brand: str,
        text: str,
        *,
        private: bool,
        reply_to: str | None = None,
        at: datetime | None = None,
        addressed: bool = True,
        **more: Any,
    ) -> str:
        """Post as ``who`` (an account of that platform) to a brand; returns the event key."""
        verb = getattr(self, f"_say_{platform}")
        key: str = verb(who, brand, text, private, reply_to, at, addressed, more)
        return key

    def _say_mastodon(
        self,
        who: Doc,
        brand: str,
        text: str,
        private: bool,
        reply_to: str | None,
        at: datetime | None,
        addressed: bool,
        more: Doc,
    ) -> str:
        state = self.world.mastodon
        parent = state.statuses.get(state.by_uri.get(keys.mastodon_uri(reply_to), ""))
        us = self.world.ours[brand]
        named = [us] if addressed and who is not us else []
        if who is us and parent:
            named = [state.accounts[parent["account"]]]
        if more.get("also"):
            named.append(self.world.ours[more["also"]])
        if parent and not addressed:
            named = [state.accounts[parent["account"]]]
        marks = [f"@{doc['acct']}" if doc["domain"] else f"@{doc['username']}@social.example" for doc in named]
        if "@us" in text:
            text = text.replace("@us", f"@{us['username']}@social.example")
            marks = [mark for mark in marks if mark not in text]
        status = state.post(
            who,
            " ".join([*marks, text]),
            visibility="direct" if private else "public",
            reply_to=parent["id"] if parent else None,
            language=more.get("language"),
            at=at,
            labels=more.get("labels", {}),
            seeded=more.get("seeded", False),
        )
        return keys.mastodon(status)

    def _say_bluesky(
        self,
        who: Doc,
        brand: str,
        text: str,
        private: bool,
        reply_to: str | None,
        at: datetime | None,
        addressed: bool,
        more: Doc,
    ) -> str:
        state, us = self.world.bluesky, self.world.ours[brand]
        labels = more.get("labels", {})
        if private:
            other = us
            if who is us:
                other = state.actors[state.messages[keys.message_id(reply_to)]["sender"]]
            message = chat.say(state, who["did"], other["did"], text, at, labels=labels)
            return keys.bluesky_message(message)
        parent = keys.bluesky_uri(reply_to)
        quote = keys.bluesky_uri(more.get("quote"))
        handle = f"@{us['handle']}"
        if "@us" in text:
            text = text.replace("@us", handle)
        elif addressed and who is not us and not parent and not quote:
            text = f"{handle} {text}"
        record = state.post(
            who, text, reply_to=parent, quote=quote, language=more.get("language"), at=at, labels=labels
        )
        return keys.bluesky(record)

    def _say_telegram(
        self,
        who: Doc,
        brand: str,
        text: str,
        private: bool,
        reply_to: str | None,
        at: datetime | None,
        addressed: bool,
        more: Doc,
    ) -> str:
        state = self.world.telegram
        in_group = bool(more.get("group"))
        chat_id = GROUP if in_group else who["id"]
        parent = keys.telegram_key(reply_to)
        handle = f"@{self.world.ours[brand]['username']}"
        if "@us" in text:
            text = text.replace("@us", handle)
        elif in_group and addressed and not parent:
            text = f"{handle} {text}"
        message = state.post(
            who,
            state.chats[str(chat_id)],
            {"text": text},
            reply_to=parent if in_group or more.get("quoting") else None,
            at=at,
            business=BUSINESS if more.get("business") else None,
            silent=in_group and not addressed,
            labels=more.get("labels", {}),
        )
        return keys.telegram(state, message)

    # -- changing -------------------------------------------------------------------------------

    def edit(self, key: str, text: str) -> str:
        """Change a message as its author; raises Refusal where the platform has no editing."""
        if key.startswith("bluesky:"):
            raise Refusal("Bluesky has no editing: delete the post and write it again.")
        if key.startswith("mastodon:"):
            state = self.world.mastodon
            status = state.statuses[state.by_uri[keys.mastodon_uri(key)]]
            marks = " ".join(word for word in status["source"].split() if word.startswith("@"))
            state.edit(status, text if text.startswith("@") else f"{marks} {text}".strip())
        else:
            self.world.telegram.edit(self.world.telegram.messages[keys.telegram_key(key) or ""], text)
        return key

    def delete(self, key: str) -> str:
        """Delete a message as its author."""
        if key.startswith("mastodon:"):
            state = self.world.mastodon
            state.delete(state.statuses[state.by_uri[keys.mastodon_uri(key)]])
        elif key.startswith("bluesky:chat:"):
            chat.unsay(self.world.bluesky, self.world.bluesky.messages[keys.message_id(key)])
        elif key.startswith("bluesky:"):
            self.world.bluesky.delete(self.world.bluesky.records[keys.bluesky_uri(key) or ""])
        else:
            self.world.telegram.delete(self.world.telegram.messages[keys.telegram_key(key) or ""])
        return key

    # -- reacting -------------------------------------------------------------------------------

    def _react(self, step: Doc, at: datetime | None) -> str | None:
        verb = next(name for name in ("like", "boost", "follow", "notice") if name in step)
        if "brand" in step:
            brand = brands()[step["brand"]]
            target = None
        else:
            target = self._key(step["of"])
            brand = brands()[_owner(self.world, target)]
        who = self.world.accounts[brand["platform"], step[verb]]
        us = self.world.ours[brand["key"]]
        if brand["platform"] == "mastodon":
            return self._react_mastodon(verb, who, us, target, step, at)
        return self._react_bluesky(verb, who, us, target, at)

    def _react_mastodon(
        self, verb: str, who: Doc, us: Doc, target: str | None, step: Doc, at: datetime | None
    ) -> str | None:
        state = self.world.mastodon
        if verb == "follow":
            state.notify(us["id"], "follow", who, at=at)
        elif verb == "notice":
            state.notify(us["id"], step["type"], who, at=at, extra=step.get("extra", {}))
        else:
            status = state.statuses[state.by_uri[keys.mastodon_uri(target)]]
            state.react(who, status, {"like": "favourite", "boost": "reblog"}[verb], at)
        return None

    def _react_bluesky(self, verb: str, who: Doc, us: Doc, target: str | None, at: datetime | None) -> str | None:
        state = self.world.bluesky
        created = {"createdAt": iso(at or self.world.clock())}
        if verb == "follow":
            record = state.create(who["did"], "app.bsky.graph.follow", {"subject": us["did"], **created}, at=at)
        else:
            post = state.records[keys.bluesky_uri(target) or ""]
            collection = {"like": "app.bsky.feed.like", "boost": "app.bsky.feed.repost"}[verb]
            subject = {"uri": post["uri"], "cid": post["cid"]}
            record = state.create(who["did"], collection, {"$type": collection, "subject": subject, **created}, at=at)
        return keys.bluesky(record)

    # -- Telegram's other things ----------------------------------------------------------------

    def _telegram_special(self, step: Doc, at: datetime | None) -> str | None:
        state = self.world.telegram
        kind = step["telegram"]
        who = self.world.accounts["telegram", step["who"]]
        chat_doc = state.chats[str(who["id"])]
        if kind == "update":
            known = {
                "$user": state.user_view(who),
                "$bot": state.user_view(state.bot["user"]),
                "$chat": chat_doc,
                "$now": int(self.world.clock().timestamp()),
            }
            state.emit(step["kind"], _filled(step["content"], known), expected=step["expected"])
            return None
        content = dict(step["content"])
        for name in ("photo", "sticker"):
            if name in content:
                content[name] = _with_file(state, name, content[name], step)
        message = state.post(who, chat_doc, content, at=at, labels=step.get("labels", {}))
        key = keys.telegram(state, message)
        if "ref" in step:
            self.world.refs[step["ref"]] = {"key": key}
        return key

    def _key(self, ref: str) -> str:
        known: str = self.world.refs[ref]["key"]
        return known


def _owner(world: World, target: str) -> str:
    """The brand behind one of our posts."""
    if target.startswith("mastodon:"):
        status = world.mastodon.statuses[world.mastodon.by_uri[keys.mastodon_uri(target)]]
        return str(world.mastodon.accounts[status["account"]]["brand"])
    record = world.bluesky.records[keys.bluesky_uri(target) or ""]
    return str(world.bluesky.actors[record["did"]]["brand"])


def _with_file(state: Any, name: str, shape: Any, step: Doc) -> Any:
    digest = f"{abs(hash_text(str(step))):x}".rjust(40, "0")
    file = add_file(state, f"{name}s/{digest[:8]}", digest, 20480)
    names = {key: file[key] for key in ("file_id", "file_unique_id")}
    return [{**names, **size} for size in shape] if isinstance(shape, list) else {**names, **shape}


def hash_text(text: str) -> int:
    """A number for a text that is the same in every process."""
    return int.from_bytes(text.encode()[-16:], "big")


def _filled(content: Any, known: Doc) -> Any:
    """Replace ``$user``, ``$chat``, ``$bot`` and ``$now`` in the content of an update."""
    if isinstance(content, str):
        return known.get(content, content)
    if isinstance(content, list):
        return [_filled(value, known) for value in content]
    if isinstance(content, dict):
        return {name: _filled(value, known) for name, value in content.items()}
    return content
