"""Row 11: 10,000 companies with 100,000 people and 1.4 million devices on one platform, in SQLite and in PostgreSQL.

Rows and device files are written straight into place, as a platform of that size would find them at its start.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psutil
import sqlalchemy as sa

from baigong.cli.folder import DataFolder
from baigong.security.passwords import hash_password, verify_password
from baigong.security.tokens import digest
from baigong.stores.records import ALL, Server, open_records
from baigong.stores.records.tables import companies, devices, people, points, tenants, tokens
from baigong.vocab.devices import DeviceSpec, PointSpec, device_yaml
from baigong.vocab.ids import point_number
from bench.processes import Baigong, cpu_of
from bench.report import Line, ms
from bench.wire import Http
from tests.postgres import cluster

_GATE_S, _GATE_BYTES = 0.1, 2e9
_ASKED, _PASSWORD, _ADDRESS = 200, "correct horse battery 9", "holding:0:float32"
_BATCH = 20_000


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    size = (1_000, 10_000, 140_000) if short else (10_000, 100_000, 1_400_000)
    made = _measure(folder / "sqlite", folder / "sqlite" / "records.db", "SQLite", *size)
    with cluster("shared_buffers=128MB", "max_connections=60") as server:
        made += _measure(folder / "postgresql", server.fresh(), "PostgreSQL", *size)
    return made


def _measure(data: Path, place: Path | Server, called: str, companies_: int, people_: int, devices_: int) -> list[Line]:
    began = time.monotonic()
    with DataFolder(data):
        _fill(data, place, companies_, people_, devices_)
    filled = time.monotonic() - began
    url = place.url if isinstance(place, Server) else ""
    with Baigong(data, records=url, ready_s=900) as platform:
        process, chosen = psutil.Process(platform.pid), random.Random(1).sample(range(companies_), _ASKED)
        settle(process)
        taken = Taken(process)
        with _as_company(platform, chosen) as ask:
            taken.each("a company's devices, first time", lambda i: ask(i, "/api/v1/devices"), chosen)
            taken.each("a company's devices, again", lambda i: ask(i, "/api/v1/devices"), chosen[-20:] * 10)
            taken.each("a company's points, searched", lambda i: ask(i, f"/api/v1/points?search=machine-{i}."), chosen)
            taken.each("a company's people", lambda i: ask(i, "/api/v1/people"), chosen)
        http = platform.http()
        taken.each("companies, searched", lambda i: http.json(f"/api/v1/tenants?search=company-{i:05d}"), chosen[:50])
        http.close()
        proof_s, proof_cpu_s = _proof()
        sign_in = f"sign-in, without the password's own {ms(proof_s)} (argon2)"
        taken.each(sign_in, lambda i: _sign_in(platform.port, i), chosen[:30], less=(proof_s, proof_cpu_s))
        memory = process.memory_full_info()
    what = f"{called}, {devices_:,} devices of {companies_:,} companies, {people_:,} people"
    lines = [
        Line(11, f"{what}: {name}, p95 (CPU {ms(cpu)} each)", ms(p95), gate=ms(_GATE_S), passed=p95 <= _GATE_S)
        for name, p95, cpu in taken.rows
    ]
    rss, uss = memory.rss, memory.uss
    lines.append(
        Line(
            11,
            f"{what}: memory of the platform's process (private {uss / 1e9:.2f} GB)",
            f"{rss / 1e9:.2f} GB",
            gate="2 GB",
            passed=rss <= _GATE_BYTES,
        )
    )
    lines.append(Line(11, f"{what}: start until it answers (written in {filled:.0f} s)", f"{platform.ready_s:.0f} s"))
    return lines


def settle(process: psutil.Process, most_s: float = 600.0) -> None:
    """Wait until what a first start makes of ten thousand companies at once, their points of use, is made."""
    busy, until = 1.0, time.monotonic() + most_s
    while busy > 0.05 and time.monotonic() < until:
        before = cpu_of(process)
        time.sleep(5)
        busy = (cpu_of(process) - before) / 5


class Taken:
    """Times questions one after the other: the 95th percentile by the clock, and what each took of CPU."""

    def __init__(self, server: psutil.Process) -> None:
        self._server = server
        self.rows: list[tuple[str, float, float]] = []

    def each(
        self, name: str, ask: Callable[[int], Any], asked: list[int], less: tuple[float, float] = (0.0, 0.0)
    ) -> None:
        before = cpu_of(self._server)
        times = [_timed(lambda i=i: ask(i)) for i in asked]  # type: ignore[misc]
        cpu = (cpu_of(self._server) - before) / len(asked) - less[1]
        self.rows.append((name, float(np.percentile(times, 95)) - less[0], max(cpu, 0.0)))


def _fill(data: Path, place: Path | Server, companies_: int, people_: int, devices_: int) -> None:
    records, proof = open_records(place), hash_password(_PASSWORD)

    def some(connection: sa.Connection, table: sa.Table, rows: Iterator[dict[str, Any]]) -> None:
        batch = []
        for row in rows:
            batch.append(row)
            if len(batch) == _BATCH:
                connection.execute(table.insert(), batch)
                batch = []
        if batch:
            connection.execute(table.insert(), batch)

    def work(connection: sa.Connection) -> None:
        names = [company_of(i) for i in range(companies_)]
        some(connection, tenants, ({"tenant": n, "title": "", "created_us": 1} for n in names))
        some(connection, companies, (
            {"tenant": n, "title": f"Company {n}", "title_zh": f"企业{n}", "region": "", "credit_code": "",
             "state": "active", "quotas": "{}", "created_us": 1} for n in names))  # fmt: skip
        some(connection, people, (
            {"name": f"person{i}@{names[i % companies_]}", "tenant": names[i % companies_], "password_hash": proof,
             "must_set_password": False, "role": "tenant_admin", "language": "", "created_us": 1}
            for i in range(people_)))  # fmt: skip
        some(connection, tokens, (
            {"token": f"t{i}", "tenant": n, "person": None, "title": "bench", "digest": digest(token_of(i)),
             "role": "tenant_admin", "created_us": 1} for i, n in enumerate(names)))  # fmt: skip

    records.write_now(work, tenant=ALL)
    each = devices_ // companies_
    with ThreadPoolExecutor(2) as pool:
        for first in range(0, companies_, 100):
            some_ = [_plant(i, each) for i in range(first, min(first + 100, companies_))]
            writing = pool.submit(_files, data, [file for _, _, files in some_ for file in files])
            records.write_now(
                lambda c, told=some_: (  # type: ignore[misc]
                    c.execute(devices.insert(), [d for rows, _, _ in told for d in rows]),
                    c.execute(points.insert(), [p for _, rows, _ in told for p in rows]),
                ),
                tenant=ALL,
            )
            writing.result()
    records.close_now()


def _plant(company: int, count: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[tuple[str, str, str]]]:
    """Return rows of devices and points, and (tenant, device, text) of files. One template, with other names in it."""
    tenant, made, held, written = company_of(company), [], [], []
    point = PointSpec(name="zzqq.power", address=_ADDRESS, unit="kW", title="Power")
    spec = DeviceSpec(device="zzqq", driver="modbus", gateway=f"edge{company % 100}", title="Machine zzqq",
                      options={"host": "10.0.0.1", "unit": 1}, points=[point])  # fmt: skip
    spec_text, point_text = (msgspec.json.encode(s).decode() for s in (spec, point))
    text = device_yaml(spec)
    for number in range(count):
        name = f"machine-{company}-{number}"
        mine = text.replace("zzqq", name)
        made.append({"tenant": tenant, "device": name, "spec": spec_text.replace("zzqq", name), "revision": 1,
                     "file_digest": sha256(mine.encode()).hexdigest(), "changed_us": 1, "changed_by": ""})  # fmt: skip
        held.append({"tenant": tenant, "number": point_number(tenant, name, _ADDRESS), "name": f"{name}.power",
                     "asset": name, "quantity": "power", "device": name, "address": _ADDRESS, "kind": "gauge",
                     "unit": "kW", "title": "Power", "spec": point_text.replace("zzqq", name), "first_device": name,
                     "first_address": _ADDRESS, "discovered": False, "created_us": 1, "retired_us": None})  # fmt: skip
        written.append((tenant, name, mine))
    return made, held, written


def _files(data: Path, written: list[tuple[str, str, str]]) -> None:
    for tenant in {t for t, _, _ in written}:
        (data / "config" / tenant / "devices").mkdir(parents=True, exist_ok=True)
    for tenant, name, text in written:
        (data / "config" / tenant / "devices" / f"{name}.yaml").write_text(text)


def company_of(number: int) -> str:
    return f"company-{number:05d}"


def token_of(number: int) -> str:
    return f"bgt_{number}"


@contextmanager
def _as_company(platform: Baigong, chosen: list[int]) -> Iterator[Callable[[int, str], Any]]:
    """Let each company ask with a token and a connection of its own."""
    links = {i: Http(platform.port, {"Authorization": f"Bearer {token_of(i)}"}) for i in chosen}
    for link in links.values():
        link.json("/api/v1/health")
    try:
        yield lambda i, path: links[i].json(path)
    finally:
        for link in links.values():
            link.close()


def _sign_in(port: int, company: int) -> None:
    link = Http(port, {})
    try:
        link.json("/api/v1/session", {"user": f"person{company}@{company_of(company)}", "password": _PASSWORD})
    finally:
        link.close()


def _timed(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def _proof() -> tuple[float, float]:
    """Return what proving a password takes here and now: median by the clock, mean of CPU."""
    proof, before = hash_password(_PASSWORD), time.process_time()
    times = [_timed(lambda: verify_password(proof, _PASSWORD)) for _ in range(10)]
    return float(np.median(times)), (time.process_time() - before) / len(times)
