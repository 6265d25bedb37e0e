"""A small agent in this process: /probe, /current, /sample with its buffer, long polling, and its errors.

::

    async with Agent() as agent:
        agent.set("Xact", "12.5")
        MtconnectDriver({"url": agent.url})
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape, quoteattr

from baigong.drivers.switched import Switched

_ITEMS = """
avail|EVENT|AVAILABILITY||||device
Xact|SAMPLE|POSITION|ACTUAL|MILLIMETER||x
Xload|SAMPLE|LOAD||PERCENT||x
path_pos|SAMPLE|PATH_POSITION|ACTUAL|MILLIMETER_3D||path
vib|SAMPLE|ACCELERATION||MILLIMETER/SECOND^2|TIME_SERIES|x
exec|EVENT|EXECUTION||||path
program|EVENT|PROGRAM||||path
parts|EVENT|PART_COUNT|ALL|||path
vars|EVENT|VARIABLE|||DATA_SET|path
offsets|EVENT|WORK_OFFSET_TABLE|||TABLE|path
temp|CONDITION|TEMPERATURE||||path
"""


@dataclass(slots=True, frozen=True)
class _Item:
    id: str
    category: str
    type: str
    subtype: str
    units: str
    representation: str
    component: str

    @property
    def tag(self) -> str:
        made = "".join(word.capitalize() for word in self.type.split("_"))
        return made + {"TIME_SERIES": "TimeSeries", "DATA_SET": "DataSet", "TABLE": ""}.get(self.representation, "")


ITEMS = {item.id: item for item in (_Item(*line.split("|")) for line in _ITEMS.split("\n") if line)}


@dataclass(slots=True)
class _Observation:
    sequence: int
    item: _Item
    timestamp: str
    level: str  # of conditions
    content: str  # XML
    attributes: dict[str, str] = field(default_factory=dict)


class Agent(Switched):
    """``buffer``: observations it keeps. Values are kept while it is stopped; ``start(anew=True)`` forgets them."""

    def __init__(
        self, *, port: int = 0, buffer: int = 1000, version: str = "2.2", instance: int = 1_700_000_000
    ) -> None:
        super().__init__(port=port)
        self.version, self.instance = version, instance
        self._buffer: deque[_Observation] = deque(maxlen=buffer)
        self._current: dict[str, list[_Observation]] = {}
        self._next = 1
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._news = asyncio.Event()
        self.requests: list[str] = []
        for item in ITEMS:
            self.set(item, "UNAVAILABLE")

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    async def start(self, *, anew: bool = False) -> None:
        if anew:
            self.instance += 1
            self._buffer.clear()
            self._current.clear()
            self._next = 1
            for item in ITEMS:
                self.set(item, "UNAVAILABLE")
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Be gone at once: the listener and every connection."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=1.0)

    def set(self, item: str, text: str = "", at: datetime | None = None, *, content: str = "", level: str = "",
            **attributes: str) -> int:  # fmt: skip
        """Observe something; ``content`` is XML (entries of a set), ``level`` a condition's. Returns its sequence."""
        if not level and ITEMS[item].category == "CONDITION":
            level = "Unavailable" if text == "UNAVAILABLE" else "Normal"
            text = ""
        moment = (at or datetime.now(UTC)).isoformat(timespec="microseconds").replace("+00:00", "Z")
        made = _Observation(self._next, ITEMS[item], moment, level, content or escape(text), attributes)
        self._next += 1
        self._buffer.append(made)
        key = attributes.get("nativeCode", "")
        held = self._current.get(item, [])
        if level in ("Warning", "Fault"):
            held = [
                one for one in held if one.level in ("Warning", "Fault") and one.attributes.get("nativeCode") != key
            ]
            self._current[item] = [*held, made]
        else:
            self._current[item] = [made]
        self._news.set()
        return made.sequence

    # -- documents -------------------------------------------------------------------------------------------

    def _document(self, kind: str, content: str, header: str = "") -> bytes:
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        space = f"urn:mtconnect.org:MTConnect{kind}:{self.version}"
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><MTConnect{kind} xmlns="{space}" xmlns:m="{space}">'
            f'<Header creationTime="{now}" sender="sim" instanceId="{self.instance}" version="{self.version}.0.0" '
            f'bufferSize="{self._buffer.maxlen}"{header}/>{content}</MTConnect{kind}>'
        ).encode()

    def probe(self) -> bytes:
        """Write the device: a controller with a path, and a linear axis."""

        def items(component: str) -> str:
            found = [item for item in ITEMS.values() if item.component == component]
            return f"<DataItems>{''.join(map(_item, found))}</DataItems>"

        return self._document(
            "Devices",
            '<Devices><Device id="d1" name="Mill 1" uuid="mill-1">' + items("device") + "<Components>"
            '<Axes id="axes" name="axes"><Components><Linear id="x" name="X">'
            + items("x")
            + "</Linear></Components></Axes>"
            '<Controller id="c" name="cnc"><Components><Path id="p" name="path">'
            + items("path")
            + "</Path></Components>"
            "</Controller></Components></Device></Devices>",
            ' assetBufferSize="0" assetCount="0"',
        )

    def _streams(self, found: list[_Observation], following: int) -> bytes:
        first = self._buffer[0].sequence if self._buffer else self._next
        header = f' nextSequence="{following}" firstSequence="{first}" lastSequence="{self._next - 1}"'
        components: dict[tuple[str, str], list[str]] = {}
        for one in found:
            group = {"SAMPLE": "Samples", "EVENT": "Events", "CONDITION": "Condition"}[one.item.category]
            components.setdefault((one.item.component, group), []).append(_observation(one))
        content = "".join(
            f'<ComponentStream component="Path" name="{component}" componentId="{component}">'
            f"<{group}>{''.join(parts)}</{group}></ComponentStream>"
            for (component, group), parts in components.items()
        )
        inner = f'<DeviceStream name="Mill 1" uuid="mill-1">{content}</DeviceStream>'
        return self._document("Streams", f"<Streams>{inner}</Streams>", header)

    def current(self) -> bytes:
        return self._streams([one for held in self._current.values() for one in held], self._next)

    def sample(self, start: int, count: int) -> tuple[bytes, int]:
        """Return a document and the cursor behind it. Raises LookupError for what the buffer does not hold."""
        first = self._buffer[0].sequence if self._buffer else self._next
        if not first <= start <= self._next:
            raise LookupError(f"'from' must be between {first} and {self._next}")
        found = [one for one in self._buffer if one.sequence >= start][:count]
        following = found[-1].sequence + 1 if found else self._next
        return self._streams(found, following), following

    # -- HTTP ------------------------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a server's handler is a task
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                head = await reader.readuntil(b"\r\n\r\n")
                answering = asyncio.create_task(self._answer(head.split()[1].decode(), writer))
                gone = asyncio.create_task(reader.read())  # ends when the client hangs up
                try:
                    await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
                finally:
                    answering.cancel()
                    gone.cancel()
        finally:
            writer.transport.abort() if task.cancelling() else writer.close()

    async def _answer(self, target: str, writer: asyncio.StreamWriter) -> None:
        self.requests.append(target)
        parts = urlsplit(target)
        asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        what = parts.path.rpartition("/")[2]
        device = parts.path.strip("/").rpartition("/")[0]
        if device not in ("", "Mill%201", "mill-1"):
            return self._say(writer, self._error("NO_DEVICE", f"there is no device {device}"), 404)
        if what == "probe":
            return self._say(writer, self.probe())
        if what == "current":
            return self._say(writer, self.current())
        if what != "sample":
            return self._say(writer, self._error("INVALID_URI", "unknown"), 400)
        start = int(asked.get("from", self._buffer[0].sequence if self._buffer else self._next))
        count = int(asked.get("count", "100"))
        if "interval" in asked:
            return await self._stream(
                writer, start, count, int(asked["interval"]), int(asked.get("heartbeat", "10000"))
            )
        try:
            return self._say(writer, self.sample(start, count)[0])
        except LookupError as error:
            return self._say(writer, self._error("OUT_OF_RANGE", str(error)), 404)

    async def _stream(self, writer: asyncio.StreamWriter, at: int, count: int, interval: int, heartbeat: int) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
                     b"Content-Type: multipart/x-mixed-replace;boundary=a1b2\r\n\r\n")  # fmt: skip
        while True:
            try:
                document, at = self.sample(at, count)
            except LookupError as error:
                document = self._error("OUT_OF_RANGE", str(error))
            part = b"--a1b2\r\nContent-type: text/xml\r\nContent-length: %d\r\n\r\n%s\r\n" % (len(document), document)
            writer.write(b"%x\r\n%s\r\n" % (len(part), part))
            await writer.drain()
            self._news.clear()
            if at >= self._next:
                with suppress(TimeoutError):
                    async with asyncio.timeout(heartbeat / 1000):
                        await self._news.wait()
            await asyncio.sleep(interval / 1000)

    def _say(self, writer: asyncio.StreamWriter, content: bytes, status: int = 200) -> None:
        writer.write(b"HTTP/1.1 %d Said\r\nConnection: close\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n%s"
                     % (status, len(content), content))  # fmt: skip

    def _error(self, code: str, text: str) -> bytes:
        return self._document("Error", f'<Errors><Error errorCode="{code}">{escape(text)}</Error></Errors>')


def _item(item: _Item) -> str:
    said = {"id": item.id, "category": item.category, "type": item.type, "subType": item.subtype,
            "units": item.units, "nativeUnits": item.units, "representation": item.representation}  # fmt: skip
    return f"<DataItem {' '.join(f'{name}={quoteattr(value)}' for name, value in said.items() if value)}/>"


def _observation(one: _Observation) -> str:
    said = {"dataItemId": one.item.id, "timestamp": one.timestamp, "sequence": str(one.sequence)} | one.attributes
    if one.level:
        said["type"] = one.item.type
    tag = one.level or one.item.tag
    return f"<{tag} {' '.join(f'{name}={quoteattr(value)}' for name, value in said.items())}>{one.content}</{tag}>"
