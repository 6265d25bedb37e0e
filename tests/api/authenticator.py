"""A passkey authenticator in a few lines, so that tests can also answer wrongly; browsers have the last word in e2e."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

_UP, _UV, _AT = 0x01, 0x04, 0x40


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """``origin``: of the page that the browser shows; ``verifies``: whether it asks for a finger or a PIN."""

    origin: str = "http://localhost"
    verifies: bool = True
    counts: bool = True
    credential: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    handle: str = ""
    count: int = 0

    def create(self, options: dict[str, Any], **wrong: Any) -> dict[str, Any]:
        self.handle = options["user"]["id"]
        public = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32, "big"), -3: public.y.to_bytes(32, "big")})
        data = self._data(wrong.get("site", options["rp"]["id"]), _AT)
        data += bytes(16) + struct.pack(">H", len(self.credential)) + self.credential + cose
        client = self._client("webauthn.create", wrong.get("challenge", options["challenge"]))
        told = {"fmt": wrong.get("fmt", "none"), "attStmt": {}, "authData": data}
        return self._answer({"clientDataJSON": text(client), "attestationObject": text(cbor2.dumps(told))})

    def get(self, options: dict[str, Any], **wrong: Any) -> dict[str, Any]:
        self.count += self.counts
        data = self._data(wrong.get("site", options["rpId"]), 0)
        client = self._client(wrong.get("type", "webauthn.get"), wrong.get("challenge", options["challenge"]))
        key = wrong.get("key", self.key)
        signature = key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "clientDataJSON": text(client),
                "authenticatorData": text(data),
                "signature": text(signature),
                "userHandle": wrong.get("handle", self.handle),
            }
        )

    def _data(self, site: str, flags: int) -> bytes:
        flags |= _UP | (_UV if self.verifies else 0)
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + struct.pack(">I", self.count)

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}).encode()

    def _answer(self, response: dict[str, Any]) -> dict[str, Any]:
        name = text(self.credential)
        return {
            "id": name,
            "rawId": name,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
            "authenticatorAttachment": "platform",
        }
