"""Who the gateway is to devices, and who devices are to the gateway: certificates and MQTT credentials."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from baigong.bus.contract import Bus
from baigong.bus.subjects import asked_by
from baigong.gateway.clock import Clock
from baigong.gateway.frontdoor.options import Certified, Machine
from baigong.registry.serving import read_key, write_key
from baigong.security.certificates import make_certificate
from baigong.security.envelope import Key
from baigong.stores.durable import replace_file
from baigong.vocab.errors import Reauthenticate, RetryLater

Whose = tuple[str, str]  # ("user", user name) or ("certificate", SHA-256)
_KNOWN_S = 60.0  # a credential that was right is right for so long
_WITHOUT_REGISTRY_S = 86_400.0  # and so long when nobody can be asked: devices reconnect while the platform restarts
_STRANGER_S = 2.0
_MOST = 50_000


class OwnCertificate:
    """Our OPC UA application certificate, made at the first start and kept: ``client.der``, ``.pem``, ``.key``."""

    def __init__(self, folder: Path, sealed_with: Key | None = None) -> None:
        self.sealed_with = sealed_with
        self.folder = folder
        self.certificate = folder / "client.der"
        self.key = folder / "client.key"
        self.servers = folder / "servers"  # the driver keeps trusted/ and waiting/ in it

    def ensure(self) -> None:
        """Make what is missing; an existing pair is never replaced, because servers trust it."""
        self.servers.mkdir(parents=True, exist_ok=True)
        if self.certificate.exists() and self.key.exists():
            return
        pair = make_certificate(socket.gethostname() or "localhost", datetime.now(UTC))
        write_key(self.key, pair.key_pem, self.sealed_with)
        replace_file(self.folder / "client.pem", pair.certificate_pem, mode=0o644)
        replace_file(self.certificate, pair.certificate_der, mode=0o644)

    def key_pem(self) -> bytes:
        return read_key(self.key, self.sealed_with)


class _Told(Struct, frozen=True, kw_only=True):
    """What the registry answers; ``why`` a certificate opens nothing.

    ``publish``, ``subscribe``: a registry that says nothing of topics is of before, when each machine had all.
    """

    tenant: str = ""
    device: str = ""
    made_us: int = 0
    until_us: int = 0
    why: str = ""
    publish: tuple[str, ...] = ("#",)
    subscribe: tuple[str, ...] = ("#",)


class SignIn:
    """Asks the registry whose secret or certificate it is, and remembers the answer by its hash."""

    def __init__(self, bus: Bus, gateway: str, clock: Clock, pepper: bytes) -> None:
        self._bus = bus
        self._gateway = gateway
        self._clock = clock
        self._pepper = pepper
        self._known: dict[bytes, tuple[float, _Told, Whose]] = {}
        self._made: dict[str, int] = {}
        self._forgotten = 0

    async def __call__(self, username: str, password: bytes, client: str) -> Machine | None:
        """Return who that is, or None for a stranger; raises RetryLater when nobody can be asked."""
        name = username.encode()
        key = hashlib.blake2b(len(name).to_bytes(4, "big") + name + password, key=self._pepper).digest()

        async def ask() -> _Told:
            asked = {"username": username, "password_sha256": hashlib.sha256(password).hexdigest()}
            return await self._ask("credentials", asked)

        told = await self._find(key, ("user", username), ask)
        if not told.device:
            return None
        if len(self._made) >= _MOST:
            self._made.clear()
        self._made[username] = told.made_us
        return Machine(told.tenant, told.device, told.publish, told.subscribe)

    async def by_certificate(self, der: bytes) -> Certified:
        """Say whose certificate it is; raises RetryLater when nobody can be asked."""
        print_ = hashlib.sha256(der)

        async def ask() -> _Told:
            return await self._ask("certificates", {"sha256": print_.hexdigest()})

        sha256 = print_.hexdigest()
        told = await self._find(print_.digest(), ("certificate", sha256), ask)
        why = told.why or ("unknown" if not told.device else "")
        if not why and told.until_us <= self._clock.now_us():
            why = "ended"
        return Certified(
            sha256=sha256,
            tenant=told.tenant,
            device=told.device,
            until_us=told.until_us,
            why=why,
            publish=told.publish,
            subscribe=told.subscribe,
        )

    async def _find(self, key: bytes, whose: Whose, ask: Callable[[], Awaitable[_Told]]) -> _Told:
        now = self._clock.monotonic()
        held = self._known.get(key)
        if held and now - held[0] < (_KNOWN_S if _opens(held[1]) else _STRANGER_S):
            return held[1]
        try:
            while True:
                turn = self._forgotten
                found = await ask()
                if turn == self._forgotten:  # else something was revoked while we asked: perhaps this one
                    break
        except RetryLater:
            if held and _opens(held[1]) and key in self._known and now - held[0] < _WITHOUT_REGISTRY_S:
                return held[1]
            raise
        if len(self._known) >= _MOST:
            self._known.pop(next(iter(self._known)))
        self._known[key] = (now, found, whose)
        return found

    def made_us(self, username: str) -> int:
        """Return when the secret was made that this user name was last let in with; 0 when that is not known."""
        return self._made.get(username, 0)

    def forget(self, whose: Whose) -> None:
        """It was revoked or replaced: what was right may not be any more."""
        self._forgotten += 1
        for key in [k for k, (_, _, name) in self._known.items() if name == whose]:
            del self._known[key]

    def forget_all(self) -> None:
        self._forgotten += 1
        self._known.clear()

    async def _ask(self, verb: str, asked: dict[str, str]) -> _Told:
        subject = asked_by(verb, self._gateway)
        try:
            raw = await self._bus.request(subject, msgspec.json.encode(asked), timeout_s=3.0)
            return msgspec.json.decode(raw, type=_Told)
        except (Reauthenticate, msgspec.MsgspecError):
            return _Told()


def _opens(told: _Told) -> bool:
    return bool(told.device) and not told.why
