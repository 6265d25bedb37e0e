"""Keeps secrets closed at rest: AES-256-GCM under a key that lies apart from them. Pure.

An envelope says which key it was closed with and what it is for (``bge2:key:purpose:body``); moved to another place it
does not open. Because the purpose is in it, a sweep over all that is stored can close everything with a new key.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from baigong.vocab.errors import FixConfiguration

_MARK = "bge2"
_OLD_MARK = "bge1"  # without the purpose; opened, no longer made
_NONCE = 12
_ENVELOPE = re.compile(r"bge2:[0-9a-f]{8}:([A-Za-z0-9_=-]*):[A-Za-z0-9_=-]+")


class Ring:
    """Keys of 32 bytes: the first closes, all open.

    >>> old, new = new_envelope_key(), new_envelope_key()
    >>> sealed = close("s3cret", old, "device/press1/password")
    >>> open_envelope(sealed, Ring([new, old]), "device/press1/password")
    's3cret'
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        self.keys = tuple(dict.fromkeys(keys))
        self._by_name = {name_of(key): key for key in self.keys}

    @property
    def name(self) -> str:
        """Name the key that closes, without telling it."""
        return name_of(self.keys[0])

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def get(self, name: str) -> bytes | None:
        return self._by_name.get(name)


Key = bytes | Ring


def new_envelope_key() -> bytes:
    return AESGCM.generate_key(bit_length=256)


def close(secret: str, key: Key, purpose: str) -> str:
    """Close a secret. ``purpose``: where it belongs ("device/press1/password"); it opens only there.

    >>> key = new_envelope_key()
    >>> open_envelope(close("s3cret", key, "device/press1/password"), key, "device/press1/password")
    's3cret'
    """
    closing = key.keys[0] if isinstance(key, Ring) else key
    nonce = secrets.token_bytes(_NONCE)
    sealed = AESGCM(closing).encrypt(nonce, secret.encode(), purpose.encode())
    return f"{_MARK}:{name_of(closing)}:{_text(purpose.encode())}:{_text(nonce + sealed)}"


def is_closed(text: str) -> bool:
    return text.startswith((_MARK + ":", _OLD_MARK + ":"))


def is_closed_with(text: str, key: Key) -> bool:
    """Tell whether an envelope is of the present kind and of the key that closes."""
    name = key.name if isinstance(key, Ring) else name_of(key)
    return text.startswith(f"{_MARK}:{name}:")


def open_envelope(text: str, key: Key, purpose: str) -> str:
    """Open an envelope. Raises secret.closed for another key, another place, or a changed letter."""
    mark, *parts = text.split(":")
    named, body = (parts[0], parts[-1]) if len(parts) == {_MARK: 3, _OLD_MARK: 2}.get(mark) else ("", "")
    ring = key if isinstance(key, Ring) else Ring([key])
    opening = ring.get(named)
    if opening is None:
        known = ", ".join(map(name_of, ring.keys))
        raise FixConfiguration(
            "secret.closed", f"it was closed with the key {named or '?'}, not with {known}", place=purpose
        )
    try:
        raw = base64.b64decode(body, altchars=b"-_", validate=True)
        return AESGCM(opening).decrypt(raw[:_NONCE], raw[_NONCE:], purpose.encode()).decode()
    except (InvalidTag, binascii.Error, ValueError) as error:
        raise FixConfiguration("secret.closed", "it was changed, or belongs elsewhere", place=purpose) from error


def close_anew(text: str, ring: Ring) -> tuple[str, int]:
    """Close with the ring's first key every envelope that stands in a text; returns the text and how many there were.

    Raises secret.closed when one was closed with a key that the ring has not.
    """
    count = 0

    def anew(found: re.Match[str]) -> str:
        nonlocal count
        if is_closed_with(found[0], ring):
            return found[0]
        count += 1
        purpose = base64.urlsafe_b64decode(found[1]).decode()
        return close(open_envelope(found[0], ring, purpose), ring, purpose)

    return _ENVELOPE.sub(anew, text), count


def opened_in(text: str, ring: Ring) -> list[str]:
    """Open every envelope in a text that the ring can open: to know what must not be shown."""
    found = []
    for envelope in _ENVELOPE.finditer(text):
        with suppress(FixConfiguration):
            purpose = base64.urlsafe_b64decode(envelope[1]).decode()
            found.append(open_envelope(envelope[0], ring, purpose))
    return found


def masked(text: str, instead: str) -> str:
    """Replace every envelope in a text that people are shown."""
    return _ENVELOPE.sub(instead, text)


def name_of(key: bytes) -> str:
    """Name a key without telling it."""
    return sha256(b"baigong envelope key\0" + key).hexdigest()[:8]


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode()
