"""Why clients are not let in, in words."""

from __future__ import annotations

import ssl
import time
from typing import Any

from baigong.drivers.mqtt import packets as p

REASONS = {
    p.BAD_LEVEL: "MQTT version",
    p.BAD_CLIENT_ID: "client id",
    p.UNAVAILABLE: "unavailable",
    p.BAD_CREDENTIALS: "credentials",
    p.NOT_AUTHORIZED: "not authorized",
}
_CHAINS = {  # X509_V_ERR_…, openssl/x509_vfy.h
    2: "certificate of an unknown authority",
    18: "certificate of an unknown authority",
    19: "certificate of an unknown authority",
    20: "certificate of an unknown authority",
    21: "certificate of an unknown authority",
    26: "certificate not for signing in",
}


def refusal_told(
    packet: p.Connect | None, peer: str, reason: str, about: tuple[str, str] | None = None
) -> dict[str, Any]:
    return {
        "time_us": time.time_ns() // 1000,
        "client": packet.client_id[:100] if packet else "",
        "username": (packet.username or "")[:100] if packet else "",
        "device": about[1] if about else "",
        "from": peer,
        "reason": reason,
    }


def handshake_refused(error: ssl.SSLError) -> str:
    """Say why a TLS handshake ended: one of a few sentences, because they are counted."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _CHAINS.get(error.verify_code, "certificate cannot be used")
    if error.reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
        return "no certificate"
    return "TLS handshake"
