"""What a field takes: each value is checked and brought into the form in which answers give it back.

Two kinds of refusal, as on the platform: a value of the wrong JSON type cannot be read at all and refuses the
whole request (`ApiError`); a value that can be read but may not stand there refuses its row (`RowError`).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.salesforce import ids
from sandbox.salesforce.errors import ApiError, RowError
from sandbox.salesforce.fields import NUMBERS, Field

EMAIL = re.compile(r"[^@\s,;<>()\[\]]+@[^@\s,;<>()\[\].]+(\.[^@\s,;<>()\[\].]+)+")
TOKENS = {bool: "VALUE_TRUE", int: "VALUE_NUMBER_INT", float: "VALUE_NUMBER_FLOAT", str: "VALUE_STRING"}


def stamp(moment: datetime) -> str:
    """A time as answers write it, to the second: `2026-11-22T10:00:00.000+0000`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def unreadable(wanted: str, value: Any) -> ApiError:
    if isinstance(value, dict | list):
        token = "START_OBJECT" if isinstance(value, dict) else "START_ARRAY"
    else:
        token = f"{TOKENS[type(value)]} value {str(value).lower() if isinstance(value, bool) else value}"
    return ApiError(
        400,
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {wanted} from {token} or request may be missing a required field",
    )


def read(field: Field, value: Any) -> Any:
    """The value in its stored form, before the rules of the field are applied; None stays None."""
    if value is None:
        return None
    if field.type == "boolean":
        if not isinstance(value, bool):
            raise unreadable("boolean", value)
        return value
    if field.type in NUMBERS:
        return _number(field, value)
    if not isinstance(value, str):
        raise unreadable("reference" if field.type == "reference" else "string", value)
    if field.type in ("date", "datetime"):
        return _moment(field, value)
    return value.strip() or None


def _number(field: Field, value: Any) -> int | float:
    wanted = "int" if field.type == "int" else "double"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise unreadable(wanted, value)
    if field.type == "int":
        if value != int(value):
            raise unreadable(wanted, value)
        return int(value)
    step = Decimal(1).scaleb(-field.scale)
    try:
        exact = Decimal(repr(value)).quantize(step, rounding=ROUND_HALF_UP)
    except ArithmeticError:
        return value
    return float(exact)


def _moment(field: Field, value: str) -> str | None:
    if not value:
        return None
    try:
        if field.type == "date":
            return date.fromisoformat(value[:10] if "T" in value else value).isoformat()
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise unreadable(field.type, value) from None
    return stamp(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def check(field: Field, value: Any) -> Any:
    """The value if the rules of its field allow it; references are checked against the records elsewhere."""
    if value is None:
        if field.type == "boolean":
            raise RowError(
                "INVALID_TYPE_ON_FIELD_IN_RECORD", f"{field.label}: value not of required type: ", field.name
            )
        if not field.nillable:
            raise RowError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{field.name}]", field.name)
        return None
    if field.type in ("reference", "id"):
        return reference(field, value)
    if field.type in NUMBERS:
        return _in_range(field, value)
    if field.length and len(value) > field.length:
        raise RowError(
            "STRING_TOO_LONG",
            f"{field.label}: data value too large: {value} (max length={field.length})",
            field.name,
        )
    if field.type == "email" and not EMAIL.fullmatch(value):
        raise RowError("INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {value}", field.name)
    if field.restricted and value not in field.values:
        raise RowError(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{field.label}: bad value for restricted picklist field: {value}",
            field.name,
        )
    return value


def reference(field: Field, value: str) -> str:
    found = ids.full(value)
    if found is None:
        raise RowError("MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", field.name)
    return found


def _in_range(field: Field, value: int | float) -> int | float:
    highest = 2**31 - 1 if field.type == "int" else 10 ** (field.precision - field.scale)
    if abs(value) >= highest:
        raise RowError(
            "NUMBER_OUTSIDE_VALID_RANGE",
            f"{field.label}: value outside of valid range on numeric field: {value}",
            field.name,
        )
    return value
