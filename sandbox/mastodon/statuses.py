"""Reading, writing and reacting to single statuses. https://docs.joinmastodon.org/methods/statuses/"""

from __future__ import annotations

import json
import re
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.mastodon.access import Denied, maybe_viewer, state_of, viewer, visible_status
from sandbox.mastodon.media import of_status
from sandbox.mastodon.state import CHARACTERS_PER_URL, MAX_CHARACTERS, Mastodon
from sandbox.web import parameters, reply, truth

Doc = dict[str, Any]
VISIBILITIES = ("public", "unlisted", "private", "direct")


async def show(request: Request) -> Response:
    """One status; 404 once it is deleted."""
    state, who = state_of(request), maybe_viewer(request)
    status = visible_status(request, who)
    if who.get("ours"):
        state.serve(status["id"])
    return reply(state.views.status(status, who.get("id", "")))


async def several(request: Request) -> Response:
    """``id[]=…``: the statuses that exist, in any order."""
    state, who = state_of(request), maybe_viewer(request)
    found = [state.visible(key, who) for key in request.query_params.getlist("id[]")[:20]]
    for status in found:
        if status and who.get("ours"):
            state.serve(status["id"])
    bodies = [state.views.status(status, who.get("id", "")) for status in found if status]
    return reply(b"[" + b",".join(bodies) + b"]")


async def context(request: Request) -> Response:
    """Parents and answers of a status, as far as the asker may see them."""
    state, who = state_of(request), maybe_viewer(request)
    status = visible_status(request, who)
    parts = []
    for line in (state.ancestors(status), state.descendants(status)):
        seen = [doc for doc in line if state.visible(doc["id"], who)]
        if who.get("ours"):
            for doc in seen:
                state.serve(doc["id"])
        parts.append(b",".join(state.views.status(doc, who.get("id", "")) for doc in seen))
    return reply(b'{"ancestors":[' + parts[0] + b'],"descendants":[' + parts[1] + b"]}")


async def history(request: Request) -> Response:
    """All versions, oldest first."""
    state = state_of(request)
    status = visible_status(request, maybe_viewer(request))
    account = json.loads(state.views.account(state.accounts[status["account"]]))
    return reply([{**doc, "account": account} for doc in [*status["history"], state.views.version(status)]])


async def source(request: Request) -> Response:
    """The text as it was typed."""
    status = visible_status(request, viewer(request, "read:statuses"))
    return reply({"id": status["id"], "text": status["source"], "spoiler_text": status["spoiler_text"]})


async def create(request: Request) -> Response:
    """Publish; the same Idempotency-Key within an hour answers the status it made before."""
    state, who = state_of(request), viewer(request, "write:statuses")
    doc = await parameters(request)
    key = request.headers.get("idempotency-key") or None
    before = state.remembered(who["id"], key)
    if before is not None:
        _answered(request, state, before)
        return reply(state.views.status(before, who["id"]))
    text = str(doc.get("status") or "")
    media = of_status(state, doc, who)
    _check(text, media)
    visibility = doc.get("visibility") or "public"
    if visibility not in VISIBILITIES:
        raise Denied(422, f"'{visibility}' is not a valid visibility")
    parent = str(doc.get("in_reply_to_id") or "") or None
    if parent and state.visible(parent, who) is None:
        raise Denied(404, "The post you are trying to reply to does not appear to exist.")
    status = state.post(
        who,
        text,
        visibility=visibility,
        reply_to=parent,
        language=doc.get("language") or who["language"],
        media=media,
        sensitive=truth(doc.get("sensitive")),
        spoiler_text=str(doc.get("spoiler_text") or ""),
        origin="api",
    )
    state.remember(who["id"], key, status)
    state.sent[status["id"]] = {"account": who["id"], "key": key, "answered": False}
    _answered(request, state, status)
    return reply(state.views.status(status, who["id"]))


async def edit(request: Request) -> Response:
    """Replace the text of an own status."""
    state, who = state_of(request), viewer(request, "write:statuses")
    status = _own(request, who)
    doc = await parameters(request)
    text = str(doc.get("status") or "")
    _check(text, status["media"])
    state.edit(status, text, spoiler_text=str(doc.get("spoiler_text") or ""))
    return reply(state.views.status(status, who["id"]))


async def delete(request: Request) -> Response:
    """Delete an own status; answers it once more with its source text."""
    state, who = state_of(request), viewer(request, "write:statuses")
    status = _own(request, who)
    body = json.loads(state.views.status(status, who["id"]))
    state.delete(status)
    return reply({**body, "text": status["source"]})


async def react(request: Request) -> Response:
    """favourite, reblog and their undoing; bookmarks and pins are accepted and not kept."""
    state, verb = state_of(request), request.path_params["verb"]
    undo, name = verb.startswith("un"), verb.removeprefix("un")
    if name not in ("favourite", "reblog", "bookmark", "mute", "pin"):
        raise Denied(404, "Not Found")
    who = viewer(request, "write:favourites" if name == "favourite" else "write:statuses")
    status = visible_status(request, who)
    if name in ("favourite", "reblog"):
        (state.unreact if undo else state.react)(who, status, name)
    return reply(state.views.status(status, who["id"]))


def _own(request: Request, who: Doc) -> Doc:
    status = visible_status(request, who)
    if status["account"] != who["id"]:
        raise Denied(404, "Record not found")
    return status


def _check(text: str, media: list[str]) -> None:
    if not text.strip() and not media:
        raise Denied(422, "Validation failed: Text can't be blank")
    counted = re.sub(r"https?://\S+", "x" * CHARACTERS_PER_URL, text)
    counted = re.sub(r"(@\w+)@[\w.-]+", r"\1", counted)
    if len(counted) > MAX_CHARACTERS:
        raise Denied(422, f"Validation failed: Text character limit of {MAX_CHARACTERS} exceeded")


def _answered(request: Request, state: Mastodon, status: Doc) -> None:
    known = state.sent.get(status["id"])
    if known is not None and not request.scope.get("answer_lost"):
        state.sent[status["id"]] = known | {"answered": True}
