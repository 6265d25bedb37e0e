"""How a route is declared, and what happens around it: decode, authorise, call, encode, and errors in one shape.

A route is an ``Operation``: its types are msgspec Structs, and from the same Structs comes the OpenAPI document.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

import msgspec
from msgspec import Struct, structs
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response
from starlette.routing import Route

from baigong.api.doors import Door, door_of, enter, readable
from baigong.api.rooms import Rooms
from baigong.api.witness import is_told, tell
from baigong.registry.assettable import open_assets, with_those_above
from baigong.registry.book import PointBook
from baigong.registry.people import Principal
from baigong.registry.visible import Visible
from baigong.stores.lake.contract import LakeReader
from baigong.vocab.errors import BaigongError, FixConfiguration, Reauthenticate

PREFIX = "/api/v1"
COOKIE = "baigong_session"
JSON = "application/json"
PROBLEM = "application/problem+json"
_SAFE = ("GET", "HEAD", "OPTIONS")
_MOST_OF_STRANGERS = 1 << 18  # bytes of a body of somebody who has not signed in: many at once fill the memory
_OF_ASSETS = f"{PREFIX}/assets/"
_BY_ASSET = ("asset", "under", "parent")  # fields of queries that name an asset
_DRAIN_S = 20.0  # how long we go on reading a body that is too large, so that its sender can read our answer
T = TypeVar("T")


@dataclass(slots=True)
class Call:
    """One request on its way through its route."""

    request: Request
    who: Principal
    tenant: str  # whose plant this is about: one's own, or ?tenant= where a grant opens it
    seen: Visible
    lake: LakeReader  # gives no values but those that this caller may read
    query: Any
    body: Any
    before: Any = None  # for the audit log: what a handler found,
    after: Any = None  # and what it left
    headers: dict[str, str] = field(default_factory=dict)  # what its answer says beside
    asset: Callable[[str], str] = str  # what an asset of this name is called today, as far as they may know

    @property
    def book(self) -> PointBook:
        """The points that this caller may know of."""
        return self.seen.book

    @property
    def only(self) -> Visible | None:
        """What of the tenant SQL is cut down to; None: all is open."""
        return None if self.seen.everything else self.seen

    def part(self, name: str) -> str:
        """Return a part of the path; an asset that is named by what it was called before, by its name of today."""
        told = str(self.request.path_params[name])
        of_asset = name == "name" and self.request.url.path.startswith(_OF_ASSETS)
        return self.asset(told) if of_asset else told


Handle = Callable[[Call], Awaitable[Any]]


@dataclass(slots=True, frozen=True)
class Operation:
    """One method on one path, below /api/v1.

    ``body``: the type of a JSON body; ``takes``: media types of a body that the handler reads itself.
    A handler returns a Struct (encoded as JSON), None (204) or a Response.
    """

    method: str
    path: str
    summary: str
    handle: Handle
    query: type[Struct] | None = None
    body: Any = None
    answer: Any = None
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = (JSON,)
    everyone: bool = False  # also those who have not signed in
    before_password: bool = False  # also with the one-time secret only
    before_factor: bool = False  # also without the second factor that a role asks for
    most: int | None = None  # bytes of a body, where it is less than elsewhere
    recognise: Callable[[Rooms, HTTPConnection, str], Principal] | None = None  # who asks, where others' rules say how


NOBODY = Principal(tenant="", user="", role="", by="")


def problem(error: BaigongError) -> Response:
    """Answer with the RFC 9457 document of an error."""
    headers = {}
    wait = error.fields.get("retry_after_s")
    if wait is not None:
        headers["Retry-After"] = str(wait)
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="baigong"'
    body = msgspec.json.encode(error.problem(), enc_hook=str)
    return Response(body, status_code=error.status, media_type=PROBLEM, headers=headers)


def route(
    rooms: Rooms,
    operation: Operation,
    prefix: str,
    refuse: Callable[[BaigongError], Response] = problem,
    below: str = "",
) -> Route:
    """Make an operation's route. ``refuse``: how an error is answered where a standard says how.

    ``below``: the front of the operation's path that its mount has already.
    """
    door = door_of(operation.method, operation.path)

    async def endpoint(request: Request) -> Response:
        begun = time.perf_counter()
        response = await _answer(rooms, operation, door, request, refuse)
        rooms.metrics.requests.labels(operation.method, operation.path, str(response.status_code)).inc()
        rooms.metrics.duration.labels(operation.path).observe(time.perf_counter() - begun)
        return response

    return Route(prefix + operation.path.removeprefix(below), endpoint, methods=[operation.method])


async def _answer(
    rooms: Rooms, operation: Operation, door: Door, request: Request, refuse: Callable[[BaigongError], Response]
) -> Response:
    who, tenant = NOBODY, ""
    try:
        who = NOBODY if operation.everyone else (operation.recognise or authorise)(rooms, request, request.method)
        if who.must_set_password and not operation.before_password:
            raise Reauthenticate("auth.denied", "first set a password: POST /api/v1/password", place="password")
        if not (operation.before_password or operation.before_factor or operation.everyone):
            require_factor(rooms, who)
        params = dict(request.query_params)
        tenant = params.pop("tenant", "") or who.tenant
        seen = enter(rooms, door, who, tenant)
        today = partial(name_of_today, rooms, tenant, seen)
        query = in_present_names(read_query(operation.query, params), today) if operation.query else None
        body = None
        if operation.body is not None:
            most = operation.most or (_MOST_OF_STRANGERS if operation.everyone else rooms.settings.max_body)
            body = decode_json(await read_body(request, most), operation.body)
        call = Call(request, who, tenant, seen, readable(rooms, door, who, tenant), query, body, asset=today)
        made = encode(await operation.handle(call))
        made.headers.update(call.headers)
        if is_told(door, operation.method, operation.path, who, tenant):
            await tell(rooms, request, who, tenant, door.action, before=call.before, after=call.after)
        return _marked(rooms, who, made)
    except BaigongError as error:
        if error.code == "auth.denied" and who is not NOBODY:
            with suppress(BaigongError):  # a full disk: refused all the same
                await tell(rooms, request, who, tenant or who.tenant, door.action, refused=error.code)
        rooms.metrics.refuse(error.code, rooms.clock_us())
        if error.code != "quota.exceeded":  # told to wait, and counted as that
            rooms.registry.usage.add(who.tenant, "calls_failed")
        return _marked(rooms, who, refuse(error))


def _marked(rooms: Rooms, who: Principal, made: Response) -> Response:
    """Count the call for who asked, and tell them which of their quotas are nearly or wholly used."""
    rooms.registry.usage.add(who.tenant, "calls")
    mark = rooms.registry.quotas.marks.get(who.tenant)
    if mark:
        made.headers["Baigong-Quota"] = mark
    return made


def authorise(rooms: Rooms, connection: HTTPConnection, method: str) -> Principal:
    """Say who asks. Raises auth.required, or auth.denied for a write with a cookie but without X-Baigong."""
    header = connection.headers.get("authorization", "")
    scheme, _, token = header.partition(" ")
    if scheme.lower() == "bearer" and token:
        return by_token(rooms, token.strip())
    cookie = connection.cookies.get(COOKIE, "")
    who = rooms.registry.people.recognise(cookie) if cookie else None
    if who is None or who.by != "cookie":
        raise Reauthenticate("auth.required", "nobody is signed in")
    rooms.registry.tenants.require_standing(who.tenant)
    if method not in _SAFE and connection.headers.get("x-baigong") != "1":
        # A page of another origin can send our cookie's browser here, but not this header.
        raise Reauthenticate("auth.denied", "a change by cookie needs the header X-Baigong: 1", place="x-baigong")
    return who


def by_token(rooms: Rooms, token: str) -> Principal:
    """Say whose token this is. Raises auth.required."""
    who = rooms.registry.people.recognise(token)
    if who is None or who.by != "token":
        raise Reauthenticate("auth.required", "this token is not known, or was revoked", place="authorization")
    rooms.registry.tenants.require_standing(who.tenant)
    return who


def require_factor(rooms: Rooms, who: Principal) -> None:
    """Raise auth.denied for somebody whose role asks for a second factor that they have not set up."""
    if rooms.registry.factors.owes(who):
        raise Reauthenticate(
            "auth.denied", "first set up a second factor: POST /api/v1/my/second-factor", place="second_factor"
        )


async def read_body(request: Request, limit: int) -> bytes:
    """Read a body of at most ``limit`` bytes; a larger one is read to its end, kept nowhere, and refused."""
    pieces: list[bytes] = []
    size = 0
    deadline = asyncio.get_running_loop().time() + _DRAIN_S
    async for piece in request.stream():
        size += len(piece)
        if size <= limit:
            pieces.append(piece)
        else:
            pieces.clear()
            if asyncio.get_running_loop().time() > deadline:
                break
    if size > limit:
        raise FixConfiguration("payload.too_large", f"the body has {size} bytes or more, the limit is {limit}")
    return b"".join(pieces)


def decode_json(raw: bytes, kind: type[T] | Any) -> Any:
    """Decode a JSON body into its type; payload.malformed names the place."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise FixConfiguration("payload.malformed", str(error), place="body") from error
    except RecursionError as error:
        raise FixConfiguration("payload.malformed", "nested too deeply", place="body") from error


def read_query(kind: type[T], params: Mapping[str, str]) -> T:
    """Convert query parameters into their Struct; unknown ones are named."""
    try:
        return msgspec.convert(dict(params), kind, strict=False)
    except (msgspec.ValidationError, ValueError) as error:
        raise FixConfiguration("config.invalid", f"query: {error}", place="query") from error


def name_of_today(rooms: Rooms, tenant: str, seen: Visible, asset: str) -> str:
    """Return what an asset is called today that has, or had, this name; who may not know it is not told that either."""
    now = rooms.registry.names.asset(tenant, asset)
    if now == asset or seen.everything:
        return now
    tree = rooms.registry.assets.tree(tenant)
    return now if now in with_those_above(tree, open_assets(tree, tenant, seen)) else asset


def in_present_names(query: Any, today: Callable[[str], str]) -> Any:
    """Return a query that names assets by what they are called today, whatever they were called before."""
    told = {field: getattr(query, field, None) for field in _BY_ASSET}
    changes = {field: today(name) for field, name in told.items() if name}
    subject = getattr(query, "subject", None)
    if subject and subject.startswith("asset:"):
        changes["subject"] = f"asset:{today(subject.removeprefix('asset:'))}"
    return structs.replace(query, **changes) if changes else query


def encode(made: Any) -> Response:
    if isinstance(made, Response):
        return made
    if made is None:
        return Response(status_code=204)
    return Response(msgspec.json.encode(made), media_type=JSON)


def offered(request: Request, choices: Mapping[str, str], wanted: str = "") -> str:
    """Choose a format: ``wanted`` (from ?format=) or by Accept. ``choices``: format -> media type, best first.

    Raises http.not_acceptable.
    """
    if wanted:
        if wanted in choices:
            return wanted
        raise FixConfiguration("http.not_acceptable", f"format {wanted!r} is none of {list(choices)}", place="format")
    accept = request.headers.get("accept", "") or "*/*"
    ranges = sorted(_ranges(accept), key=lambda r: -r[1])
    for wish, weight in ranges:
        for name, media in choices.items():
            if weight > 0 and (wish in ("*/*", media) or (wish.endswith("/*") and media.startswith(wish[:-1]))):
                return name
    raise FixConfiguration("http.not_acceptable", f"nothing here is {accept!r}", place="accept")


def _ranges(accept: str) -> list[tuple[str, float]]:
    found = []
    for item in accept.split(","):
        media, *params = [p.strip() for p in item.split(";")]
        weight = 1.0
        for param in params:
            if param.startswith("q="):
                try:
                    weight = float(param[2:])
                except ValueError:
                    weight = 0.0
        found.append((media.lower(), weight))
    return found
