"""Telegram: the webhook's proof, confirmation after storing, and its own refusals."""

import json

import httpx
import pytest

from connectors.platforms.telegram import SECRET_HEADER, to_event
from core.errors import AuthExpired, BadPayload, NotConfigured, Rejected, TryLater, Unknown
from core.event import Reply
from tests.connectors.support import Tokens, connector, drain

BASE = "https://api.telegram.org"
TOKEN = "700:secret"
DM = {"id": 555, "type": "private", "first_name": "Kai"}
KAI = {"id": 555, "is_bot": False, "first_name": "Kai"}


def update(number, **body):
    return {"update_id": number, "message": {"message_id": number, "from": KAI, "chat": DM, "date": 1772352000, **body}}


def bot(**secrets):
    return connector("telegram", BASE, Tokens(token=TOKEN, **secrets), handle="kumo_bot")


def refuse(httpx_mock, code, text="no", **more):
    body = {"ok": False, "error_code": code, "description": text, **more}
    httpx_mock.add_response(status_code=code, json=body, is_reusable=True)


def test_a_delivery_with_the_secret_is_read():
    page = bot(webhook_secret="s3cret").receive(
        {"X-Telegram-Bot-Api-Secret-Token": "s3cret"}, json.dumps(update(1, text="hi")).encode()
    )
    assert (page.events[0].text, page.cursor) == ("hi", None)


@pytest.mark.parametrize("headers", [{}, {SECRET_HEADER: ""}, {SECRET_HEADER: "s3cre"}, {SECRET_HEADER: "é"}])
def test_a_delivery_without_the_secret_is_rejected(headers):
    with pytest.raises(Rejected):
        bot(webhook_secret="s3cret").receive(headers, b"{}")


def test_without_a_secret_of_ours_nothing_is_believed():
    with pytest.raises(NotConfigured):
        bot().receive({SECRET_HEADER: ""}, b"{}")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b"\xff", b"[" * 100_000])
def test_a_delivery_that_is_no_update_is_bad_payload(body):
    with pytest.raises(BadPayload):
        bot(webhook_secret="s").receive({SECRET_HEADER: "s"}, body)


def test_a_signed_update_that_cannot_be_read_is_kept():
    page = bot(webhook_secret="s").receive({SECRET_HEADER: "s"}, b'{"update_id": 1, "message": {"text": 5}}')
    assert (page.events, len(page.bad)) == ((), 1)


def test_a_page_is_confirmed_only_after_it_was_stored(httpx_mock):
    offsets = []

    def answer(request):
        body = json.loads(request.content)
        offsets.append(body.get("offset"))
        rows = [update(number, text="t") for number in (7, 8) if number >= body.get("offset", 0)]
        return httpx.Response(200, json={"ok": True, "result": rows})

    httpx_mock.add_callback(answer, is_reusable=True)
    pages = bot().pull("updates", None)
    assert next(pages).cursor == "9"
    assert offsets == [None]
    assert next(pages, None) is None
    assert offsets == [None, 9]


def test_an_unreadable_update_does_not_hold_the_queue_up(httpx_mock):
    httpx_mock.add_response(json={"ok": True, "result": [{"update_id": 4, "message": None}, update(5, text="t")]})
    httpx_mock.add_response(json={"ok": True, "result": []})
    events, bad, cursor = drain(bot().pull("updates", "4"))
    assert ([event.text for event in events], len(bad), cursor) == (["t"], 1, "6")


def test_a_webhook_in_the_way_is_explained(httpx_mock):
    refuse(httpx_mock, 409, "Conflict: can't use getUpdates method while webhook is active")
    with pytest.raises(NotConfigured, match="deleteWebhook"):
        drain(bot().pull("updates", None))


@pytest.mark.parametrize(
    ("code", "text", "error"),
    [
        (401, "Unauthorized", AuthExpired),
        (404, "Not Found", AuthExpired),
        (409, "Conflict: terminated by other getUpdates request", TryLater),
        (500, "Internal Server Error", TryLater),
        (400, "Bad Request: chat not found", Rejected),
        (403, "Forbidden: bot was blocked by the user", Rejected),
    ],
)
def test_refusals_are_named_after_what_to_do(httpx_mock, code, text, error):
    refuse(httpx_mock, code, text)
    with pytest.raises(error) as raised:
        bot().send(Reply(key="k", text="hi", parent_ref='{"chat_id": 555, "message_id": 1}'))
    assert "secret" not in str(raised.value)


def test_the_wait_stands_in_the_body(httpx_mock):
    refuse(httpx_mock, 429, "Too Many Requests", parameters={"retry_after": 7})
    with pytest.raises(TryLater) as raised:
        bot().send(Reply(key="k", text="hi", parent_ref='{"chat_id": 555}'))
    assert raised.value.after == 7


def test_a_gateway_without_an_answer_of_telegrams_own_leaves_it_unknown(httpx_mock):
    httpx_mock.add_response(status_code=502, text="<html>Bad gateway</html>")
    with pytest.raises(Unknown):
        bot().send(Reply(key="k", text="hi", parent_ref='{"chat_id": 555}'))


def test_an_answer_goes_to_the_message_in_its_chat(httpx_mock):
    httpx_mock.add_response(json={"ok": True, "result": update(9, text="hi")["message"]})
    ref = '{"chat_id": 555, "message_id": 1, "business_connection_id": "B"}'
    bot().send(Reply(key="k", text="hi", parent_ref=ref))
    sent = json.loads(httpx_mock.get_requests()[0].content)
    assert sent["reply_parameters"]["message_id"] == 1
    assert (sent["chat_id"], sent["business_connection_id"]) == (555, "B")


def test_length_counts_utf16_units():
    with pytest.raises(Rejected, match="4098"):
        bot().send(Reply(key="k", text="👍" * 2049, parent_ref='{"chat_id": 555}'))


def test_a_webhook_is_set_with_a_secret_that_is_kept(httpx_mock):
    httpx_mock.add_response(json={"ok": True, "result": True})
    tokens = Tokens(token=TOKEN)
    connector("telegram", BASE, tokens).subscribe("https://hub.example/hooks/1")
    body = json.loads(httpx_mock.get_requests()[0].content)
    assert body["secret_token"] == tokens.secrets["webhook_secret"]
    assert len(body["secret_token"]) > 30


def test_a_japanese_name_has_its_family_name_first() -> None:
    person = {"id": 556, "is_bot": False, "first_name": "太郎", "last_name": "山田"}
    assert to_event.user(person).name == "山田 太郎"
