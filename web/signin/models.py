"""Tables of signing in: second factors, passkeys, steps under way, the provider, and what is demanded of whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, ForeignKey
from sqlmodel import Field, SQLModel

from core.db import BigId, UtcDateTime


def _time(*, null: bool = True) -> Any:
    return Field(default=None, sa_column=Column(UtcDateTime, nullable=null))


class SecondFactor(SQLModel, table=True):
    """The secret that somebody's app makes codes of (TOTP, RFC 6238); it exists once a first code proved it."""

    __tablename__ = "second_factor"
    user_id: int = Field(sa_column=Column(BigId, ForeignKey("user.id", ondelete="CASCADE"), primary_key=True))
    secret: str
    """Sealed; base32 inside."""
    last_step: int = Field(sa_column=Column(BigId, nullable=False))
    """The step of 30 seconds whose code was accepted last: no code of it or before it counts again."""
    made_at: datetime = _time(null=False)


class RecoveryCode(SQLModel, table=True):
    """One of ten codes on paper; each opens the door once when the second factor is lost."""

    __tablename__ = "recovery_code"
    digest: str = Field(primary_key=True, max_length=64)
    """Keyed hash of the user and the code: who reads this table cannot sign in with it."""
    user_id: int = Field(sa_column=Column(BigId, ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True))
    used_at: datetime | None = _time()


class SignInRound(SQLModel, table=True):
    """A step of signing in, or of setting a factor up, that is begun and not yet finished."""

    __tablename__ = "sign_in_round"
    digest: str = Field(primary_key=True, max_length=64)
    """SHA-256 of the token that the browser holds."""
    kind: str = Field(max_length=20)
    user_id: int | None = Field(
        default=None, sa_column=Column(BigId, ForeignKey("user.id", ondelete="CASCADE"), nullable=True, index=True)
    )
    sealed: str
    """What the next step needs, encrypted."""
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))


class SignInPolicy(SQLModel, table=True):
    """What is demanded here (one row)."""

    __tablename__ = "sign_in_policy"
    id: int = Field(default=1, primary_key=True)
    second_factor: list[str] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    """Roles that do not come in without a second factor."""
    only_provider: bool = False
    """While there is a provider, it is the only way in."""


class PasswordLink(SQLModel, table=True):
    """A link in a mail by which somebody chooses a password, until it serves or its time is over."""

    __tablename__ = "password_link"
    digest: str = Field(primary_key=True, max_length=64)
    """SHA-256 of the link's token: who reads this table cannot open it."""
    user_id: int = Field(sa_column=Column(BigId, ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True))
    kind: str = Field(max_length=20)
    """A key of web.signin.links.LIFE."""
    sealed: str
    """The token for the mail; empty once that is out."""
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False, index=True))


class AddressLink(SQLModel, table=True):
    """A link in a mail by which somebody proves that a new address is theirs, until it serves or its time is over."""

    __tablename__ = "address_link"
    user_id: int = Field(sa_column=Column(BigId, ForeignKey("user.id", ondelete="CASCADE"), primary_key=True))
    digest: str = Field(unique=True, max_length=64)
    """SHA-256 of the link's token: who reads this table cannot open it."""
    email: str = Field(max_length=320)
    """The new address, as it would be stored."""
    sealed: str
    """The token for the mail; empty once that is out."""
    expires_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))


class Passkey(SQLModel, table=True):
    """A key pair of which we hold the public half (WebAuthn)."""

    __tablename__ = "passkey"
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    user_id: int = Field(sa_column=Column(BigId, ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True))
    credential: str = Field(unique=True, max_length=1400)
    """Its id, in base64url."""
    public_key: str
    """COSE, in base64url."""
    name: str = Field(max_length=80)
    sign_count: int = Field(sa_column=Column(BigId, nullable=False))
    """How often its maker says it was used; 0 with those that do not count."""
    transports: list[str] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    made_at: datetime = _time(null=False)
    used_at: datetime | None = _time()


class OidcProvider(SQLModel, table=True):
    """The provider at which people can sign in (one row)."""

    __tablename__ = "oidc_provider"
    id: int = Field(default=1, primary_key=True)
    issuer: str = ""
    client_id: str = ""
    secret: str = ""
    """Sealed."""
    label: str = ""
    """What stands on the button."""
    default_role: str = ""
    """Role of people who are new; empty: only people who exist come in."""
    domains: list[str] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    """Domains of addresses that come in; none: all."""
    role_claim: str = ""
    role_map: list[list[str]] = Field(default_factory=list, sa_column=Column(sa.JSON, nullable=False))
    """Pairs of a value of that claim and a role; the first that fits counts."""
    asks: bool = False
    """Our own second factor is asked for after signing in there, too."""
    enabled: bool = True


class OidcLink(SQLModel, table=True):
    """An account at a provider that is a user of ours."""

    __tablename__ = "oidc_link"
    issuer: str = Field(primary_key=True, max_length=500)
    sub: str = Field(primary_key=True, max_length=255)
    user_id: int = Field(sa_column=Column(BigId, ForeignKey("user.id", ondelete="CASCADE"), nullable=False, index=True))
    made_at: datetime = _time(null=False)
