"""The table of verdicts, line by line."""

from __future__ import annotations

import re

import pytest

from enrichment.salesforce import errors
from enrichment.salesforce.errors import CODES, classify


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        ("UNABLE_TO_LOCK_ROW", "retry"),
        ("REQUEST_LIMIT_EXCEEDED", "retry"),
        ("SERVER_UNAVAILABLE", "retry"),
        ("REQUEST_RUNNING_TOO_LONG", "retry"),
        ("QUERY_TIMEOUT", "retry"),
        ("UNKNOWN_EXCEPTION", "retry"),
        ("ALL_OR_NONE_OPERATION_ROLLED_BACK", "retry"),
        ("PROCESSING_HALTED", "retry"),
        ("DUPLICATE_VALUE", "retry"),
        ("INVALID_SESSION_ID", "reauthenticate"),
        ("INVALID_AUTH_HEADER", "reauthenticate"),
        ("ENTITY_IS_DELETED", "relink"),
        ("INVALID_CROSS_REFERENCE_KEY", "relink"),
        ("CANNOT_UPDATE_CONVERTED_LEAD", "relink"),
        ("DUPLICATES_DETECTED", "human"),
        ("DUPLICATE_EXTERNAL_ID", "human"),
        ("REQUIRED_FIELD_MISSING", "quarantine"),
        ("STRING_TOO_LONG", "quarantine"),
        ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "quarantine"),
        ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "quarantine"),
        ("INSUFFICIENT_ACCESS_OR_READONLY", "quarantine"),
        ("INVALID_FIELD", "quarantine"),
        ("SOMETHING_NEW", "quarantine"),
    ],
)
def test_a_code_has_its_verdict(code: str, verdict: str) -> None:
    assert classify(code) == verdict


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (401, "reauthenticate"),
        (300, "human"),
        (429, "retry"),
        (500, "retry"),
        (503, "retry"),
        (400, "quarantine"),
    ],
)
def test_a_status_decides_where_the_code_says_nothing(status: int, verdict: str) -> None:
    assert classify("", status) == verdict


def test_a_parent_that_was_not_found_is_relinked() -> None:
    text = "Foreign key external ID: p1 not found for field Hub_Id__c in entity SocialProfile__c"
    assert classify("INVALID_FIELD", 400, text) == "relink"


def test_the_documented_table_names_every_code() -> None:
    assert set(CODES) <= set(re.findall(r"[A-Z_]{8,}", errors.__doc__ or ""))
