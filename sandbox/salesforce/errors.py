"""Refusals, in the two shapes the platform has.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm
"""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """The whole request is refused: a list of `{message, errorCode, fields}` with an HTTP status."""

    def __init__(self, status: int, code: str, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.fields = status, code, message, fields

    def body(self) -> list[dict[str, Any]]:
        found: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields:
            found["fields"] = list(self.fields)
        return [found]


class RowError(Exception):
    """One record is refused: `{statusCode, message, fields}` inside an answer that succeeded."""

    def __init__(self, code: str, message: str, *fields: str) -> None:
        super().__init__(message)
        self.code, self.message, self.fields = code, message, fields

    def body(self) -> dict[str, Any]:
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}

    def alone(self) -> ApiError:
        """The same refusal as the answer to a call about this one record."""
        status = 404 if self.code in ("ENTITY_IS_DELETED", "NOT_FOUND") else 400
        return ApiError(status, self.code, self.message, self.fields)


class DuplicateError(RowError):
    """A duplicate rule takes the record for others."""

    def __init__(self, message: str, rule: str, object_: str, same: list[str]) -> None:
        super().__init__("DUPLICATES_DETECTED", message)
        self.rule, self.object, self.same = rule, object_, same

    def alone(self) -> ApiError:
        return DuplicateFound(self)


class DuplicateFound(ApiError):
    """The answer to a call about one record: it names those that are alike."""

    def __init__(self, error: DuplicateError) -> None:
        super().__init__(400, error.code, error.message)
        self.error = error

    def body(self) -> list[dict[str, Any]]:
        one = self.error
        records = [{"record": {"attributes": {"type": one.object}, "Id": id_}} for id_ in one.same]
        matched = [{"entityType": one.object, "matchRecords": records, "size": len(records), "success": True}]
        result = {"allowSave": False, "duplicateRule": one.rule, "duplicateRuleEntityType": one.object,
                  "errorMessage": one.message, "matchResults": matched}  # fmt: skip
        return [{"duplicateResult": result, "errorCode": one.code, "message": one.message}]


def not_found(message: str = "The requested resource does not exist") -> ApiError:
    return ApiError(404, "NOT_FOUND", message)


def unknown_column(name: str, object_: str) -> ApiError:
    return ApiError(400, "INVALID_FIELD", f"No such column '{name}' on sobject of type {object_}")
