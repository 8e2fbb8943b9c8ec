"""`widerhall tokens`: tokens with which programs call the JSON API."""

from __future__ import annotations

from typing import Annotated

import typer

from core import db
from core.errors import Rejected
from web import auth, roles, tokens
from web.cli.base import Json, ready, say, show

group = typer.Typer(no_args_is_help=True, help="Tokens of the JSON API.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="tokens")


@group.command("list")
def list_(json: Json = False) -> None:
    """Everybody's tokens, those that hold first."""
    ready()
    with db.read() as session:
        rows = [
            {
                "id": one.token.id, "name": one.token.name, "owner": one.owner, "hint": one.token.hint,
                "scopes": one.token.scopes, "state": one.state, "made_at": one.token.made_at,
                "expires_at": one.token.expires_at, "used_at": one.token.used_at,
            }
            for one in tokens.listed(session)
        ]  # fmt: skip
    show(rows, json, ("id", "name", "owner", "hint", "scopes", "state", "expires_at", "used_at"), "No token yet.")


@group.command("add")
def add(
    email: Annotated[str, typer.Argument(help="Whose it is: the address one signs in with.")],
    name: Annotated[str, typer.Argument(help="What calls with it.")],
    scope: Annotated[list[str] | None, typer.Option(help="A permission it has; give it several times.")] = None,
    days: Annotated[int | None, typer.Option(help="Days for which it holds; without end unless given.")] = None,
    json: Json = False,
) -> None:
    """Make a token; it is printed once and can never be read again. Without a scope it may all that its owner may."""
    ready()
    with db.write() as session:
        user = auth.find(session, email)
        if user is None or user.id is None:
            raise Rejected("There is no such user.")
        may = roles.granted_to(session, user.role)
        number, token = tokens.make(session, user.id, name, scope or sorted(may - {"self"}), may, days, "cli")
    say({"id": number, "name": name, "token": token}, json, f"Token {number}: {token}")


@group.command("revoke")
def revoke(token: Annotated[int, typer.Argument(help="Its number.")], json: Json = False) -> None:
    """Revoke a token at once."""
    ready()
    with db.write() as session:
        tokens.revoke(session, token, "cli")
    say({"id": token, "revoked": True}, json, f"Token {token} is revoked.")
