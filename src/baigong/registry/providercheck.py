"""Tries a provider's settings on the provider itself, and says what is wrong in the order in which it would fail."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

from msgspec import Struct

from baigong.registry.openid import Known, OpenId
from baigong.registry.providers import Provider, Providers
from baigong.security.idtokens import SIGNATURES, signing_keys
from baigong.vocab.errors import BaigongError

_SKEW_S = 60.0


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was tried. ``said``: what came of it; ``advice``: empty where it is right."""

    what: str
    ok: bool
    said: str
    advice: str = ""


async def check(providers: Providers, openid: OpenId, provider: Provider, back: str) -> list[Finding]:
    """Try everything but a person. ``back``: the redirect_uri at the address that people use."""
    found = [Finding(what="file", ok=True, said=f"issuer {provider.spec.issuer}, client {provider.spec.client_id}")]
    openid.forget(provider)  # whoever asks has changed something
    try:
        await providers.secret(provider)
        metadata = await openid.metadata(provider)
        found.append(Finding(what="discovery", ok=True, said=str(metadata["authorization_endpoint"])))
        keys = await openid.get(provider, metadata["jwks_uri"])
        known = Known(metadata, keys, 0)
        found += [_keys(keys), _signatures(metadata), _pkce(metadata)]
        found += [one async for one in _tried(openid, provider, known, back)]
    except BaigongError as error:
        found.append(Finding(what=error.place or "settings", ok=False, said=error.message, advice=error.advice))
    return found


def _keys(keys: dict[str, Any]) -> Finding:
    usable = signing_keys(keys)
    return Finding(
        what="keys",
        ok=bool(usable),
        said=f"{len(usable)} keys that sign",
        advice="" if usable else "The provider publishes no RSA, EC or OKP key that may sign.",
    )


def _signatures(metadata: dict[str, Any]) -> Finding:
    offered = metadata.get("id_token_signing_alg_values_supported")
    names = [a for a in offered if isinstance(a, str)] if isinstance(offered, list) else list(SIGNATURES)
    agreed = [a for a in names if a in SIGNATURES]
    return Finding(
        what="signatures",
        ok=bool(agreed),
        said=", ".join(agreed or names),
        advice="" if agreed else "Let the provider sign ID tokens with RS256, ES256 or EdDSA.",
    )


def _pkce(metadata: dict[str, Any]) -> Finding:
    offered = metadata.get("code_challenge_methods_supported")
    said = offered is None or (isinstance(offered, list) and "S256" in offered)
    return Finding(
        what="PKCE",
        ok=said,
        said="S256" if offered else "the provider does not say; we send S256",
        advice="" if said else "The provider refuses S256: allow PKCE for this client.",
    )


async def _tried(openid: OpenId, provider: Provider, known: Known, back: str) -> AsyncIterator[Finding]:
    """Send a made-up code: a provider that knows the client refuses the code, one that does not refuses the client."""
    clock, status = await openid.looked(provider, known, back)
    skew = None if clock is None else abs(clock - time.time())
    yield Finding(
        what="clock",
        ok=skew is None or skew < _SKEW_S,
        said="not told" if skew is None else f"{skew:.0f} s apart",
        advice="" if skew is None or skew < _SKEW_S else "Set the clocks of both machines by NTP.",
    )
    yield Finding(
        what="redirect_uri",
        ok=status < 400,
        said=f"{back} ({status})",
        advice="" if status < 400 else "Register this redirect URI for the client, letter by letter.",
    )
    told = await openid.exchange(provider, known, back, f"check-{secrets.token_hex(8)}", secrets.token_urlsafe(48))
    code = str(told.get("error", ""))
    yield Finding(
        what="client",
        ok=code == "invalid_grant",
        said=code or "a made-up code was taken",
        advice=""
        if code == "invalid_grant"
        else "Compare client_id and the secret with the provider's; allow the authorization code grant.",
    )
