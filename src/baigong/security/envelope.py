"""Keeps secrets closed at rest: AES-256-GCM under a key that lies in a file of its own. Pure.

An envelope says which key it was closed with and what it is for; moved to another place it does not open.
"""

from __future__ import annotations

import base64
import binascii
import secrets
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from baigong.vocab.errors import FixConfiguration

_MARK = "bge1"
_NONCE = 12


def new_envelope_key() -> bytes:
    return AESGCM.generate_key(bit_length=256)


def close(secret: str, key: bytes, purpose: str) -> str:
    """Close a secret. ``purpose``: where it belongs ("device/press1/password"); it opens only there.

    >>> key = new_envelope_key()
    >>> open_envelope(close("s3cret", key, "device/press1/password"), key, "device/press1/password")
    's3cret'
    """
    nonce = secrets.token_bytes(_NONCE)
    sealed = AESGCM(key).encrypt(nonce, secret.encode(), purpose.encode())
    return f"{_MARK}:{_name_of(key)}:{base64.urlsafe_b64encode(nonce + sealed).decode()}"


def is_closed(text: str) -> bool:
    return text.startswith(_MARK + ":")


def open_envelope(text: str, key: bytes, purpose: str) -> str:
    """Open an envelope. Raises secret.closed for another key, another place, or a changed letter."""
    mark, _, rest = text.partition(":")
    named, _, body = rest.partition(":")
    if mark != _MARK or named != _name_of(key):
        raise FixConfiguration(
            "secret.closed", f"it was closed with the key {named or '?'}, not this one", place=purpose
        )
    try:
        raw = base64.b64decode(body, altchars=b"-_", validate=True)
        return AESGCM(key).decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode()).decode()
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise FixConfiguration("secret.closed", "it was changed, or belongs elsewhere", place=purpose) from error


def _name_of(key: bytes) -> str:
    """Name a key without telling it."""
    return sha256(b"baigong envelope key\0" + key).hexdigest()[:8]
