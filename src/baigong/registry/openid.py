"""Talks with OpenID providers: discovery, keys, the code for the token, who somebody is. Nothing is kept of tokens."""

from __future__ import annotations

import asyncio
import secrets
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from baigong.registry.providers import Provider, Providers
from baigong.security.envelope import Key, close, open_envelope
from baigong.security.idtokens import SIGNATURES, Wanted, has_key, untrue, verify
from baigong.security.tokens import same
from baigong.vocab.addresses import is_safe_address
from baigong.vocab.errors import BaigongError, FixConfiguration, Reauthenticate, RetryLater

BEGUN_US = 10 * 60_000_000
_TIMEOUT_S = 10.0
_LARGEST = 1 << 20  # bytes of what a provider says of itself
_GOOD_US = 3600 * 1_000_000
_DOWN_US = 5 * 1_000_000  # so long nobody waits again for a provider that did not answer
_AGAIN_US = 30 * 1_000_000  # so long an unknown key does not make us ask again
_WANTED_FROM_USERINFO = ("email", "email_verified")


class Begun(Struct, frozen=True, kw_only=True):
    """A sign-in on its way, sealed in the browser's cookie. ``session``: whose account it is to become, by digest."""

    provider: str
    state: str
    nonce: str
    verifier: str
    ends_us: int
    back: str  # our redirect_uri
    session: str = ""
    person: str = ""


@dataclass(slots=True)
class Known:
    """What a provider says of itself, and its keys."""

    metadata: dict[str, Any]
    keys: dict[str, Any]
    read_us: int


class OpenId:
    """``key``: seals what a browser carries between going and coming back."""

    def __init__(self, providers: Providers, clock_us: Callable[[], int], key: Key) -> None:
        self._providers = providers
        self._clock_us = clock_us
        self._key = key
        self._used: dict[str, int] = {}  # nonces that have opened something -> when they run out
        self._known: dict[tuple[str, str], Known] = {}
        self.again_us = _AGAIN_US
        self._failures: dict[str, tuple[int, str]] = {}
        self._reading: dict[tuple[str, str], asyncio.Lock] = {}
        self._down: dict[tuple[str, str], tuple[int, str]] = {}  # when and why it did not answer

    async def begin(self, provider: Provider, back: str, session: str = "", person: str = "") -> tuple[str, str]:
        """Return where to send the browser, and what it carries until it comes back, sealed.

        ``session``, ``person``: who is signed in, where the account is to become a way in of theirs.
        """
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri
        from authlib.oauth2.rfc7636 import create_s256_code_challenge

        known, now = await self.known(provider), self._clock_us()
        begun = Begun(
            provider=provider.id,
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            ends_us=now + BEGUN_US,
            back=back,
            session=session,
            person=person,
        )
        spec = provider.spec
        more = {"acr_values": " ".join(spec.second_factor.acr)} if spec.second_factor.acr else {}
        url = prepare_grant_uri(
            known.metadata["authorization_endpoint"],
            client_id=spec.client_id,
            response_type="code",
            redirect_uri=back,
            scope=" ".join(spec.scopes),
            state=begun.state,
            nonce=begun.nonce,
            code_challenge=create_s256_code_challenge(begun.verifier),
            code_challenge_method="S256",
            **more,
        )
        return str(url), close(msgspec.json.encode(begun).decode(), self._key, _purpose(provider))

    def opened(self, provider: Provider, sealed: str) -> Begun:
        """Open what a browser carried. Raises auth.provider for anything but what ``begin`` gave it for this one."""
        try:
            begun = msgspec.json.decode(open_envelope(sealed, self._key, _purpose(provider)), type=Begun)
        except (FixConfiguration, msgspec.MsgspecError) as error:
            raise untrue("this sign-in was begun in another browser, or for another provider") from error
        if begun.provider != provider.id or begun.ends_us < self._clock_us() or begun.nonce in self._used:
            raise untrue("this sign-in is over, or took too long: begin again")
        return begun

    async def finish(self, provider: Provider, begun: Begun, said: dict[str, str]) -> dict[str, Any]:
        """Return the claims about whoever came back. ``said``: the query. Raises auth.provider."""
        known = await self.known(provider)
        if not same(said.get("state", ""), begun.state):
            raise untrue("the answer belongs to another sign-in")
        issuer = said.get("iss")  # RFC 9207: which of several providers it is that answers
        must = known.metadata.get("authorization_response_iss_parameter_supported") is True
        if issuer != provider.spec.issuer and (issuer is not None or must):
            raise untrue(f"{issuer or 'nobody'} answers in place of {provider.spec.issuer}")
        if said.get("error"):
            raise untrue(f"the provider says {said['error'][:80]}: {said.get('error_description', '')[:200]}")
        token = await self._exchange(provider, known, begun, said.get("code", ""))
        claims = await self._claims(provider, known, begun, token)
        if begun.nonce in self._used:
            raise untrue("this sign-in is over")
        self._used = {n: ends for n, ends in self._used.items() if ends >= self._clock_us()}
        self._used[begun.nonce] = begun.ends_us
        return claims

    async def known(self, provider: Provider, *, anew: bool = False) -> Known:
        """Return what a provider says of itself; read again after an hour. Raises auth.unreachable, config.invalid."""
        key = (provider.spec.issuer, provider.spec.ca)
        lock = self._reading.setdefault(key, asyncio.Lock())  # of this provider: one that hangs delays no other
        async with lock:
            now, held = self._clock_us(), self._known.get(key)
            if held is not None and now - held.read_us <= (self.again_us if anew else _GOOD_US):
                return held
            failed = self._down.get(key)
            if failed is not None and now - failed[0] <= _DOWN_US:
                raise unreachable(provider, failed[1])
            try:
                metadata = await self.metadata(provider)
                keys = await self.get(provider, metadata["jwks_uri"])
            except RetryLater as error:
                self._down[key] = (self._clock_us(), error.message)
                raise
            self._down.pop(key, None)
            held = self._known[key] = Known(metadata, keys, now)
        return held

    async def metadata(self, provider: Provider) -> dict[str, Any]:
        """Read and check the discovery document."""
        issuer = provider.spec.issuer
        told = await self.get(provider, issuer.rstrip("/") + "/.well-known/openid-configuration")
        if told.get("issuer") != issuer:
            raise FixConfiguration(
                "config.invalid",
                f"it calls itself {told.get('issuer')!r}: write the issuer exactly so",
                place=f"{provider.id}:issuer",
            )
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if not isinstance(told.get(name), str) or not is_safe_address(told[name]):
                raise FixConfiguration(
                    "config.invalid",
                    f"its {name} is {told.get(name)!r}, no https address",
                    place=f"{provider.id}:issuer",
                )
        return told

    async def get(self, provider: Provider, url: str, bearer: str = "") -> dict[str, Any]:
        """Read a JSON object; raises auth.unreachable."""
        import httpx2 as httpx

        headers = {"accept": "application/json"} | ({"authorization": f"Bearer {bearer}"} if bearer else {})
        raw = b""
        try:
            async with (
                httpx.AsyncClient(timeout=_TIMEOUT_S, verify=_trust(provider)) as client,
                client.stream("GET", url, headers=headers) as answer,
            ):
                async for piece in answer.aiter_bytes():
                    raw += piece
                    if len(raw) > _LARGEST:
                        raise unreachable(provider, f"{url} answers with more than {_LARGEST} bytes")
                status = answer.status_code
        except httpx.HTTPError as error:
            raise unreachable(provider, f"{url}: {type(error).__name__} {error}".strip()) from error
        try:
            told = msgspec.json.decode(raw)
        except (msgspec.DecodeError, RecursionError) as error:
            raise unreachable(provider, f"{url} answers {status}, and not with JSON") from error
        if status != 200 or not isinstance(told, dict):
            raise unreachable(provider, f"{url} answers {status}")
        return told

    async def exchange(self, provider: Provider, known: Known, back: str, code: str, verifier: str) -> dict[str, Any]:
        """Ask for the tokens of a code; returns the provider's answer, also where it refuses."""
        import httpx2 as httpx
        from authlib.integrations.base_client import OAuthError

        async with self._client(provider, known, back, await self._providers.secret(provider)) as client:
            try:
                told = await client.fetch_token(
                    known.metadata["token_endpoint"],
                    code=code,
                    code_verifier=verifier,
                    redirect_uri=back,
                    grant_type="authorization_code",
                )
            except OAuthError as error:
                return {"error": error.error, "error_description": error.description or ""}
            except (httpx.HTTPError, ValueError) as error:
                raise unreachable(provider, f"token endpoint: {type(error).__name__} {error}".strip()) from error
        return dict(told)

    async def looked(self, provider: Provider, known: Known, back: str) -> tuple[float | None, int]:
        """Begin a sign-in that nobody finishes; returns the provider's clock (seconds) and its HTTP status."""
        import httpx2 as httpx

        url, _ = await self.begin(provider, back)
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_S, verify=_trust(provider)) as client:
                answer = await client.get(url)
        except httpx.HTTPError as error:
            raise unreachable(provider, f"{known.metadata['authorization_endpoint']}: {error}") from error
        date = answer.headers.get("date")
        try:
            return (parsedate_to_datetime(date).timestamp() if date else None), answer.status_code
        except ValueError:
            return None, answer.status_code

    def forget(self, provider: Provider) -> None:
        """Forget what a provider said of itself: it has been changed."""
        self._known.pop((provider.spec.issuer, provider.spec.ca), None)
        self._down.pop((provider.spec.issuer, provider.spec.ca), None)

    def note_failure(self, provider: Provider, error: BaigongError) -> None:
        self._failures[provider.id] = (self._clock_us(), f"{error.code}: {error.message}")

    def failure(self, id: str) -> tuple[int | None, str]:
        """Say when and why the newest sign-in failed that did."""
        return self._failures.get(id, (None, ""))

    def end_url(self, provider: Provider, back: str) -> str:
        """Return where the provider's own session ends (RP-initiated logout 1.0), or nothing."""
        held = self._known.get((provider.spec.issuer, provider.spec.ca))
        url = held.metadata.get("end_session_endpoint") if held else None
        if not isinstance(url, str) or not is_safe_address(url):
            return ""
        asked = urlencode({"client_id": provider.spec.client_id, "post_logout_redirect_uri": back})
        return f"{url}{'&' if '?' in url else '?'}{asked}"

    async def _exchange(self, provider: Provider, known: Known, begun: Begun, code: str) -> dict[str, Any]:
        if not 0 < len(code) <= 4096:
            raise untrue("the answer carries no code")
        told = await self.exchange(provider, known, begun.back, code, begun.verifier)
        if told.get("error"):
            raise untrue(f"the provider gives no token: {told['error']} {told.get('error_description', '')}".strip())
        return told

    async def _claims(self, provider: Provider, known: Known, begun: Begun, token: dict[str, Any]) -> dict[str, Any]:
        said = token.get("id_token")
        if not isinstance(said, str):
            raise untrue("the provider gave no ID token")
        if not has_key(known.keys, said):
            known = await self.known(provider, anew=True)  # it may have begun to sign with a new one
        offered = known.metadata.get("id_token_signing_alg_values_supported")
        agreed = tuple(a for a in SIGNATURES if not isinstance(offered, list) or a in offered)
        access = token.get("access_token")
        wanted = Wanted(provider.spec.issuer, provider.spec.client_id, begun.nonce, agreed)
        claims = verify(said, known.keys, wanted, self._clock_us() / 1e6, access if isinstance(access, str) else "")
        return await self._more(provider, known, claims, access if isinstance(access, str) else "")

    async def _more(self, provider: Provider, known: Known, claims: dict[str, Any], access: str) -> dict[str, Any]:
        """Add what the provider tells only at its userinfo endpoint; of this person, and never over the ID token."""
        spec, url = provider.spec, known.metadata.get("userinfo_endpoint")
        wanted = {*_WANTED_FROM_USERINFO, spec.people.name, spec.roles.claim.partition(".")[0]}
        if not access or not isinstance(url, str) or not is_safe_address(url) or wanted <= claims.keys():
            return claims
        told = await self.get(provider, url, access)
        if told.get("sub") != claims["sub"]:
            raise untrue("userinfo is of somebody else")
        return {k: v for k, v in told.items() if k in wanted} | claims

    @asynccontextmanager
    async def _client(self, provider: Provider, known: Known, back: str, secret: str = "") -> AsyncIterator[Any]:
        from authlib.integrations.httpx_client import AsyncOAuth2Client

        offered = known.metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        way = "client_secret_basic" if "client_secret_basic" in offered else "client_secret_post"
        async with AsyncOAuth2Client(
            client_id=provider.spec.client_id,
            client_secret=secret or None,
            token_endpoint_auth_method=way if secret else "none",
            scope=" ".join(provider.spec.scopes),
            redirect_uri=back,
            code_challenge_method="S256",
            timeout=_TIMEOUT_S,
            verify=_trust(provider),
        ) as client:
            yield client


def _purpose(provider: Provider) -> str:
    return f"sign-in/{provider.id}"


def unreachable(provider: Provider, why: str) -> RetryLater:
    return RetryLater("auth.unreachable", why, place=provider.id)


def refused(why: str, place: str) -> Reauthenticate:
    """Somebody is who they say, and may not come in."""
    return Reauthenticate("auth.stranger", why, place=place)


def _trust(provider: Provider) -> ssl.SSLContext | bool:
    if not provider.spec.ca:
        return True
    try:
        return ssl.create_default_context(cafile=provider.spec.ca)
    except (OSError, ssl.SSLError) as error:
        raise FixConfiguration("config.invalid", f"ca: {error}", place=f"{provider.id}:ca") from error
