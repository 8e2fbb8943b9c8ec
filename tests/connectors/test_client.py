"""Every line of the client's error table, and what it does with pages, limits and hostile answers."""

import httpx
import pytest

from connectors import client as client_module
from connectors.answers import moment, wait
from connectors.base import now
from connectors.client import Bearer, Client
from core.errors import AuthExpired, BadPayload, NotConfigured, Rejected, TryLater, Unknown

BASE = "https://social.example"


class Ledger:
    """A budget that remembers what it was told."""

    def __init__(self, room=True):
        self.room, self.taken, self.seen, self.blocked = room, [], [], []

    def take(self, cost=1, interactive=False):
        if not self.room:
            raise TryLater("used up", 7)
        self.taken.append(interactive)

    def observe(self, limit, remaining, reset_at):
        self.seen.append((limit, remaining))

    def block(self, until):
        self.blocked.append((until - now()).total_seconds())


class Renewing:
    """Credentials that can be renewed once."""

    def __init__(self):
        self.token = "old"

    def apply(self, request):
        request.headers["Authorization"] = f"Bearer {self.token}"

    def renew(self, answer):
        before, self.token = self.token, "new"
        return answer.status == 401 and before == "old"


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(client_module, "_pause", lambda attempt: None)


def client(**options):
    return Client(BASE, **options)


def test_no_room_in_the_budget_is_try_later_without_a_call(httpx_mock):
    with pytest.raises(TryLater) as raised:
        client(budget=Ledger(room=False)).get("/x")
    assert raised.value.after == 7
    assert not httpx_mock.get_requests()


def test_connect_errors_of_a_read_are_tried_three_times(httpx_mock):
    httpx_mock.add_exception(httpx.ConnectError("no"), is_reusable=True)
    with pytest.raises(TryLater):
        client().get("/x")
    assert len(httpx_mock.get_requests()) == 3


def test_a_write_that_never_left_is_try_later_at_once(httpx_mock):
    httpx_mock.add_exception(httpx.ConnectTimeout("no"))
    with pytest.raises(TryLater):
        client().post("/x", {})
    assert len(httpx_mock.get_requests()) == 1


@pytest.mark.parametrize("error", [httpx.ReadTimeout("t"), httpx.RemoteProtocolError("p"), httpx.ReadError("r")])
def test_a_write_without_an_answer_is_unknown_and_not_repeated(httpx_mock, error):
    httpx_mock.add_exception(error)
    with pytest.raises(Unknown):
        client().post("/x", {})
    assert len(httpx_mock.get_requests()) == 1


def test_a_keyed_write_without_an_answer_is_repeated_with_the_same_key(httpx_mock):
    httpx_mock.add_exception(httpx.ReadTimeout("t"))
    httpx_mock.add_response(json={"id": "1"})
    client().post("/x", {}, headers={"Idempotency-Key": "k"}, keyed=True)
    assert [request.headers["Idempotency-Key"] for request in httpx_mock.get_requests()] == ["k", "k"]


@pytest.mark.parametrize("error", [httpx.ReadTimeout("t"), httpx.RemoteProtocolError("p"), httpx.ReadError("r")])
def test_a_read_without_an_answer_is_tried_three_times(httpx_mock, error):
    httpx_mock.add_exception(error, is_reusable=True)
    with pytest.raises(TryLater):
        client().get("/x")
    assert len(httpx_mock.get_requests()) == 3


def test_a_write_with_an_unreadable_answer_is_unknown(httpx_mock):
    httpx_mock.add_response(content=b"<html>")
    with pytest.raises(Unknown):
        client().post("/x", {}).object()


def test_an_answer_that_trickles_for_ever_is_left(httpx_mock, monkeypatch):
    monkeypatch.setattr(client_module, "LONGEST_ANSWER", -1.0)
    httpx_mock.add_response(content=b"x", is_reusable=True)
    with pytest.raises(TryLater):
        client().get("/x")


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_fault_of_the_server_is_tried_three_times_for_a_read(httpx_mock, status):
    httpx_mock.add_response(status_code=status, is_reusable=True)
    with pytest.raises(TryLater):
        client().get("/x")
    assert len(httpx_mock.get_requests()) == 3


@pytest.mark.parametrize("status", [500, 502, 504])
def test_a_fault_of_the_server_makes_a_write_unknown(httpx_mock, status):
    httpx_mock.add_response(status_code=status)
    with pytest.raises(Unknown):
        client().post("/x", {})


@pytest.mark.parametrize("status", [429, 503])
def test_a_wait_is_taken_from_retry_after(httpx_mock, status):
    httpx_mock.add_response(status_code=status, headers={"Retry-After": "17"})
    with pytest.raises(TryLater) as raised:
        client().post("/x", {})
    assert 15 <= raised.value.after <= 17


def test_a_429_blocks_the_budget_for_everybody(httpx_mock):
    httpx_mock.add_response(status_code=429, headers={"Retry-After": "17"})
    budget = Ledger()
    with pytest.raises(TryLater):
        client(budget=budget).get("/x")
    assert 15 <= budget.blocked[0] <= 17


def test_a_dead_token_is_auth_expired(httpx_mock):
    httpx_mock.add_response(status_code=401, json={"error": "The access token is invalid"})
    with pytest.raises(AuthExpired):
        client(auth=Bearer("t")).get("/x")


def test_a_renewed_token_repeats_the_call_once(httpx_mock):
    httpx_mock.add_response(status_code=401)
    httpx_mock.add_response(json={})
    client(auth=Renewing()).post("/x", {})
    sent = [request.headers["Authorization"] for request in httpx_mock.get_requests()]
    assert sent == ["Bearer old", "Bearer new"]


@pytest.mark.parametrize("status", [400, 403, 404, 422, 501])
def test_a_refusal_is_rejected_in_the_platforms_words(httpx_mock, status):
    httpx_mock.add_response(status_code=status, json={"error": "Nope", "message": "Not like this"})
    with pytest.raises(Rejected, match="Not like this") as raised:
        client().get("/x")
    assert raised.value.code == "Nope"
    assert len(httpx_mock.get_requests()) == 1


def test_a_platform_names_a_refusal_better(httpx_mock):
    httpx_mock.add_response(status_code=400, json={"error": "ExpiredToken"})
    with pytest.raises(AuthExpired, match="mine"):
        client(refusal=lambda answer: AuthExpired("mine")).get("/x")


@pytest.mark.parametrize("body", [b"<html>", b"", b"\xff\xfe", b"[" * 100_000])
def test_what_is_not_json_is_bad_payload(httpx_mock, body):
    httpx_mock.add_response(content=body)
    with pytest.raises(BadPayload):
        client().get("/x").json()


def test_a_list_where_an_object_belongs_is_bad_payload(httpx_mock):
    httpx_mock.add_response(json=[])
    with pytest.raises(BadPayload):
        client().get("/x").object()


def test_a_body_over_the_cap_is_bad_payload(httpx_mock):
    httpx_mock.add_response(content=b"x" * 3000)
    with pytest.raises(BadPayload):
        client(max_bytes=2000).get("/x")


def test_a_write_with_a_body_over_the_cap_is_unknown(httpx_mock):
    httpx_mock.add_response(content=b"x" * 3000)
    with pytest.raises(Unknown):
        client(max_bytes=2000).post("/x", {})


def test_a_redirect_to_the_same_host_is_followed(httpx_mock):
    httpx_mock.add_response(status_code=301, headers={"Location": "/y"})
    httpx_mock.add_response(url=f"{BASE}/y", json={"ok": 1})
    assert client(auth=Bearer("t")).get("/x").object() == {"ok": 1}


def test_a_redirect_elsewhere_never_gets_the_token(httpx_mock):
    httpx_mock.add_response(status_code=302, headers={"Location": "https://evil.example/x"})
    with pytest.raises(Rejected, match=r"evil\.example"):
        client(auth=Bearer("t")).get("/x")
    assert len(httpx_mock.get_requests()) == 1


def test_a_redirected_write_is_rejected(httpx_mock):
    httpx_mock.add_response(status_code=307, headers={"Location": "/y"})
    with pytest.raises(Rejected) as raised:
        client().post("/x", {})
    assert raised.value.code == "moved"


def test_endless_redirects_end(httpx_mock):
    httpx_mock.add_response(status_code=302, headers={"Location": "/x"}, is_reusable=True)
    with pytest.raises(Rejected):
        client().get("/x")


def test_a_private_address_is_not_called():
    with pytest.raises(NotConfigured, match="WIDERHALL_ALLOW_PRIVATE_HOSTS"):
        Client("http://127.0.0.1:9").get("/x")


def test_no_error_text_holds_the_path_where_a_token_may_stand(httpx_mock):
    httpx_mock.add_response(status_code=500, is_reusable=True)
    with pytest.raises(TryLater) as raised:
        Client(f"{BASE}/bot123:secret").get("/getMe")
    assert "secret" not in str(raised.value)


def test_the_base_may_have_a_path(httpx_mock):
    httpx_mock.add_response(url=f"{BASE}/social/api/v1/x?a=1", json={})
    Client(f"{BASE}/social/").get("/api/v1/x", {"a": 1})


def test_a_next_link_keeps_its_query(httpx_mock):
    httpx_mock.add_response(url=f"{BASE}/x?limit=2", json=[1], headers={"Link": f'<{BASE}/x?max_id=5>; rel="next"'})
    httpx_mock.add_response(url=f"{BASE}/x?max_id=5", json=[2])
    assert [page.list() for page in client().pages("/x", {"limit": 2})] == [[1], [2]]


def test_a_repeated_next_link_ends_the_pages(httpx_mock):
    httpx_mock.add_response(json=[1], headers={"Link": f'<{BASE}/x?max_id=5>; rel="next"'}, is_reusable=True)
    assert len(list(client().pages("/x"))) == 2


def test_a_next_link_to_another_host_is_not_followed(httpx_mock):
    httpx_mock.add_response(json=[1], headers={"Link": '<https://evil.example/x?max_id=5>; rel="next"'})
    pages = client(auth=Bearer("t")).pages("/x")
    next(pages)
    with pytest.raises(BadPayload, match=r"evil\.example"):
        next(pages)


def test_rate_headers_of_reads_reach_the_budget(httpx_mock):
    httpx_mock.add_response(json={}, headers={"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": "299"})
    budget = Ledger()
    client(budget=budget).get("/x")
    assert budget.seen == [(300, 299)]


@pytest.mark.parametrize(
    "text", ["20", "20.0", "+20", "1900000020", "1900000020.0", "1900000020000", "2030-03-17T17:47:00Z",
             "Sun, 17 Mar 2030 17:47:00 GMT"],
)  # fmt: skip
def test_resets_are_read_in_every_spelling(text):
    start = moment("2030-03-17T17:46:40Z", now())
    assert abs((moment(text, start) - start).total_seconds() - 20) < 1


@pytest.mark.parametrize("text", ["", "soon", "nan", "inf", "-5", "1e999"])
def test_a_senseless_retry_after_is_some_finite_wait(text):
    assert 0 < wait({"retry-after": text}, now()) <= 6 * 3600


@pytest.mark.parametrize("address", ["", "social.example", "ftp://x", "https://", "javascript:alert(1)"])
def test_an_address_that_is_none_is_rejected(address):
    with pytest.raises(Rejected):
        Client(address)
