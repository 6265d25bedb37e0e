"""Our OPC UA server as a part of the platform: its certificate, where it listens, and what feeds it."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from baigong.api.opcua import Feed, OpcUaServer, OpcUaSettings
from baigong.api.rooms import OpcUaState, Rooms
from baigong.cli.names import own_addresses, own_names
from baigong.registry.serving import read_key, write_key
from baigong.security.certificates import Pair, application_uri, make_certificate
from baigong.security.envelope import Key
from baigong.stores.durable import replace_file
from baigong.vocab.addresses import is_loopback

_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
FOLDER = "opcua"  # in the data folder: our certificate and key, and the clients' certificates


@dataclass(slots=True, frozen=True, kw_only=True)
class OpcUaDoor:
    """How SCADA systems get in; a port of 0 lets the system choose."""

    port: int
    host: str = "127.0.0.1"
    any_client_certificate: bool = False


class OpcUaRole:
    """``take`` may come from any thread."""

    def __init__(
        self, door: OpcUaDoor, data: Path, sealed_with: Key, clock_us: Callable[[], int], names: tuple[str, ...]
    ) -> None:
        self._door, self._folder = door, data / FOLDER
        self._pair = own_pair(self._folder, door.host, names, sealed_with)
        self._feed = Feed(clock_us)
        self._names = names
        self.server: OpcUaServer | None = None

    def take(self, tenant: str, batch: pa.RecordBatch) -> None:
        self._feed.take(tenant, batch)

    def open(self, rooms: Rooms) -> OpcUaServer:
        """Make the server; ``run`` it for ever, ``ready`` says when it listens."""
        settings = OpcUaSettings(
            host=self._door.host,
            port=self._door.port,
            pair=self._pair,
            folder=self._folder,
            shown=self._shown(),
            any_client_certificate=self._door.any_client_certificate,
        )
        self.server = OpcUaServer(rooms, settings, self._feed)
        return self.server

    def state(self) -> OpcUaState | None:
        return None if self.server is None else self.server.state()

    def _shown(self) -> str:
        """Return the name under which clients are told to come."""
        if self._door.host not in _EVERYWHERE:
            return self._door.host
        outside = [a for a in own_addresses() if not is_loopback(a) and not a.startswith("fe80")]
        return next(iter([*self._names, *outside]), "127.0.0.1")


def own_pair(folder: Path, host: str, names: tuple[str, ...], sealed_with: Key | None) -> Pair:
    """Return our certificate with its key open; made at the first start and never replaced: clients trust it."""
    certificate, key = folder / "own.der", folder / "own.key"
    if certificate.exists() and key.exists():
        der = certificate.read_bytes()
        return Pair(b"", der, read_key(key, sealed_with))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    machine = socket.gethostname() or "localhost"
    uri = f"{application_uri(machine)}:server"
    made = make_certificate(machine, datetime.now(UTC), uri=uri, addresses=own_names(host, names), server=True)
    write_key(key, made.key_pem, sealed_with)
    replace_file(certificate, made.certificate_der, mode=0o644)
    return made
