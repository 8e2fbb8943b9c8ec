"""Words for how somebody came in, and what was just done about it."""

from __future__ import annotations

from web.i18n import N_

WAYS = {
    "password": N_("password"),
    "code": N_("password and code"),
    "recovery": N_("password and recovery code"),
    "passkey": N_("passkey"),
    "second": N_("password and passkey"),
    "provider": N_("provider"),
}
"""How a sign-in was proved."""

NOTES = {
    "signin-late": N_("That took too long, or was finished already. Sign in again."),
    "link-asked": N_(
        "If somebody here has this address, a mail to it is on its way. The link in it works for 30 minutes. If "
        "nothing comes, look among the spam."
    ),
    "address-asked": N_("A mail with a link is on its way to the new address. Until it is opened the old one counts."),
    "address-dropped": N_("Your address stays as it is."),
    "address-changed": N_("From now on you sign in with the new address."),
    "link-sent": N_("A mail with a link is on its way."),
    "user-invited": N_("The invitation is on its way by mail."),
    "factor-kept": N_("The new app counts from now on. Your recovery codes stay."),
    "factor-removed": N_("The app is no longer asked for. Other browsers are signed out."),
    "passkey-added": N_("The passkey is kept. Other browsers are signed out."),
    "passkey-removed": N_("The passkey is forgotten here. Delete it on your device too."),
    "signed-out-here": N_(
        "You are signed out of this hub. At the sign-in service you may be signed in still: on a device of others, "
        "sign out there, too."
    ),
    "provider-kept": N_("The provider is kept as you wrote it."),
    "factor-reset": N_("The second factor is gone, and all sign-ins have ended."),
    "browser-ended": N_("That browser is signed out."),
    "elsewhere-ended": N_("All other browsers are signed out."),
    "password-changed": N_("The new password counts from now on. All other browsers are signed out."),
    "sessions-ended": N_("All sign-ins have ended."),
}
"""What was just done, by the short word in `?note=…`."""
