"""The WebSocket that sends live values to a browser or program."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from baigong.api.doors import door_of, enter
from baigong.api.hygiene import is_foreign
from baigong.api.live import Watch
from baigong.api.points import newest_of
from baigong.api.rooms import Rooms
from baigong.api.throttle import Queue
from baigong.api.wire import authorise, require_factor
from baigong.api.witness import tell
from baigong.registry.people import Principal
from baigong.registry.visible import Visible
from baigong.vocab.errors import BaigongError, FixConfiguration, Reauthenticate

_TICK_S = 0.2  # five times a second
_MOST = 5_000  # points a client may watch
_EACH = 50  # sockets of one person or token: windows of browsers, or a program's
_COMPANY = 1_000  # and of all of a company's: what others watch is not told later for it
_PING_TICKS = 75  # an empty message every 15 s tells a client that the silence is the plant's
_DOOR = door_of("WS", "/live")
_POLICY = 1008  # RFC 6455, 7.4.1


@dataclass(slots=True, frozen=True)
class _Listener:
    who: Principal
    tenant: str


class Subscribe(Struct, frozen=True, kw_only=True):
    points: list[str]


def live_route(rooms: Rooms, prefix: str) -> WebSocketRoute:
    own = Queue(_EACH, "http.crowded", f"{_EACH} live connections of one person or token are open already")
    company = Queue(_COMPANY, "http.crowded", f"{_COMPANY} live connections of one company are open already")

    async def endpoint(socket: WebSocket) -> None:
        with ExitStack() as seats:
            await _serve(socket, seats)

    async def _serve(socket: WebSocket, seats: ExitStack) -> None:
        try:
            listener = _allowed(rooms, socket)
            seats.enter_context(company.place(listener.who.tenant))
            seats.enter_context(own.place(listener.who.full_name))
            if listener.tenant != listener.who.tenant:
                await tell(rooms, socket, listener.who, listener.tenant, _DOOR.action)
        except BaigongError as error:
            rooms.metrics.refuse(error.code, rooms.clock_us())
            await socket.accept()
            await _send(socket, {"error": error.problem()})
            await socket.close(_POLICY, error.code)
            return
        await socket.accept()
        watch = Watch(rooms.live, listener.tenant)
        rooms.live.clients += 1
        try:
            async with asyncio.TaskGroup() as tasks:
                tick = tasks.create_task(_tell(rooms, socket, listener, watch))
                await _listen(rooms, socket, listener, watch)
                tick.cancel()
        except* (WebSocketDisconnect, RuntimeError):
            pass  # gone while we were sending: RuntimeError is what Starlette raises then
        finally:
            rooms.live.clients -= 1
            watch.close()

    return WebSocketRoute(f"{prefix}/live", endpoint)


def _allowed(rooms: Rooms, socket: WebSocket) -> _Listener:
    origin = socket.headers.get("origin")
    if is_foreign(origin, socket.headers.get("host", "")):
        raise Reauthenticate("auth.denied", f"pages of {origin} may not listen here", place="origin")
    who = _who(rooms, socket)
    listener = _Listener(who, socket.query_params.get("tenant") or who.tenant)
    _open_to(rooms, socket, listener)
    return listener


def _who(rooms: Rooms, socket: WebSocket) -> Principal:
    who = authorise(rooms, socket, "GET")
    if who.must_set_password:
        raise Reauthenticate("auth.denied", "first set a password", place="password")
    require_factor(rooms, who)
    return who


def _open_to(rooms: Rooms, socket: WebSocket, listener: _Listener) -> Visible:
    """Asked again all the time: to a token, session or person that is gone, nothing is told; nor what was revoked."""
    return enter(rooms, _DOOR, _who(rooms, socket), listener.tenant)


async def _listen(rooms: Rooms, socket: WebSocket, listener: _Listener, watch: Watch) -> None:
    while True:
        message = await socket.receive()
        if message["type"] == "websocket.disconnect":
            return
        raw = message.get("text") or message.get("bytes") or ""
        try:
            await _subscribe(rooms, socket, listener, watch, raw)
        except BaigongError as error:
            await _send(socket, {"error": error.problem()})


async def _subscribe(rooms: Rooms, socket: WebSocket, listener: _Listener, watch: Watch, raw: str | bytes) -> None:
    try:
        asked = msgspec.json.decode(raw, type=Subscribe)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise FixConfiguration("payload.malformed", str(error), place="live") from error
    if len(asked.points) > _MOST:
        raise FixConfiguration("payload.too_large", f"at most {_MOST} points at a time", place="points")
    seen = _open_to(rooms, socket, listener)
    numbers = [seen.book.find(listener.tenant, name).number for name in asked.points]
    newest = await newest_of(seen.lake(rooms.lake), listener.tenant, numbers)
    burst = [_row(i, newest[n]) for i, n in enumerate(numbers) if n in newest]
    # Sent before watching begins, so that an index never means the previous list.
    watch.replace([])
    # The names say from which message on the new list counts: older ones may still be under way.
    await _send(socket, {"points": asked.points, "values": burst})
    watch.replace(numbers)


async def _tell(rooms: Rooms, socket: WebSocket, listener: _Listener, watch: Watch) -> None:
    quiet = 0
    while True:
        await asyncio.sleep(_TICK_S)
        try:
            seen = _open_to(rooms, socket, listener)
            if not all(number in seen for number in watch.numbers):
                raise Reauthenticate("auth.denied", "a grant for some of these points has ended", place="points")
        except BaigongError as error:
            await _send(socket, {"error": error.problem()})
            await socket.close(_POLICY, error.code)
            return
        rows = [
            [index, time_us, number, text, quality]
            for index, (time_us, number, text, quality) in watch.changes()
            if (window := seen.window(watch.numbers[index])) is not None and window.holds(time_us)
        ]
        quiet = 0 if rows else quiet + 1
        if rows or quiet % _PING_TICKS == 0:
            await _send(socket, {"values": rows})


def _row(index: int, newest: dict[str, Any]) -> list[Any]:
    return [index, newest["time_us"], newest["value"], newest["text"], newest["quality"]]


async def _send(socket: WebSocket, message: dict[str, Any]) -> None:
    await socket.send_text(msgspec.json.encode(message).decode())
