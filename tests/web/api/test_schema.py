"""schemathesis over the API's own description: nothing breaks, and every answer is as described."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from core.settings import settings as ours
from tests.web import conftest as web
from tests.web import lived
from web.app import create_app

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
]


EXAMPLES = settings(
    max_examples=4, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
"""Of each operation, in each mode: enough to meet every answer, few enough for every run of the tests."""


PARTS = 6
"""In so many tests, each within its time."""


@pytest.fixture
def described(database: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("WIDERHALL_API_PER_MINUTE", "0")
    monkeypatch.setenv("WIDERHALL_PUBLIC_URL", "http://testserver")
    ours.cache_clear()
    lived.everything()
    schema = schemathesis.openapi.from_asgi("/api/v1/openapi.json", create_app())
    schema.config.update(headers={"Authorization": f"Bearer {web.api_token(1)}"})
    refused = schema.config.checks.negative_data_rejection
    refused.expected_statuses = [*refused.expected_statuses, "413"]  # a text that is too long may be too large
    return schema


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_breaks_and_every_answer_is_as_described(described: Any, part: int) -> None:
    wrong, tried = [], 0
    for found in list(described.get_all_operations())[part::PARTS]:
        operation = found.ok()
        for mode in GenerationMode:
            try:
                _try(operation, mode)
            except Unsatisfiable:  # nothing about it can be wrong
                continue
            except (FailureGroup, Failure) as error:
                wrong.append(f"{operation.label} {mode.value}: {error}")
            tried += 1
    assert not wrong, "\n".join(wrong)
    assert tried > 40


def _try(operation: Any, mode: GenerationMode) -> None:
    @EXAMPLES
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS)

    one()
