"""Proves who an OpenID provider says somebody is: OpenID Connect Core 1.0, 3.1.3.7, for the code flow. Pure."""

from __future__ import annotations

import base64
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256, sha384, sha512
from typing import Any

from baigong.security.tokens import same
from baigong.vocab.errors import Reauthenticate

# Signatures by a private key only: with "none" or HMAC whoever knows our public settings could write tokens.
SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
_LEEWAY_S = 60  # clocks may differ by so much
_LONGEST = 64 * 1024
_HASHES = {"256": sha256, "384": sha384, "512": sha512, "dsa": sha512}


@dataclass(slots=True, frozen=True)
class Wanted:
    """What a token has to say. ``nonce``: the one that was sent with this sign-in."""

    issuer: str
    client_id: str
    nonce: str
    algorithms: tuple[str, ...] = SIGNATURES


def verify(token: str, keys: dict[str, Any], wanted: Wanted, now_s: float, access_token: str = "") -> dict[str, Any]:
    """Return the claims of an ID token. ``keys``: the provider's JWKS. Raises auth.provider with the reason."""
    from joserfc import jwt
    from joserfc.errors import JoseError

    if len(token) > _LONGEST:
        raise untrue("the ID token is too long")
    try:
        # A key that is there for encryption, or a symmetric one, signs nothing.
        decoded = jwt.decode(token, _key_set(keys), algorithms=list(wanted.algorithms))
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise untrue(f"the ID token's signature does not hold: {type(error).__name__} {error}".rstrip()) from error
    if decoded.header.get("alg") not in wanted.algorithms:
        raise untrue("the ID token is not signed as agreed")
    _check(decoded.claims, wanted, now_s)
    _check_hash(decoded.claims, str(decoded.header["alg"]), access_token)
    return decoded.claims


def signing_keys(keys: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the keys of a JWKS that may sign: asymmetric, and not for encryption."""
    held = keys.get("keys")
    return [
        key
        for key in (held if isinstance(held, list) else [])
        if isinstance(key, dict) and key.get("kty") in ("RSA", "EC", "OKP") and key.get("use", "sig") == "sig"
    ]


def has_key(keys: dict[str, Any], token: str) -> bool:
    """Say whether the JWKS has the key that a token names; True for a token that names none."""
    from joserfc.errors import JoseError
    from joserfc.jws import extract_compact

    try:
        name = extract_compact(token.encode()).headers().get("kid")
    except (JoseError, ValueError, TypeError, AttributeError):
        return True  # nothing to look for: verify says what is wrong
    return name is None or any(key.get("kid") == name for key in signing_keys(keys))


def untrue(why: str) -> Reauthenticate:
    return Reauthenticate("auth.provider", why, place="id_token")


def _key_set(keys: dict[str, Any]) -> Any:
    from joserfc.jwk import KeySet

    return KeySet.import_key_set({"keys": signing_keys(keys)})


def _check(claims: dict[str, Any], wanted: Wanted, now_s: float) -> None:
    if claims.get("iss") != wanted.issuer:
        raise untrue(f"the ID token is of {claims.get('iss')!r}, not of {wanted.issuer}")
    audience = claims.get("aud")
    audiences: Collection[Any] = audience if isinstance(audience, list) else [audience]
    if wanted.client_id not in audiences:
        raise untrue(f"the ID token is for {audience!r}, not for {wanted.client_id}")
    party = claims.get("azp")
    if (party is not None or len(audiences) > 1) and party != wanted.client_id:
        raise untrue(f"the ID token was given to {party!r}, not to {wanted.client_id}")
    ends, begins, made = (claims.get(name) for name in ("exp", "nbf", "iat"))
    if ends is None or not _is_time(ends) or ends + _LEEWAY_S <= now_s:
        raise untrue("the ID token has run out")
    if made is None or not _is_time(made) or made - _LEEWAY_S > now_s:
        raise untrue("the ID token is of the future: compare the clocks")
    if begins is not None and (not _is_time(begins) or begins - _LEEWAY_S > now_s):
        raise untrue("the ID token is not good yet: compare the clocks")
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not same(nonce, wanted.nonce):
        raise untrue("the ID token answers another sign-in")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise untrue("the ID token names nobody")


def _check_hash(claims: dict[str, Any], algorithm: str, access_token: str) -> None:
    """Core 1.0, 3.1.3.8: where there is an at_hash, the access token is the one that came with this token."""
    said = claims.get("at_hash")
    if said is None or not access_token:
        return
    whole = _HASHES[algorithm[-3:].lower()](access_token.encode()).digest()
    half = base64.urlsafe_b64encode(whole[: len(whole) // 2]).decode().rstrip("=")
    if not isinstance(said, str) or not same(said, half):
        raise untrue("the access token is not the ID token's")


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
