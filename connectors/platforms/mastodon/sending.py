"""Answers on Mastodon: https://docs.joinmastodon.org/methods/statuses/#create

The Idempotency-Key makes a repeat within an hour answer the first status; servers that do not know
the header (Pixelfed) and later repeats are covered by looking at our newest statuses first. Files are uploaded after
that look and before the post.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from connectors import attaching
from connectors.capabilities import capability
from connectors.client import Client
from connectors.lengths import MENTION, length
from connectors.platforms.mastodon.naming import addressed, said_to
from connectors.platforms.mastodon.places import Places, gone
from connectors.platforms.mastodon.server import Server
from connectors.platforms.mastodon.to_event import Us, status_event
from connectors.platforms.mastodon.uploads import Uploads
from connectors.refusals import TOO_LONG
from connectors.text import plain
from core.errors import BadPayload, NotConfigured, Rejected, Unknown
from core.event import Event, Reply, Visibility

WIDTH = ("public", "unlisted", "private", "direct")
FROM_OURS: dict[Visibility, str] = {
    "public": "public",
    "unlisted": "unlisted",
    "followers": "private",
    "private": "direct",
}
COUNTING = capability("mastodon").counting


def narrower(wanted: str, parent: str) -> str:
    """Of two visibilities the one that fewer can read; an unknown one counts as direct."""
    place = [WIDTH.index(name) if name in WIDTH else len(WIDTH) - 1 for name in (wanted, parent)]
    return WIDTH[max(place)]


class Sender:
    """Posts and takes back statuses of one account."""

    def __init__(self, client: Client, us: Us, about: Server, places: Places, uploads: Uploads | None = None) -> None:
        self._client, self._us, self._about, self._places = client, us, about, places
        self._uploads = uploads or Uploads(client)

    def send(self, reply: Reply) -> Event:
        """Post once; a repeat answers the status of the first time."""
        parent = _parent(reply)
        visibility = narrower(FROM_OURS[reply.visibility], str(parent.get("visibility") or "public"))
        attaching.check("mastodon", reply, self._about.file_limits)
        if wrong := attaching.unlisted("mastodon", reply.files, self._about.mimes):
            raise Rejected(str(wrong), "files")
        text = addressed(reply.text, self._people(reply, parent, visibility), self._us.host).rstrip()
        if (count := length(text, COUNTING, self._about.url_length)) > self._about.characters:
            takes = {"count": count, "platform": self._about.title or "Mastodon", "most": self._about.characters}
            raise Rejected(TOO_LONG % takes, "too_long")
        body: dict[str, Any] = {"status": text, "visibility": visibility}
        if parent.get("id"):
            body["in_reply_to_id"] = str(parent["id"])
        if reply.language:
            body["language"] = reply.language
        status = None if reply.first_attempt else self._sent_before(body, [one.alt for one in reply.files])
        if status is None:
            if reply.files:
                body["media_ids"] = self._uploads.ids(reply.files)
            status = self._create(body, reply.key)
        return status_event(status, self._us, self._places.of([status]))

    def _create(self, body: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        headers = {"Idempotency-Key": key}
        answer = self._client.post("/api/v1/statuses", body, headers=headers, keyed=True, interactive=True)
        try:
            return answer.object()
        except BadPayload as error:
            raise Unknown(f"{answer.host} answered with something unreadable; it is looked up again") from error

    def _people(self, reply: Reply, parent: Mapping[str, Any], visibility: str) -> list[str]:
        """Whom to name: who wrote the parent, or the recipient when we did; in private everybody there."""
        people = said_to(parent, direct=visibility == "direct")
        if reply.recipient and (visibility == "direct" or not people[0] or self._ours(people[0])):
            handle = reply.recipient.handle.lstrip("@")
            if handle.removesuffix("@" + self._us.host) not in people and handle not in people:
                people.append(handle)
        named = [acct for acct in people if acct and not self._ours(acct)]
        if visibility == "direct" and not named:
            raise Rejected("A direct message on Mastodon needs somebody it is addressed to.", "no_recipient")
        return named

    def _ours(self, acct: str) -> bool:
        return acct.lower() in (self._us.acct.lower(), self._us.acct.split("@")[0].lower())

    def _sent_before(self, body: Mapping[str, Any], alts: list[str]) -> Mapping[str, Any] | None:
        """Our status with this text and these pictures under this parent, from the newest forty."""
        rows = self._client.get(
            f"/api/v1/accounts/{self._us.id}/statuses",
            {"limit": 40, "exclude_reblogs": "true"},
            interactive=True,
        ).list()
        for row in rows:
            same = str(row.get("in_reply_to_id") or "") == body.get("in_reply_to_id", "")
            shown = [str(one.get("description") or "") for one in row.get("media_attachments") or ()]
            if same and shown == alts and _bare(plain(str(row.get("content") or ""))) == _bare(body["status"]):
                return dict(row)
        return None

    def delete(self, ref: str) -> None:
        """Delete a status of ours; one that is gone already is no error."""
        try:
            self._client.call("DELETE", f"/api/v1/statuses/{json.loads(ref)['id']}", keyed=True, interactive=True)
        except Rejected as refused:
            if not gone(refused):
                raise


def _parent(reply: Reply) -> Mapping[str, Any]:
    if not reply.parent_ref:
        return {}
    try:
        found = json.loads(reply.parent_ref)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not found.get("id"):
        raise NotConfigured("The message this answers cannot be addressed on Mastodon: answer another one.")
    return found


def _bare(text: str) -> str:
    """A text without servers in mentions and with single spaces: how the same text looks either way."""
    return " ".join(MENTION.sub(r"@\1", text).split())
