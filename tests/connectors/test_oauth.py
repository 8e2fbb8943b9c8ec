"""Connecting by OAuth, the whole way against the simulated servers, and what must not pass."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors import oauth
from core.errors import AuthExpired, NotConfigured, Rejected
from tests.connectors.support import Tokens, drain

CALLBACK = "http://localhost:8000/oauth/callback"
PLATFORMS = ["mastodon", "bluesky"]


def flat(query):
    return {name: values[0] for name, values in parse_qs(query).items()}


def begin(sandbox, platform):
    account = sandbox.account(platform)
    return oauth.start(
        platform, account["base_url"], CALLBACK, identifier=account.get("identifier", ""), allow_private=True
    )


def agree(url, decision="allow"):
    """What a person does in the browser; answers the parameters they come back with."""
    page = httpx.get(url).text
    hidden = {name: unescape(value) for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', page)}
    account = re.findall(r'<option value="([^"]+)"', page)[0]
    form = {**flat(urlsplit(url).query), **hidden, "decision": decision, "account": account}
    back = httpx.post(url.partition("?")[0], data=form)
    return flat(urlsplit(back.headers["location"]).query)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_person_connects_an_account_that_then_can_be_pulled(sandbox, platform):
    url, pending = begin(sandbox, platform)
    done = oauth.finish(pending, agree(url), allow_private=True)
    ours = sandbox.connector(platform, Tokens(**done.tokens), external_id=done.profile.author.id)
    assert done.profile.author.handle.startswith(sandbox.account(platform)["handle"].lstrip("@"))
    assert all(drain(ours.pull(feed, None))[0] for feed in ours.feeds()[:2])


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_state_that_is_not_ours_is_refused(sandbox, platform):
    url, pending = begin(sandbox, platform)
    with pytest.raises(Rejected, match="not started here"):
        oauth.finish(pending, {**agree(url), "state": "forged"}, allow_private=True)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_person_who_declines_is_told_so(sandbox, platform):
    _, pending = begin(sandbox, platform)
    with pytest.raises(Rejected, match="did not allow"):
        oauth.finish(pending, {"state": pending["state"], "error": "access_denied"}, allow_private=True)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_code_without_our_verifier_is_worth_nothing(sandbox, platform):
    url, pending = begin(sandbox, platform)
    with pytest.raises((Rejected, AuthExpired)):
        oauth.finish({**pending, "verifier": "x" * 43}, agree(url), allow_private=True)


def test_an_answer_from_another_server_is_refused(sandbox):
    url, pending = begin(sandbox, "bluesky")
    with pytest.raises(Rejected, match="another server"):
        oauth.finish(pending, {**agree(url), "iss": "https://evil.example"}, allow_private=True)


def test_bound_tokens_are_renewed_once_for_all(sandbox):
    url, pending = begin(sandbox, "bluesky")
    done = oauth.finish(pending, agree(url), allow_private=True)
    tokens = Tokens(**{**done.tokens, "expires_at": "0"})
    sandbox.connector("bluesky", tokens, external_id=done.profile.author.id).check()
    assert tokens.saved == 1
    assert tokens.secrets["access_token"] != done.tokens["access_token"]


def test_an_expired_app_session_is_renewed_and_kept(sandbox):
    sandbox.control("/_quirks", {"bluesky": {"access_seconds": 0.5}})
    tokens = sandbox.tokens("bluesky")
    sandbox.connector("bluesky", tokens).check()
    sandbox.control("/_quirks", {"bluesky": {}})
    first = tokens.secrets["access"]
    sandbox.connector("bluesky", tokens).check()
    assert tokens.secrets["access"] != first


def test_a_password_without_the_privilege_warns_and_the_rest_works(sandbox):
    tokens = sandbox.tokens("bluesky", password=sandbox.account("bluesky")["password_without_chat"])
    ours = sandbox.connector("bluesky", tokens)
    assert "direct messages" in ours.check().warnings[0]
    assert drain(ours.pull("chat", None))[0] == []
    assert drain(ours.pull("notifications", None))[0]


def test_the_client_document_and_the_client_id_agree():
    document = oauth.client_metadata("https://hub.example/")
    client, redirect = oauth.client_id("https://hub.example/oauth/callback")
    assert document["client_id"] == client
    assert redirect in document["redirect_uris"]


def test_on_this_machine_the_development_client_is_used():
    client, redirect = oauth.client_id(CALLBACK)
    assert client.startswith("http://localhost?redirect_uri=")
    assert redirect == "http://127.0.0.1:8000/oauth/callback"


def test_plain_http_elsewhere_is_explained():
    with pytest.raises(NotConfigured, match="https"):
        oauth.client_id("http://hub.example/oauth/callback")


def test_a_platform_without_oauth_is_explained():
    with pytest.raises(NotConfigured, match="accounts add"):
        oauth.start("telegram", "", CALLBACK)
