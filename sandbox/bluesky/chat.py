"""Direct messages, proxied through the PDS to the chat service. https://docs.bsky.app/docs/api/chat-bsky-convo-list-convos"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from sandbox.bluesky.auth import chat_viewer, state_of
from sandbox.bluesky.errors import invalid
from sandbox.bluesky.repo import graphemes
from sandbox.bluesky.state import Bluesky
from sandbox.bluesky.views import basic
from sandbox.clock import iso
from sandbox.web import parameters, reply, whole

Doc = dict[str, Any]
DEFS = "chat.bsky.convo.defs#"
MAX_GRAPHEMES = 1000


def convo_between(state: Bluesky, first: str, second: str) -> Doc:
    """The conversation of two people, made when it is new."""
    pair = sorted([first, second])
    key = hashlib.sha256(" ".join(pair).encode()).hexdigest()[:22]
    if key not in state.convos:
        state.convos[key] = {
            "id": key,
            "members": pair,
            "rev": state.new_tid(state.clock()),
            "unread": {},
            "last": None,
        }
    return state.convos[key]


def say(state: Bluesky, sender: str, other: str, text: str, at: datetime | None = None, **more: Any) -> Doc:
    """Put a message into the conversation of two people."""
    moment = at or state.clock()
    convo = convo_between(state, sender, other)
    rev = state.new_tid(moment)
    message = {
        "id": rev,
        "rev": rev,
        "convo": convo["id"],
        "text": text,
        "sender": sender,
        "sent_at": iso(moment),
        "deleted_at": None,
        **more,
    }
    state.messages[rev] = message
    state.talk[convo["id"]].append(rev)
    convo["rev"], convo["last"] = rev, rev
    convo["unread"] = {**convo["unread"], other: convo["unread"].get(other, 0) + 1}
    state.convos[convo["id"]] = convo
    log_rev = state.new_tid(state.clock())
    state.logs[log_rev] = {"rev": log_rev, "kind": "logCreateMessage", "convo": convo["id"], "message": rev}
    return message


def unsay(state: Bluesky, message: Doc) -> None:
    """Delete a message; it stays in the list as a deletedMessageView and in the log."""
    state.messages[message["id"]] = message | {"deleted_at": iso(state.clock())}
    rev = state.new_tid(state.clock())
    state.logs[rev] = {
        "rev": rev,
        "kind": "logDeleteMessage",
        "convo": message["convo"],
        "message": message["id"],
    }


def message_view(message: Doc) -> Doc:
    common = {"id": message["id"], "rev": message["rev"], "sender": {"did": message["sender"]}}
    if message["deleted_at"]:
        return {"$type": f"{DEFS}deletedMessageView", **common, "sentAt": message["sent_at"]}
    return {"$type": f"{DEFS}messageView", **common, "text": message["text"], "sentAt": message["sent_at"]}


def convo_view(state: Bluesky, convo: Doc, who: Doc) -> Doc:
    view = {
        "id": convo["id"],
        "rev": convo["rev"],
        "members": [basic(state.actors[did]) for did in convo["members"]],
        "muted": False,
        "status": "accepted",
        "unreadCount": convo["unread"].get(who["did"], 0),
    }
    if convo["last"]:
        view["lastMessage"] = message_view(state.messages[convo["last"]])
    return view


async def list_convos(request: Request) -> Response:
    """Most recently changed first; the cursor is the last one's rev."""
    who, state = chat_viewer(request), state_of(request)
    limit, cursor = whole(request.query_params.get("limit"), 50, 100), request.query_params.get("cursor", "~")
    mine = [doc for doc in state.convos.values() if who["did"] in doc["members"] and doc["rev"] < cursor]
    found = sorted(mine, key=lambda doc: doc["rev"], reverse=True)[:limit]
    body: Doc = {"convos": [convo_view(state, doc, who) for doc in found]}
    if len(found) == limit:
        body["cursor"] = found[-1]["rev"]
    return reply(body)


async def get_convo(request: Request) -> Response:
    who, state = chat_viewer(request), state_of(request)
    return reply({"convo": convo_view(state, _own(state, who, request.query_params.get("convoId", "")), who)})


async def convo_for_members(request: Request) -> Response:
    who, state = chat_viewer(request), state_of(request)
    others = [did for did in request.query_params.getlist("members") if did != who["did"]]
    if len(others) != 1 or others[0] not in state.actors:
        raise invalid("recipient not found")
    return reply({"convo": convo_view(state, convo_between(state, who["did"], others[0]), who)})


async def get_messages(request: Request) -> Response:
    """Newest first; the cursor is the oldest one's id."""
    who, state = chat_viewer(request), state_of(request)
    query = request.query_params
    convo = _own(state, who, query.get("convoId", ""))
    limit, cursor = whole(query.get("limit"), 50, 100), query.get("cursor", "~")
    older = [key for key in reversed(sorted(state.talk[convo["id"]])) if key < cursor][:limit]
    for key in older:
        state.serve(key)
    body: Doc = {"messages": [message_view(state.messages[key]) for key in older]}
    if len(older) == limit:
        body["cursor"] = older[-1]
    return reply(body)


async def send_message(request: Request) -> Response:
    """No key makes this safe to repeat: look with getMessages before a retry."""
    who, state = chat_viewer(request), state_of(request)
    doc = await parameters(request)
    convo = _own(state, who, str(doc.get("convoId") or ""))
    text = (doc.get("message") or {}).get("text")
    if not isinstance(text, str) or not text.strip():
        raise invalid("Error: Message must have content")
    if graphemes(text) > MAX_GRAPHEMES:
        raise invalid(f"Error: Input/message/text must not be longer than {MAX_GRAPHEMES} graphemes")
    other = next((did for did in convo["members"] if did != who["did"]), who["did"])
    message = say(state, who["did"], other, text, origin="api")
    answered = not request.scope.get("answer_lost")
    state.sent[message["id"]] = {"account": who["did"], "key": None, "answered": answered, "kind": "message"}
    return reply(message_view(message))


async def delete_for_self(request: Request) -> Response:
    """Removes a message from the asker's own view."""
    who, state = chat_viewer(request), state_of(request)
    doc = await parameters(request)
    _own(state, who, str(doc.get("convoId") or ""))
    message = state.messages.get(str(doc.get("messageId") or ""))
    if message is None:
        raise invalid("Message not found")
    unsay(state, message)
    return reply(message_view(state.messages[message["id"]]))


async def get_log(request: Request) -> Response:
    """What happened after ``cursor``, oldest first; without a cursor only the newest cursor is given."""
    who, state = chat_viewer(request), state_of(request)
    mine = [doc for doc in state.logs.values() if who["did"] in state.convos[doc["convo"]]["members"]]
    mine.sort(key=lambda doc: str(doc["rev"]))
    cursor = request.query_params.get("cursor")
    if cursor is None:
        return reply({"cursor": mine[-1]["rev"] if mine else state.new_tid(state.clock()), "logs": []})
    found = [doc for doc in mine if doc["rev"] > cursor][:100]
    logs = []
    for doc in found:
        state.serve(doc["message"])
        view = message_view(state.messages[doc["message"]])
        logs.append({"$type": f"{DEFS}{doc['kind']}", "rev": doc["rev"], "convoId": doc["convo"], "message": view})
    return reply({"cursor": found[-1]["rev"] if found else cursor, "logs": logs})


async def update_read(request: Request) -> Response:
    who, state = chat_viewer(request), state_of(request)
    convo = _own(state, who, str((await parameters(request)).get("convoId") or ""))
    convo["unread"] = {**convo["unread"], who["did"]: 0}
    state.convos[convo["id"]] = convo
    return reply({"convo": convo_view(state, convo, who)})


def _own(state: Bluesky, who: Doc, key: str) -> Doc:
    convo = state.convos.get(key)
    if convo is None or who["did"] not in convo["members"]:
        raise invalid("Convo not found")
    return convo
