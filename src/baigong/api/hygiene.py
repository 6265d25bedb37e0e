"""What every answer carries and every request has to show: security headers, a host we are, an origin that is ours."""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from baigong.api.wire import PREFIX, problem
from baigong.vocab.errors import BaigongError, FixConfiguration, Reauthenticate, RetryLater

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_SAFE = (b"GET", b"HEAD", b"OPTIONS")
_PIECE_S = 30.0  # the next piece of a body has come by then,
_SLOWEST = 1024.0  # and after that time so many bytes a second of all of it
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), microphone=(), geolocation=(), payment=(), usb=()"),
]
_NOTHING = b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"  # of what is no page
# Only TLS to this host for a year: sent over TLS only, RFC 6797 §7.2.
_ONLY_TLS = (b"strict-transport-security", b"max-age=31536000")


def page_policy(nonce: str) -> str:
    """Return the Content-Security-Policy of a page: scripts and styles of ours only, none written into the page.

    The console's component library writes its styles at run time: they carry the nonce, anybody else's do not.
    """
    return (
        f"default-src 'self'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; "
        "font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )


def new_nonce() -> str:
    return secrets.token_urlsafe(18)


class Hygiene:
    """``hosts``: names under which we are asked, beside localhost and addresses, which no foreign DNS points here."""

    def __init__(self, app: Any, hosts: Collection[str] = ()) -> None:
        self._app = app
        self._hosts = {"localhost", *(host.lower().rstrip(".") for host in hosts)}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = _known(scope)
        told = _with_headers(scope, send) if scope["type"] == "http" else send
        try:
            self._check_host(headers.get(b"host", b"").decode("latin-1"))
            if scope["type"] == "http" and scope["method"].encode() not in _SAFE:
                _check_origin(headers)
        except BaigongError as error:
            await _refuse(scope, receive, told, error)
            return
        await self._app(scope, _unhurried(receive) if scope["type"] == "http" else receive, told)

    def _check_host(self, host: str) -> None:
        """A page elsewhere whose name was pointed at us (DNS rebinding) says that name: it is not ours."""
        name = ""
        try:
            name = urlsplit(f"//{host}").hostname or ""
            ipaddress.ip_address(name)
        except ValueError:
            if name.rstrip(".") not in self._hosts:
                raise FixConfiguration(
                    "http.host", f"{name or 'no name'!r} is no name of this platform", place="host"
                ) from None


def _check_origin(headers: dict[bytes, bytes]) -> None:
    """A change that a page of another origin asks for is refused; programs send no Origin."""
    origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site", b"none")
    host = headers.get(b"host", b"").decode("latin-1")
    if is_foreign(None if origin is None else origin.decode("latin-1"), host) or site not in (b"same-origin", b"none"):
        raise Reauthenticate("auth.denied", "pages of other sites may change nothing here", place="origin")


def is_foreign(origin: str | None, host: str) -> bool:
    """Say whether a page elsewhere asks; one that cannot even be read is.

    >>> is_foreign("http://plant:8600", "plant:8600"), is_foreign("http://[", "plant:8600"), is_foreign(None, "plant")
    (False, True, False)
    """
    try:
        return origin is not None and urlsplit(origin).netloc != host
    except ValueError:
        return True


def _known(scope: Message) -> dict[bytes, bytes]:
    return {name.lower(): value for name, value in scope["headers"]}


def _with_headers(scope: Message, send: Send) -> Send:
    private = scope["path"].startswith((PREFIX, "/aas/"))

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", []))
            names = {name for name, _ in headers}
            if private and b"cache-control" not in names:
                headers.append((b"cache-control", b"no-store"))
            if b"content-security-policy" not in names:
                headers.append((b"content-security-policy", _NOTHING))
            message["headers"] = headers + _HEADERS + ([_ONLY_TLS] if scope["scheme"] == "https" else [])
        await send(message)

    return told


async def _refuse(scope: Message, receive: Receive, send: Send, error: BaigongError) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": error.code})
        return
    await problem(error)(scope, receive, send)


def _unhurried(receive: Receive) -> Receive:
    """Give a body time, but not for ever; raises http.slow to whoever reads it."""
    began: float | None = None
    size = 0

    async def come() -> Message:
        nonlocal began, size
        loop = asyncio.get_running_loop()
        began = loop.time() if began is None else began
        read_all = size < 0  # waiting for the end of the connection may take as long as it likes
        if read_all:
            return await receive()
        try:
            async with asyncio.timeout(_PIECE_S):
                message = await receive()
        except TimeoutError as error:
            raise RetryLater("http.slow", f"no more of the body came in {_PIECE_S:g} s", place="body") from error
        if message["type"] == "http.request":
            size += len(message.get("body", b""))
            took = loop.time() - began
            if not message.get("more_body"):
                size = -1
            elif took > _PIECE_S and size / took < _SLOWEST:
                raise RetryLater("http.slow", f"{size} bytes in {took:.0f} s", place="body")
        return message

    return come
