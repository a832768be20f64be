"""The hub's signature under its results: Ed25519, with a key that follows from the hub's secret key.

Whoever knows the hub's public key can check a result without the hub: take the member `signature` out of the document,
write the rest as canonical JSON (`suite_files.canonical_json`), and verify. A new HUB_SECRET_KEY makes a new key; old
results keep the old one's signature and name its public key.
"""

import hashlib
from functools import cache
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.conf import settings

from evaluations.suite_files import canonical_json

PURPOSE = b"grove evaluation results, version 1"


class Signature(NamedTuple):
    """Hex, all three: the SHA-256 of the document's canonical JSON, who signed it, and the signature over that JSON."""

    sha256: str
    public_key: str
    value: str


def public_key() -> str:
    """What this hub signs with now, in hex."""
    return _key(settings.SECRET_KEY).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def sign(document: bytes) -> Signature:
    value = _key(settings.SECRET_KEY).sign(document).hex()
    return Signature(hashlib.sha256(document).hexdigest(), public_key(), value)


def is_genuine(document: dict[str, Any], public_key: str) -> bool:
    """Whether the signed document is as the owner of that key signed it."""
    signature = document.get("signature", {})
    content = canonical_json({name: value for name, value in document.items() if name != "signature"})
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key)).verify(
            bytes.fromhex(signature.get("value", "")), content
        )
    except (InvalidSignature, ValueError):
        return False
    return True


@cache
def _key(secret: str) -> Ed25519PrivateKey:
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE)
    return Ed25519PrivateKey.from_private_bytes(derivation.derive(secret.encode()))
