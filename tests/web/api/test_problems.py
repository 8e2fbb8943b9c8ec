"""Claims about refusals of the API: problem+json everywhere, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
import sqlalchemy as sa

from tests.web.api.conftest import Program
from tests.web.conftest import Browser
from web.api.v1 import me

Programs = Callable[..., Program]


def problem(answer: httpx.Response) -> int:
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["status"] == answer.status_code
    return answer.status_code


def test_unknown_address_wrong_method_and_no_token(program: Programs, browser: Browser) -> None:
    one = program()
    assert problem(one.get("nothing")) == 404
    refused = one.call("PUT", "me")
    assert (problem(refused), refused.headers["Allow"]) == (405, "GET, HEAD")
    for accept in ("text/html", "application/json"):
        assert problem(browser.get("/api/v1/me", headers={"accept": accept})) == 401
    assert problem(browser.get("/api/v1")) == 404


def test_body_that_is_no_json_is_told_what_to_send(program: Programs) -> None:
    one = program()
    form = one.call("POST", "me/away", content=b'{"away": true}', headers={"content-type": "text/plain"})
    assert (problem(form), "Content-Type: application/json" in form.json()["detail"]) == (415, True)
    broken = one.call("POST", "me/away", content=b'{"away"', headers={"content-type": "application/json"})
    assert (problem(broken), broken.json()["errors"][0]["where"]) == (422, "body")
    assert broken.json()["errors"][0]["why"].startswith("This is no JSON (character 7): ")


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError(), 500), (sa.exc.OperationalError("", None, OSError()), 503)]
)
def test_what_breaks_is_a_problem_without_details(
    program: Programs, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(me, "Me", broken)
    answer = program().get("me")
    assert problem(answer) == status
    assert "Traceback" not in answer.text
