"""`widerhall settings | doctor | migrate | users | keys`: the installation itself."""

from __future__ import annotations

from typing import Annotated, Any

import sqlalchemy as sa
import typer
from sqlmodel import Session, SQLModel

import migrations
from core import audit, crypto, db
from core.errors import Rejected
from core.settings import Settings, settings
from enrichment import connection
from enrichment.segments.models import Activation
from inbox.models import Account, Delivery
from web import auth, roles
from web import doctor as doctors
from web.auth import ROLES
from web.cli.base import Json, ready, say, show
from web.i18n import LANGUAGES
from web.models import ApiAnswer
from web.outgoing.models import Endpoint
from web.signin import inviting, links
from web.signin.models import AddressLink, OidcProvider, PasswordLink, SecondFactor

users = typer.Typer(no_args_is_help=True, help="People who work here.")
keys = typer.Typer(no_args_is_help=True, help="Keys that encrypt secrets.")
HIDDEN = {"secret_keys", "database_url", "redis_url", "metrics_token"}


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("settings")(settings_)
    app.command()(doctor)
    app.command()(migrate)
    app.add_typer(users, name="users")
    app.add_typer(keys, name="keys")


def settings_(json: Json = False) -> None:
    """Every setting with its value, where it comes from, and one line of help."""
    rows: list[dict[str, Any]] = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings(), name)
        shown = "(set)" if name in HIDDEN and value else value
        source = "environment" if name in settings().model_fields_set else "default"
        help_ = field.description or ""
        rows.append({"name": f"WIDERHALL_{name.upper()}", "value": str(shown), "from": source, "help": help_})
    show(rows, json)


def doctor(json: Json = False) -> None:
    """What is wrong with this installation and how to mend it; exit code 1 when something is."""
    settings().data_dir.mkdir(parents=True, exist_ok=True)
    findings = doctors.examine()
    names = ("level", "area", "found", "mend")
    show([{name: getattr(finding, name) for name in names} for finding in findings], json, names)
    if any(finding.level == "wrong" for finding in findings):
        raise typer.Exit(1)


def migrate(json: Json = False) -> None:
    """Bring the database to this version's shape."""
    settings().data_dir.mkdir(parents=True, exist_ok=True)
    migrations.upgrade(db.engine())
    say({"revision": migrations.head()}, json, f"The database has revision {migrations.head()}.")


@users.command("add")
def add(
    email: str,
    role: Annotated[str, typer.Option(help="admin, agent, marketer, dpo, or the name of a role made here.")] = "agent",
    name: Annotated[str, typer.Option()] = "",
    password: Annotated[str, typer.Option(envvar="WIDERHALL_NEW_PASSWORD", help="Asked for when it is left out.")] = "",
    invite: Annotated[bool, typer.Option("--invite", help="By mail, with a link to choose a password by.")] = False,
    language: Annotated[str, typer.Option(help="Of that mail: de, en or ja.")] = "en",
    json: Json = False,
) -> None:
    """Let somebody sign in: with a password, or by an invitation."""
    ready()
    if invite and password:
        raise Rejected("Give a password, or --invite: not both.")
    if language not in LANGUAGES:
        raise Rejected(f"There is no language {language!r}. There are: {', '.join(LANGUAGES)}.")
    if not invite and not password:
        password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    with db.write() as session:
        role = _role(session, role)
        inviting.add(session, email, name or email, password, role, "cli", language=language)
    sentence = f"{email} is invited by mail as {role}." if invite else f"{email} can sign in as {role}."
    say({"email": email, "role": role, "invited": invite}, json, sentence)


def _role(session: Session, given: str) -> str:
    """A role's key, by it or by the name of one that was made here."""
    named = {name.casefold(): key for key, name in roles.names(session).items()}
    key = named.get(given.casefold(), given)
    if not roles.exists(session, key):
        raise Rejected(f"There is no role {given!r}. There are: {', '.join([*ROLES, *roles.names(session).values()])}.")
    return key


@users.command("list")
def list_(json: Json = False) -> None:
    """Who may sign in."""
    ready()
    with db.read() as session:
        standing = links.standing(session)
        rows = [
            {
                "id": user.id,
                "email": user.email,
                "name": user.name,
                "role": user.role,
                "disabled": user.disabled,
                "invited": user.id in standing and standing[user.id].invited,
            }
            for user in auth.everybody(session)
        ]
    show(rows, json, empty="Nobody yet: widerhall users add")


@keys.command("rotate")
def rotate(json: Json = False) -> None:
    """Make a new key, and write every stored secret anew under it; the old key may go then.

    Keys of WIDERHALL_SECRET_KEYS are yours to make: put the new one in front, then run this.
    """
    ready()
    if "," not in settings().secret_keys:
        crypto.add_key()
    with db.write() as session:
        number = _reseal_accounts(session) + _reseal_deliveries(session) + connection.reseal(session)
        number += sum(_reseal(session, model, name) for model, name in SEALED)
        audit.record(session, "cli", "keys.rotated", "installation", {"secrets": number})
    where = "WIDERHALL_SECRET_KEYS" if settings().secret_keys else "secret.key"
    say({"resealed": number}, json, f"{number} secrets are under the new key. The old key may go from {where} now.")


SEALED: tuple[tuple[type[SQLModel], str], ...] = (
    (Activation, "secret"), (Endpoint, "secret"), (Endpoint, "old_secret"), (ApiAnswer, "body"),
    (SecondFactor, "secret"), (OidcProvider, "secret"), (PasswordLink, "sealed"),
    (AddressLink, "sealed"),
)  # fmt: skip
"""Columns that are sealed, where they are not empty."""


def _reseal(session: Session, model: type[SQLModel], name: str) -> int:
    t = db.table(model)
    key = list(t.primary_key)
    rows = session.execute(sa.select(t.c[name], *key).where(t.c[name] != "")).all()
    for sealed, *values in rows:
        same = [column == value for column, value in zip(key, values, strict=True)]
        session.execute(sa.update(t).where(*same).values({name: crypto.reseal(sealed)}))
    return len(rows)


def _reseal_accounts(session: Session) -> int:
    a = db.table(Account)
    rows = session.execute(sa.select(a.c.id, a.c.secrets).where(a.c.secrets != "")).all()
    for row in rows:
        session.execute(sa.update(a).where(a.c.id == row.id).values(secrets=crypto.reseal(row.secrets)))
    return len(rows)


def _reseal_deliveries(session: Session) -> int:
    """Webhook deliveries that still wait keep their headers sealed."""
    rows = session.scalars(sa.select(Delivery)).all()
    for row in rows:
        row.headers = {**row.headers, "sealed": crypto.reseal(row.headers["sealed"])}
        session.add(row)
    session.flush()
    return len(rows)
