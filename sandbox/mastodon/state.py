"""What the simulated Mastodon server knows, and the verbs that change it."""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from datetime import datetime
from typing import Any

from sandbox.clock import Clock, iso, parse
from sandbox.mastodon.hub import Hub
from sandbox.mastodon.render import render
from sandbox.mastodon.views import Views
from sandbox.store import Store

Doc = dict[str, Any]
DOMAIN = "social.example"
MAX_CHARACTERS = 500
CHARACTERS_PER_URL = 23
IDEMPOTENT_SECONDS = 3600


class Mastodon:
    """Accounts, statuses, notifications and conversations with the indexes that keep pages cheap."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self.clock = clock
        self.accounts = store.shelf("mastodon.accounts")
        self.statuses = store.shelf("mastodon.statuses")
        self.notifications = store.shelf("mastodon.notifications")
        self.conversations = store.shelf("mastodon.conversations")
        self.tokens = store.shelf("mastodon.tokens")
        self.apps = store.shelf("mastodon.apps")
        self.codes = store.shelf("mastodon.codes")
        self.media = store.shelf("mastodon.media")
        self.idempotency = store.shelf("mastodon.idempotency")
        self.served = store.shelf("mastodon.served")
        self.sent = store.shelf("mastodon.sent")
        self.hub = Hub()
        self.views = Views(self)
        self.quirks: dict[str, Any] = {}
        self.heartbeat = 15.0
        self.by_acct: dict[str, Doc] = {}
        self.by_uri: dict[str, str] = {}
        self.replies: dict[str, list[str]] = defaultdict(list)
        self.tagged: dict[str, list[int]] = defaultdict(list)
        self.authored: dict[str, list[int]] = defaultdict(list)
        self.inboxes: dict[str, list[int]] = defaultdict(list)
        self.public: list[int] = []
        self._last_id = 0
        for account in self.accounts.values():
            self.by_acct[account["acct"].lower()] = account
        for status in self.statuses.values():
            self._index(status)
        for notice in self.notifications.values():
            if not notice.get("gone"):
                insort(self.inboxes[notice["to"]], int(notice["id"]))
        self._last_notice = max((int(key) for key in self.notifications), default=34_000_000)

    # -- accounts -------------------------------------------------------------------------------

    def add_account(self, doc: Doc) -> Doc:
        """Add an account; ``doc`` has username, domain (None: local) and the profile's texts."""
        domain = doc.get("domain")
        host = domain or DOMAIN
        number = str(109_000_000_000_000_000 + 7919 * (len(self.accounts) + 1))
        account = {
            "display_name": doc["username"],
            "note": "",
            "fields": [],
            "followers_count": 0,
            "following_count": 0,
            "statuses_count": 0,
            "bot": False,
            "language": None,
            "ours": False,
            **doc,
            "id": number,
            "acct": f"{doc['username']}@{domain}" if domain else doc["username"],
            "uri": f"https://{host}/users/{doc['username']}",
            "url": f"https://{host}/@{doc['username']}",
        }
        self.accounts[number] = account
        self.by_acct[account["acct"].lower()] = account
        return account

    def find_account(self, username: str, domain: str | None) -> Doc | None:
        """The account behind ``@username`` or ``@username@domain``."""
        if domain and domain.lower() != DOMAIN:
            return self.by_acct.get(f"{username}@{domain}".lower())
        return self.by_acct.get(username.lower())

    def owner(self, token: str | None) -> tuple[Doc, Doc] | None:
        """Token and account behind a bearer token; the account is empty for an app's own token."""
        known = self.tokens.get(token or "")
        if known is None:
            return None
        return known, self.accounts.get(known["account"] or "", {})

    # -- statuses -------------------------------------------------------------------------------

    def post(
        self,
        author: Doc,
        text: str,
        *,
        visibility: str = "public",
        reply_to: str | None = None,
        language: str | None = None,
        at: datetime | None = None,
        media: list[str] | None = None,
        **more: Any,
    ) -> Doc:
        """Publish a status; ``at`` in the past back-dates its id too, as for late federated ones."""
        moment = at or self.clock()
        number = self._snowflake(moment)
        shown = render(text, self.find_account, DOMAIN)
        parent = self.statuses.get(reply_to or "")
        host = author["domain"] or DOMAIN
        local = not author["domain"]
        status: Doc = {
            "id": number,
            "account": author["id"],
            "source": text,
            "html": shown.html,
            "plain": shown.plain,
            "mentions": [account["id"] for account in shown.mentions],
            "tags": shown.tags,
            "visibility": visibility,
            "parent": parent["id"] if parent else None,
            "root": parent["root"] if parent else number,
            "language": language,
            "created_at": iso(moment),
            "edited_at": None,
            "deleted_at": None,
            "history": [],
            "media": media or [],
            "favourited_by": [],
            "reblogged_by": [],
            "sensitive": False,
            "spoiler_text": "",
            "uri": f"https://{host}/users/{author['username']}/statuses/{number}",
            "url": f"https://{host}/@{author['username']}/{number if local else int(number) // 3}",
            **more,
        }
        self.statuses[number] = status
        self._index(status)
        if parent:
            self.views.forget(parent["id"])
        self._tell(status)
        return status

    def edit(self, status: Doc, text: str, **more: Any) -> Doc:
        """Replace a status's text and keep the earlier version in its history."""
        status["history"].append(self.views.version(status))
        shown = render(text, self.find_account, DOMAIN)
        known = set(status["mentions"])
        status |= {"source": text, "html": shown.html, "plain": shown.plain, "tags": shown.tags, **more}
        status["mentions"] = [account["id"] for account in shown.mentions]
        status["edited_at"] = iso(self.clock())
        self.changed(status)
        for account in self._audience(status):
            self.hub.publish(account, "user", "status.update", self.views.status(status, account))
        for account in set(status["mentions"]) - known:
            self._notify_mention(account, status)
        return status

    def delete(self, status: Doc) -> None:
        """Remove a status with its notifications; readers learn it by the stream or by a 404."""
        audience = self._audience(status)
        status["deleted_at"] = iso(self.clock())
        self.changed(status)
        for key in [*status.get("notices", [])]:
            notice = self.notifications[key]
            notice["gone"] = True
            self.notifications[key] = notice
            inbox = self.inboxes[notice["to"]]
            if int(key) in inbox:
                inbox.remove(int(key))
        self._forget(status)
        for account in audience:
            self.hub.publish(account, "user", "delete", status["id"].encode())

    def changed(self, status: Doc) -> None:
        """Store a status again after a change, and drop its rendered form."""
        self.statuses[status["id"]] = status
        self.views.forget(status["id"])

    def react(self, who: Doc, status: Doc, verb: str, at: datetime | None = None) -> None:
        """``favourite`` or ``reblog`` by an account; its author hears of it when it is one of ours."""
        field = {"favourite": "favourited_by", "reblog": "reblogged_by"}[verb]
        if who["id"] in status[field]:
            return
        status[field].append(who["id"])
        self.changed(status)
        if status["account"] != who["id"]:
            self.notify(status["account"], verb, who, status, at)

    def unreact(self, who: Doc, status: Doc, verb: str) -> None:
        field = {"favourite": "favourited_by", "reblog": "reblogged_by"}[verb]
        if who["id"] in status[field]:
            status[field].remove(who["id"])
            self.changed(status)

    def notify(
        self, to: str, kind: str, who: Doc, status: Doc | None = None, at: datetime | None = None, **more: Any
    ) -> None:
        """Put a notification into the inbox of one of our accounts and onto its stream."""
        if not self.accounts[to]["ours"]:
            return
        self._last_notice += 1
        key = str(self._last_notice)
        notice = {
            "id": key,
            "to": to,
            "type": kind,
            "account": who["id"],
            "status": status["id"] if status else None,
            "created_at": iso(at or self.clock()),
            **more,
        }
        self.notifications[key] = notice
        self.inboxes[to].append(int(key))
        if status is not None:
            status.setdefault("notices", []).append(key)
            self.statuses[status["id"]] = status
        if self.hub.publish(to, "user", "notification", self.views.notification(notice)):
            self.serve(notice["status"])

    def serve(self, status_id: str | None) -> None:
        """Note that one of our accounts has been shown a status."""
        if status_id and status_id not in self.served:
            self.served[status_id] = {"at": iso(self.clock())}

    # -- sending --------------------------------------------------------------------------------

    def remembered(self, account: str, key: str | None) -> Doc | None:
        """The status that this Idempotency-Key made within the last hour."""
        known = self.idempotency.get(f"{account}:{key}") if key else None
        if known is None or (self.clock() - parse(known["at"])).total_seconds() > IDEMPOTENT_SECONDS:
            return None
        return self.statuses.get(known["status"])

    def remember(self, account: str, key: str | None, status: Doc) -> None:
        if key:
            self.idempotency[f"{account}:{key}"] = {"status": status["id"], "at": iso(self.clock())}

    # -- reading --------------------------------------------------------------------------------

    def visible(self, status_id: str, viewer: Doc) -> Doc | None:
        """A status that exists and that ``viewer`` may see."""
        status = self.statuses.get(status_id)
        if status is None or status["deleted_at"]:
            return None
        mine = viewer.get("id") in (status["account"], *status["mentions"])
        return status if mine or status["visibility"] in ("public", "unlisted") else None

    def ancestors(self, status: Doc) -> list[Doc]:
        """From the root down to the parent; ends at a deleted one."""
        line: list[Doc] = []
        parent = self.statuses.get(status["parent"] or "")
        while parent is not None and not parent["deleted_at"]:
            line.insert(0, parent)
            parent = self.statuses.get(parent["parent"] or "")
        return line

    def descendants(self, status: Doc) -> list[Doc]:
        """All answers below, depth first, as the server sorts them."""
        found: list[Doc] = []
        for key in self.replies[status["id"]]:
            child = self.statuses[key]
            if not child["deleted_at"]:
                found += [child, *self.descendants(child)]
        return found

    # -- inside ---------------------------------------------------------------------------------

    def _snowflake(self, moment: datetime) -> str:
        number = int(moment.timestamp() * 1000) << 16
        while str(number) in self.statuses:
            number += 1
        return str(number)

    def _index(self, status: Doc) -> None:
        number = int(status["id"])
        self.by_uri[status["uri"]] = status["id"]
        if status["parent"]:
            self.replies[status["parent"]].append(status["id"])
        if status["deleted_at"]:
            return
        insort(self.authored[status["account"]], number)
        if status["visibility"] == "public":
            insort(self.public, number)
            for tag in status["tags"]:
                insort(self.tagged[tag], number)

    def _forget(self, status: Doc) -> None:
        number = int(status["id"])
        lists = [self.authored[status["account"]], self.public]
        for numbers in lists + [self.tagged[tag] for tag in status["tags"]]:
            if number in numbers:
                numbers.remove(number)

    def _audience(self, status: Doc) -> list[str]:
        people = dict.fromkeys([status["account"], *status["mentions"]])
        return [key for key in people if self.accounts[key]["ours"]]

    def _tell(self, status: Doc) -> None:
        author = self.accounts[status["account"]]
        if status["visibility"] == "direct":
            self._converse(status)
        if author["ours"]:
            self.hub.publish(author["id"], "user", "update", self.views.status(status, author["id"]))
        for account in status["mentions"]:
            if account != author["id"]:
                self._notify_mention(account, status)
        for tag in status["tags"] if status["visibility"] == "public" else []:
            self.hub.publish(tag, "hashtag", "update", self.views.status(status, ""))

    def _notify_mention(self, account: str, status: Doc) -> None:
        at = parse(status["created_at"]) if status.get("seeded") else None
        self.notify(account, "mention", self.accounts[status["account"]], status, at)

    def _converse(self, status: Doc) -> None:
        people = dict.fromkeys([status["account"], *status["mentions"]])
        for account in people:
            if not self.accounts[account]["ours"]:
                continue
            key = f"{account}:{status['root']}"
            known = self.conversations.get(key) or {
                "id": str(880_000 + len(self.conversations)),
                "people": [],
            }
            others = [other for other in people if other != account]
            known |= {
                "account": account,
                "root": status["root"],
                "last": status["id"],
                "unread": status["account"] != account,
                "people": list(dict.fromkeys([*known["people"], *others])),
            }
            self.conversations[key] = known
            self.hub.publish(account, "direct", "conversation", self.views.conversation(known))
