"""Looking at a device before it is configured, or beside its polling: test, browse, preview."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, TypeVar

import msgspec
import pyarrow as pa

from baigong.drivers.contract import Driver, Node, Wanted, first_open
from baigong.drivers.manifest import Manifest, manifest
from baigong.gateway.bounded import Abandoned, bounded, opened
from baigong.gateway.clock import Clock
from baigong.gateway.fleet import Fleet
from baigong.gateway.networks import OpenWays, Way, Ways
from baigong.vocab import quality as q
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater
from baigong.vocab.networks import endpoint

T = TypeVar("T")
_KEEP_S = 60.0  # a preview's connection waits so long for the next question
_MOST_VISITS = 16
_LISTEN_S = 4.0  # a driver that only watches gets so long to tell the values asked for
_SEARCH_FOLDERS = 2000
_SEARCH_S = 10.0
_SEARCH_ALL_S = 55.0  # the first search of a server of 50,000 tags walks all of it
_TIMEOUT_S = 5.0
_MOST_BYTES = 900_000  # of an answer; the bus carries 1 MiB


class _Visit:
    """A connection opened for looking, kept for a minute, used by one question at a time."""

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.stack = AsyncExitStack()
        self.driver: Driver | None = None
        self.used = 0.0
        self.way = Way()


class Probes:
    """Answers questions about devices with as few connections as possible: the running one, or one shared."""

    def __init__(
        self,
        fleet: Fleet,
        clock: Clock,
        abandoned: Abandoned,
        ways: Ways | OpenWays,
    ) -> None:
        self._fleet = fleet
        self._clock = clock
        self._abandoned = abandoned
        self._ways = ways
        self._visits: dict[bytes, _Visit] = {}
        self._listings: dict[tuple[bytes, str, str], tuple[float, list[Node]]] = {}

    async def run(self) -> None:
        """Close what nobody uses any more, until cancelled; then everything."""
        try:
            while True:
                await self._clock.sleep(5.0)
                now = self._clock.monotonic()
                self._listings = {k: v for k, v in self._listings.items() if now - v[0] < _KEEP_S}
                for key, visit in list(self._visits.items()):
                    if now - visit.used > _KEEP_S and not visit.turn.locked():
                        await self._close(key)
        finally:
            for key in list(self._visits):
                await self._close(key)

    async def test(self, tenant: str, driver: str, options: dict[str, Any], timeout_s: float) -> dict[str, Any]:
        """Say step by step how far one gets: name resolution, TCP connect, protocol handshake, read a value."""
        steps: list[dict[str, Any]] = []
        try:
            claimed = manifest(driver)
            claimed.open(self._ways.complete(claimed, options, tenant))
            running = self._fleet.at(tenant, driver, options)
            if running is not None and running.session is not None:
                steps.append(_done("protocol handshake", "already connected: this device is running", 0.0))
            else:
                await self._reach(steps, tenant, options, timeout_s)
            async with self._connection(tenant, driver, options, steps, timeout_s) as link:
                await self._step(steps, "read a value", lambda: _read_one(claimed, link), timeout_s * 2)
        except BaigongError as error:
            if not steps or steps[-1]["ok"]:
                steps.append({"name": "options", "ok": False, "detail": error.message, "ms": 0.0})
            return {"ok": False, "detail": error.message, "steps": steps, "error": error.problem()}
        return {"ok": True, "detail": steps[-1]["detail"], "steps": steps, "error": None}

    async def browse(
        self, tenant: str, driver: str, options: dict[str, Any], path: str, search: str, offset: int, limit: int
    ) -> dict[str, Any]:
        """List what a device holds below ``path``, or below it at any depth what matches ``search``."""
        key = (_key(tenant, driver, options), path, search.casefold())
        held = self._listings.get(key)
        if held is None or self._clock.monotonic() - held[0] > _KEEP_S:
            async with self._connection(tenant, driver, options, [], _TIMEOUT_S) as link:
                if search and not path and "search" in manifest(driver).capabilities:
                    nodes = await bounded(link.browse(f"?{search}"), _SEARCH_ALL_S, "searching", self._abandoned)
                else:
                    nodes = await (self._search(link, path, key[2]) if search else self._list(link, path))
            held = self._listings[key] = (self._clock.monotonic(), nodes)
        return {"nodes": _page(held[1][offset : offset + limit]), "total": len(held[1])}

    async def preview(
        self, tenant: str, driver: str, options: dict[str, Any], addresses: Sequence[str]
    ) -> list[dict[str, Any]]:
        """Read addresses that are not configured yet: [{address, value, quality, time_us, error}] in their order."""
        claimed = manifest(driver)
        wanted = [Wanted(i, address) for i, address in enumerate(addresses, 1)]
        async with self._connection(tenant, driver, options, [], _TIMEOUT_S) as link:
            found = await self._values(claimed, link, wanted)
        return [{"address": w.address} | found.get(w.number, _NOTHING) for w in wanted]

    async def _values(self, claimed: Manifest, link: Driver, wanted: list[Wanted]) -> dict[int, dict[str, Any]]:
        try:
            if "read" in claimed.capabilities:
                return _rows(await bounded(link.read(wanted), _TIMEOUT_S * 2, "reading", self._abandoned))
            return await _listen(link, wanted, self._abandoned)
        except FixConfiguration as error:
            if len(wanted) == 1:
                return {wanted[0].number: _NOTHING | {"quality": q.BAD_CONFIGURATION, "error": error.problem()}}
        found: dict[int, dict[str, Any]] = {}
        for one in wanted:  # one of them is wrong; the others are worth seeing
            found |= await self._values(claimed, link, [one])
        return found

    async def _list(self, link: Driver, path: str) -> list[Node]:
        return await bounded(link.browse(path), _TIMEOUT_S * 4, "browsing", self._abandoned)

    async def _search(self, link: Driver, path: str, text: str) -> list[Node]:
        """Walk breadth first, within a bounded time: a large server is searched as far as it goes."""
        found: list[Node] = []
        frontier, seen, began = [path], {path}, self._clock.monotonic()
        while frontier and len(seen) < _SEARCH_FOLDERS and self._clock.monotonic() - began < _SEARCH_S:
            for node in await self._list(link, frontier.pop(0)):
                if text in node.title.casefold() or text in node.address.casefold():
                    found.append(node)
                if node.has_children and node.path not in seen:
                    seen.add(node.path)
                    frontier.append(node.path)
        return found

    async def _reach(self, steps: list[dict[str, Any]], tenant: str, options: dict[str, Any], timeout_s: float) -> None:
        """Knock at the judged addresses; where that is refused nothing is tried, and nothing learnt."""
        host, port = endpoint(options)
        if not host:
            return
        found: list[str] = []

        async def resolve() -> str:
            found.extend((await self._ways.find(tenant, options)).addresses)
            return ", ".join(found)

        await self._step(steps, "name resolution", resolve, timeout_s)
        if port and found:
            await self._step(steps, "TCP connect", lambda: _knock(found, host, port), timeout_s)

    async def _step(
        self, steps: list[dict[str, Any]], name: str, work: Callable[[], Awaitable[str]], timeout_s: float
    ) -> str:
        began = self._clock.monotonic()
        try:
            detail = await bounded(work(), timeout_s, name, self._abandoned)
        except BaigongError as error:
            ms = (self._clock.monotonic() - began) * 1e3
            steps.append({"name": name, "ok": False, "detail": error.message, "ms": round(ms, 1)})
            raise
        steps.append(_done(name, detail, (self._clock.monotonic() - began) * 1e3))
        return detail

    @asynccontextmanager
    async def _connection(
        self, tenant: str, driver: str, options: dict[str, Any], steps: list[dict[str, Any]], timeout_s: float
    ) -> AsyncIterator[Driver]:
        running = self._fleet.at(tenant, driver, options)
        if running is not None and running.session is not None:
            async with running.session.turn() as link:
                yield link
            return
        key = _key(tenant, driver, options)
        visit = self._visits.get(key) or await self._visit(key)
        async with visit.turn:
            self._visits.setdefault(key, visit)  # whoever had the turn before may have closed it
            visit.used = self._clock.monotonic()
            if visit.driver is None:
                claimed = manifest(driver)
                made, visit.way = await self._ways.driver(tenant, claimed, options)

                async def shake() -> str:
                    await visit.stack.enter_async_context(opened(made, timeout_s * 3, self._abandoned))
                    return f"speaks {claimed.title.en}"

                await self._step(steps, "protocol handshake", shake, timeout_s * 3 + 2)
                visit.driver = made
            else:
                visit.way.require()
                steps.append(_done("protocol handshake", "connected a moment ago", 0.0))
            try:
                yield visit.driver
            except (RetryLater, asyncio.CancelledError):
                await self._close(key)  # broken: the next question gets a new one
                raise

    async def _visit(self, key: bytes) -> _Visit:
        if len(self._visits) >= _MOST_VISITS:
            idle = [k for k, v in self._visits.items() if not v.turn.locked()]
            if not idle:
                raise RetryLater("quota.exceeded", f"{_MOST_VISITS} devices are being looked at already")
            await self._close(min(idle, key=lambda k: self._visits[k].used))
        return self._visits.setdefault(key, _Visit())

    async def _close(self, key: bytes) -> None:
        visit = self._visits.pop(key, None)
        if visit is not None:
            visit.driver = None
            await visit.stack.aclose()


async def _knock(addresses: Sequence[str], host: str, port: int) -> str:
    """Open and close a connection to the first address that answers."""

    async def attempt(address: str) -> str:
        _, writer = await asyncio.open_connection(address, port)
        writer.close()
        return f"{address}:{port} is open"

    try:
        return await first_open(addresses, attempt)
    except OSError as error:
        said = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or error
        raise RetryLater("driver.unreachable", f"{host}:{port}: {said}") from error


async def _read_one(claimed: Manifest, link: Driver) -> str:
    """Find anything readable near the top and read it; a device that shows nothing is still connected."""
    if "browse" not in claimed.capabilities:
        health = await link.health()
        return health.detail or "connected"
    frontier, looked = [""], 0
    while frontier and looked < 20:
        nodes = await link.browse(frontier.pop(0))
        looked += 1
        for node in nodes:
            if node.address and node.value is not None:
                return f"{node.title} = {node.value}"
        frontier = [node.path for node in nodes if node.has_children][:5] + frontier
    return "connected; no value was found near the top"


async def _listen(link: Driver, wanted: list[Wanted], abandoned: Abandoned) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}

    async def collect() -> None:
        async for delivery in link.watch(wanted):
            found.update(_rows(delivery.frame))
            await delivery.accept()
            if len(found) >= len(wanted):
                return

    try:
        await bounded(collect(), _LISTEN_S, "listening", abandoned)
    except RetryLater as error:
        if error.code != "driver.timeout":
            raise
    return found


def _rows(batch: pa.RecordBatch) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = {}
    moments = batch.column("time").view(pa.int64()).to_pylist()
    for row, time_us in zip(batch.to_pylist(), moments, strict=True):
        value = next((row[n] for n in ("text", "whole", "value") if row[n] is not None), None)
        error = _problem(row["quality"])
        found[row["point"]] = {"value": value, "quality": row["quality"], "time_us": time_us, "error": error}
    return found


_WRONG = {q.BAD_NODE_ID_UNKNOWN, q.BAD_CONFIGURATION, q.BAD_TYPE_MISMATCH, q.BAD_OUT_OF_RANGE}
_NOTHING: dict[str, Any] = {
    "value": None,
    "quality": q.BAD_WAITING_FOR_INITIAL_DATA,
    "time_us": None,
    "error": None,
}


def _problem(quality: int) -> dict[str, Any] | None:
    """Say of a bad value what is to be done: correct the address, or see to the device."""
    if q.severity(quality) != "bad":
        return None
    if quality & 0xFFFF in _WRONG:
        return FixConfiguration("driver.address", q.describe(quality)).problem()
    return RetryLater("driver.protocol", q.describe(quality)).problem()


def _node(node: Node) -> dict[str, Any]:
    made = {name: getattr(node, name) for name in Node.__slots__}
    if not isinstance(node.value, str | int | float | bool | None):
        made["value"] = str(node.value)
    return made


def _page(nodes: list[Node]) -> list[dict[str, Any]]:
    """Take as many nodes as one message of the bus carries; who asked for more asks again from there."""
    page: list[dict[str, Any]] = []
    size = 0
    for made in map(_node, nodes):
        size += len(msgspec.json.encode(made)) + 1
        if size > _MOST_BYTES:
            break
        page.append(made)
    return page


def _done(name: str, detail: str, ms: float) -> dict[str, Any]:
    return {"name": name, "ok": True, "detail": detail, "ms": round(ms, 1)}


def _key(tenant: str, driver: str, options: dict[str, Any]) -> bytes:
    return f"{tenant}\0{driver}".encode() + b"\0" + msgspec.json.encode(options, order="deterministic")
