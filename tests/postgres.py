"""A PostgreSQL server for tests: Debian's own, in a folder that goes away, run by an account without rights."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from baigong.stores.records import Records, Server, open_records

_QUICK = (
    "fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=32MB", "max_connections=60",
    "autovacuum=off", "lc_messages=C",
)  # fmt: skip
# the tests of the API whose answers come from the records
BOTH_DATABASES = {
    f"tests.api.test_{room}"
    for room in (
        "audit",
        "commands",
        "credentials",
        "devices",
        "documents",
        "grants",
        "leaving",
        "lots",
        "passkeys",
        "people",
        "routes",
        "session",
        "support",
        "applications",
        "tenants",
    )
}
OWNER, ROLE, PASSWORD = "baigong_owner", "baigong", "tr1cky 'pass\\word"
SETUP = (
    f"create role {OWNER}",
    f"create role {ROLE} login noinherit password '{PASSWORD.replace(chr(39), chr(39) * 2)}' in role {OWNER}",
)


def programs() -> Path | None:
    """Return where the newest server's programs are; None where none is installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda p: int(p.parts[-3]))
    on_path = shutil.which("postgres")
    return found[-1].parent if found else Path(on_path).resolve().parent if on_path else None


class Cluster:
    """One server. ``admin`` runs SQL as its superuser; ``fresh`` makes a database with our tables."""

    def __init__(self, folder: Path, binaries: Path, settings: tuple[str, ...] = _QUICK) -> None:
        self.folder = folder
        self._binaries = binaries
        self._settings = settings
        self._account = _account()
        self._numbers = count(1)
        self.port = _free_port()
        self._run("initdb", "-D", str(folder / "data"), "-U", "postgres", "--no-sync", "-E", "UTF8", "--locale=C",
                  "--auth-local=trust", "--auth-host=scram-sha-256")  # fmt: skip
        self.start()
        for statement in SETUP:
            self.admin(statement)

    def start(self) -> None:
        told = [f"-c {s}" for s in (*self._settings, f"port={self.port}", "listen_addresses=127.0.0.1")]
        options = " ".join([*told, f"-k {self.folder}"])
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-l", log, "-w", "-o", options, "start")

    def stop(self, how: str = "fast") -> None:
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-m", how, "-w", "stop")

    def admin(self, statement: str, database: str = "postgres", fetch: bool = False) -> Any:
        conninfo = f"host={self.folder} port={self.port} user=postgres dbname={database}"
        with psycopg.connect(conninfo, autocommit=True) as connection:
            done = connection.execute(statement.encode())
            return done.fetchall() if fetch else None

    def server(self, database: str, role: str = ROLE) -> Server:
        return Server(url=f"postgresql://{role}@/{database}?host={self.folder}&port={self.port}")

    def network(self, database: str, query: str = "", host: str = "127.0.0.1") -> str:
        return f"postgresql://{ROLE}@{host}:{self.port}/{database}{query}"

    def empty(self, encoding: str = "UTF8") -> str:
        name = f"e{next(self._numbers)}"
        self.admin(f"create database {name} owner {OWNER} template template0 encoding '{encoding}'")
        return name

    def fresh(self) -> Server:
        """Return a new database with our tables in it."""
        if not self.admin("select 1 from pg_database where datname = 'ready'", fetch=True):
            self.admin(f"create database ready owner {OWNER}")
            open_records(self.server("ready")).close_now()
        name = f"d{next(self._numbers)}"
        self.admin(f"create database {name} owner {OWNER} template ready")
        return self.server(name)

    def drop(self, server: Server) -> None:
        self.admin(f"drop database {server.database} with (force)")

    def own(self, *files: str) -> None:
        """Give files to the server, for it alone."""
        for file in files:
            os.chmod(self.folder / file, 0o600)
            os.chown(self.folder / file, self._account.pw_uid, self._account.pw_gid)

    def _run(self, *command: str) -> None:
        def become() -> None:
            os.setgroups([])
            os.setgid(self._account.pw_gid)
            os.setuid(self._account.pw_uid)

        program = [str(self._binaries / command[0]), *command[1:]]
        before: Callable[[], None] | None = become if os.getuid() == 0 else None
        done = subprocess.run(program, capture_output=True, text=True, cwd=self.folder, preexec_fn=before, timeout=60)
        if done.returncode:
            log = self.folder / "log"
            raise RuntimeError(f"{command[0]}: {done.stderr}{log.read_text() if log.exists() else ''}")


@contextmanager
def cluster(*settings: str) -> Iterator[Cluster]:
    """Start a server, or skip; ``settings`` instead of those that are quick and forget at a power cut."""
    binaries = programs()
    if binaries is None:
        pytest.skip("no PostgreSQL server: tools/prepare installs it")
    folder = Path(tempfile.mkdtemp(prefix="bgpg-"))
    try:
        if os.getuid() == 0:
            account = _account()
            os.chown(folder, account.pw_uid, account.pw_gid)
        made = Cluster(folder, binaries, settings or _QUICK)
        try:
            yield made
        finally:
            if (folder / "data" / "postmaster.pid").exists():
                made.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _account() -> pwd.struct_passwd:
    """A server refuses to run as root: Debian's account for it does, or nobody."""
    if os.getuid():
        return pwd.getpwuid(os.getuid())
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


_places: dict[Path, Server] = {}
_chosen: list[Cluster] = []


def place_of(data: Path) -> Path | Server:
    """Return where the records of a data folder are in this test."""
    if not _chosen:
        return data / "records.db"
    if data not in _places:
        _places[data] = _chosen[0].fresh()
    return _places[data]


@contextmanager
def on_server(made: Cluster) -> Iterator[None]:
    """Let ``place_of`` say databases of this server, each dropped in the end."""
    _chosen.append(made)
    try:
        yield
    finally:
        _chosen.clear()
        while _places:
            made.drop(_places.popitem()[1])


def tamper(records: Records, work: Callable[[sa.Connection], None]) -> None:
    """Change what nobody should be able to: in a file by writing, on a server as its superuser."""
    if not _chosen:
        records.write_now(work)
        return
    (server,) = _places.values()
    made = _chosen[0]
    conninfo = f"host={made.folder} port={made.port} user=postgres dbname={server.database}"
    engine = sa.create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(conninfo), poolclass=sa.NullPool)
    with engine.begin() as connection:
        work(connection)


def empty_server(statements: list[str]) -> Server:
    """Return a database of the chosen server with nothing in it but what ``statements`` made."""
    made = _chosen[0]
    name = made.empty()
    with psycopg.connect(f"host={made.folder} port={made.port} user=postgres dbname={name}") as connection:
        for statement in statements:
            connection.execute(statement.encode())
    server = made.server(name)
    _places[Path(name)] = server
    return server
