"""Reading accounts: the companies that contacts belong to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from enrichment.crm import CrmAccount

COLUMNS = ("Id", "Name", "Website", "Phone", "IsDeleted", "MasterRecordId", "SystemModstamp")
PERSON = "IsPersonAccount"
"""Only in orgs with person accounts: there an account may be somebody, whose contact is read as such."""


def select(description: Mapping[str, Any]) -> tuple[str, str]:
    """The list of columns as far as they are readable, and the condition for accounts that are no person."""
    there = {field["name"] for field in description["fields"]}
    return ", ".join(name for name in COLUMNS if name in there), f"{PERSON} = false" if PERSON in there else ""


def account(row: Mapping[str, Any]) -> CrmAccount:
    """One record as an account; values are as they stand in the org."""
    return CrmAccount(
        id=row["Id"],
        name=row.get("Name") or "",
        website=row.get("Website") or "",
        phone=row.get("Phone") or "",
        modified=datetime.fromisoformat(row["SystemModstamp"]),
        deleted=bool(row.get("IsDeleted")),
        merged_into=row.get("MasterRecordId") or "",
    )
