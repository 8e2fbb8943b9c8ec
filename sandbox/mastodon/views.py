"""Mastodon's entities (https://docs.joinmastodon.org/entities/) as bytes, rendered once per viewer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sandbox.mastodon.render import link, render

if TYPE_CHECKING:
    from sandbox.mastodon.state import Mastodon

Doc = dict[str, Any]


def dump(doc: Any) -> bytes:
    return json.dumps(doc, ensure_ascii=False, separators=(",", ":")).encode()


class Views:
    """Builds entities from the state's documents and keeps the rendered bytes."""

    def __init__(self, state: Mastodon) -> None:
        self._state = state
        self._statuses: dict[str, dict[str, bytes]] = {}
        self._accounts: dict[str, bytes] = {}

    def forget(self, status_id: str) -> None:
        self._statuses.pop(status_id, None)

    def account(self, account: Doc) -> bytes:
        known = self._accounts.get(account["id"])
        if known is None:
            known = self._accounts[account["id"]] = dump(self.account_doc(account))
        return known

    def account_doc(self, account: Doc) -> Doc:
        host = account["domain"] or "social.example"
        avatar = f"https://{host}/avatars/{account['username']}.png"
        header = f"https://{host}/headers/missing.png"
        return {
            "id": account["id"],
            "username": account["username"],
            "acct": account["acct"],
            "display_name": account["display_name"],
            "locked": False,
            "bot": account["bot"],
            "discoverable": True,
            "indexable": False,
            "group": False,
            "created_at": account.get("created_at", "2019-04-01T00:00:00.000Z"),
            "note": render(account["note"], self._state.find_account, host).html if account["note"] else "",
            "url": account["url"],
            "uri": account["uri"],
            "avatar": avatar,
            "avatar_static": avatar,
            "header": header,
            "header_static": header,
            "followers_count": account["followers_count"],
            "following_count": account["following_count"],
            "statuses_count": account["statuses_count"],
            "last_status_at": None,
            "hide_collections": None,
            "noindex": False,
            "emojis": [],
            "roles": [],
            "fields": [_field(field) for field in account["fields"]],
        }

    def credential(self, account: Doc) -> Doc:
        source = {
            "note": account["note"],
            "fields": [{**field, "verified_at": field.get("verified_at")} for field in account["fields"]],
            "privacy": "public",
            "sensitive": False,
            "language": account["language"],
            "follow_requests_count": 0,
            "hide_collections": None,
            "discoverable": True,
            "indexable": False,
            "attribution_domains": [],
            "quote_policy": "public",
        }
        role = {"id": "-99", "name": "", "color": "", "permissions": "65536", "highlighted": False}
        return {**self.account_doc(account), "source": source, "role": role}

    def status(self, status: Doc, viewer: str) -> bytes:
        ours = viewer if viewer in (status["account"], *status["favourited_by"], *status["reblogged_by"]) else ""
        by_viewer = self._statuses.setdefault(status["id"], {})
        known = by_viewer.get(ours)
        if known is None:
            head = dump(self._status_doc(status, ours))
            account = self.account(self._state.accounts[status["account"]])
            known = by_viewer[ours] = head[:-1] + b',"account":' + account + b"}"
        return known

    def _status_doc(self, status: Doc, viewer: str) -> Doc:
        state = self._state
        parent = state.statuses.get(status["parent"] or "")
        replies = [key for key in state.replies.get(status["id"], []) if not state.statuses[key]["deleted_at"]]
        return {
            "id": status["id"],
            "created_at": status["created_at"],
            "in_reply_to_id": status["parent"],
            "in_reply_to_account_id": parent["account"] if parent else None,
            "sensitive": status["sensitive"],
            "spoiler_text": status["spoiler_text"],
            "visibility": status["visibility"],
            "language": status["language"],
            "uri": status["uri"],
            "url": status["url"],
            "replies_count": len(replies),
            "reblogs_count": len(status["reblogged_by"]),
            "favourites_count": len(status["favourited_by"]),
            "quotes_count": 0,
            "edited_at": status["edited_at"],
            "content": status["html"],
            "reblog": None,
            "application": {"name": "Web", "website": None},
            "media_attachments": [self.media(key) for key in status["media"]],
            "mentions": [_mention(state.accounts[key]) for key in status["mentions"]],
            "tags": [{"name": tag, "url": f"https://social.example/tags/{tag}"} for tag in status["tags"]],
            "emojis": [],
            "card": None,
            "poll": None,
            "favourited": viewer in status["favourited_by"],
            "reblogged": viewer in status["reblogged_by"],
            "muted": False,
            "bookmarked": False,
            "pinned": False,
            "filtered": [],
            "quote": None,
            "quote_approval": {"automatic": [], "manual": [], "current_user": "denied"},
        }

    def media(self, key: str) -> Doc:
        doc = self._state.media[key]
        return {
            name: value for name, value in doc.items() if name not in ("owner", "bytes", "digest", "ready_at", "fails")
        }

    def version(self, status: Doc) -> Doc:
        """One entry of a status's edit history (without its account)."""
        return {
            "content": status["html"],
            "spoiler_text": status["spoiler_text"],
            "sensitive": status["sensitive"],
            "created_at": status["edited_at"] or status["created_at"],
            "media_attachments": [self.media(key) for key in status["media"]],
            "emojis": [],
        }

    def notification(self, notice: Doc) -> bytes:
        state = self._state
        head = dump(
            {
                "id": notice["id"],
                "type": notice["type"],
                "created_at": notice["created_at"],
                "group_key": f"ungrouped-{notice['id']}",
                **notice.get("extra", {}),
            }
        )
        account = b',"account":' + self.account(state.accounts[notice["account"]])
        status = state.statuses.get(notice["status"] or "")
        tail = b',"status":' + self.status(status, notice["to"]) if status else b""
        return head[:-1] + account + tail + b"}"

    def conversation(self, known: Doc) -> bytes:
        state = self._state
        people = b",".join(self.account(state.accounts[key]) for key in known["people"])
        last = state.statuses[known["last"]]
        while last["deleted_at"] and last["parent"]:
            last = state.statuses[last["parent"]]
        shown = b"null" if last["deleted_at"] else self.status(last, known["account"])
        head = dump({"id": known["id"], "unread": known["unread"]})
        return head[:-1] + b',"accounts":[' + people + b'],"last_status":' + shown + b"}"


def _mention(account: Doc) -> Doc:
    return {name: account[name] for name in ("id", "username", "url", "acct")}


def _field(field: Doc) -> Doc:
    value = field["value"]
    shown = link(value, "nofollow noopener noreferrer me") if value.startswith("http") else value
    return {"name": field["name"], "value": shown, "verified_at": field.get("verified_at")}
