"""A provider that lies as a test wishes: what it publishes is right, and its tokens are what ``mint`` makes."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import socket
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import trustme
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

Mint = Callable[["Crooked", dict[str, Any]], str]


def b64(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@dataclass
class Crooked:
    """``claims``: over the right ones; ``about``: over the right discovery document; ``mint``: writes the token."""

    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}))
    published: list[Any] = field(default_factory=list)
    claims: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    mint: Mint | None = None
    nonce: str = ""
    asked: int = 0
    asked_keys: int = 0

    def sign(self, claims: dict[str, Any], key: Any = None, **header: Any) -> str:
        return jwt.encode(
            {"alg": "RS256", "kid": "one", **header}, claims, key or self.key, algorithms=["RS256", "ES256"]
        )

    def right(self) -> dict[str, Any]:
        now = int(time.time())
        told = {
            "iss": self.issuer, "sub": "wang", "aud": "baigong", "exp": now + 300, "iat": now, "nonce": self.nonce,
            "email": "wang@mould.example", "email_verified": True, "groups": ["shift-leaders"],
        }  # fmt: skip
        return {k: v for k, v in (told | self.claims).items() if v is not None}

    def answer_to(self, url: str, **more: str) -> str:
        """Come back from the authorization endpoint without anybody having been asked."""
        asked = {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
        assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
        self.nonce = asked["nonce"]
        return (
            asked["redirect_uri"] + "?" + urlencode({"code": "c", "state": asked["state"], "iss": self.issuer} | more)
        )


def unsigned(crooked: Crooked, claims: dict[str, Any]) -> str:
    return f"{b64({'alg': 'none', 'kid': 'one'})}.{b64(claims)}."


def by_public_key(crooked: Crooked, claims: dict[str, Any]) -> str:
    """Sign by HMAC with what everybody can read: the public key."""
    told = f"{b64({'alg': 'HS256', 'kid': 'one'})}.{b64(claims)}"
    return f"{told}.{b64(hmac.digest(crooked.key.as_pem(private=False), told.encode(), 'sha256'))}"


def by_stranger(crooked: Crooked, claims: dict[str, Any]) -> str:
    return crooked.sign(claims, RSAKey.generate_key(2048))


def with_own_key(crooked: Crooked, claims: dict[str, Any]) -> str:
    """Bring the key along in the header."""
    key = ECKey.generate_key("P-256")
    return crooked.sign(claims, key, alg="ES256", kid="two", jwk=key.as_dict(private=False))


def changed(crooked: Crooked, claims: dict[str, Any]) -> str:
    head, _, signature = crooked.sign(claims).split(".")
    return f"{head}.{b64(claims | {'sub': 'li'})}.{signature}"


@asynccontextmanager
async def crooked(authority: trustme.CA | None = None) -> AsyncIterator[Crooked]:
    """``authority``: speak TLS, with a certificate that it signed."""
    made = Crooked()
    made.published = [made.key.as_dict(private=False)]

    async def discovery(request: Request) -> Response:
        made.asked += 1
        told = {
            "issuer": made.issuer,
            "authorization_endpoint": f"{made.issuer}/auth",
            "token_endpoint": f"{made.issuer}/token",
            "jwks_uri": f"{made.issuer}/keys",
            "userinfo_endpoint": f"{made.issuer}/me",
            "authorization_response_iss_parameter_supported": True,
        }
        return JSONResponse(told | made.about)

    async def keys(request: Request) -> Response:
        made.asked_keys += 1
        return JSONResponse({"keys": made.published})

    async def token(request: Request) -> Response:
        told = made.right()
        token = made.mint(made, told) if made.mint else made.sign(told)
        return JSONResponse({"access_token": "a", "token_type": "Bearer", "id_token": token})

    async def me(request: Request) -> Response:
        return JSONResponse(made.userinfo)

    app = Starlette(
        routes=[
            Route("/.well-known/openid-configuration", discovery),
            Route("/keys", keys),
            Route("/token", token, methods=["POST"]),
            Route("/me", me),
        ]
    )
    config = uvicorn.Config(app, log_level="warning", lifespan="off")
    if authority is not None:
        config.load()
        config.ssl = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1").configure_cert(config.ssl)
    server = uvicorn.Server(config)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        made.issuer = f"http{'s' if authority else ''}://127.0.0.1:{listener.getsockname()[1]}"
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield made
        finally:
            server.should_exit = True
            await task
