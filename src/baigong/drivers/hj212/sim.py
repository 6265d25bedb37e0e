"""A monitor in this process: waits to be dialled, or dials; tells its values, again until they are acknowledged."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from baigong.drivers.hj212 import codec
from baigong.drivers.hj212.address import KINDS
from baigong.drivers.hj212.codec import Packet
from baigong.drivers.switched import Switched

_ZONE = ZoneInfo("Asia/Shanghai")
_OBEYED = (1012, 1062, 1064, 3011, 3012)


class Simulator(Switched):
    """``values``: what is told, by kind and field: ``{"real:w01018-Rtd": 63.0}``. ``port`` 0 takes a free one."""

    def __init__(
        self, values: Mapping[str, Any], *, mn: str = "010000A8900016F000169DC0", password: str = "", port: int = 0,
        flag: int = 5, again_s: float = 5.0,
    ) -> None:  # fmt: skip
        super().__init__(port=port)
        self.values = dict(values)
        self.mn, self.password, self.flag = mn, password, flag
        self._again_s = again_s
        self._server: asyncio.Server | None = None
        self._work: asyncio.Task[None] | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._serving: set[asyncio.Task[Any]] = set()
        self._count = 0
        self.unacknowledged: dict[tuple[str, int, int], Packet] = {}
        self.acknowledged: list[str] = []  # the numbers, in order
        self.told: dict[str, str] = {}  # what it was commanded: SystemTime, RtdInterval, PolId …
        self.refuses: dict[int, tuple[str, str]] = {}  # command -> (QnRtn, ExeRtn)

    async def start(self) -> None:
        """Wait to be dialled."""
        self._server = await asyncio.start_server(self._serve, self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def call(self, host: str, port: int) -> None:
        """Dial, and again whenever the connection ends."""
        self._work = asyncio.create_task(self._calling(host, port))

    async def stop(self) -> None:
        """Be gone at once: the listener and every connection. What was not acknowledged is kept."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.wait({self._work})
        for writer in list(self._writers):
            writer.transport.abort()
        if self._server is not None:
            self._server.close()
        if self._serving:
            await asyncio.wait(self._serving, timeout=1.0)

    async def tell(self, kind: str = "", at: datetime | None = None, *, answered: bool = True) -> list[Packet]:
        """Tell the values of a kind, or of all kinds, one packet each."""
        kinds = [kind] if kind else list(dict.fromkeys(address.partition(":")[0] for address in self.values))
        return [self._send(self._packet(one, at, answered)) for one in kinds]

    def _packet(self, kind: str, at: datetime | None, answered: bool) -> Packet:
        fields = {a.partition(":")[2]: str(v) for a, v in self.values.items() if a.partition(":")[0] == kind}
        now = datetime.now(_ZONE)
        self._count += 1
        number = (now + timedelta(milliseconds=self._count)).strftime("%Y%m%d%H%M%S%f")[:17]
        command = KINDS.get(kind) or int(kind)
        flag = self.flag if answered else self.flag & ~1
        head = {"DataTime": (at or now).strftime("%Y%m%d%H%M%S")}
        return Packet(number, "32", command, self.password, self.mn, flag, head | fields)

    def _send(self, packet: Packet) -> Packet:
        if packet.wants_answer:
            self.unacknowledged[packet.key] = packet
        self.send_bytes(codec.wrap(packet))
        return packet

    def send_bytes(self, raw: bytes) -> None:
        """Say something to everybody who listens."""
        for writer in self._writers:
            writer.write(raw)

    async def _calling(self, host: str, port: int) -> None:
        while True:
            with suppress(OSError):
                await self._serve(*await asyncio.open_connection(host, port))
            await asyncio.sleep(0.2)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        task = asyncio.current_task()
        if task is not None and task is not self._work:
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)
        if self.unacknowledged:
            self._again()
        else:
            await self.tell()
        again = asyncio.create_task(self._sending_again())
        buffer = b""
        try:
            while data := await reader.read(4096):
                buffer += data
                while buffer:
                    used, packet, _ = codec.take(buffer)
                    if not used:
                        break
                    buffer = buffer[used:]
                    if packet is not None:
                        self._obey(packet, writer)
        except ConnectionError:
            pass
        finally:
            again.cancel()
            self._writers.discard(writer)
            writer.transport.abort()

    async def _sending_again(self) -> None:
        while True:
            await asyncio.sleep(self._again_s)
            self._again()

    def _again(self) -> None:
        for packet in list(self.unacknowledged.values()):
            self.send_bytes(codec.wrap(packet))

    def _obey(self, packet: Packet, writer: asyncio.StreamWriter) -> None:
        if packet.command in (9013, 9014):
            number = packet.number or packet.fields.get("QN", "")
            for key in [key for key in self.unacknowledged if key[0] == number]:
                del self.unacknowledged[key]
            self.acknowledged.append(number)
            return
        begun, done = self.refuses.get(packet.command, ("1", "1") if packet.command in _OBEYED else ("8", ""))
        answers = [(9011, {"QnRtn": begun})] + ([(9012, {"ExeRtn": done})] if begun == "1" else [])
        for command, fields in answers:
            writer.write(codec.wrap(Packet(packet.number, "91", command, self.password, self.mn, 4, fields)))
        if (begun, done) == ("1", "1"):
            self.told |= packet.fields
