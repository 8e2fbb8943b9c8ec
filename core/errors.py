"""Errors named after what to do next.

WiderhallError
├── TryLater         the other side is busy or away: the same call will work after `after` seconds
├── AuthExpired      the credentials are dead: a person must reconnect the account
├── Rejected         the other side understood and refused: change the content, do not repeat
├── BadPayload       what came in cannot be read: keep it, show it, go on with the rest
├── NotConfigured    something must be set up on this installation first
└── Unknown          the call may or may not have taken effect, and nobody can be asked
"""


class WiderhallError(Exception):
    """The root: `str(error)` is a sentence for people that says what happened and what to change."""

    exit_code = 1
    """What a command that meets it ends with."""


class TryLater(WiderhallError):
    """The same call will work later.

    `after` is in seconds, from now; the caller adds jitter where many wait for the same thing.
    """

    def __init__(self, reason: str, after: float = 30.0) -> None:
        super().__init__(reason)
        self.after = max(0.0, after)


class AuthExpired(WiderhallError):
    """The token or password no longer works; nothing is tried again until the account is reconnected."""


class Rejected(WiderhallError):
    """The other side refused for good; `code` is its own word for the reason, if it has one."""

    def __init__(self, reason: str, code: str = "") -> None:
        super().__init__(reason)
        self.code = code


class BadPayload(WiderhallError):
    """A body or an item that cannot be read; it is kept aside and the rest goes on."""


class NotConfigured(WiderhallError):
    """Something is missing in this installation; the text names it and how to set it."""


class Unknown(WiderhallError):
    """A write whose answer never came, on a platform that has neither a key nor a look-up."""
