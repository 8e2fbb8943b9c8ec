"""The control port: what the world expects, faults, switches, and customers' deeds as JSON."""

from __future__ import annotations

import json
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox import customer, expected
from sandbox.box import Sandbox
from sandbox.steps import Refusal
from sandbox.web import parameters, reply

Doc = dict[str, Any]


def create_app(box: Sandbox) -> Starlette:
    """Control and the "be a customer" page over a sandbox."""
    routes = [
        Route("/_services.json", services),
        Route("/_world.json", world),
        Route("/_log.json", log),
        Route("/_mails", mails),
        Route("/_play", play, methods=["POST"]),
        Route("/_faults", list_faults),
        Route("/_faults", add_fault, methods=["POST"]),
        Route("/_faults", clear_faults, methods=["DELETE"]),
        Route("/_limits", limits, methods=["POST"]),
        Route("/_quirks", quirks, methods=["POST"]),
        Route("/_post", post, methods=["POST"]),
        Route("/_edit", edit, methods=["POST"]),
        Route("/_delete", delete, methods=["POST"]),
        Route("/_bulk", bulk, methods=["POST"]),
        *customer.ROUTES,
    ]
    handlers: dict[Any, Any] = {Refusal: _refused, KeyError: _unknown, ValueError: _wrong}
    app = Starlette(routes=routes, exception_handlers=handlers)
    app.state.box = box
    return app


def box_of(request: Request) -> Sandbox:
    box: Sandbox = request.app.state.box
    return box


async def services(request: Request) -> Response:
    return reply(box_of(request).announcement())


async def world(request: Request) -> Response:
    return reply(expected.world_json(box_of(request).world))


async def mails(request: Request) -> Response:
    """What the mail server was given, the newest first."""
    return reply(box_of(request).mails.mails[::-1])


async def log(request: Request) -> Response:
    return reply(box_of(request).faults.log())


async def play(request: Request) -> Response:
    """``{"steps": n | "all"}``; answers how many happened and how many are left."""
    steps = (await parameters(request)).get("steps", 1)
    here = box_of(request).world
    done = here.play(None if steps == "all" else int(steps))
    return reply({"played": done, "done": here.about["play"]["done"]})


async def list_faults(request: Request) -> Response:
    return reply({"waiting": box_of(request).faults.waiting()})


async def add_fault(request: Request) -> Response:
    doc = json.loads(await request.body() or b"{}")
    orders = doc if isinstance(doc, list) else [doc]
    return reply({"faults": [box_of(request).faults.add(order) for order in orders]}, 201)


async def clear_faults(request: Request) -> Response:
    box_of(request).faults.clear()
    return reply({"ok": True})


async def limits(request: Request) -> Response:
    """``{"on": false}`` switches every platform's rate limit off."""
    box = box_of(request)
    box.limits.on = (await parameters(request)).get("on", True) in (True, "true", "1", 1)
    return reply({"on": box.limits.on})


async def quirks(request: Request) -> Response:
    """``{"mastodon": {"no_streaming": true}}``; an empty mapping ends a platform's quirks."""
    here = box_of(request).world
    doc = json.loads(await request.body() or b"{}")
    for platform, wanted in doc.items():
        states: dict[str, Any] = {
            "mastodon": here.mastodon,
            "bluesky": here.bluesky,
            "telegram": here.telegram,
        }
        states[platform].quirks = dict(wanted)
        if platform == "mastodon" and "heartbeat_seconds" in wanted:
            here.mastodon.heartbeat = float(wanted["heartbeat_seconds"])
    return reply({"ok": True})


async def post(request: Request) -> Response:
    """``{"platform", "person", "account", "text", "private", "reply_to"}`` → ``{"key"}``."""
    return reply({"key": customer.write(box_of(request), await parameters(request))}, 201)


async def edit(request: Request) -> Response:
    doc = await parameters(request)
    return reply({"key": box_of(request).world.steps.edit(str(doc["key"]), str(doc["text"]))})


async def delete(request: Request) -> Response:
    doc = await parameters(request)
    return reply({"key": box_of(request).world.steps.delete(str(doc["key"]))})


async def bulk(request: Request) -> Response:
    """``{"platform", "count"}``: that many extra short messages by the world's people."""
    doc = await parameters(request)
    made = customer.bulk(box_of(request).world, str(doc.get("platform") or "mastodon"), int(doc.get("count") or 1))
    return reply({"made": made}, 201)


async def _refused(request: Request, problem: Exception) -> Response:
    return reply({"error": str(problem)}, 400)


async def _unknown(request: Request, problem: Exception) -> Response:
    return reply({"error": f"There is nothing called {problem} here."}, 404)


async def _wrong(request: Request, problem: Exception) -> Response:
    return reply({"error": str(problem)}, 400)
