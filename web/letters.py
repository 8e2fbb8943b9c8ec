"""Single mails to people who work here: what changed in how they sign in, and what has to be mended now.

They are asked for in the transaction of the fact; `web.notices.letters` writes and sends them.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from sqlmodel import Session

from core import db, mail, outbox
from web.i18n import N_

TOPIC = "letter.due"
SECURITY = "/settings/me/security"
NOT_YOU = N_("If that was not you, change your password, end the other sign-ins, and tell an administrator.")
NOT_WANTED = N_("If you do not know why, ask an administrator.")
MEND = N_("Once the program answers again, let the webhook go on: what waits is sent then.")

KINDS: Mapping[str, tuple[str, str, str]] = {
    "password": (N_("Your password was changed"), NOT_YOU, SECURITY),
    "password-reset": (N_("%(by)s gave you a new password"), NOT_WANTED, SECURITY),
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
"""Kind → what happened, what to do, and the page for it; `by` is an actor and is named when it is sent."""


def write(session: Session, user_id: int, kind: str, **values: str | int) -> None:
    """Ask for a mail to one user; nothing where this hub sends no mails."""
    if not mail.is_set_up():
        return
    mark = secrets.token_hex(16)
    payload = {"user_id": user_id, "kind": kind, "values": values, "at": db.now().isoformat(), "mark": mark}
    outbox.emit(session, TOPIC, [(mark, payload)])
