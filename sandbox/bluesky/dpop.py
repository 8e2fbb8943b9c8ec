"""Proof of possession for OAuth tokens, verified as RFC 9449 and https://atproto.com/specs/oauth ask."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.requests import Request

from sandbox.bluesky.errors import Refused
from sandbox.bluesky.state import Bluesky

Doc = dict[str, Any]
NONCE_SECONDS = 180
PROOF_SECONDS = 300


class BadProof(Exception):
    """Why a proof does not hold; ``code`` is use_dpop_nonce or invalid_dpop_proof."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def nonce(state: Bluesky, back: int = 0) -> str:
    """The server's nonce of this period (or of ``back`` periods ago)."""
    period = int(time.time()) // NONCE_SECONDS - back
    return hmac.new(state.secret, f"nonce {period}".encode(), hashlib.sha256).hexdigest()[:32]


def decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def encode(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


def thumbprint(jwk: Doc) -> str:
    """RFC 7638."""
    kept = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    return encode(hashlib.sha256(json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()).digest())


def verify_jws(token: str, jwk: Doc) -> None:
    """Check an ES256 signature; raises InvalidSignature or ValueError."""
    x, y = (int.from_bytes(decode(jwk[name]), "big") for name in ("x", "y"))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    text, _, signature = token.rpartition(".")
    raw = decode(signature)
    r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
    key.verify(encode_dss_signature(r, s), text.encode(), ec.ECDSA(SHA256()))


def check(request: Request, state: Bluesky, access_token: str | None = None) -> str:
    """Verify the request's DPoP header and give the key's thumbprint; raises BadProof."""
    proof = request.headers.get("dpop")
    if not proof:
        raise BadProof("invalid_dpop_proof", "DPoP proof required")
    try:
        head, claims = (json.loads(decode(part)) for part in proof.split(".")[:2])
        jwk = head["jwk"]
        if head.get("typ") != "dpop+jwt" or head.get("alg") != "ES256" or "d" in jwk:
            raise BadProof("invalid_dpop_proof", 'DPoP proof needs typ "dpop+jwt", alg "ES256" and a public jwk')
        verify_jws(proof, jwk)
    except (ValueError, KeyError, TypeError, InvalidSignature):
        raise BadProof("invalid_dpop_proof", "DPoP proof could not be verified") from None
    _check_claims(request, state, claims, access_token)
    return thumbprint(jwk)


def _check_claims(request: Request, state: Bluesky, claims: Doc, access_token: str | None) -> None:
    here = str(request.url.replace(query="", fragment=""))
    if claims.get("htm") != request.method:
        raise BadProof("invalid_dpop_proof", "DPoP htm mismatch")
    if str(claims.get("htu", "")).split("?")[0] != here:
        raise BadProof("invalid_dpop_proof", f"DPoP htu mismatch: this is {here}")
    if abs(time.time() - float(claims.get("iat", 0))) > PROOF_SECONDS:
        raise BadProof("invalid_dpop_proof", "DPoP iat is too old or in the future")
    if claims.get("nonce") not in (nonce(state), nonce(state, 1)):
        raise BadProof("use_dpop_nonce", "Authorization server requires nonce in DPoP proof")
    jti = str(claims.get("jti") or "")
    if not jti or jti in state.proofs:
        raise BadProof("invalid_dpop_proof", "DPoP proof was used before")
    state.proofs[jti] = time.time()
    if access_token is not None and claims.get("ath") != encode(hashlib.sha256(access_token.encode()).digest()):
        raise BadProof("invalid_dpop_proof", "DPoP ath mismatch")


def check_resource(request: Request, state: Bluesky, token: str) -> Doc:
    """The grant behind a DPoP-bound access token, at the resource server."""
    fresh = {"DPoP-Nonce": nonce(state)}
    try:
        key = check(request, state, token)
    except BadProof as problem:
        challenge = f'DPoP error="{problem.code}", error_description="{problem.message}"'
        raise Refused(401, problem.code, problem.message, fresh | {"WWW-Authenticate": challenge}) from None
    grant = state.grants.get(token)
    if grant is None or grant["until"] <= time.time() or grant["jkt"] != key:
        challenge = 'DPoP error="invalid_token", error_description="exp claim timestamp check failed"'
        raise Refused(401, "invalid_token", "Token has expired", fresh | {"WWW-Authenticate": challenge})
    return grant
