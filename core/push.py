"""Web Push: a short encrypted word to a browser through the push service it named (RFC 8030, 8188, 8291, 8292).

The hub's key pair (VAPID) tells the service who sends; the browser's keys encrypt, so that the service reads nothing.
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from core import webhook
from core.errors import Rejected
from core.webhook import Answer

LIFE = 12 * 3600
"""Seconds for which a signature holds; services refuse more than a day."""
TTL = 24 * 3600
"""Seconds for which the service keeps it for a browser that is away."""
LARGEST = 3000
"""Bytes of a word: services take 4096 with what the encryption adds."""
WRONG = "This is no subscription of a browser."


@dataclass(frozen=True)
class Subscription:
    """Where a browser is reached, with its keys as base64url."""

    endpoint: str
    p256dh: str
    auth: str


def new_key() -> tuple[str, str]:
    """A fresh key pair: the private one as PEM, the public one as base64url of its point."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    point = key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    return pem, _coded(point)


def checked(endpoint: str, p256dh: str, auth: str) -> Subscription:
    """A subscription as it is kept; Rejected when it is none."""
    from cryptography.hazmat.primitives.asymmetric import ec

    address = webhook.checked(endpoint)
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(
            ec.SECP256R1(), _raw(p256dh)
        )  # a point of the curve, or ValueError
        fits = len(_raw(p256dh)) == 65 and len(_raw(auth)) == 16
    except ValueError:
        fits = False
    if not fits:
        raise Rejected(WRONG)
    return Subscription(address, p256dh, auth)


def send(to: Subscription, word: bytes, pem: str, public: str, contact: str) -> Answer:
    """One word to one browser; 404 and 410 say that it is gone. TryLater, Rejected as `core.webhook.call`.

    `contact` is where the service can reach who sends: `mailto:` or `https:`.
    """
    if len(word) > LARGEST:
        raise Rejected("A word to a browser has 3000 bytes at most.")
    headers = {
        "Authorization": f"vapid t={_token(to.endpoint, pem, contact)}, k={public}",
        "Content-Encoding": "aes128gcm",
        "Content-Type": "application/octet-stream",
        "TTL": str(TTL),
        "Urgency": "high",
    }
    return webhook.call(to.endpoint, _sealed(to, word), headers)


def _sealed(to: Subscription, word: bytes) -> bytes:
    import http_ece
    from cryptography.hazmat.primitives.asymmetric import ec

    own = ec.generate_private_key(ec.SECP256R1())
    sealed: bytes = http_ece.encrypt(
        word, private_key=own, dh=_raw(to.p256dh), auth_secret=_raw(to.auth), version="aes128gcm"
    )
    return sealed


def _token(endpoint: str, pem: str, contact: str) -> str:
    """The signed word about who sends, for this service alone (a JSON Web Token, ES256)."""
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    parts = urlsplit(endpoint)
    claims = {"aud": f"{parts.scheme}://{parts.netloc}", "exp": int(time.time()) + LIFE, "sub": contact}
    said = ".".join(_coded(json.dumps(one).encode()) for one in ({"typ": "JWT", "alg": "ES256"}, claims))
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # noqa: S101  # we made it
    r, s = decode_dss_signature(key.sign(said.encode(), ec.ECDSA(hashes.SHA256())))
    return f"{said}.{_coded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def _coded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _raw(coded: str) -> bytes:
    return base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4))
