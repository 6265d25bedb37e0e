"""One connection: channel, session, the server's limits, and requests in batches it can bear."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from asyncua import Client, ua

from baigong.drivers.contract import first_open
from baigong.drivers.opcua import wire
from baigong.drivers.opcua.codec import Columns, Reader
from baigong.drivers.opcua.faults import ALL, TRUST_US, translated
from baigong.drivers.opcua.security import check_password, secure
from baigong.drivers.opcua.settings import Settings
from baigong.drivers.opcua.structures import Structures
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater

T = TypeVar("T")
R = TypeVar("R")
_log = logging.getLogger(__name__)
_SESSION_MS = 120_000  # a session we lost blocks a slot on the server for so long at most
_TOO_MANY = {
    ua.StatusCodes.BadTooManyOperations,
    ua.StatusCodes.BadResponseTooLarge,
    ua.StatusCodes.BadRequestTooLarge,
    ua.StatusCodes.BadEncodingLimitsExceeded,
    ua.StatusCodes.BadTcpMessageTooLarge,
}
_IDS = ua.ObjectIds
_LIMIT_NODES = (
    _IDS.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead,
    _IDS.Server_ServerCapabilities_OperationLimits_MaxNodesPerBrowse,
    _IDS.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall,
    _IDS.Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryReadData,
    _IDS.Server_ServerCapabilities_MaxMonitoredItemsPerSubscription,
    _IDS.Server_ServerCapabilities_MaxBrowseContinuationPoints,
)


@dataclass(slots=True)
class Limits:
    """How much one request may hold; they shrink when the server complains."""

    read: int = 1000
    browse: int = 500
    monitor: int = 1000
    history: int = 50
    items: int = 5000  # monitored items per subscription
    continuations: int = 0


class _Client(Client):  # type: ignore[misc]
    """Connects to the addresses that were judged, whatever a server's endpoints or redirects say."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings.url, timeout=settings.timeout_s)
        self._addresses = settings.connect_to or (str(self.server_url.hostname),)

    async def connect_socket(self) -> None:
        await first_open(
            self._addresses, lambda address: self.uaclient.connect_socket(address, int(self.server_url.port or 0))
        )


class Link:
    """An open session. ``open`` once, ``close`` once; everything raises our errors."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.client = _Client(settings)
        self.limits = Limits(items=settings.items_per_subscription)
        self.namespaces: list[str] = []
        self.structures = Structures()
        self.counters = dict.fromkeys(
            ("requests", "values", "notifications", "queue_overflows", "sequence_gaps", "bad_values", "retries"), 0
        )
        self._tending: asyncio.Task[None] | None = None
        self._learning = asyncio.Lock()

    async def open(self) -> None:
        """Connect and sign in, leaving nothing behind when it fails or is cancelled."""
        self.client.session_timeout = _SESSION_MS
        self.client.name = self.client.description = "Baigong"
        self.client.product_uri = "urn:baigong"
        self.client.application_uri = "urn:baigong:client"
        try:
            await secure(self.client, self.settings)
            await self._handshake()
            await self._learn_limits()
        except BaseException:
            self.client.disconnect_socket()
            raise
        self._tending = asyncio.create_task(self._tend())

    async def _handshake(self) -> None:
        place = self.settings.place
        with translated(place, "connecting"):
            await self.client.connect_socket()
        try:
            with translated(place, "saying hello"):
                await self.client.send_hello()
        except RetryLater as error:
            if error.code == "driver.unreachable":  # TCP was open: whoever it is, it hangs up on OPC UA
                raise RetryLater("driver.protocol", "the port answers, but not in OPC UA", place=place) from error
            raise
        try:
            with translated(place, "opening the secure channel"):
                await self.client.open_secure_channel()
        except RetryLater as error:
            if self.settings.policy != "None" and error.code != "driver.timeout":
                # It answered GetEndpoints just now. Many servers hang up on a certificate they do not know, others
                # answer with a fault, which asyncua 2.1 does not read here.
                raise FixConfiguration(
                    "driver.certificate", f"the server refuses our certificate: {TRUST_US}", place=place
                ) from error
            raise
        with translated(place, "creating a session"):
            await self.client.create_session()
            check_password(self.client, self.settings)
        with translated(place, "signing in"):
            await self.client.activate_session(
                username=self.settings.user or None, password=self.settings.password or None
            )

    async def _learn_limits(self) -> None:
        """Ask the server for its operation limits (OPC 10000-5 §6.3.11); 0 or absent means none stated."""
        asked = [_IDS.Server_NamespaceArray, *_LIMIT_NODES]
        found = await self.read([wire.read_value_id(ua.NodeId(i)) for i in asked])
        uris = found.other.get(0)
        self.namespaces = [str(u) for u in uris] if isinstance(uris, list) else []
        stated = [int(found.number[i]) if found.present[i] and found.number[i] > 0 else 0 for i in range(1, found.n)]
        own = self.settings
        limits = self.limits
        limits.read = _least(limits.read if not own.nodes_per_read else 100_000, stated[0], own.nodes_per_read)
        limits.browse = _least(limits.browse if not own.nodes_per_browse else 100_000, stated[1], own.nodes_per_browse)
        limits.monitor = _least(limits.monitor if not own.items_per_call else 100_000, stated[2], own.items_per_call)
        limits.history = _least(limits.history, stated[3])
        limits.items = _least(limits.items, stated[4])
        limits.continuations = stated[5]

    async def _tend(self) -> None:
        """Renew the channel before its token expires and keep the session from timing out between slow scans."""
        with contextlib.suppress(*ALL, BaigongError):  # a broken link shows at the next request
            renewed = time.monotonic()
            while True:
                await asyncio.sleep(min(self.client.session_timeout / 3000, self.client.secure_channel_timeout / 4000))
                # OPC 10000-4 §5.5.2.1: renew when 75 % of the token's life is over.
                if time.monotonic() - renewed > self.client.secure_channel_timeout / 2000:
                    await self.client.open_secure_channel(renew=True)
                    self.client.uaclient.revolve_security_token()
                    renewed = time.monotonic()
                await self.ping()

    async def ping(self) -> None:
        """Read the server's state: proof that it lives."""
        await self.read([wire.read_value_id(ua.NodeId(_IDS.Server_ServerStatus_State))])

    async def close(self) -> None:
        """Say goodbye if the server listens, within two seconds; never raises."""
        if self._tending is not None:
            self._tending.cancel()
            await asyncio.gather(self._tending, return_exceptions=True)
        try:
            with contextlib.suppress(*ALL):
                async with asyncio.timeout(min(2.0, self.settings.timeout_s)):
                    await self.client.close_session()
                    await self.client.close_secure_channel()
        finally:
            self.client.disconnect_socket()
        await asyncio.sleep(0)  # lets the transport close before the loop may end

    async def request(self, service: int, body: bytes, doing: str, *, patient: bool = False) -> Reader:
        """Send one request; ``patient``: wait without limit, for Publish."""
        self.counters["requests"] += 1
        with translated(self.settings.place, doing):
            timeout = None if patient else self.settings.timeout_s
            return await wire.call(self.client, service, body, timeout, self.structures.decoder)

    async def batched(self, items: Sequence[T], limit: str, send: Callable[[list[T]], Awaitable[list[R]]]) -> list[R]:
        """Send items in pieces of ``limits.<limit>``; halves it for good when the server says a piece was too large."""
        made: list[R] = []
        at = 0
        while at < len(items):
            size = getattr(self.limits, limit)
            try:
                made += await send(list(items[at : at + size]))
            except BaigongError as error:
                cause = error.__cause__
                if size > 1 and isinstance(cause, ua.UaStatusCodeError) and cause.code in _TOO_MANY:
                    setattr(self.limits, limit, max(1, min(size, len(items) - at) // 2))
                    self.counters["retries"] += 1
                    continue
                raise
            at += size
        return made

    async def read(self, ids: list[bytes]) -> Columns:
        """Read attributes (``wire.read_value_id``), in as few requests as the server allows."""
        if not ids:
            return Columns.of(0)
        return Columns.join(await self.batched(ids, "read", self._read))

    async def _read(self, ids: list[bytes]) -> list[Columns]:
        reader = await self.request(wire.READ, wire.read_body(ids), "reading")
        at = reader.at
        columns = self._values(reader, len(ids), at)
        if columns.unknown_types and await self.learn(columns):
            columns = self._values(reader, len(ids), at)
        return [columns]

    def _values(self, reader: Reader, expected: int, at: int) -> Columns:
        reader.at = at
        with translated(self.settings.place, "decoding values"):
            count = reader.count()
            if count != expected:
                raise ua.UaError(f"{count} values for {expected} asked")
            return reader.data_values(count, handled=False)

    async def learn(self, columns: Columns) -> bool:
        """Read the definitions of structures met for the first time; True when decoding again pays."""
        async with self._learning:
            fresh = [t for t in columns.unknown_types if self.structures.is_new(t)]
            known = [t for t in columns.unknown_types if self.structures.decoder(t) is not None]
            if fresh:
                try:
                    await self.structures.learn(fresh, self)
                except (BaigongError, ua.UaError) as error:
                    if isinstance(error, RetryLater):
                        raise
                    _log.warning("a structure stays raw: %s", error)
            return bool(known) or any(self.structures.decoder(t) is not None for t in fresh)

    async def parent(self, node: Any, reference: int) -> Any | None:
        """Follow one reference backwards."""
        body = wire.browse_body([wire.node_id(node)], reference, 0, 0, forward=False)
        reader = await self.request(wire.BROWSE, body, "reading types")
        with translated(self.settings.place, "decoding references"):
            for _ in range(reader.count()):
                for found in reader.browse_result().references:
                    return found.node
        return None

    async def definition(self, node: Any) -> Any | None:
        """Read a data type's definition; never asks for further definitions itself, ``learn`` holds the lock."""
        asked = [wire.read_value_id(node, ua.AttributeIds.DataTypeDefinition)]
        reader = await self.request(wire.READ, wire.read_body(asked), "reading types")
        return self._values(reader, 1, reader.at).other.get(0)


def _least(default: int, *stated: int) -> int:
    return min(default, *(s for s in stated if s > 0)) if any(s > 0 for s in stated) else default
