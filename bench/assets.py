"""Row 14: assets written in lists, and found again in a company of 20,000 with ten points each, among 10,000 companies.

The other companies' assets, and all points, are written straight into the records, as a platform would find them at
its start; those of the large company are written through the API.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import psutil
import sqlalchemy as sa

from baigong.cli.folder import DataFolder
from baigong.registry.findable import words_of
from baigong.security.tokens import digest
from baigong.stores.records import ALL, Server, open_records
from baigong.stores.records.assets import assets
from baigong.stores.records.tables import companies, points, tenants, tokens
from baigong.vocab.assets import AssetSpec
from baigong.vocab.devices import PointSpec
from baigong.vocab.ids import point_number
from bench.processes import Baigong, cpu_of
from bench.report import Line, ms, rate
from bench.tenants import Taken, company_of, settle, token_of
from bench.wire import Http
from tests.postgres import cluster

_GATE_S, _GATE_RATE = 0.1, 5_000.0
_AT_ONCE, _POINTS, _EACH, _ASKED = 1_000, 10, 140, 200
_AREAS, _LINES = 20, 20  # of the large company


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    size = (1_000, 20_000) if short else (10_000, 20_000)
    made = measure(folder / "sqlite", folder / "sqlite" / "records.db", "SQLite", *size)
    with cluster("shared_buffers=128MB", "max_connections=60") as server:
        return made + measure(folder / "postgresql", server.fresh(), "PostgreSQL", *size)


def measure(
    data: Path, place: Path | Server, called: str, companies_: int, large: int, asked: int = _ASKED
) -> list[Line]:
    """``asked``: how often each question is; a few show only that the answers are right, so nothing settles before."""
    listed = _plant(large)
    with DataFolder(data):
        _fill(data, place, companies_, [spec.asset for spec in listed])
    url = place.url if isinstance(place, Server) else ""
    with Baigong(data, records=url, ready_s=900) as platform:
        process = psutil.Process(platform.pid)
        if asked >= _ASKED:
            settle(process)
        mine = Http(platform.port, {"Authorization": f"Bearer {token_of(0)}"})
        wall, cpu = _written(mine, process, listed)
        taken = Taken(process)
        _asked(taken, mine, platform, listed, companies_, asked)
        mine.close()
    what = f"{called}, {large:,} assets × {_POINTS} points, beside {companies_ * _EACH:,} of {companies_:,} companies"
    per_s = large / wall
    lines = [
        Line(14, f"{what}: written in lists of {_AT_ONCE:,} (CPU {cpu / large * 1e6:.0f} µs each)", rate(per_s),
             gate=rate(_GATE_RATE), passed=per_s >= _GATE_RATE)
    ]  # fmt: skip
    return lines + [
        Line(14, f"{what}: {name}, p95 (CPU {ms(spent)} each)", ms(p95), gate=ms(_GATE_S), passed=p95 <= _GATE_S)
        for name, p95, spent in taken.rows
    ]


def _written(mine: Http, process: psutil.Process, listed: list[AssetSpec]) -> tuple[float, float]:
    """Write all through the API; returns seconds of the clock, and of the platform's CPU."""
    bodies = [msgspec.json.encode({"assets": listed[at : at + _AT_ONCE]}) for at in range(0, len(listed), _AT_ONCE)]
    mine.json("/api/v1/assets?limit=1")  # the company's points are in memory from here on
    before, began, added = cpu_of(process), time.monotonic(), 0
    for body in bodies:
        added += json.loads(mine.post("/api/v1/assets", body, "application/json"))["added"]
    if added != len(listed):
        raise AssertionError(f"{added} of {len(listed)} were added")
    return time.monotonic() - began, cpu_of(process) - before


def _asked(taken: Taken, mine: Http, platform: Baigong, listed: list[AssetSpec], companies_: int, asked: int) -> None:
    lines = [spec.asset for spec in listed if spec.level == "line"]
    wanted = list(range(asked))

    def each(name: str, path: Callable[[int], str], good: Callable[[Any], bool]) -> None:
        def ask(number: int) -> None:
            answer = mine.json(f"/api/v1/assets{path(number)}")
            if not good(answer):
                raise AssertionError(f"{name}: {str(answer)[:300]}")

        ask(0)
        taken.each(name, ask, wanted)

    each("the parts of a node", lambda i: f"?parent={lines[i % len(lines)]}", lambda a: a["total"] > 0)
    each(
        "a page of 200",
        lambda i: f"?limit=200&offset={i * 97 % (len(listed) - 200)}",
        lambda a: len(a["assets"]) == 200,
    )
    each("searched by pinyin", lambda i: f"?search=shuibeng+{i}", lambda a: a["total"] > 0)
    each("all of an area by type", lambda i: f"?under=area{i % _AREAS}&type=pump", lambda a: a["total"] > 0)
    each(
        "one, with its path",
        lambda i: f"/pump{i * 97 % (len(listed) - _AREAS * (_LINES + 1))}",
        lambda a: len(a["path"]) == 3,
    )

    some = min(asked, 50)
    chosen = [1 + i * (companies_ - 1) // some for i in range(some)]

    def first(company: int) -> None:
        link = Http(platform.port, {"Authorization": f"Bearer {token_of(company)}"})
        try:
            if link.json("/api/v1/assets")["total"] != _EACH:
                raise AssertionError("another company's assets are not all there")
        finally:
            link.close()

    taken.each("another company's, first time", first, chosen)


def _plant(count: int) -> list[AssetSpec]:
    made = [AssetSpec(asset=f"area{a}", level="area", title=f"Area {a}") for a in range(_AREAS)]
    made += [
        AssetSpec(asset=f"line{a}-{n}", parent=f"area{a}", level="line") for a in range(_AREAS) for n in range(_LINES)
    ]
    for number in range(count - len(made)):
        area, line = number % _AREAS, number // _AREAS % _LINES
        made.append(AssetSpec(
            asset=f"pump{number}", parent=f"line{area}-{line}", type="pump", code=f"INV-{number}",
            title=f"Pump {number}", title_zh=f"给水泵{number}", place="泵房",
            properties={"power_rated": 5.5, "year": 2020},
        ))  # fmt: skip
    return made


def _fill(data: Path, place: Path | Server, companies_: int, named: list[str]) -> None:
    records, names = open_records(place), [company_of(i) for i in range(companies_)]

    def people(connection: sa.Connection) -> None:
        connection.execute(tenants.insert(), [{"tenant": n, "title": "", "created_us": 1} for n in names])
        connection.execute(companies.insert(), [
            {"tenant": n, "title": f"Company {n}", "title_zh": f"企业{n}", "region": "", "credit_code": "",
             "state": "active", "quotas": "{}", "created_us": 1} for n in names])  # fmt: skip
        connection.execute(tokens.insert(), [
            {"token": f"t{i}", "tenant": n, "person": None, "title": "bench", "digest": digest(token_of(i)),
             "role": "tenant_admin", "created_us": 1} for i, n in enumerate(names)])  # fmt: skip

    records.write_now(people, tenant=ALL)
    for at in range(0, len(named), 1_000):
        rows = [row for asset in named[at : at + 1_000] for row in _points(names[0], asset)]
        records.write_now(lambda c, rows=rows: c.execute(points.insert(), rows), tenant=ALL)  # type: ignore[misc]
    template = [_row(spec) for spec in _plant(_EACH + _AREAS * (_LINES + 1))[-_EACH:]]
    for at in range(1, companies_, 100):
        rows = [row | {"tenant": name} for name in names[at : at + 100] for row in template]
        records.write_now(lambda c, rows=rows: c.execute(assets.insert(), rows), tenant=ALL)  # type: ignore[misc]
    records.close_now()


def _row(spec: AssetSpec) -> dict[str, Any]:
    spec = msgspec.structs.replace(spec, parent="")
    words = words_of([spec.asset, spec.title, spec.title_zh, spec.code, spec.place])
    return {
        "asset": spec.asset, "parent": "", "level": spec.level, "type": spec.type, "code": spec.code,
        "spec": msgspec.json.encode(spec).decode(), "words": words, "revision": 1, "created_us": 1, "changed_us": 1,
        "changed_by": "", "retired_us": None,
    }  # fmt: skip


def _points(tenant: str, asset: str) -> list[dict[str, Any]]:
    made = []
    for number in range(_POINTS):
        address = f"{asset}/{number}"
        spec = PointSpec(name=f"{asset}.q{number}", address=address, unit="kW", title="Power")
        made.append({
            "tenant": tenant, "number": point_number(tenant, "plc", address), "name": spec.name, "asset": asset,
            "quantity": f"q{number}", "device": "plc", "address": address, "kind": "gauge", "unit": "kW",
            "title": "Power", "spec": msgspec.json.encode(spec).decode(), "first_device": "plc",
            "first_address": address, "discovered": False, "created_us": 1, "retired_us": None,
        })  # fmt: skip
    return made
