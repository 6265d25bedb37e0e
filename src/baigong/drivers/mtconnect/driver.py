"""The MTConnect driver: asks an agent what it has, takes a picture of it, and follows its stream from there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from baigong.drivers.contract import Ack, Delivery, Found, Health, Node, Wanted
from baigong.drivers.finding import Finding
from baigong.drivers.mtconnect import codec
from baigong.drivers.mtconnect.address import canonical, split
from baigong.drivers.mtconnect.codec import AgentError, Component, Item, Model, Streams
from baigong.drivers.mtconnect.http import Exchange
from baigong.drivers.mtconnect.settings import settings
from baigong.drivers.mtconnect.values import Row, States
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.frame import from_python
from baigong.vocab.happenings import Command

_PAGE = 10_000  # observations of one document, when the agent's memory is read
_BEATS = 3  # heartbeats that may be missed
_OLD_US = 60_000_000  # a value of a picture that is older was still so when the picture was made


class MtconnectDriver:
    """See ``driver.toml`` and ``docs.md``."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._settings = settings(options)
        self._model: Model | None = None
        self._counters: Counter[str] = Counter(dict.fromkeys(("documents", "observations", "overruns"), 0))
        self._finding = Finding()
        self._ended = ""

    async def __aenter__(self) -> Self:
        self._model = codec.model(await self._document("/probe", "MTConnectDevices"))
        self._ended = ""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._model = None

    async def browse(self, path: str = "") -> list[Node]:
        """Devices; below each its components and data items, with their present values."""
        made = self._known()
        if not path:
            return [Node(path=one.path, title=one.title, has_children=True) for one in made.devices]
        component = made.components.get(path)
        if component is None:
            raise FixConfiguration("driver.address", f"the agent has no {path!r}", place=path)
        nodes = [Node(path=one.path, title=one.title, has_children=True) for one in component.children]
        return nodes + (_nodes(component, await self._now()) if component.items else [])

    async def read(self, points: Sequence[Wanted]) -> pa.RecordBatch:
        made, held, rows = self._known(), (await self._now()) if points else {}, []
        for point in points:
            rows.append((point.number, held.get(_canonical(point.address)) or _missing(point.address, made, held)))
        return _frame(rows)

    async def watch(self, points: Sequence[Wanted]) -> AsyncIterator[Delivery]:
        """Yield a picture of everything, then what happens, in the order of the agent's sequence."""
        self._finding.numbers = {_canonical(point.address): point.number for point in points}
        latest_us = 0
        while True:
            states = States(self._known().items)
            picture = await self._streams("/current")
            latest_us = max(latest_us, picture.made_us)
            if (delivery := self._delivery(_present(picture, states))) is not None:
                yield delivery
            try:
                async for document in self._following(picture):
                    latest_us = max([latest_us, *(one.time_us for one in document.observations)])
                    told = [row for one in document.observations for row in states.rows(one)]
                    if (delivery := self._delivery(told)) is not None:
                        yield delivery
            except AgentError as error:
                if error.code != "OUT_OF_RANGE":
                    raise self._refused(error) from error
                self._counters["overruns"] += 1  # it kept less than we were behind: what it forgot is a gap
                gap = Row("", latest_us + 1, None, q.BAD_DATA_UNAVAILABLE)
                if numbers := self._finding.numbers:
                    yield Delivery(_frame([(number, gap) for number in numbers.values() if number]))

    async def history(self, points: Sequence[Wanted], start_us: int, end_us: int) -> AsyncIterator[pa.RecordBatch]:
        """Yield what the agent's buffer holds of these points between two moments."""
        numbers = {_canonical(point.address): point.number for point in points}
        states, at, last = States(self._known().items), 0, 1
        while at <= last:
            document = await self._streams(f"/sample?count={_PAGE}" + (f"&from={at}" if at else ""))
            told = [row for one in document.observations for row in states.rows(one)]
            kept = [
                (numbers[row.address], row)
                for row in told
                if row.address in numbers and start_us <= row.time_us < end_us
            ]
            if kept:
                yield _frame(kept)
            last = document.last
            if document.following <= at:
                return
            at = document.following

    async def write(self, command: Command) -> Ack:
        raise FixConfiguration("driver.readonly", "an MTConnect agent is only read")

    def canonical(self, address: str) -> str:
        """Write an address in the one way that numbers its point; driver.address says what is wrong with it."""
        return canonical(address)

    def discover(self, numbering: Callable[[str], int]) -> bool:
        """Make points of all data items, with their titles and units."""
        return self._finding.discover(numbering if self._settings.discover else None)

    def take_found(self) -> list[Found]:
        return self._finding.take()

    async def health(self) -> Health:
        made = self._model
        if made is None:
            return Health(False, "not connected")
        detail = f"{self._settings.place}: MTConnect {made.version}, {len(made.items)} data items"
        if self._ended:
            detail += f"; {self._ended}"
        return Health(not self._ended, detail, dict(self._counters))

    # -- asking ----------------------------------------------------------------------------------------------

    def _known(self) -> Model:
        if self._model is None:
            raise RetryLater("driver.unreachable", "not connected", place=self._settings.place)
        return self._model

    async def _document(self, path: str, kind: str) -> Any:
        try:
            async with Exchange(self._settings, path) as exchange:
                return codec.document(await exchange.body(), kind)
        except AgentError as error:
            raise self._refused(error) from error
        except RetryLater as error:
            self._ended = error.message
            raise RetryLater(error.code, error.message, place=self._settings.place) from error

    async def _streams(self, path: str) -> Streams:
        made = codec.streams(await self._document(path, "MTConnectStreams"))
        self._check(made)
        return made

    async def _now(self) -> dict[str, Row]:
        picture = await self._streams("/current")
        return {row.address: row for row in _present(picture, States(self._known().items))}

    async def _following(self, picture: Streams) -> AsyncIterator[Streams]:
        """Follow the stream from a cursor, until it breaks: then it raises, as it must not end."""
        chosen = self._settings
        asked = f"interval={chosen.interval_ms}&heartbeat={chosen.heartbeat_ms}&count={chosen.count}"
        silence_s = _BEATS * chosen.heartbeat_ms / 1000 + chosen.timeout_s
        try:
            async with Exchange(chosen, f"/sample?from={picture.following}&{asked}") as exchange:
                async for part in exchange.parts(silence_s):
                    document = codec.streams(codec.document(part, "MTConnectStreams"))
                    self._check(document)
                    yield document
        except RetryLater as error:
            self._ended = error.message
            raise RetryLater(error.code, error.message, place=chosen.place) from error
        self._ended = "the agent ended the stream"
        raise RetryLater("driver.unreachable", self._ended, place=chosen.place)

    def _check(self, document: Streams) -> None:
        self._counters["documents"] += 1
        self._counters["observations"] += len(document.observations)
        if document.instance != self._known().instance:
            raise RetryLater("driver.unreachable", "the agent was started anew", place=self._settings.place)

    def _refused(self, error: AgentError) -> Exception:
        if error.code in ("NO_DEVICE", "INVALID_URI", "INVALID_XPATH", "UNSUPPORTED"):
            return FixConfiguration("driver.option", str(error), place="device")
        return RetryLater("driver.protocol", str(error), place=self._settings.place)

    # -- telling ---------------------------------------------------------------------------------------------

    def _delivery(self, rows: Iterable[Row]) -> Delivery | None:
        kept = [(number, row) for row in rows if (number := self._finding.number(row, self._found))]
        return Delivery(_frame(kept)) if kept else None

    def _found(self, number: int, row: Row) -> Found:
        id_, part = split(row.address)
        item = self._known().items.get(id_) or Item(id_, "EVENT", "")
        kind, unit = (item.kind, item.unit) if isinstance(row.value, float) else ("state", "")
        return Found(number, row.address, _name(item, part), kind, unit, f"{item.title} {part}".strip())


def _present(picture: Streams, states: States) -> list[Row]:
    """Give the rows of a picture. What changed long ago is told as it was still so when the picture was made."""
    last: dict[str, Row] = {}
    for one in picture.observations:
        for row in states.rows(one):
            old = picture.made_us - row.time_us > _OLD_US
            last[row.address] = Row(row.address, picture.made_us, row.value, row.quality) if old else row
    return list(last.values())


def _nodes(component: Component, held: dict[str, Row]) -> list[Node]:
    nodes = []
    for item in component.items:
        parts = [address for address in held if address == item.id or address.startswith(f"{item.id}#")]
        for address in parts or [item.id]:
            row = held.get(address)
            nodes.append(
                Node(
                    path=f"{component.path}/{address}", title=f"{item.title} {address[len(item.id) + 1 :]}".strip(),
                    address=address, type="float" if item.is_number else "string", unit=item.unit,
                    value=row.value if row else None, quality=row.quality if row else q.BAD_WAITING_FOR_INITIAL_DATA,
                    time_us=row.time_us if row else None, kind=item.kind,
                )
            )  # fmt: skip
    return nodes


def _canonical(address: str) -> str:
    with suppress(FixConfiguration):
        return canonical(address)
    return ""


def _missing(address: str, made: Model, held: dict[str, Row]) -> Row:
    """Say why there is no value: no such data item, or none of it yet."""
    now_us = max((row.time_us for row in held.values()), default=1)
    known = _canonical(address).partition("#")[0] in made.items
    return Row("", now_us, None, q.BAD_WAITING_FOR_INITIAL_DATA if known else q.BAD_NODE_ID_UNKNOWN)


def _frame(rows: Sequence[tuple[int, Row]]) -> pa.RecordBatch:
    return from_python(
        [number for number, _ in rows], [row.time_us for _, row in rows], [row.value for _, row in rows],
        [row.quality for _, row in rows],
    )  # fmt: skip


def _name(item: Item, part: str) -> str:
    device = re.sub(r"[^A-Za-z0-9]+", "_", item.where[0] if item.where else "agent").strip("_") or "agent"
    leaf = re.sub(r"[^A-Za-z0-9]+", "_", f"{item.id}_{part}").strip("_") or "item"
    return f"{device}.{leaf}".lower()
