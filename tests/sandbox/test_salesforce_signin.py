"""JWT bearer sign-in of the simulated org."""

from __future__ import annotations

from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from sandbox.salesforce import CLIENT_ID, INTEGRATION_USER
from tests.sandbox.salesforce_org import Api

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture(scope="module")
def key() -> RSAKey:
    return RSAKey.generate_key(2048)


@pytest.fixture
def api(key: RSAKey) -> Api:
    found = Api()
    found.hook("app", {"public_key": key.as_pem(private=False).decode()})
    return found


def sign_in(api: Api, key: RSAKey, **claims: Any) -> tuple[int, str]:
    base = {
        "iss": CLIENT_ID,
        "sub": INTEGRATION_USER,
        "aud": "http://org.test",
        "exp": int(api.clock().timestamp()) + 120,
    }
    assertion = jwt.encode({"alg": "RS256"}, base | claims, key)
    answer = api.token(grant_type=GRANT, assertion=assertion)
    return answer.status_code, answer.json().get("error_description", "")


def test_a_signed_assertion_opens_a_session(api: Api, key: RSAKey) -> None:
    assert sign_in(api, key)[0] == 200


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"aud": "https://elsewhere.example"}, "audience is invalid"),
        ({"exp": 1}, "expired authorization code"),
        ({"exp": 9999999999}, "expired authorization code"),
        ({"sub": "someone@else.example"}, "user hasn't approved this consumer"),
        ({"iss": "another-app"}, "client identifier invalid"),
    ],
)
def test_a_wrong_claim_is_named(api: Api, key: RSAKey, claims: dict[str, Any], reason: str) -> None:
    assert sign_in(api, key, **claims) == (400, reason)


def test_another_key_opens_nothing(api: Api) -> None:
    assert sign_in(api, RSAKey.generate_key(2048)) == (400, "invalid assertion")


def test_nonsense_opens_nothing(api: Api) -> None:
    answer = api.token(grant_type=GRANT, assertion="x.y.z")
    assert (answer.status_code, answer.json()["error_description"]) == (400, "invalid assertion")
