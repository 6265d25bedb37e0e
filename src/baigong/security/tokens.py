"""Secrets that programs and browsers carry: made here, kept only as SHA-256. Pure."""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256


def new_token(prefix: str = "bg") -> str:
    """Make a secret of 256 bits; the prefix lets secret scanners find leaked ones.

    >>> new_token("bgs").startswith("bgs_")
    True
    """
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def digest(token: str) -> str:
    """Return what may be stored of a token. A fast hash is enough: nobody can try 2**256 of them."""
    return sha256(token.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


def sign(key: str, text: str) -> str:
    """Return the HMAC-SHA-256 of a text, as hex."""
    return hmac.new(key.encode(), text.encode(), sha256).hexdigest()
