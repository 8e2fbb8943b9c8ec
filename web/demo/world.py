"""What makes the demo's world: its folder, its administrator, connected accounts, what it listens to.

`python -m web.demo.world connect` connects everything, `… play` closes conversations so that customers are asked.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

import migrations
from connectors import setup
from connectors.translation import service as translating
from core import db, queue
from core.errors import NotConfigured, TryLater, WiderhallError
from core.settings import settings
from enrichment import connection
from inbox import accounts, consent, translations
from inbox.worker_models import User
from listening import subjects
from web.auth import create_user
from web.demo import LOGIN, MARK, asked, services
from web.supervisor import hold


def prepare(folder: Path, *, fresh: bool, quick: bool) -> None:
    """Point this process and its children at a demo folder.

    `quick` is a check: it starts anew and shortens every interval. NotConfigured when the folder is in use,
    or holds what must not be thrown away.
    """
    os.environ["WIDERHALL_DATA_DIR"] = str(folder)
    settings.cache_clear()
    hold().close()
    if fresh or quick:
        _empty(folder, yes=fresh)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARK).write_text("check\n" if quick else "demo\n")
    values = {"ALLOW_PRIVATE_HOSTS": "1", "CRM_SECONDS": "15", "RECHECK_SECONDS": "30"}
    if quick:
        values |= {
            "POLL_SECONDS": "2", "CRM_SECONDS": "8", "RECHECK_SECONDS": "6", "UNDO_SECONDS": "0.5", "PORT": "0",
        }  # fmt: skip
    else:
        port = os.environ.get("WIDERHALL_PORT", "8750")
        values |= {"POLL_SECONDS": "5"} | ({"PUBLIC_URL": f"http://127.0.0.1:{port}"} if port != "0" else {})
    for name, value in values.items():
        os.environ.setdefault(f"WIDERHALL_{name}", value)
    settings.cache_clear()
    migrations.upgrade(db.configure(settings().url))


def _empty(folder: Path, *, yes: bool) -> None:
    """Throw a folder away: what a check left always, a demo when somebody said so, anything else never."""
    if not folder.exists() or not any(folder.iterdir()):
        return
    mark = folder / MARK
    if not mark.exists():
        raise NotConfigured(f"{folder} holds something else than a demo. Give --data an empty folder.")
    if not yes and mark.read_text().strip() != "check":
        raise NotConfigured(f"{folder} holds a demo. Give --data another folder, or --fresh to throw it away.")
    shutil.rmtree(folder)


def connect_world() -> int:
    """Connect the sandbox's accounts and its org, unless they are; returns how many are new."""
    world, new = services(), 0
    with db.read() as session:
        have = {(a.platform, a.base_url) for a in accounts.all_accounts(session) if a.state == "active"}
        handles = {a.handle.lstrip("@").lower() for a in accounts.all_accounts(session) if a.state == "active"}
    for one in world["accounts"]:
        known = str(one["handle"]).lstrip("@").lower()
        if (one["platform"], one["base_url"]) in have and any(
            known.startswith(h) or h.startswith(known) for h in handles
        ):
            continue
        given = {name: str(one[name]) for name in ("token", "identifier", "password") if one.get(name)}
        _patiently(lambda one=one, given=given: setup.add(one["platform"], base_url=one["base_url"], secrets=given))
        new += 1
    crm = world["crm"]
    login = {"url": crm["url"], "client_id": crm["client_id"], "client_secret": crm["client_secret"]}
    said = connection.probe(**login)
    if said.problems or said.optional:
        from enrichment.salesforce import deploy  # the supervisor of `widerhall up` does without

        deploy.install(connection.reach(**login))
    _translate(world["translation"])
    with db.write() as session:
        consent.switch(session, "behaviour", enabled=True, basis="contract", actor="demo")
        connection.connect(session, **login, basis="legitimate_interest", actor="demo")
    return new


def _translate(server: dict[str, str]) -> None:
    """Have the sandbox's server translate, unless somebody chose one."""
    with db.read() as session:
        if translations.translator(session) is not None:
            return
    wanted = translating.Wanted("libretranslate", server["url"], server["key"], "contract", private=True)
    offered = translating.probe(wanted.provider, wanted.url, wanted.key)
    with db.write() as session:
        translating.save(session, wanted, wanted.url, wanted.key, offered, "demo")


def _patiently(call: Any, tries: int = 20) -> None:
    for turn in range(tries):
        try:
            call()
        except TryLater as error:
            if turn == tries - 1:
                raise
            time.sleep(min(error.after, 2.0))
        else:
            return


SUBJECTS = (
    ("Lindenbahn", "brand", 'lindenbahn OR RE50 OR "RE 50" OR Gleis OR Zug OR Bahn'),
    ("Fjellvik", "brand", "fjellvik OR tent OR jacket OR helmet* OR ski*"),
    ("星空電機", "brand", "hoshizora OR 星空 OR トースター OR 掃除機 OR kettle"),
    ("Marlowe & Finch", "brand", "marlowefinch OR coffee OR tea OR Kaffee OR 紅茶"),
    ("Kumo Mobile", "brand", "kumo OR roaming OR 障害 OR 通信 OR SIM"),
)
"""What the demo listens to: name, kind, query."""


def follow() -> None:
    """Follow the world's brands, unless something is followed already."""
    with db.write() as session:
        if subjects.all_subjects(session):
            return
        for name, kind, query in SUBJECTS:
            subjects.add_query(session, subjects.create(session, name, kind, "demo"), name, query, "demo")


def login() -> str | None:
    """Create the demo's administrator; returns the password, once, or None when there is one."""
    with db.write() as session:
        if session.execute(select(func.count()).select_from(User)).scalar_one():
            return None
        password = secrets.token_urlsafe(9)
        create_user(session, email=LOGIN, name="Demo", password=password, role="admin")
    path = settings().data_dir / "login.txt"
    path.touch(mode=0o600)
    path.write_text(f"{LOGIN} {password}\n")
    return password


def mail_port() -> int:
    """A free port for the sandbox's mail server, which the hub is told of; 0 when a real one is set."""
    if settings().smtp_host:
        return 0
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    values = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_SECURITY": "none", "MAIL_FROM": LOGIN}
    os.environ.update({f"WIDERHALL_{name}": value for name, value in values.items()})
    settings.cache_clear()
    return port


def main() -> None:
    """Part of the world's beginning, in a process that is gone afterwards."""
    db.configure(settings().url)
    queue.app.set_default()
    if sys.argv[1:] == ["play"]:
        if asked.begin():
            asked.play().join()
        return
    try:
        new = connect_world()
        follow()
    except WiderhallError as error:
        sys.exit(f"widerhall: {error}")
    if new:
        print(f"  connected {new} accounts and the Salesforce org of the sandbox", flush=True)


if __name__ == "__main__":
    main()
