"""Words for the exchange with the CRM."""

from __future__ import annotations

from web.i18n import N_

SYNC = {
    "new": N_("not yet"),
    "pending": N_("on its way"),
    "synced": N_("in the CRM"),
    "failed": N_("did not arrive"),
    "quarantined": N_("refused by the CRM"),
    "ignored": N_("not passed on"),
    "merged": N_("merged there"),
}

SYNC_BADGES = {
    "synced": ("ok", "check"),
    "failed": ("warn", "refresh"),
    "quarantined": ("danger", "warn"),
    "pending": ("accent", "clock"),
    "new": ("accent", "clock"),
    "merged": ("line", "link"),
    "ignored": ("line", "x"),
}
"""State of a record in the exchange with the CRM → kind of its badge and its icon."""

FIELD_RULES = {
    "": N_("the hub, without a look"),
    "hub": N_("the hub, overwrites are recorded"),
    "crm": N_("Salesforce, once somebody changed it there"),
    "empty": N_("Salesforce, unless it is empty there"),
    "newest": N_("whoever changed it last"),
}
"""Rule of a field → who wins."""

COMPARED = {
    "there": N_("There"),
    "here": N_("Here"),
    "missing": N_("Missing there: sent again"),
    "differing": N_("Differing: sent again"),
    "unknown": N_("Unknown here"),
    "removed": N_("Removed"),
}
"""Figures of a comparison of all records."""

CRM_OBJECTS = {"Contact": N_("Contact"), "Lead": N_("Lead"), "csv": N_("Contact out of a file")}

CRM_KINDS = {"profile": N_("Profile"), "interaction": N_("Message"), "case": N_("Salesforce Case"),
             "member": N_("Member of a campaign")}  # fmt: skip

RUNS = {"send": N_("sent there"), "pull": N_("read there")}


def record(kind: str) -> str:
    """What kind of CRM record it is, in English words of the catalogue."""
    return CRM_OBJECTS.get(kind, kind)
