"""One-time passwords of a phone, as a second proof: RFC 6238 over RFC 4226, SHA-1, 6 digits, 30 s. Pure.

What every authenticator app reads; plants on bare IP addresses can use it, where passkeys (which need a domain) fail.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from hashlib import sha1
from urllib.parse import quote

STEP_S = 30
_DIGITS = 6
_DRIFT = 1  # steps a phone's clock may be off, either way


def new_totp_secret() -> str:
    """Return 160 random bits as base32, as RFC 4226 section 4 asks for."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def totp_uri(secret: str, user: str, issuer: str) -> str:
    """Return what the QR code says.

    >>> totp_uri("ABC", "li", "宁波 模具")
    'otpauth://totp/%E5%AE%81%E6%B3%A2%20%E6%A8%A1%E5%85%B7:li?secret=ABC&issuer=%E5%AE%81%E6%B3%A2%20%E6%A8%A1%E5%85%B7'
    """
    return f"otpauth://totp/{quote(issuer)}:{quote(user)}?secret={secret}&issuer={quote(issuer)}"


def code_at(secret: str, step: int) -> str:
    """Return the code of one 30 s step.

    >>> code_at(base64.b32encode(b"12345678901234567890").decode(), 59 // 30)  # RFC 6238, appendix B
    '287082'
    """
    digest = hmac.new(base64.b32decode(secret), step.to_bytes(8, "big"), sha1).digest()
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**_DIGITS:0{_DIGITS}d}"


def step_of(secret: str, code: str, now_s: float, *, after: int = -1) -> int | None:
    """Return the step that ``code`` is of, or None. ``after``: the last step that was used; none is good twice."""
    present = int(now_s // STEP_S)
    wanted = code.strip().replace(" ", "").encode()
    for step in range(present - _DRIFT, present + _DRIFT + 1):
        if step > after and hmac.compare_digest(code_at(secret, step).encode(), wanted):
            return step
    return None
