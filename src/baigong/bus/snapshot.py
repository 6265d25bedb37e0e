"""A stream as a file: JetStream's snapshot API, taken from a running server and given back to another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from baigong.bus.contract import StreamState
from baigong.bus.nats import NatsBus
from baigong.bus.subjects import frames_stream
from baigong.vocab.errors import RetryLater

_CHUNK = 128 << 10  # bytes in one message of a snapshot
_SILENT_S = 30.0  # a snapshot that says nothing for so long has died


@dataclass(slots=True)
class StreamSnapshot:
    """``config`` and ``state`` are JetStream's own words; ``chunks`` gives the bytes once, in order.

    What is stored while it is read may be in it or not: ``state["last_seq"]`` at least is.
    """

    config: dict[str, Any]
    state: dict[str, Any]
    chunks: AsyncIterator[bytes] = field(repr=False)


async def snapshot(bus: NatsBus, partition: str) -> StreamSnapshot:
    """Begin to take a partition's stream; raises storage.corrupt when the server finds it damaged."""
    client, stream = bus.client, frames_stream(partition)
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox, pending_msgs_limit=-1, pending_bytes_limit=-1)
    body = {"deliver_subject": inbox, "no_consumers": True, "chunk_size": _CHUNK, "jsck": True}
    answer = await bus.api(f"STREAM.SNAPSHOT.{stream}", body)
    if "error" in answer:
        raise RetryLater("storage.corrupt", f"no snapshot of {stream}: {answer['error'].get('description')}")

    async def chunks() -> AsyncIterator[bytes]:
        try:
            while True:
                try:
                    message = await subscription.next_msg(timeout=_SILENT_S)
                except (NatsError, TimeoutError) as error:
                    raise RetryLater("bus.down", f"the snapshot of {stream} broke off: {error!r}") from error
                if not message.data:
                    _check_end(message, stream)
                    return
                yield message.data
                if message.reply:
                    await message.respond(b"")  # the server sends on as we take
        finally:
            await subscription.unsubscribe()

    return StreamSnapshot(answer["config"], answer["state"], chunks())


def _check_end(message: Msg, stream: str) -> None:
    status = (message.headers or {}).get("Status", "204")
    if status != "204":
        told = (message.headers or {}).get("Description", "")
        raise RetryLater("bus.down", f"the snapshot of {stream} broke off: {status} {told}".strip())


async def restore(
    bus: NatsBus, partition: str, config: dict[str, Any], state: dict[str, Any], chunks: Iterable[bytes]
) -> None:
    """Make the partition's stream from a snapshot; there must be none yet. ``chunks`` may have any size."""
    client, stream = bus.client, frames_stream(partition)
    # where it stood there may have been more servers, or more room: whoever starts on it configures it anew
    anywhere = config | {"num_replicas": 1, "max_bytes": -1}
    answer = await bus.api(f"STREAM.RESTORE.{stream}", {"config": anywhere, "state": state})
    if "error" in answer:
        raise RetryLater("storage.corrupt", f"{stream} was refused: {answer['error'].get('description')}")
    to = answer["deliver_subject"]
    try:
        for piece in _cut(chunks):
            told = await client.request(to, piece, timeout=_SILENT_S)
            _check(told, stream)
        done = await client.request(to, b"", timeout=600)
    except (NatsError, TimeoutError, OSError) as error:
        raise RetryLater("bus.down", f"the restore of {stream} broke off: {error!r}") from error
    _check(done, stream)


def _check(reply: Msg, stream: str) -> None:
    if reply.data.startswith(b"{"):
        answer = msgspec.json.decode(reply.data)
        if "error" in answer:
            raise RetryLater("storage.corrupt", f"{stream} was refused: {answer['error'].get('description')}")


def _cut(chunks: Iterable[bytes]) -> Iterable[bytes]:
    for chunk in chunks:
        for at in range(0, len(chunk), _CHUNK):
            yield chunk[at : at + _CHUNK]


async def settled(bus: NatsBus, partition: str) -> StreamState:
    """Return the state once the server answers for this stream (right after a restore it may not yet)."""
    for _ in range(100):
        state = await bus.stream_state(partition)
        if state is not None:
            return state
        await asyncio.sleep(0.05)
    raise RetryLater("bus.down", f"the restored stream of {partition} does not answer")
