"""A whole list by the API: asked for once, looked at, stopped, taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from core import outbox
from core.topics import SUBSCRIBERS
from inbox.many import work
from tests.conftest import BOTH
from tests.web.api.conftest import Program
from tests.web.api.test_conversations import full
from web import many

__all__ = ["full"]
Programs = Callable[..., Program]
OPEN = {"view": "open"}
TAG = {"filter": OPEN, "do": "tag", "value": "много"}


def worker() -> None:
    while outbox.step(SUBSCRIBERS["web.many.work"], many.work):
        pass


def tagged(one: Program) -> int:
    return len(one.get("conversations?tag=много").json()["items"])


@BOTH
def test_a_list_is_changed_and_taken_back(full: None, program: Programs) -> None:
    one = program("agent")
    number = one.get("conversations/counts").json()["open"]
    made = one.post("bulk-jobs", TAG, key="k")
    job = made.json()
    assert (made.status_code, job["state"], job["total"], job["url"]) == (
        202, "running", number, f"/api/v1/bulk-jobs/{job['id']}",
    )  # fmt: skip
    assert one.post("bulk-jobs", TAG, key="k").json() == job, "once"
    assert tagged(one) == 0
    worker()
    done = one.get(f"bulk-jobs/{job['id']}").json()
    assert (done["state"], done["changed"], done["left"], tagged(one)) == ("done", number, 0, number)
    assert [row["id"] for row in one.get("bulk-jobs").json()["items"]] == [job["id"]]
    assert one.post(f"bulk-jobs/{job['id']}/undo").status_code == 202
    worker()
    back = one.get(f"bulk-jobs/{job['id']}").json()
    assert (back["state"], back["back"], tagged(one)) == ("undone", number, 0)
    assert one.post(f"bulk-jobs/{job['id']}/undo").status_code == 422


def test_it_is_stopped_and_what_was_left_is_named(
    full: None, program: Programs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "TOGETHER", 1)
    one = program("agent")
    job = one.post("bulk-jobs", {"filter": {}, "do": "field", "value": "987654=x"}).json()
    work.step(job["id"], many.may)
    stopped = one.post(f"bulk-jobs/{job['id']}/stop").json()
    assert (stopped["state"], stopped["left"]) == ("stopped", 1)
    worker()
    (refusal,) = one.get(f"bulk-jobs/{job['id']}/refused").json()["items"]
    assert refusal["reason"]


def test_a_macro_on_a_list(full: None, program: Programs) -> None:
    one = program("agent")
    job = one.post("bulk-jobs", {"filter": OPEN, "macro": 1}).json()
    assert job["macro"]
    worker()
    assert one.get(f"bulk-jobs/{job['id']}").json()["state"] == "done"


@pytest.mark.parametrize(
    "body",
    [
        {"do": "tag", "value": "x"},
        {"filter": {}, "do": "tag"},
        {"filter": {}, "do": "tag", "value": "x", "macro": 1},
        {"filter": {}},
        {"filter": {"sort": "newest"}, "do": "tag", "value": "x"},
        {"filter": {"view": "none"}, "do": "tag", "value": "x"},
        {"filter": {"conditions": "{"}, "do": "tag", "value": "x"},
        {"filter": {"saved": "987654"}, "do": "tag", "value": "x"},
        {"filter": {}, "do": "assign", "value": "user:987654"},
        {"filter": {}, "macro": 987654},
    ],
)
def test_what_makes_no_sense_is_refused(full: None, program: Programs, body: dict[str, Any]) -> None:
    one = program("agent")
    assert one.post("bulk-jobs", body).status_code == 422
    assert one.get("bulk-jobs").json()["items"] == []


def test_jobs_are_their_owners_alone(full: None, program: Programs) -> None:
    job = program("agent").post("bulk-jobs", TAG).json()["id"]
    other = program("admin")
    assert other.get(f"bulk-jobs/{job}").status_code == 404
    assert other.get(f"bulk-jobs/{job}/refused").status_code == 404
    for deed in ("stop", "undo"):
        assert other.post(f"bulk-jobs/{job}/{deed}").status_code == 404
    assert program("agent", "messages.read").post("bulk-jobs", TAG).status_code == 403
