"""`widerhall users send-link | set-address | reset-second-factor | allow-passwords`: a way in for who lost theirs."""

from __future__ import annotations

import typer
from sqlmodel import Session

from core import db
from core.errors import Rejected
from web import auth
from web.cli.base import Json, ready, say
from web.cli.system import users
from web.signin import addresses, factors, inviting, policy


def register(app: typer.Typer) -> None:
    """Add the commands to those of `users`."""
    users.command("reset-second-factor")(reset_second_factor)
    users.command("send-link")(send_link)
    users.command("set-address")(set_address)
    users.command("allow-passwords")(allow_passwords)


def reset_second_factor(email: str, json: Json = False) -> None:
    """Take all second factors of somebody away who lost them; they are signed out everywhere."""
    ready()
    with db.write() as session:
        factors.reset(session, _number(session, email), "cli")
    say({"email": email, "reset": True}, json, f"{email} signs in with the password alone until a new one is set up.")


def send_link(email: str, json: Json = False) -> None:
    """Send somebody a mail with a link to choose a password by, or their invitation again; older links end."""
    ready()
    with db.write() as session:
        inviting.send(session, _number(session, email), "cli")
    say({"email": email, "sent": True}, json, f"A mail with a link goes to {email} as soon as the hub runs.")


def set_address(email: str, new: str, json: Json = False) -> None:
    """Give somebody another e-mail address to sign in with; the one before is told by mail."""
    ready()
    with db.write() as session:
        number = _number(session, email)
        changed = addresses.give(session, number, new, "cli")
        address = auth.get(session, number).email
    say({"email": address, "changed": changed}, json, f"{email} signs in as {address} from now on.")


def allow_passwords(json: Json = False) -> None:
    """Let people in by passwords and passkeys again where the provider was the only way."""
    ready()
    with db.write() as session:
        policy.only_provider(session, False, "cli")
    say({"only_provider": False}, json, "Passwords and passkeys open the door again.")


def _number(session: Session, email: str) -> int:
    """The user with this address; Rejected when there is none."""
    user = auth.find(session, email)
    if user is None or user.id is None:
        raise Rejected("There is no such user.")
    return user.id
