"""One process that serves every simulated platform, each on a port of its own."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from sandbox import bluesky, control, libretranslate, mastodon, oidc, salesforce, telegram
from sandbox.box import SERVICES, Doc, Sandbox
from sandbox.clock import Clock, now
from sandbox.faults import FaultMiddleware, Faults
from sandbox.limits import Limits
from sandbox.mail import Server
from sandbox.people import crm_records
from sandbox.store import Store
from sandbox.surveys import customers
from sandbox.telegram.updates import deliver
from sandbox.world import World

log = logging.getLogger("sandbox")


class PortTaken(Exception):
    """Another process listens where the sandbox wants to; the text says what to do."""


def build(data: Path | None = None, seed: int = 7, clock: Clock = now, limits_on: bool = True) -> Sandbox:
    """Found the world (or read it again from ``data``) and make every service's application."""
    store = Store(data / "sandbox.db" if data else None)
    faults, limits = Faults(seed), Limits(limits_on)
    world = World(store, clock, seed)
    box = Sandbox(store, world, faults, limits, {}, dict.fromkeys(SERVICES, ""))
    bare: dict[str, ASGIApp] = {
        "control": control.create_app(box),
        "mastodon": mastodon.create_app(world.mastodon, limits),
        "bluesky": bluesky.create_app(world.bluesky, limits),
        "telegram": telegram.create_app(world.telegram),
        "salesforce": salesforce.create_app(store, faults, crm_records(), clock),
        "oidc": oidc.create_app(),
        "libretranslate": libretranslate.create_app(limits),
    }
    box.apps = {name: app if name == "control" else FaultMiddleware(app, faults, name) for name, app in bare.items()}
    return box


def _listen(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # asyncio leaves a socket of ours alone, and without this each answer waits 40 ms for a delayed ACK
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
    except OSError as problem:
        listener.close()
        raise PortTaken(
            f"Port {port} on {host} is taken: stop what uses it, or choose another --port or --data."
        ) from problem
    return listener


def _sockets(host: str, port: int, store: Store) -> dict[str, socket.socket]:
    """One listening socket per service: remembered ports first, else consecutive from ``port`` (0: free)."""
    remembered = store.shelf("server").get("ports", {})
    found = {}
    for place, name in enumerate(SERVICES):
        wanted = remembered.get(name) or (port + place if port else 0)
        found[name] = _listen(host, wanted)
    store.shelf("server")["ports"] = {name: one.getsockname()[1] for name, one in found.items()}
    return found


async def serve(
    box: Sandbox,
    host: str,
    port: int,
    stop: asyncio.Event,
    ready: Callable[[Doc], None],
    level: str = "warning",
    mail_port: int = 0,
    *,
    surveys: bool = False,
) -> None:
    """Serve until ``stop`` is set; ``ready`` gets the announcement once every port answers."""
    sockets = _sockets(host, port, box.store)
    shown = f"[{host}]" if ":" in host else host
    box.urls.update({name: f"http://{shown}:{one.getsockname()[1]}" for name, one in sockets.items()})
    servers, tasks = [], []
    for name, listener in sockets.items():
        config = uvicorn.Config(
            box.apps[name],
            log_level=level,
            access_log=False,
            lifespan="off",
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=1,
            timeout_keep_alive=30,
        )
        server = uvicorn.Server(config)
        servers.append(server)
        # not serve(): signals belong to the process, and this may run outside the main thread
        tasks.append(asyncio.create_task(server._serve([listener]), name=f"sandbox-{name}"))
    beside = [asyncio.create_task(deliver(box.world.telegram), name="sandbox-webhook")]
    if surveys:
        beside.append(asyncio.create_task(customers(box.world, box.store), name="sandbox-surveys"))
    while not all(server.started for server in servers):
        await asyncio.sleep(0.02)
    post = Server(box.mails, host, mail_port) if mail_port else None
    if post is not None:
        post.start()
    box.store.flush()
    ready(box.announcement())
    await stop.wait()
    if post is not None:
        post.stop()
    for one in beside:
        one.cancel()
    box.world.mastodon.hub.close()
    box.world.telegram.close()
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*tasks, return_exceptions=True)
    box.store.close()


def announce(file: Path, doc: Doc) -> None:
    """Write the announcement in one go, so that a reader never sees half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    draft.write_text(json.dumps(doc, indent=1), encoding="utf-8")
    draft.replace(file)
