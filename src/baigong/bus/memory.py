"""The bus inside one process: for tests and notebooks, with the manners of the real one, but no disk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import msgspec

from baigong.bus.contract import Handler, Message, Stored, StreamState
from baigong.bus.subjects import frame_subject, matches
from baigong.vocab.errors import BaigongError, RetryLater, from_problem

_BATCH = 256  # messages a read yields at most at once
_QUEUE = 65_536  # messages a slow subscriber may lag behind before it loses some, as with NATS


class _Stream:
    def __init__(self, epoch: int, max_bytes: int) -> None:
        self.epoch = epoch
        self.max_bytes = max_bytes
        self.first = 1
        self.log: list[Stored] = []
        self.size = 0
        self.grown = asyncio.Event()

    @property
    def last(self) -> int:
        return self.first + len(self.log) - 1

    def state(self) -> StreamState:
        return StreamState(self.epoch, self.first, self.last, len(self.log), self.size, self.max_bytes)


class MemoryBus:
    """See ``bus.contract.Bus``. ``clock_us`` gives the time a message is stored."""

    def __init__(self, clock_us: Callable[[], int] = lambda: time.time_ns() // 1000) -> None:
        self._clock_us = clock_us
        self._streams: dict[str, _Stream] = {}
        self._listeners: list[tuple[str, asyncio.Queue[Message]]] = []
        self._servers: list[tuple[str, Handler]] = []
        self.dropped = 0  # messages a slow subscriber did not get

    async def ensure_stream(self, partition: str, *, epoch: int, max_bytes: int) -> StreamState:
        return self._streams.setdefault(partition, _Stream(epoch, max_bytes)).state()

    async def stream_state(self, partition: str) -> StreamState | None:
        stream = self._streams.get(partition)
        return stream.state() if stream else None

    async def set_epoch(self, partition: str, epoch: int) -> None:
        self._streams[partition].epoch = epoch

    async def store(self, partition: str, tenant: str, payload: bytes) -> int:
        subject = frame_subject(partition, tenant)
        stream = self._streams.get(partition)
        if stream is None:
            raise RetryLater("bus.down", f"no stream for partition {partition}")
        if stream.size + len(payload) > stream.max_bytes:
            raise RetryLater("storage.full", f"stream {partition} holds {stream.size} of {stream.max_bytes} bytes")
        seq = stream.last + 1
        stream.log.append(Stored(seq, self._clock_us(), subject, payload))
        stream.size += len(payload)
        stream.grown.set()
        await self.publish(subject, payload)
        return seq

    async def read(self, partition: str, from_seq: int) -> AsyncIterator[list[Stored]]:
        stream = self._streams[partition]
        at = from_seq
        while True:
            if at < stream.first and stream.log:
                raise RetryLater("storage.corrupt", f"sequence {at} of {partition} is gone; first is {stream.first}")
            batch = stream.log[max(at - stream.first, 0) :][:_BATCH]
            if batch:
                at = batch[-1].seq + 1
                yield batch
                continue
            stream.grown.clear()
            await stream.grown.wait()

    async def stored_time(self, partition: str, seq: int) -> int | None:
        stream = self._streams[partition]
        return stream.log[seq - stream.first].time_us if stream.first <= seq <= stream.last else None

    async def purge(self, partition: str, below_seq: int) -> None:
        stream = self._streams[partition]
        count = min(max(below_seq - stream.first, 0), len(stream.log))
        stream.size -= sum(len(m.payload) for m in stream.log[:count])
        del stream.log[:count]
        stream.first += count

    async def publish(self, subject: str, payload: bytes) -> None:
        for pattern, queue in self._listeners:
            if matches(pattern, subject):
                try:
                    queue.put_nowait(Message(subject, payload))
                except asyncio.QueueFull:
                    self.dropped += 1

    def subscribe(self, subject: str) -> AsyncIterator[Message]:
        entry = (subject, asyncio.Queue[Message](_QUEUE))
        self._listeners.append(entry)  # at once, not at the first step of the iterator
        return self._listen(entry)

    async def _listen(self, entry: tuple[str, asyncio.Queue[Message]]) -> AsyncIterator[Message]:
        try:
            while True:
                yield await entry[1].get()
        finally:
            self._listeners.remove(entry)

    async def request(self, subject: str, payload: bytes, *, timeout_s: float = 5.0) -> bytes:
        for pattern, handler in self._servers:
            if matches(pattern, subject):
                try:
                    async with asyncio.timeout(timeout_s):
                        return await handler(Message(subject, payload))
                except TimeoutError:
                    break
                except BaigongError as error:
                    raise from_problem(msgspec.json.decode(msgspec.json.encode(error.problem()))) from error
        raise RetryLater("gateway.down", f"nobody answered {subject} within {timeout_s:g} s", place=subject)

    async def serve(self, subject: str, handler: Handler) -> None:
        self._servers.append((subject, handler))

    async def close(self) -> None:
        self._servers.clear()
