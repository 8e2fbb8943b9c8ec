"""Passwords: Argon2id with today's parameters, and the same time for an account that does not exist."""

from __future__ import annotations

from functools import lru_cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.errors import Rejected
from web.i18n import N_

SHORTEST = 10
LONGEST = 1024
"""Longer input is refused before it is hashed, so that nobody can keep the process busy with it."""

WRONG_LENGTH = N_("A password has at least 10 and at most 1,024 characters.")

hasher = PasswordHasher()
"""RFC 9106, second recommended set: 64 MiB, three passes."""

_turns = BoundedSemaphore(2)
"""Each run takes 64 MiB: two at once are enough for people who sign in."""


def hashed(password: str) -> str:
    """The hash to store; Rejected with a sentence when the password is too short or too long."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Rejected(WRONG_LENGTH)
    with _turns:
        return hasher.hash(password)


@lru_cache(maxsize=2)
def _nobody(parameters: str) -> str:
    """A hash no password fits, with the parameters of the present hasher."""
    return hasher.hash(f"nobody {parameters}")


def fits(stored: str | None, password: str) -> bool:
    """The password belongs to the hash; takes as long without a hash (unknown account, none chosen yet) as with
    one.
    """
    known = bool(stored) and len(password) <= LONGEST
    target = stored if stored and known else _nobody(f"{hasher.memory_cost}:{hasher.time_cost}")
    with _turns:
        try:
            hasher.verify(target, password[:LONGEST])
        except (VerificationError, InvalidHashError):
            return False
    return known


def outdated(stored: str) -> bool:
    """The hash was made with weaker parameters than today's and is to be replaced at this sign-in."""
    return hasher.check_needs_rehash(stored)
