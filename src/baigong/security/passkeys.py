"""Passkeys: WebAuthn level 2 as the relying party sees it. Pure; what is kept of them is registry/passkeys.py's.

A challenge is not kept anywhere until it has opened something: it carries its own proof, so that no stranger can push
other people's challenges out by asking for many.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from baigong.security.tokens import same, sign
from baigong.vocab.errors import FixConfiguration, Reauthenticate

CHALLENGE_US = 5 * 60_000_000
_ASK_MS = CHALLENGE_US // 1000
_FORMATS = ("none", "packed")  # we ask for no attestation; a browser may leave self attestation (packed) in place
_NONCE = 16


@dataclass(slots=True, frozen=True)
class Site:
    """Where somebody uses us. ``name``: the relying party id; ``origin``: scheme, host and port, as browsers say it."""

    name: str
    origin: str


@dataclass(slots=True, frozen=True)
class NewKey:
    """What an authenticator made. ``credential``, ``public_key``: base64url; ``synced``: kept on several devices."""

    credential: str
    public_key: str
    sign_count: int
    synced: bool
    verified: bool


@dataclass(slots=True, frozen=True)
class Shown:
    """A signature that holds. ``handle``: base64url, empty where the authenticator said none."""

    sign_count: int
    synced: bool


def site_of(host: str, origin: str) -> Site:
    """Say which site somebody is at. ``host``: the Host header; ``origin``: the Origin header, empty for none.

    Raises auth.address where browsers know no passkeys: at a bare IP address, and at a name without TLS.

    >>> site_of("localhost:8600", "http://localhost:8600").name
    'localhost'
    """
    asked = urlsplit(f"//{host}")
    said = urlsplit(origin or f"https://{host}")
    try:
        name, same_door = (asked.hostname or "").rstrip("."), (asked.hostname, asked.port) == (said.hostname, said.port)
    except ValueError:
        name, same_door = "", False
    if not name or not same_door or said.scheme not in ("http", "https"):
        raise Reauthenticate("auth.denied", f"a page of {origin!r} asked {host!r}", place="origin")
    if _is_address(name):
        raise FixConfiguration(
            "auth.address", f"a passkey belongs to a host name, and {name} is an IP address", place=host
        )
    if said.scheme != "https" and not (name == "localhost" or name.endswith(".localhost")):
        raise FixConfiguration("auth.address", f"browsers use passkeys at {name} over https only", place=host)
    return Site(name, f"{said.scheme}://{said.netloc.lower()}")


def new_challenge(key: str, purpose: str, site: Site, now_us: int) -> str:
    """Make a challenge (base64url). ``purpose``: what it is asked for, and of whom; it is good for nothing else."""
    head = secrets.token_bytes(_NONCE) + (now_us + CHALLENGE_US).to_bytes(8, "big")
    return _text(head + bytes.fromhex(_proof(key, head, purpose, site)))


def challenge_of(response: dict[str, Any], key: str, purpose: str, site: Site, now_us: int) -> str:
    """Return the challenge that a response answers. Raises auth.passkey for one that we did not make for this."""
    try:
        said = json.loads(_bytes(response["response"]["clientDataJSON"]))
        raw = _bytes(said["challenge"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise refused("the answer of the browser cannot be read") from error
    head, proof = raw[: _NONCE + 8], raw[_NONCE + 8 :].hex()
    if len(head) != _NONCE + 8 or not same(proof, _proof(key, head, purpose, site)):
        raise refused("it answers no challenge of ours")
    if int.from_bytes(head[_NONCE:], "big") < now_us:
        raise refused("it took too long")
    return _text(raw)


def creation_options(
    site: Site, title: str, person: str, handle: str, challenge: str, held: list[str]
) -> dict[str, Any]:
    """Return what ``navigator.credentials.create`` wants, as JSON. ``held``: credentials the person has here."""
    return {
        "rp": {"id": site.name, "name": title},
        "user": {"id": handle, "name": person, "displayName": person},
        "challenge": challenge,
        "pubKeyCredParams": [{"type": "public-key", "alg": alg} for alg in (-8, -7, -257)],  # EdDSA, ES256, RS256
        "timeout": _ASK_MS,
        "excludeCredentials": [{"type": "public-key", "id": one} for one in held],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": True,
            "userVerification": "required",
        },
        "attestation": "none",
    }


def request_options(site: Site, challenge: str, allowed: list[str], *, verified: bool) -> dict[str, Any]:
    """Return what ``navigator.credentials.get`` wants. ``allowed``: empty for whichever the person chooses."""
    return {
        "rpId": site.name,
        "challenge": challenge,
        "timeout": _ASK_MS,
        "allowCredentials": [{"type": "public-key", "id": one} for one in allowed],
        "userVerification": "required" if verified else "preferred",
    }


def check_creation(response: dict[str, Any], challenge: str, site: Site) -> NewKey:
    """Verify a new credential. Raises auth.passkey."""
    from webauthn import verify_registration_response  # a third of a second: only for those who use passkeys
    from webauthn.helpers import parse_attestation_object
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        told = parse_attestation_object(_bytes(response["response"]["attestationObject"]))
        if told.fmt not in _FORMATS:
            raise refused(f"attestation {told.fmt!r} was not asked for")
        made = verify_registration_response(
            credential=response,
            expected_challenge=_bytes(challenge),
            expected_rp_id=site.name,
            expected_origin=site.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
        raise refused(f"the new passkey does not hold: {error}") from error
    return NewKey(
        credential=_text(made.credential_id),
        public_key=_text(made.credential_public_key),
        sign_count=made.sign_count,
        synced=made.credential_backed_up,
        verified=made.user_verified,
    )


def check_request(response: dict[str, Any], challenge: str, site: Site, public_key: str, *, verified: bool) -> Shown:
    """Verify a signature; the counter is compared by whoever keeps it. Raises auth.passkey."""
    from webauthn import verify_authentication_response
    from webauthn.helpers.exceptions import WebAuthnException

    try:
        shown = verify_authentication_response(
            credential=response,
            expected_challenge=_bytes(challenge),
            expected_rp_id=site.name,
            expected_origin=site.origin,
            credential_public_key=_bytes(public_key),
            credential_current_sign_count=-1,  # a counter that ran back is not a wrong signature: it says more
            require_user_verification=verified,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError) as error:
        raise refused(f"the signature does not hold: {error}") from error
    return Shown(shown.new_sign_count, shown.credential_backed_up)


def refused(why: str) -> Reauthenticate:
    return Reauthenticate("auth.passkey", f"this passkey is not accepted: {why}", place="passkey")


def new_handle() -> str:
    """Make what authenticators know a person by: it says nothing about them."""
    return _text(secrets.token_bytes(32))


def _proof(key: str, head: bytes, purpose: str, site: Site) -> str:
    return sign(key, f"{head.hex()}\n{purpose}\n{site.name}\n{site.origin}")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64url") from error


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
