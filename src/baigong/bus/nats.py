"""The bus on NATS: JetStream for what must be kept, core NATS for talk."""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator
from itertools import count
from typing import Any, Self

import msgspec
import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from baigong.bus.cancelling import cancellable, ended_within
from baigong.bus.contract import Handler, Message, Stored, StreamState
from baigong.bus.guard import DiskGuard
from baigong.bus.passes import Pass, inbox, trust
from baigong.bus.pulling import BATCH, collect, next_message, unsubscribe
from baigong.bus.refusals import Refusals, refusal
from baigong.bus.subjects import frame_subject, frames_stream, microseconds
from baigong.bus.wire import Wire
from baigong.vocab.errors import BaigongError, FixConfiguration, ReportBug, RetryLater, from_problem

_PROBLEM = "Baigong-Problem"  # header of a reply that carries an error
_DEFLATED = "Baigong-Deflated"  # header of a reply that would not fit into one message
_REPLY_BYTES = 1_000_000
_BATCH_BYTES = 16 << 20
_WAIT_S = 5.0  # how long the server holds a pull open at the end of the stream
_STORE_TIMEOUT_S = 5.0
_API_PATIENCE_S = (0.5, 1.0, 2.0, 5.0)
# nats-server errors.json: what means "full", not "broken"
_REPLICAS = 3  # of the stream, where a cluster has as many servers
_TOO_FEW_SERVERS = {10005, 10074}  # no suitable peers for placement, not clustered
_FULL = {10023, 10047, 10077}  # insufficient resources, storage resources exceeded, maximum bytes exceeded


class NatsBus:
    """See ``bus.contract.Bus``. Made by ``connect``; reconnects by itself for ever."""

    def __init__(self, client: Client, guard: DiskGuard | None = None) -> None:
        self._nc = client
        self._guard = guard
        self._tasks: set[asyncio.Task[None]] = set()
        self._inbox = ""
        self._numbers = count()
        self._waiting: dict[str, tuple[str, asyncio.Future[Msg]]] = {}  # stores not yet acknowledged, by reply subject
        self.refusals = Refusals()

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        token: str | None = None,
        by: Pass | None = None,
        name: str = "baigong",
        wait_s: float = 10.0,
        tls: ssl.SSLContext | None = None,
        guard: DiskGuard | None = None,
    ) -> Self:
        """Connect to a NATS server or cluster (comma-separated URLs); bus.down when none answers in time.

        ``by``: who signs in; else a ``token`` that all share, or nothing. What the role may not do raises bus.refused.
        ``tls``: what to trust and what to show, of a cluster that speaks TLS; its certificate is always checked.
        ``guard``: watches the disk of a server on this machine, and refuses to store below its reserve.
        """
        client = Client()
        client._transport = Wire()
        bus = cls(client, guard)
        if by is not None and not by.user:
            token, by = by.password, None
        connecting = client.connect(
            servers=url.split(","),
            token=token,
            user=by.user if by else None,
            password=by.password if by else None,
            inbox_prefix=inbox(by.user if by else ""),
            tls=tls or (trust(by) if by else None),
            name=name,
            max_reconnect_attempts=-1,
            reconnect_time_wait=0.1,
            ping_interval=10,
            max_outstanding_pings=2,
            pending_size=64 << 20,
            error_cb=bus._told,
            disconnected_cb=bus._lost,
        )
        try:
            await ended_within(wait_s, connecting)
            bus._inbox = client.new_inbox()
            await client.subscribe(f"{bus._inbox}.*", cb=bus._acknowledged)
        except (TimeoutError, OSError, NatsError) as error:  # ssl.SSLError is an OSError
            raise RetryLater("bus.down", f"no NATS server at {url}: {error or 'timeout'}", place=url) from error
        return bus

    @property
    def connected(self) -> bool:
        return bool(self._nc.is_connected)

    @property
    def client(self) -> Client:
        """The connection itself, for what only JetStream can do (``bus.snapshot``)."""
        return self._nc

    async def api(self, verb: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask JetStream; a refusal comes back under ``error``."""
        return await self._api(verb, body)

    async def _api(self, verb: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        raw = msgspec.json.encode(body) if body else b""
        last: Exception | None = None
        for patience_s in _API_PATIENCE_S:  # a question that was under way when the connection broke is not answered
            try:
                with cancellable():
                    reply = await self._nc.request(f"$JS.API.{verb}", raw, timeout=patience_s)
                return msgspec.json.decode(reply.data)  # type: ignore[no-any-return]
            except (NatsError, TimeoutError, OSError) as error:
                last = error
                self.refusals.check(f"$JS.API.{verb}")
                await asyncio.sleep(0.05)
        raise RetryLater("bus.down", f"JetStream does not answer {verb}: {last!r}") from last

    async def ensure_stream(self, partition: str, *, epoch: int, max_bytes: int) -> StreamState:
        have = await self.stream_state(partition)
        if have is not None:
            if max_bytes != have.max_bytes:
                await self._configure("UPDATE", partition, have.epoch, max_bytes)
            return have
        await self._configure("CREATE", partition, epoch, max_bytes)
        made = await self.stream_state(partition)
        if made is None:
            raise RetryLater("bus.down", f"stream {partition} vanished as it was made")
        return made

    async def set_epoch(self, partition: str, epoch: int) -> None:
        have = await self.stream_state(partition)
        if have is not None:
            await self._configure("UPDATE", partition, epoch, have.max_bytes)

    async def _configure(self, verb: str, partition: str, epoch: int, max_bytes: int) -> None:
        stream = frames_stream(partition)
        wanted = {
            "name": stream,
            "subjects": [frame_subject(partition, "any").replace(".any", ".*")],
            "storage": "file",
            "retention": "limits",
            "discard": "new",  # full means refuse, never forget
            "max_bytes": max_bytes,
            "max_age": 0,
            "num_replicas": _REPLICAS,
            "allow_direct": True,
            "metadata": {"baigong_epoch": str(epoch)},
        }
        answer = await self._api(f"STREAM.{verb}.{stream}", wanted)
        if answer.get("error", {}).get("err_code") in _TOO_FEW_SERVERS:
            answer = await self._api(f"STREAM.{verb}.{stream}", wanted | {"num_replicas": 1})
        error = answer.get("error", {})
        if error.get("code") in (500, 503):  # no leader yet, no room: the cluster's own affair, and it may pass
            raise RetryLater("bus.down", f"{verb} of stream {stream}: {error.get('description')}")
        if error:
            raise ReportBug("internal.error", f"{verb} of stream {stream}: {error}")

    async def stream_state(self, partition: str) -> StreamState | None:
        info = await self._api(f"STREAM.INFO.{frames_stream(partition)}")
        if "error" in info:
            if info["error"].get("err_code") == 10059:  # stream not found
                return None
            raise RetryLater("bus.down", f"stream {partition}: {info['error'].get('description')}")
        state, config = info["state"], info["config"]
        return StreamState(
            epoch=int((config.get("metadata") or {}).get("baigong_epoch", 0)),
            first_seq=state["first_seq"],
            last_seq=state["last_seq"],
            messages=state["messages"],
            bytes=state["bytes"],
            max_bytes=config["max_bytes"],
        )

    async def store(self, partition: str, tenant: str, payload: bytes) -> int:
        if self._guard is not None:
            self._guard.check()
        if not self._nc.is_connected:
            raise RetryLater("bus.down", "not connected to NATS")
        subject = frame_subject(partition, tenant)
        reply_to = f"{self._inbox}.{next(self._numbers)}"
        future: asyncio.Future[Msg] = asyncio.get_running_loop().create_future()
        self._waiting[reply_to] = subject, future
        try:
            await self._nc.publish(subject, payload, reply=reply_to)
            async with asyncio.timeout(_STORE_TIMEOUT_S):
                reply = await future
        except nats.errors.MaxPayloadError as error:
            raise FixConfiguration("payload.too_large", f"a frame of {len(payload)} bytes") from error
        except (NatsError, TimeoutError, OSError) as error:
            raise RetryLater("bus.down", f"not acknowledged: {error!r}") from error
        finally:
            self._waiting.pop(reply_to, None)
        if reply.headers and reply.headers.get("Status") == "503":
            raise RetryLater("bus.down", f"no stream takes {subject}")
        answer = msgspec.json.decode(reply.data)
        if "error" in answer:
            problem = answer["error"]
            code = "storage.full" if problem.get("err_code") in _FULL else "bus.down"
            raise RetryLater(code, problem.get("description", "refused"))
        return answer["seq"]  # type: ignore[no-any-return]

    async def _acknowledged(self, message: Msg) -> None:
        _, future = self._waiting.get(message.subject, ("", None))
        if future and not future.done():
            future.set_result(message)

    async def _lost(self) -> None:
        # whether these were stored is unknown: their senders try again now, not after a timeout
        for _, future in self._waiting.values():
            if not future.done():
                future.set_exception(NatsError("connection lost"))

    async def _told(self, error: Exception) -> None:
        # reconnecting is the client's business; who needs the bus now gets bus.down from its call
        subject = self.refusals.take(error)
        for waited_for, future in self._waiting.values():
            if waited_for.lower() == subject and not future.done():
                future.set_exception(refusal(subject))

    async def read(self, partition: str, from_seq: int) -> AsyncIterator[list[Stored]]:
        at = from_seq
        while True:
            state = await self.stream_state(partition)
            if state is None or state.last_seq < at - 1 or (state.first_seq > at and state.messages):
                held = f"{state.first_seq} to {state.last_seq}" if state else "nothing"
                raise RetryLater("storage.corrupt", f"stream {partition} holds {held}, wanted {at}")
            async for batch in self._pull(frames_stream(partition), at):
                for message in batch:
                    if message.seq != at:
                        raise RetryLater("storage.corrupt", f"stream {partition}: {at} is missing, got {message.seq}")
                    at += 1
                yield batch

    async def _pull(self, stream: str, from_seq: int) -> AsyncIterator[list[Stored]]:
        """Read with one ephemeral, ordered pull consumer; ends when the consumer or the connection is gone."""
        answer = await self._api(
            f"CONSUMER.CREATE.{stream}",
            {
                "stream_name": stream,
                "config": {
                    "deliver_policy": "by_start_sequence",
                    "opt_start_seq": from_seq,
                    "ack_policy": "none",
                    "mem_storage": True,
                    "num_replicas": 1,
                    "inactive_threshold": 60_000_000_000,
                },
            },
        )
        if "error" in answer:
            raise RetryLater("bus.down", f"consumer on {stream}: {answer['error']}")
        ask = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{answer['name']}"
        body = msgspec.json.encode(
            {"batch": BATCH, "max_bytes": _BATCH_BYTES, "expires": int(_WAIT_S * 1e9), "idle_heartbeat": 1_000_000_000}
        )
        inbox = self._nc.new_inbox()
        subscription = await self._nc.subscribe(inbox, pending_msgs_limit=-1, pending_bytes_limit=-1)
        try:
            while True:
                await self._nc.publish(ask, body, reply=inbox)
                got = 0
                while got < BATCH:
                    batch, status = await collect(subscription)
                    got += len(batch)
                    if batch:
                        yield batch
                    if status == "gone":
                        return
                    if status == "end":
                        break
        finally:
            await unsubscribe(subscription)
            if self._nc.is_connected:
                await self._nc.publish(f"$JS.API.CONSUMER.DELETE.{stream}.{answer['name']}", b"")

    async def stored_time(self, partition: str, seq: int) -> int | None:
        answer = await self._api(f"STREAM.MSG.GET.{frames_stream(partition)}", {"seq": seq})
        if "error" in answer:
            return None
        return microseconds(answer["message"]["time"])

    async def purge(self, partition: str, below_seq: int) -> None:
        answer = await self._api(f"STREAM.PURGE.{frames_stream(partition)}", {"seq": below_seq})
        if "error" in answer:
            raise RetryLater("bus.down", f"purge of {partition}: {answer['error']}")

    async def publish(self, subject: str, payload: bytes) -> None:
        try:
            await self._nc.publish(subject, payload)
        except (NatsError, OSError) as error:
            raise RetryLater("bus.down", f"cannot tell {subject}: {error!r}") from error

    def subscribe(self, subject: str) -> AsyncIterator[Message]:
        return _Subscription(self._nc, subject)

    async def request(self, subject: str, payload: bytes, *, timeout_s: float = 5.0) -> bytes:
        try:
            with cancellable():
                reply = await self._nc.request(subject, payload, timeout=timeout_s)
        except (NatsError, TimeoutError, OSError) as error:
            self.refusals.check(subject)
            raise RetryLater("gateway.down", f"nobody answered {subject}: {error!r}", place=subject) from error
        if reply.headers and _PROBLEM in reply.headers:
            raise from_problem(msgspec.json.decode(reply.data))
        if reply.headers and _DEFLATED in reply.headers:
            return zlib.decompress(reply.data)
        return reply.data  # type: ignore[no-any-return]

    async def serve(self, subject: str, handler: Handler) -> None:
        async def answer(message: Msg) -> None:
            try:
                reply = await handler(Message(message.subject, message.data))
                small = reply if len(reply) <= _REPLY_BYTES else zlib.compress(reply, 1)
                if len(small) > _REPLY_BYTES:
                    raise FixConfiguration(
                        "payload.too_large", f"the answer to {message.subject} has {len(reply)} bytes"
                    )
                headers = None if small is reply else {_DEFLATED: "1"}
                await self._nc.publish(message.reply, small, headers=headers)
            except BaigongError as error:
                raw = msgspec.json.encode(error.problem())
                await self._nc.publish(message.reply, raw, headers={_PROBLEM: error.code})

        async def spawn(message: Msg) -> None:
            # a slow answer must not hold up the next question
            task = asyncio.create_task(answer(message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        await self._nc.subscribe(subject, cb=spawn)
        await self._nc.flush()

    async def close(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        if not self._nc.is_closed:
            await self._nc.close()


class _Subscription:
    """An async iterator over a core subscription; what a slow reader loses is counted by NATS's client."""

    def __init__(self, client: Client, subject: str) -> None:
        self._opening: asyncio.Task[Any] | None = asyncio.ensure_future(self._open(client, subject))
        self._inner: Any = None

    async def _open(self, client: Client, subject: str) -> None:
        self._inner = await client.subscribe(subject, pending_bytes_limit=256 << 20)
        await client.flush()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        if self._opening is not None:
            await self._opening
            self._opening = None
        try:
            message = await next_message(self._inner, None)
        except NatsError as error:
            raise StopAsyncIteration from error
        return Message(message.subject, message.data)

    async def aclose(self) -> None:
        if self._inner is not None:
            await unsubscribe(self._inner)
