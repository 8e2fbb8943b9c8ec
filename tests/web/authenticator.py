"""A passkey in software, for tests: one ES256 key that answers as a browser does (WebAuthn level 3, section 6)."""

from __future__ import annotations

import hashlib
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def b64(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """Its owner's finger is on it unless `verified` is False."""

    origin: str
    host: str
    count: int = 0
    verified: bool = True
    handle: str = ""
    id: bytes = field(default_factory=lambda: os.urandom(16))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: dict[str, Any]) -> str:
        """What a browser sends after `navigator.credentials.create`."""
        self.handle = options["user"]["id"]
        point = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cbor2.dumps(cose)
        whole = {"fmt": "none", "attStmt": {}, "authData": self._data(ATTESTED) + attested}
        said = {"attestationObject": b64(cbor2.dumps(whole)), "transports": ["internal", "odd"]}
        return self._said(options, "webauthn.create", said)

    def prove(self, options: dict[str, Any]) -> str:
        """What a browser sends after `navigator.credentials.get`."""
        self.count += 1 if self.count else 0
        data, client = self._data(0), self._client(options, "webauthn.get")
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        said = {"authenticatorData": b64(data), "signature": b64(signed), "userHandle": self.handle}
        return self._said(options, "webauthn.get", said)

    def _data(self, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verified else 0)
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, options: dict[str, Any], kind: str) -> bytes:
        said = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps(said).encode()

    def _said(self, options: dict[str, Any], kind: str, response: dict[str, Any]) -> str:
        response["clientDataJSON"] = b64(self._client(options, kind))
        return json.dumps({"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response,
                           "clientExtensionResults": {}})  # fmt: skip
