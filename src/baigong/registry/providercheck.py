"""Tries a provider's settings on the provider itself, and says what is wrong in the order in which it would fail."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from baigong.registry.openid import Known, OpenId
from baigong.registry.providers import Provider, Providers
from baigong.security.idtokens import SIGNATURES, signing_keys
from baigong.vocab.errors import BaigongError

_SKEW_S = 60.0


class Finding(Struct, frozen=True, kw_only=True):
    """One thing that was tried. ``said``: what came of it; ``advice``: empty where it is right. ``_zh``: in Chinese."""

    what: str
    what_zh: str
    ok: bool
    said: str
    said_zh: str
    advice: str = ""
    advice_zh: str = ""


_WHAT_ZH = {
    "file": "配置文件",
    "settings": "配置",
    "discovery": "发现文档",
    "keys": "签名密钥",
    "signatures": "签名算法",
    "PKCE": "PKCE",
    "clock": "时钟",
    "redirect_uri": "回调地址",
    "client": "客户端",
}


def _right(what: str, said: str, said_zh: str = "") -> Finding:
    return Finding(what=what, what_zh=_WHAT_ZH.get(what, what), ok=True, said=said, said_zh=said_zh or said)


def _either(right: bool, found: Finding, advice: str, advice_zh: str) -> Finding:
    """Return the finding as it is, or as what is wrong, with advice."""
    return found if right else replace(found, ok=False, advice=advice, advice_zh=advice_zh)


async def check(providers: Providers, openid: OpenId, provider: Provider, back: str) -> list[Finding]:
    """Try everything but a person. ``back``: the redirect_uri at the address that people use."""
    issuer, client = provider.spec.issuer, provider.spec.client_id
    found = [_right("file", f"issuer {issuer}, client {client}", f"颁发者 {issuer},客户端 {client}")]
    openid.forget(provider)  # whoever asks has changed something
    try:
        await providers.secret(provider)
        metadata = await openid.metadata(provider)
        found.append(_right("discovery", str(metadata["authorization_endpoint"])))
        keys = await openid.get(provider, metadata["jwks_uri"])
        known = Known(metadata, keys, 0)
        found += [_keys(keys), _signatures(metadata), _pkce(metadata)]
        found += [one async for one in _tried(openid, provider, known, back)]
    except BaigongError as error:
        kind, what = error.kind, error.place or "settings"
        said_zh = f"{kind.title_zh}:{error.message}"
        found.append(_either(False, _right(what, error.message, said_zh), kind.advice, kind.advice_zh))
    return found


def _keys(keys: dict[str, Any]) -> Finding:
    usable = len(signing_keys(keys))
    return _either(
        usable > 0,
        _right("keys", f"{usable} keys that sign", f"可用于签名的密钥 {usable} 个"),
        "The provider publishes no RSA, EC or OKP key that may sign.",
        "身份提供方没有公布可用于签名的 RSA、EC 或 OKP 密钥。",
    )


def _signatures(metadata: dict[str, Any]) -> Finding:
    offered = metadata.get("id_token_signing_alg_values_supported")
    names = [a for a in offered if isinstance(a, str)] if isinstance(offered, list) else list(SIGNATURES)
    agreed = [a for a in names if a in SIGNATURES]
    return _either(
        bool(agreed),
        _right("signatures", ", ".join(agreed or names)),
        "Let the provider sign ID tokens with RS256, ES256 or EdDSA.",
        "请让身份提供方用 RS256、ES256 或 EdDSA 签名 ID 令牌。",
    )


def _pkce(metadata: dict[str, Any]) -> Finding:
    offered = metadata.get("code_challenge_methods_supported")
    silent = _right("PKCE", "the provider does not say; we send S256", "身份提供方未说明;我们发送 S256")
    return _either(
        offered is None or (isinstance(offered, list) and "S256" in offered),
        _right("PKCE", "S256") if offered else silent,
        "The provider refuses S256: allow PKCE for this client.",
        "身份提供方拒绝 S256:请为此客户端启用 PKCE。",
    )


async def _tried(openid: OpenId, provider: Provider, known: Known, back: str) -> AsyncIterator[Finding]:
    """Send a made-up code: a provider that knows the client refuses the code, one that does not refuses the client."""
    clock, status = await openid.looked(provider, known, back)
    skew = None if clock is None else abs(clock - time.time())
    told_skew = _right("clock", "not told", "未告知")
    if skew is not None:
        told_skew = _right("clock", f"{skew:.0f} s apart", f"相差 {skew:.0f} 秒")
    yield _either(
        skew is None or skew < _SKEW_S,
        told_skew,
        "Set the clocks of both machines by NTP.",
        "请用 NTP 校准两台机器的时钟。",
    )
    yield _either(
        status < 400,
        _right("redirect_uri", f"{back} ({status})"),
        "Register this redirect URI for the client, letter by letter.",
        "请在身份提供方为此客户端登记该回调地址,须逐字一致。",
    )
    told = await openid.exchange(provider, known, back, f"check-{secrets.token_hex(8)}", secrets.token_urlsafe(48))
    code = str(told.get("error", ""))
    yield _either(
        code == "invalid_grant",
        _right("client", code or "a made-up code was taken", code or "虚构的授权码竟被接受"),
        "Compare client_id and the secret with the provider's; allow the authorization code grant.",
        "请核对 client_id 与密钥是否与身份提供方一致,并允许授权码模式。",
    )
