"""Passkeys (WebAuthn level 3): added by name, used instead of the password, or beside it as the second factor.

https://www.w3.org/TR/webauthn-3/ - the challenge is a round of ten minutes that serves once, and what the browser
says is checked against the one address that this hub has.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlmodel import Session

from core import audit, crypto, db, log
from core.errors import Rejected
from core.settings import settings
from inbox.worker_models import User
from web import letters
from web.i18n import N_
from web.signin import rounds
from web.signin.models import Passkey

NAME, MOST = 80, 20
ASK, NEW = "passkey", "new-passkey"
"""Kinds of rounds: somebody is to prove a passkey; somebody makes one."""
LARGEST = 20_000
"""Characters of what a browser sends."""
RP_NAME = "Widerhall"

REFUSED = N_("This passkey was not accepted. Try again, or sign in another way.")
NO_NAME = N_("Give the passkey a name: on what it is kept.")
TOO_MANY = N_("You have twenty passkeys already. Remove those that you no longer use.")
KNOWN = N_("This passkey is kept here already.")
NO_PASSKEY = N_("There is no such passkey.")
LOOPBACK = N_("Passkeys belong to a name, not to a number. Open this hub as %(address)s to use them.")
ELSEWHERE = N_("Passkeys belong to the address %(address)s. Open this hub there to use them.")
NUMBER = N_("Passkeys belong to a name, not to a number. An administrator can give this hub an address with a name.")
UNSAFE = N_("Passkeys need an address that begins with https://. An administrator can set one.")

logger = log.get("web")


@dataclass(frozen=True)
class Place:
    """The address that passkeys belong to; `problem` says why there are none here."""

    origin: str = ""
    host: str = ""
    problem: str = ""
    address: str = ""
    """Where they would work."""


def place(scheme: str, netloc: str, public_url: str = "") -> Place:
    """What passkeys belong to for a request to `scheme://netloc`; `public_url` is the hub's own address, if any."""
    asked, own = urlsplit(f"{scheme}://{netloc}"), urlsplit(public_url)
    if not public_url or _loopback(own.hostname or ""):  # for this machine alone
        if asked.hostname == "localhost":
            return Place(f"{scheme}://{netloc}", "localhost")
        if _loopback(asked.hostname or ""):
            port = f":{asked.port}" if asked.port else ""
            return Place(problem=LOOPBACK, address=f"{scheme}://localhost{port}")
        return Place(problem=NUMBER if _number(asked.hostname or "") else UNSAFE)
    host = own.hostname or ""
    if _number(host):
        return Place(problem=NUMBER)
    if own.scheme != "https" and host != "localhost":
        return Place(problem=UNSAFE)
    if asked.hostname != host:
        return Place(problem=ELSEWHERE, address=f"{own.scheme}://{own.netloc}")
    return Place(f"{own.scheme}://{own.netloc.lower()}", host)


def here(url: Any) -> Place:
    """The same for a request's URL."""
    return place(url.scheme, url.netloc, settings().public_url)


def _number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _loopback(host: str) -> bool:
    return _number(host) and ipaddress.ip_address(host).is_loopback


# --- what one has ------------------------------------------------------------------------------------


def of(session: Session, user_id: int) -> Sequence[Passkey]:
    """Somebody's passkeys, oldest first."""
    p = db.table(Passkey)
    return session.scalars(sa.select(Passkey).where(p.c.user_id == user_id).order_by(p.c.id)).all()


def remove(session: Session, user_id: int, passkey_id: int) -> None:
    """Forget one passkey of somebody; Rejected when it is not theirs."""
    p = db.table(Passkey)
    mine = (p.c.id == passkey_id, p.c.user_id == user_id)
    gone = session.execute(sa.delete(p).where(*mine).returning(p.c.name)).first()
    if gone is None:
        raise Rejected(NO_PASSKEY)
    audit.record(session, f"user:{user_id}", "passkey.removed", f"passkey:{passkey_id}")
    letters.write(session, user_id, "passkey-removed", name=gone.name)


def remove_all(session: Session, user_id: int) -> None:
    """Forget all of somebody's."""
    session.execute(sa.delete(Passkey).where(db.table(Passkey).c.user_id == user_id))


# --- making one --------------------------------------------------------------------------------------


def offer(session: Session, user: User, at: Place) -> dict[str, Any]:
    """What the browser needs to make a passkey: `options` for it, and the `round` to come back with."""
    from webauthn import generate_registration_options, options_to_json
    from webauthn.helpers.structs import (
        AuthenticatorSelectionCriteria,
        ResidentKeyRequirement,
        UserVerificationRequirement,
    )

    user_id = int(user.id or 0)
    if len(of(session, user_id)) >= MOST:
        raise Rejected(TOO_MANY)
    options = generate_registration_options(
        rp_id=at.host,
        rp_name=RP_NAME,
        user_id=_handle(user_id),
        user_name=user.email,
        user_display_name=user.name,
        exclude_credentials=_descriptors(session, user_id),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
    )
    round = rounds.begin(session, NEW, {"challenge": options.challenge.hex()}, user_id)
    return {"options": json.loads(options_to_json(options)), "round": round}


def add(session: Session, user_id: int, round: str, credential: str, name: str, at: Place) -> None:
    """Keep the passkey that a browser made. Rejected says what is wrong."""
    from webauthn import verify_registration_response
    from webauthn.helpers import bytes_to_base64url
    from webauthn.helpers.exceptions import WebAuthnException

    name = " ".join(db.sound(name).split())[:NAME]
    if not name:
        raise Rejected(NO_NAME)
    begun, said = rounds.take(session, NEW, round), _read(credential)
    if begun is None or begun.user_id != user_id or said is None:
        raise Rejected(REFUSED)
    try:
        made = verify_registration_response(
            credential=said, expected_challenge=bytes.fromhex(begun.data["challenge"]), expected_rp_id=at.host,
            expected_origin=at.origin, require_user_verification=True,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        logger.info("passkey refused", step="make", why=type(error).__name__)
        raise Rejected(REFUSED) from error
    p, key = db.table(Passkey), bytes_to_base64url(made.credential_id)
    if session.execute(sa.select(p.c.id).where(p.c.credential == key)).first() is not None:
        raise Rejected(KNOWN)
    row = Passkey(
        user_id=user_id, credential=key, public_key=bytes_to_base64url(made.credential_public_key), name=name,
        sign_count=made.sign_count, transports=_transports(said), made_at=db.now(),
    )  # fmt: skip
    session.add(row)
    session.flush()
    audit.record(session, f"user:{user_id}", "passkey.added", f"passkey:{row.id}")
    letters.write(session, user_id, "passkey", name=row.name)


# --- proving one -------------------------------------------------------------------------------------


def ask(session: Session, at: Place, user_id: int | None = None) -> dict[str, Any]:
    """What the browser needs to prove a passkey: any that it has for us, or one of a user's as a second factor."""
    from webauthn import generate_authentication_options, options_to_json
    from webauthn.helpers.structs import UserVerificationRequirement

    options = generate_authentication_options(
        rp_id=at.host,
        allow_credentials=_descriptors(session, user_id) if user_id else None,
        user_verification=UserVerificationRequirement.PREFERRED if user_id else UserVerificationRequirement.REQUIRED,
    )
    round = rounds.begin(session, ASK, {"challenge": options.challenge.hex()}, user_id)
    return {"options": json.loads(options_to_json(options)), "round": round}


def owner(session: Session, credential: str) -> int:
    """Whose passkey a browser speaks of, not proved yet; 0 for nobody's."""
    row = _row(session, _read(credential))
    return row.user_id if row is not None else 0


def accept(session: Session, at: Place, round: str, credential: str, user_id: int | None = None) -> int:
    """Whose passkey proved them, 0 when nobody's did.

    Without `user_id` it stands for password and second factor together: whoever holds it had to prove that it is them,
    by a finger, a face or a PIN. The count of its uses must go up, or stay 0 with makers that do not count.
    """
    from webauthn import verify_authentication_response
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.exceptions import WebAuthnException

    begun, said = rounds.take(session, ASK, round), _read(credential)
    row = _row(session, said)
    if begun is None or begun.user_id != (user_id or 0) or said is None or row is None:
        return 0
    if (user_id and row.user_id != user_id) or not _same_person(said, row.user_id):
        return 0
    try:
        proved = verify_authentication_response(
            credential=said, expected_challenge=bytes.fromhex(begun.data["challenge"]), expected_rp_id=at.host,
            expected_origin=at.origin, credential_public_key=base64url_to_bytes(row.public_key),
            credential_current_sign_count=row.sign_count, require_user_verification=user_id is None,
        )  # fmt: skip
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        logger.info("passkey refused", step="prove", why=type(error).__name__, passkey=row.id)
        return 0
    row.sign_count, row.used_at = proved.new_sign_count, db.now()
    session.add(row)
    session.flush()
    return row.user_id


def _row(session: Session, said: dict[str, Any] | None) -> Passkey | None:
    key = said.get("id") if said is not None else None
    if not isinstance(key, str):
        return None
    return session.scalars(sa.select(Passkey).where(db.table(Passkey).c.credential == key)).first()


def _read(credential: str) -> dict[str, Any] | None:
    try:
        said = json.loads(credential[:LARGEST])
    except ValueError:
        return None
    return said if isinstance(said, dict) and isinstance(said.get("response"), dict) else None


def _same_person(said: dict[str, Any], user_id: int) -> bool:
    """The handle that the passkey was made with, where the browser tells it, is the owner's."""
    from webauthn.helpers import bytes_to_base64url

    told = said["response"].get("userHandle")
    return not told or told == bytes_to_base64url(_handle(user_id))


def _transports(said: dict[str, Any]) -> list[str]:
    from webauthn.helpers.structs import AuthenticatorTransport

    told, known = said["response"].get("transports"), {one.value for one in AuthenticatorTransport}
    return sorted({one for one in told if one in known}) if isinstance(told, list) else []


def _descriptors(session: Session, user_id: int) -> list[Any]:
    from webauthn.helpers import base64url_to_bytes
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

    return [
        PublicKeyCredentialDescriptor(
            id=base64url_to_bytes(one.credential),
            transports=[AuthenticatorTransport(name) for name in one.transports] or None,
        )
        for one in of(session, user_id)
    ]


def _handle(user_id: int) -> bytes:
    """Who somebody is to the passkey's maker: says nothing about them."""
    return hmac.new(crypto.salt(), f"passkey:{user_id}".encode(), hashlib.sha256).digest()
