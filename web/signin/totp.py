"""Codes of an app (TOTP, RFC 6238): six digits, new every 30 seconds, each good for once."""

from __future__ import annotations

import hmac
from datetime import datetime

import sqlalchemy as sa
from markupsafe import Markup
from sqlmodel import Session

from core import crypto, db
from web.signin.models import SecondFactor

SECONDS = 30
DRIFT = 1
"""Steps that a clock may be off, either way."""
ISSUER = "Widerhall"


def new_secret() -> str:
    """160 random bits in base32."""
    import pyotp

    return pyotp.random_base32()


def step_of(secret: str, code: str, moment: datetime, last: int) -> int | None:
    """The step a code belongs to; None when it is wrong, too far away, or not after the step `last`."""
    import pyotp

    made, now = pyotp.TOTP(secret), int(moment.timestamp()) // SECONDS
    given, found = digits(code).encode(), None
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(made.generate_otp(step).encode(), given) and step > last:
            found = step
    return found


def digits(code: str) -> str:
    """What was typed without blanks; full-width digits, as Japanese keyboards write them, as plain ones."""
    return "".join(str(int(one)) if one.isdecimal() else one for one in code[:40] if not one.isspace())


def address(secret: str, email: str) -> str:
    """What an app reads: `otpauth://…`."""
    import pyotp

    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def picture(secret: str, email: str) -> Markup:
    """The same as a QR code in SVG, black on white in both themes."""
    import segno

    drawn = segno.make(address(secret, email), error="m", micro=False)
    return Markup(drawn.svg_inline(border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True))  # noqa: S704  # drawn by us


def grouped(secret: str) -> str:
    """The secret in groups of four, to be typed."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def keep(session: Session, user_id: int, secret: str, step: int) -> None:
    """This secret counts from now on, instead of one before; the code that proved it is used up."""
    session.execute(sa.delete(SecondFactor).where(db.table(SecondFactor).c.user_id == user_id))
    session.add(SecondFactor(user_id=user_id, secret=crypto.seal(secret), last_step=step, made_at=db.now()))
    session.flush()


def accept(session: Session, user_id: int, code: str) -> bool:
    """The code is right and was never used; it is used up now. Of two who send it at once, one gets in."""
    f = db.table(SecondFactor)
    row = session.execute(sa.select(f.c.secret, f.c.last_step).where(f.c.user_id == user_id)).first()
    if row is None:
        return False
    step = step_of(crypto.unseal(row.secret), code, db.now(), row.last_step)
    if step is None:
        return False
    newer = sa.update(f).where(f.c.user_id == user_id, f.c.last_step < step).values(last_step=step)
    return session.execute(newer.returning(f.c.user_id)).first() is not None


def remove(session: Session, user_id: int) -> bool:
    """The app's codes open nothing any more; False when there was none."""
    f = db.table(SecondFactor)
    return session.execute(sa.delete(f).where(f.c.user_id == user_id).returning(f.c.user_id)).first() is not None
