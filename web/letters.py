"""Single mails to people who work here: what changed in how they sign in, and what has to be mended now.

They are asked for in the transaction of the fact; `web.notices.letters` writes and sends them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from sqlmodel import Session

from core import crypto, db, mail, outbox
from web.i18n import N_

TOPIC = "letter.due"
SECURITY = "/settings/me/security"
NOT_YOU = N_("If that was not you, change your password, end the other sign-ins, and tell an administrator.")
NOT_WANTED = N_("If you do not know why, ask an administrator.")
FORGOT = N_(
    "Choose it by this link within 30 minutes; it works once. If you did not ask for it, do nothing: nothing changes."
)
SENT = N_(
    "An administrator sends it to you. Choose a password by it within a day; it works once. Until then the one you "
    "have goes on working."
)
PROVE = N_(
    "Open this link within a day, signed in as before; it works once. Until then the old address counts. If you did "
    "not ask for it, do nothing: nothing changes."
)
NO_PASSWORD = N_("Somebody asked for a new password for your address. If that was not you, do nothing.")
INVITED = N_(
    "Choose your password by this link within seven days; it works once. After that you sign in with this address."
)
BY_PROVIDER = N_("You sign in with %(name)s; there is no password to choose.")
MEND = N_("Once the program answers again, let the webhook go on: what waits is sent then.")

KINDS: Mapping[str, tuple[str, str, str]] = {
    "password": (N_("Your password was changed"), NOT_YOU, SECURITY),
    "password-reset": (N_("%(by)s gave you a new password"), NOT_WANTED, SECURITY),
    "password-link": (N_("Your password was set by the link in a mail"), NOT_YOU, SECURITY),
    "forgot": (N_("A new password for your sign-in"), FORGOT, ""),
    "link": (N_("A link for a new password"), SENT, ""),
    "by-provider": (N_("You sign in with %(name)s and have no password here"), NO_PASSWORD, "/signin"),
    "invite": (N_("%(by)s invites you to this hub"), INVITED, ""),
    "invite-provider": (N_("%(by)s invites you to this hub"), BY_PROVIDER, "/signin"),
    "address": (N_("Your new address for signing in"), PROVE, ""),
    "address-own": (N_("The address you sign in with was changed"), NOT_YOU, SECURITY),
    "address-changed": (N_("%(by)s changed the address you sign in with"), NOT_WANTED, "/signin"),
    "app": (N_("An app for codes was set up for your sign-in"), NOT_YOU, SECURITY),
    "app-removed": (N_("The app for codes was removed from your sign-in"), NOT_YOU, SECURITY),
    "passkey": (N_("The passkey “%(name)s” was added to your sign-in"), NOT_YOU, SECURITY),
    "passkey-removed": (N_("The passkey “%(name)s” was removed from your sign-in"), NOT_YOU, SECURITY),
    "codes": (N_("New recovery codes were made for your sign-in"), NOT_YOU, SECURITY),
    "recovery": (N_("Somebody signed in as you with a recovery code (left: %(left)s)"), NOT_YOU, SECURITY),
    "factors-reset": (N_("%(by)s took your second factors away"), NOT_WANTED, SECURITY),
    "linked": (N_("Your sign-in was linked with an account at “%(name)s”"), NOT_YOU, SECURITY),
    "token": (N_("The token “%(name)s” was made in your name"), NOT_YOU, "/settings/tokens"),
    "webhook": (N_("A webhook is switched off: %(name)s"), MEND, "/settings/webhooks"),
}
"""Kind → what happened, what to do, and the page for it; `by` is an actor and is named when it is sent.

Where there is no page, the mail has a link of its own (web.signin.links).
"""


def write(
    session: Session, user_id: int, kind: str, *, link: str = "", language: str = "", to: str = "", **values: str | int
) -> None:
    """Ask for a mail to one user; nothing where this hub sends no mails.

    `link` is the digest of one, `language` the one to write in to somebody of whom none is known, `to` an address
    other than the one they have.
    """
    if not mail.is_set_up():
        return
    mark = secrets.token_hex(16)
    payload = {
        "user_id": user_id, "kind": kind, "values": values, "at": db.now().isoformat(), "mark": mark, "link": link,
        "language": language, "to": crypto.seal(to) if to else "",
    }  # fmt: skip
    outbox.emit(session, TOPIC, [(mark, payload)])
