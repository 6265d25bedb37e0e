"""Who the gateway is to devices, and who devices are to the gateway: certificates and MQTT credentials."""

from __future__ import annotations

import hashlib
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from baigong.bus.contract import Bus
from baigong.drivers.manifest import Manifest
from baigong.gateway.clock import Clock
from baigong.registry.serving import read_key, write_key
from baigong.security.certificates import make_certificate
from baigong.security.envelope import Key
from baigong.stores.durable import replace_file
from baigong.vocab.errors import Reauthenticate, RetryLater

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

    def complete(self, claimed: Manifest, options: dict[str, Any]) -> dict[str, Any]:
        """Add the paths to the options of a driver that knows them, where nobody chose others."""
        known = {option.name for option in claimed.options}
        # the key as text: in its file it may lie closed
        text = read_key(self.key, self.sealed_with).decode()
        ours = {"certificate": self.certificate, "private_key": text, "trust_folder": self.servers}
        if not {"certificate", "private_key"} <= known:
            return options
        return options | {n: str(path) for n, path in ours.items() if n in known and not options.get(n)}


class SignIn:
    """Asks the registry who a user name and password are, and remembers the answer by their hash."""

    def __init__(self, bus: Bus, clock: Clock, pepper: bytes) -> None:
        self._bus = bus
        self._clock = clock
        self._pepper = pepper
        self._known: dict[bytes, tuple[float, tuple[str, str] | None, str]] = {}
        self._forgotten = 0

    async def __call__(self, username: str, password: bytes, client: str) -> tuple[str, str] | None:
        """Return (tenant, device), or None for a stranger; raises RetryLater when nobody can be asked."""
        name = username.encode()
        key = hashlib.blake2b(len(name).to_bytes(4, "big") + name + password, key=self._pepper).digest()
        now = self._clock.monotonic()
        held = self._known.get(key)
        if held and now - held[0] < (_KNOWN_S if held[1] else _STRANGER_S):
            return held[1]
        try:
            while True:
                turn = self._forgotten
                found = await self._ask(username, password)
                if turn == self._forgotten:  # else a secret was revoked while we asked: perhaps this one
                    break
        except RetryLater:
            if held and held[1] and key in self._known and now - held[0] < _WITHOUT_REGISTRY_S:
                return held[1]
            raise
        if len(self._known) >= _MOST:
            self._known.pop(next(iter(self._known)))
        self._known[key] = (now, found, username)
        return found

    def forget(self, username: str) -> None:
        """A secret of this user name was revoked or replaced: what was right may not be any more."""
        self._forgotten += 1
        for key in [k for k, (_, _, name) in self._known.items() if name == username]:
            del self._known[key]

    async def _ask(self, username: str, password: bytes) -> tuple[str, str] | None:
        asked = {"username": username, "password_sha256": hashlib.sha256(password).hexdigest()}
        try:
            raw = await self._bus.request("registry.credentials", msgspec.json.encode(asked), timeout_s=3.0)
            told = msgspec.json.decode(raw, type=dict[str, str])
        except (Reauthenticate, msgspec.MsgspecError):
            return None
        return (told["tenant"], told["device"]) if {"tenant", "device"} <= told.keys() else None
