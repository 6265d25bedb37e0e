"""The only file that knows gmqtt 0.8: one connection to a broker, its messages as they come, its PUBACKs when told.

gmqtt acknowledges either at once or when an ``on_message`` coroutine ends, which is a task per message, and gives
the packet identifier to nobody. We need the identifier, so ``_publish`` takes the place of the handler's two
methods that acknowledge. Reconnecting is switched off: the gateway does that, and a PUBACK that gmqtt sends on the
next connection would acknowledge another message.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import struct
import time
from collections.abc import Callable
from typing import Any

import gmqtt
from gmqtt.mqtt.constants import MQTTv50, MQTTv311
from gmqtt.mqtt.handler import MQTTConnectError

from baigong.drivers.contract import first_open
from baigong.drivers.mqtt.settings import Settings
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater

log = logging.getLogger(__name__)

Receive = Callable[[str, bytes, int, bool], None]
"""(topic, payload, packet identifier; 0 for QoS 0, whether the broker had kept it)"""

_NEVER = -2  # gmqtt: -1 is "for ever", and 0 still allows one
_WINDOW = 5_000  # messages a broker may send before our PUBACK; MQTT 5 only, in 3.1.1 it is the broker's choice
_SESSION_S = 7 * 86_400  # how long a broker of MQTT 5 keeps our session
_CREDENTIALS = {4, 5, 134, 135}  # CONNACK codes of both versions
_PUBACK_OK = 0
_SILENT_S = 4.0  # a broker from which nothing came for so long is asked whether it is there
_LOOK_S = 1.0


class Link:
    """``lost`` is set when the connection ended; ``error`` then says why."""

    def __init__(
        self,
        settings: Settings,
        client_id: str,
        receive: Receive,
        *,
        persistent: bool,
        will: tuple[str, bytes] | None = None,
    ) -> None:
        """``will``: topic and payload that the broker keeps for all (retained, QoS 1) when we are gone unannounced."""
        self._settings, self._client_id, self._receive, self._persistent = settings, client_id, receive, persistent
        self._will = gmqtt.Message(*will, qos=1, retain=True) if will else None
        self._client: Any = None
        self.lost = asyncio.Event()
        self.version = ""
        self._heard = 0.0  # when something came that could be read
        self._granted: dict[int, tuple[int, ...]] = {}
        self._subscribed = asyncio.Event()

    @property
    def where(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    @property
    def is_up(self) -> bool:
        return self._client is not None and not self.lost.is_set()

    async def open(self) -> None:
        """Connect. Raises driver.unreachable / timeout / credentials / certificate."""
        wanted = self._settings.version
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                for version in ("5", "3.1.1") if wanted == "auto" else (wanted,):
                    if await self._attempt(version):
                        self.version = version
                        return
        except TimeoutError as error:
            await self._hang_up()
            raise RetryLater("driver.timeout", f"{self.where} did not answer as a broker", place=self.where) from error
        except ssl.SSLCertVerificationError as error:
            raise FixConfiguration("driver.certificate", f"{self.where}: {error.verify_message}") from error
        except (OSError, ssl.SSLError) as error:
            raise RetryLater("driver.unreachable", f"{self.where}: {error}", place=self.where) from error
        except BaseException:
            await self._hang_up()
            raise
        raise RetryLater("driver.protocol", f"{self.where} hung up instead of answering", place=self.where)

    async def _attempt(self, version: str) -> bool:
        """Try one protocol version; False when the broker hung up without a word, as it does when it knows another."""
        self.lost = lost = asyncio.Event()
        session_s = _SESSION_S if self._persistent else 0
        five = {"session_expiry_interval": session_s, "receive_maximum": _WINDOW} if version == "5" else {}
        client = gmqtt.Client(
            self._client_id,
            clean_session=not self._persistent,
            optimistic_acknowledgement=False,
            will_message=self._will,
            logger=log,
            **five,
        )
        self._client = client
        client.reconnect_retries = _NEVER
        if self._settings.username:
            client.set_auth_credentials(self._settings.username, self._settings.password or None)
        client.on_message = self._message
        client.on_subscribe = self._suback
        client.on_disconnect = lambda *_: lost.set()
        handler = client._package_handler
        handler._handle_qos_1_publish_packet = self._publish
        handler._handle_pingresp_packet = self._pong
        handler._handle_packet = self._guarded(handler._handle_packet)
        self._heard = time.monotonic()
        connecting = asyncio.ensure_future(self._connect(client, MQTTv50 if version == "5" else MQTTv311))
        leaving = asyncio.ensure_future(lost.wait())
        try:
            await asyncio.wait({connecting, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if connecting.done():
                connecting.result()
                return True
        except MQTTConnectError as error:
            await self._hang_up()
            if error._code == 1:
                return False
            raise _refused(self.where, error) from error
        finally:
            for task in (connecting, leaving):
                task.cancel()
            await asyncio.gather(connecting, leaving, return_exceptions=True)
        await self._hang_up()
        return False

    async def _connect(self, client: Any, version: int) -> None:
        s = self._settings
        more = {"ssl": s.context or False, "keepalive": s.keep_alive_s, "version": version}
        await first_open(s.connect_to or (s.host,), lambda address: client.connect(address, s.port, **more))

    async def subscribe(self, filters: list[str], qos: int) -> None:
        """Subscribe; driver.address when the broker refuses a filter, driver.timeout when it does not answer."""
        for start in range(0, len(filters), 100):
            some = filters[start : start + 100]
            self._subscribed.clear()
            packet_id = self._client.subscribe([gmqtt.Subscription(wanted, qos=qos) for wanted in some])
            try:
                async with asyncio.timeout(self._settings.timeout_s):
                    while packet_id not in self._granted:
                        await self._either(self._subscribed)
            except TimeoutError as error:
                raise RetryLater("driver.timeout", f"{self.where} did not answer SUBSCRIBE") from error
            codes = self._granted.pop(packet_id)
            refused = [wanted for wanted, code in zip(some, codes, strict=False) if code >= 0x80]
            if refused:
                raise FixConfiguration("driver.address", f"{self.where} refuses the topics {refused[:5]}")

    async def _either(self, event: asyncio.Event) -> None:
        """Wait for an event; driver.unreachable when the connection ends first."""
        waits = {asyncio.ensure_future(event.wait()), asyncio.ensure_future(self.lost.wait())}
        try:
            while not (await asyncio.wait(waits, timeout=_LOOK_S, return_when=asyncio.FIRST_COMPLETED))[0]:
                self._probe()
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        event.clear()
        if self.lost.is_set():
            raise self.gone()

    def _probe(self) -> None:
        """Hang up on a broker that says nothing which can be read and does not answer PINGREQ.

        gmqtt would notice after twice the keep-alive time, and takes any bytes for a sign of life.
        """
        connection = self._client._connection if self._client is not None else None
        if connection is None or self.lost.is_set():
            return
        silent_s = time.monotonic() - self._heard
        if silent_s > _SILENT_S + self._settings.timeout_s:
            self._nonsense()
        elif silent_s > _SILENT_S:
            connection._send_ping_request()

    def _guarded(self, handle: Callable[[int, bytes], None]) -> Callable[[int, bytes], None]:
        """Take a packet that is none as the standard asks: by hanging up. gmqtt would log it and go on."""

        def guarded(command: int, packet: bytes) -> None:
            try:
                handle(command, packet)
            except (ValueError, IndexError, struct.error):
                self._nonsense()

        return guarded

    def _nonsense(self) -> None:
        """Hang up: what follows on this connection cannot be read either."""
        self.lost.set()
        if self._client is not None and self._client._connection is not None:
            self._client._connection._transport.abort()

    async def wait(self, event: asyncio.Event) -> None:
        await self._either(event)

    def gone(self) -> RetryLater:
        return RetryLater("driver.unreachable", f"the connection to {self.where} ended", place=self.where)

    def acknowledge(self, packet_ids: list[int]) -> None:
        """Send PUBACKs; those of a connection that is gone are not due any more."""
        if self.is_up:
            for packet_id in packet_ids:
                self._client._package_handler._send_puback(packet_id, reason_code=_PUBACK_OK)

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish once with QoS 1, and wait for the broker to have it: driver.timeout, unreachable."""
        if not self.is_up:
            raise self.gone()
        self._client.publish(topic, payload, qos=1, retain=retain)
        taken = asyncio.Event()
        waiting = asyncio.ensure_future(self._client._persistent_storage.wait_empty())
        waiting.add_done_callback(lambda _: taken.set())
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                await self._either(taken)
        except TimeoutError as error:
            raise RetryLater("driver.timeout", f"{self.where} did not confirm a message", place=self.where) from error
        finally:
            waiting.cancel()

    def tell(self, topic: str, payload: bytes) -> None:
        """Publish with QoS 0: nobody says whether it came. Raises driver.unreachable."""
        if not self.is_up:
            raise self.gone()
        self._client.publish(topic, payload, qos=0)

    async def close(self) -> None:
        await self._hang_up()

    async def _hang_up(self) -> None:
        client, self._client = self._client, None
        if client is None or client._connection is None:
            return
        try:
            async with asyncio.timeout(1.0):
                await client.disconnect()
        except (TimeoutError, OSError):
            client._connection._transport.abort()

    # called by gmqtt

    def _publish(self, packet_id: int, payload: bytes, topic: str | bytes, properties: dict[str, Any]) -> None:
        self._heard = time.monotonic()
        self._receive(_text(topic), payload, packet_id, bool(properties["retain"]))

    def _message(self, client: Any, topic: str | bytes, payload: bytes, qos: int, properties: dict[str, Any]) -> int:
        self._heard = time.monotonic()
        self._receive(_text(topic), payload, 0, bool(properties["retain"]))
        return 0

    def _pong(self, *_: Any) -> None:
        self._heard = time.monotonic()

    def _suback(self, client: Any, packet_id: int, codes: tuple[int, ...], properties: dict[str, Any]) -> None:
        self._granted[packet_id] = tuple(codes)
        self._subscribed.set()


def _text(topic: str | bytes) -> str:
    return topic if isinstance(topic, str) else topic.decode("utf-8", "replace")


def _refused(where: str, error: MQTTConnectError) -> BaigongError:
    if error._code in _CREDENTIALS:
        return FixConfiguration("driver.credentials", f"{where}: {error.message}", place=where)
    return RetryLater("driver.unreachable", f"{where}: {error.message}", place=where)
