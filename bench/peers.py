"""Other systems, with the settings that let them show their best at the same durability."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bench.processes import Server, as_nobody
from bench.wire import Http, free_port, until

_PG = Path("/usr/lib/postgresql/15/bin")


def have(name: str) -> bool:
    """Say whether a peer is installed."""
    if name == "postgresql":
        return (_PG / "postgres").exists()
    return shutil.which({"influxdb": "influxd", "victoria-metrics": "victoria-metrics"}[name]) is not None


class Influx(Server):
    """InfluxDB 1.6: fsync at every write (D2), index on disk, no limits."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.port = free_port()
        config = f"""
reporting-enabled = false
bind-address = "127.0.0.1:{free_port()}"
[meta]
dir = "{folder}/meta"
logging-enabled = false
[data]
dir = "{folder}/data"
wal-dir = "{folder}/wal"
index-version = "tsi1"
wal-fsync-delay = "0s"
query-log-enabled = false
max-series-per-database = 0
max-values-per-tag = 0
compact-full-write-cold-duration = "5s"
cache-snapshot-write-cold-duration = "5s"
[monitor]
store-enabled = false
[http]
bind-address = "127.0.0.1:{self.port}"
log-enabled = false
max-body-size = 0
"""
        (folder / "influx.conf").write_text(config)
        super().__init__(["influxd", "-config", str(folder / "influx.conf")], folder)
        until(self.port, "/ping")
        self.http = Http(self.port)
        self.http.post("/query?q=" + quote('create database "b"'), b"", "text/plain")

    def connect(self) -> Http:
        return Http(self.port)

    @staticmethod
    def write(connection: Http, body: bytes | bytearray) -> None:
        connection.post("/write?db=b&precision=ns", body, "text/plain")

    def ask(self, query: str) -> list[list[Any]]:
        answer = json.loads(self.http.get(f"/query?db=b&epoch=ms&q={quote(query)}"))["results"][0]
        return [row for series in answer.get("series", []) for row in series["values"]]

    def count(self) -> int:
        return sum(sum(v for v in row[1:] if v) for row in self.ask("select count(*) from m"))

    def settle(self, seconds: float = 120.0) -> int:
        """Wait until compaction has ended; return the bytes of the values (without the index of series)."""
        sizes: list[int] = []
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            time.sleep(3)
            sizes.append(_bytes(self.folder / "data"))
            wal = _bytes(self.folder / "wal")
            if wal < 1 << 16 and len(sizes) > 4 and len(set(sizes[-4:])) == 1:
                break
        return sum(file.stat().st_size for file in (self.folder / "data").rglob("*.tsm"))


class Victoria(Server):
    """VictoriaMetrics 1.79: keeps every date, shows what is new at once. It fsyncs later than it answers (D0)."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        super().__init__(
            [
                "victoria-metrics",
                f"-httpListenAddr=127.0.0.1:{self.port}",
                f"-storageDataPath={folder}",
                "-retentionPeriod=100y",
                "-search.latencyOffset=0s",
                "-search.maxUniqueTimeseries=1000000",
                "-search.disableCache",
                "-memory.allowedPercent=40",
                "-http.connTimeout=24h",
            ],
            folder,
        )
        until(self.port, "/health")
        self.http = Http(self.port)

    def connect(self) -> Http:
        return Http(self.port)

    @staticmethod
    def write(connection: Http, body: bytes | bytearray) -> None:
        connection.post("/write", body, "text/plain")

    def query(self, query: str, at_s: float) -> Any:
        return json.loads(self.http.get(f"/api/v1/query?query={quote(query)}&time={at_s}&nocache=1"))["data"]["result"]

    def query_range(self, query: str, start_s: float, end_s: float, step: str) -> Any:
        path = f"/api/v1/query_range?query={quote(query)}&start={start_s}&end={end_s}&step={step}&nocache=1"
        return json.loads(self.http.get(path))["data"]["result"]

    def flush(self) -> None:
        self.http.get("/internal/force_flush")

    def count(self, end_us: int, span_s: int) -> int:
        """Count the samples of the ``span_s`` seconds up to ``end_us``."""
        self.flush()
        found = self.query(f'sum(count_over_time({{__name__=~"m_.*"}}[{span_s}s]))', end_us / 1e6)
        return int(float(found[0]["value"][1])) if found else 0

    def settle(self) -> int:
        """Merge everything; return the bytes of the data (without the index)."""
        self.flush()
        self.http.get("/internal/force_merge")
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            time.sleep(1)
            metrics = self.http.get("/metrics").decode()
            active = [line for line in metrics.splitlines() if line.startswith('vm_active_merges{type="storage')]
            if all(line.endswith(" 0") for line in active):
                break
        return _bytes(self.folder / "data")


class Postgres(Server):
    """PostgreSQL 15: synchronous commit (D2), one table, an index on (point, time) as a reader needs it."""

    def __init__(self, folder: Path) -> None:
        cluster = folder / "cluster"
        folder.mkdir(parents=True)
        who = as_nobody()
        if who:
            shutil.chown(folder, who["user"], who["group"])
            for parent in list(folder.parents)[:2]:
                with contextlib.suppress(OSError):
                    parent.chmod(parent.stat().st_mode | 0o011)
        subprocess.run(
            [_PG / "initdb", "-D", cluster, "-U", "bench", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True,
            stdout=subprocess.DEVNULL,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
            cwd=folder,
            **who,
        )
        port = free_port()
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        settings = {
            "port": port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "shared_buffers": f"{min(6 << 10, memory >> 22)}MB",
            "jit": "off",
            "max_wal_size": "8GB",
            "checkpoint_timeout": "15min",
            "synchronous_commit": "on",
        }
        arguments = [str(_PG / "postgres"), "-D", str(cluster)]
        arguments += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        super().__init__(arguments, folder, cwd=folder, **who)
        self.port = port
        deadline = time.monotonic() + 30
        while True:
            try:
                self.session = Session(port)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
        self.session.run("create table m (point int4 not null, time timestamptz not null, value float8)")
        self.session.run("create index on m (point, time desc)")

    def connect(self) -> Session:
        return Session(self.port)

    @staticmethod
    def write(connection: Session, body: bytes) -> None:
        connection.copy("copy m from stdin binary", body)

    def count(self) -> int:
        return int(self.session.run("select count(*) from m")[0][0])


class Session:
    """PostgreSQL's protocol 3, as much of it as a trusted local benchmark needs."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), 600)
        self._file = self._socket.makefile("rb", 1 << 16)
        words = b"".join(w.encode() + b"\0" for w in ("user", "bench", "database", "postgres")) + b"\0"
        self._socket.sendall(struct.pack(">ii", 8 + len(words), 196_608) + words)
        try:
            for kind, _ in self._messages():
                if kind == b"Z":
                    break
        except RuntimeError as error:
            raise ConnectionError(str(error)) from error

    def close(self) -> None:
        self._socket.close()

    def _messages(self) -> Iterator[tuple[bytes, bytes]]:
        while True:
            head = self._file.read(5)
            if len(head) < 5:
                raise ConnectionError("PostgreSQL hung up")
            kind, size = head[:1], struct.unpack(">i", head[1:])[0]
            body = self._file.read(size - 4)
            if kind == b"E":
                raise RuntimeError(body.replace(b"\0", b" ").decode())
            yield kind, body

    def _send(self, kind: bytes, body: bytes) -> None:
        self._socket.sendall(kind + struct.pack(">i", len(body) + 4) + body)

    def run(self, query: str) -> list[list[str | None]]:
        self._send(b"Q", query.encode() + b"\0")
        rows: list[list[str | None]] = []
        for kind, body in self._messages():
            if kind == b"D":
                rows.append(_row(body))
            if kind == b"Z":
                break
        return rows

    def copy(self, query: str, body: bytes) -> None:
        self._send(b"Q", query.encode() + b"\0")
        for kind, _ in self._messages():
            if kind == b"G":
                for at in range(0, len(body), 1 << 20):
                    self._send(b"d", body[at : at + (1 << 20)])
                self._send(b"c", b"")
            if kind == b"Z":
                break


def _row(body: bytes) -> list[str | None]:
    at, row = 2, []
    for _ in range(struct.unpack(">h", body[:2])[0]):
        size = struct.unpack(">i", body[at : at + 4])[0]
        at += 4
        row.append(None if size < 0 else body[at : at + size].decode())
        at += max(size, 0)
    return row


def _bytes(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*"):
        with contextlib.suppress(OSError):  # merged away while we look
            total += file.stat().st_size if file.is_file() else 0
    return total
