"""What to do about a refusal of Salesforce.

| verdict        | codes                                                                                   |
|----------------|-----------------------------------------------------------------------------------------|
| retry          | UNABLE_TO_LOCK_ROW, REQUEST_LIMIT_EXCEEDED, SERVER_UNAVAILABLE, QUERY_TIMEOUT,          |
|                | REQUEST_RUNNING_TOO_LONG, UNKNOWN_EXCEPTION, ALL_OR_NONE_OPERATION_ROLLED_BACK,         |
|                | PROCESSING_HALTED, DUPLICATE_VALUE (our key is the only unique value we write: two      |
|                | writers met); 429 and 5xx                                                               |
| reauthenticate | INVALID_SESSION_ID, INVALID_AUTH_HEADER; any 401                                        |
| relink         | ENTITY_IS_DELETED, INVALID_CROSS_REFERENCE_KEY, CANNOT_UPDATE_CONVERTED_LEAD;           |
|                | INVALID_FIELD when it says that a parent's external id was not found                    |
| human          | DUPLICATES_DETECTED, DUPLICATE_EXTERNAL_ID; any 300                                     |
| quarantine     | everything else: required, length, type, picklist, validation, access, unknown codes    |

https://developer.salesforce.com/docs/atlas.en-us.api.meta/api/sforce_api_calls_concepts_core_data_objects.htm
"""

from __future__ import annotations

from enrichment.crm import Verdict

CODES: dict[str, Verdict] = {
    "UNABLE_TO_LOCK_ROW": "retry",
    "REQUEST_LIMIT_EXCEEDED": "retry",
    "SERVER_UNAVAILABLE": "retry",
    "REQUEST_RUNNING_TOO_LONG": "retry",
    "QUERY_TIMEOUT": "retry",
    "UNKNOWN_EXCEPTION": "retry",
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": "retry",
    "PROCESSING_HALTED": "retry",
    "DUPLICATE_VALUE": "retry",
    "INVALID_SESSION_ID": "reauthenticate",
    "INVALID_AUTH_HEADER": "reauthenticate",
    "ENTITY_IS_DELETED": "relink",
    "INVALID_CROSS_REFERENCE_KEY": "relink",
    "CANNOT_UPDATE_CONVERTED_LEAD": "relink",
    "DUPLICATES_DETECTED": "human",
    "DUPLICATE_EXTERNAL_ID": "human",
}
WAITS = {"REQUEST_LIMIT_EXCEEDED": 30.0, "SERVER_UNAVAILABLE": 60.0, "UNABLE_TO_LOCK_ROW": 5.0}
"""Seconds until a whole call refused with this code is worth repeating; Salesforce names no time itself."""
USUAL_WAIT = 10.0
DAILY = "TotalRequests"
"""Stands in a refusal that is about the calls of the last 24 hours, not about those that run just now."""
DAILY_WAIT = 900.0
MISSING_PARENT = "Foreign key external ID"


def classify(code: str, status: int = 400, message: str = "") -> Verdict:
    """The verdict on an error code; `status` decides where the code says nothing."""
    if code in CODES:
        return CODES[code]
    if code == "INVALID_FIELD" and message.startswith(MISSING_PARENT):
        return "relink"
    if status == 401:
        return "reauthenticate"
    if status == 300:
        return "human"
    if status == 429 or status >= 500:
        return "retry"
    return "quarantine"


def wait(code: str, message: str = "") -> float:
    """Seconds until a call refused like this is worth repeating."""
    return DAILY_WAIT if DAILY in message else WAITS.get(code, USUAL_WAIT)
