"""Row 18: a recall among a million lots of five stages: one lot of material, and all that came of it, over HTTP.

Every lot is made of two of the stage before by an episode of its own; material comes in 2,000 lots. The rows are
written straight into the records, as a platform would find them at its start.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import sqlalchemy as sa

from baigong.cli.folder import DataFolder
from baigong.security.tokens import digest
from baigong.stores.records import ALL, Server, open_records
from baigong.stores.records.lots import lot_links, lot_uses
from baigong.stores.records.tables import companies, episodes, tenants, tokens
from bench.processes import Baigong
from bench.report import Line, ms
from bench.tenants import Taken, company_of, token_of
from bench.wire import Http
from tests.postgres import cluster

STAGES, MATERIAL, AT_ONCE, ASKED = 5, 2_000, 20_000, 20
_GATE_S, _GATE_SQL_S = 1.0, 2.0
_START_US, _MINUTE_US = 1_767_225_600_000_000, 60_000_000
_ONE_MORE = {
    "id": "one-more", "asset": "machine1", "kind": "production", "start_us": _START_US, "end_us": _START_US + 1,
    "attributes": {"consumed": ["s0-0"], "produced": ["one-more"]},
}  # fmt: skip
_FORWARD = (
    "with recursive affected(lot, steps) as (select '{lot}', 0 union "
    "select g.produced, a.steps + 1 from genealogy g join affected a on g.consumed = a.lot) "
    "select u.lot, min(a.steps) as steps, u.episode, u.material from affected a join lot_uses u using (lot) "
    "where u.side = 'produced' group by all"
)


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    lots = 100_000 if short else 1_000_000
    made = measure(folder / "sqlite", folder / "sqlite" / "records.db", "SQLite", lots)
    with cluster("shared_buffers=128MB", "max_connections=60") as server:
        return made + measure(folder / "postgresql", server.fresh(), "PostgreSQL", lots)


def measure(data: Path, place: Path | Server, called: str, lots: int, asked: int = ASKED) -> list[Line]:
    with DataFolder(data):
        _fill(data, place, lots)
    url = place.url if isinstance(place, Server) else ""
    with Baigong(data, records=url, ready_s=300) as platform:
        mine = Http(platform.port, {"Authorization": f"Bearer {token_of(0)}"})
        taken = Taken(psutil.Process(platform.pid))
        ask = _asker(mine)
        began = time.monotonic()
        ask("sql", "s0-0")
        first_s = time.monotonic() - began
        mine.put("/api/v1/episodes/one-more", json.dumps(_ONE_MORE).encode(), "application/json")
        began = time.monotonic()
        if "one-more" not in {row[0] for row in ask("sql", "s0-0")}:
            raise AssertionError("SQL does not find what was just made")
        changed_s = time.monotonic() - began
        found = {len(ask("api", "s0-1")), len(ask("sql", "s0-1"))}
        if len(found) != 1:
            raise AssertionError(f"the API and SQL do not find the same: {found}")
        for name, how, stage in (
            (f"recall of a lot of material, {found.copy().pop():,} lots, API", "api", "s0"),
            ("what is in a product, API", "back", f"s{STAGES}"),
            ("the same recall, one statement of SQL", "sql", "s0"),
        ):
            taken.each(name, lambda i, how=how, stage=stage: ask(how, f"{stage}-{i}"), list(range(asked)))  # type: ignore[misc]
        mine.close()
    what = f"{called}, {lots:,} lots in {STAGES} stages, {2 * lots:,} links"
    lines = [
        Line(18, f"{what}: {name}, p95 (CPU {ms(spent)} each)", ms(p95), gate=ms(gate), passed=p95 <= gate)
        for (name, p95, spent), gate in zip(taken.rows, (_GATE_S, _GATE_S, _GATE_SQL_S), strict=True)
    ]
    return [
        *lines,
        Line(18, f"{what}: the first SQL after a start, which reads all of them", ms(first_s)),
        Line(18, f"{what}: the first SQL after a change of an episode", ms(changed_s)),
    ]


def _asker(mine: Http) -> Callable[[str, str], list[Any]]:
    def ask(how: str, lot: str) -> list[Any]:
        if how == "sql":
            answer = mine.json("/api/v1/sql", {"sql": _FORWARD.format(lot=lot), "limit": 100_000})
            found: list[Any] = answer["rows"]
            return found
        direction = "forward" if how == "api" else "back"
        answer = mine.json(f"/api/v1/lots/trace?lot={lot}&direction={direction}&limit=100000")
        if not answer["whole"] or len(answer["lots"]) < STAGES:
            raise AssertionError(f"{lot}: {len(answer['lots'])} lots")
        return [one for one in answer["lots"] if one["lot"] != lot]

    return ask


def _made(lots: int) -> Iterator[tuple[str, tuple[str, ...], int]]:
    """Yield each lot, what it was made of, and its number."""
    chosen, each = random.Random(1), lots // STAGES
    for stage in range(1, STAGES + 1):
        before = min(MATERIAL, each // 10) if stage == 1 else each
        for lot in range(each):
            parts = dict.fromkeys(f"s{stage - 1}-{chosen.randrange(before)}" for _ in range(2))
            yield f"s{stage}-{lot}", tuple(parts), (stage - 1) * each + lot


def _fill(data: Path, place: Path | Server, lots: int) -> None:
    records, tenant = open_records(place), company_of(0)

    def people(connection: sa.Connection) -> None:
        connection.execute(tenants.insert(), [{"tenant": tenant, "title": "", "created_us": 1}])
        connection.execute(companies.insert(), [
            {"tenant": tenant, "title": "Plant", "title_zh": "工厂", "region": "", "credit_code": "", "state": "active",
             "quotas": "{}", "created_us": 1}])  # fmt: skip
        connection.execute(tokens.insert(), [
            {"token": "t0", "tenant": tenant, "person": None, "title": "bench", "digest": digest(token_of(0)),
             "role": "tenant_admin", "created_us": 1}])  # fmt: skip

    def write(connection: sa.Connection, made: list[tuple[str, tuple[str, ...], int]]) -> None:
        use = {"tenant": tenant, "material": "", "quantity": 1.0, "unit": "kg"}
        connection.execute(episodes.insert(), [
            {"tenant": tenant, "id": f"e-{lot}", "asset": f"machine{n % 50}", "kind": "production",
             "start_us": _START_US + n * _MINUTE_US, "end_us": _START_US + (n + 1) * _MINUTE_US, "title": lot,
             "title_zh": "", "parent": None, "attributes": '{"people":["wang"]}', "simulated": True, "seen_us": 1}
            for lot, _, n in made])  # fmt: skip
        connection.execute(
            lot_uses.insert(), [use | {"lot": lot, "episode": f"e-{lot}", "side": "produced"} for lot, _, _ in made]
        )
        connection.execute(
            lot_uses.insert(),
            [
                use | {"lot": part, "episode": f"e-{lot}", "side": "consumed"}
                for lot, parts, _ in made
                for part in parts
            ],
        )
        connection.execute(
            lot_links.insert(),
            [
                {"tenant": tenant, "consumed": part, "produced": lot, "episode": f"e-{lot}"}
                for lot, parts, _ in made
                for part in parts
            ],
        )

    records.write_now(people, tenant=ALL)
    waiting: list[tuple[str, tuple[str, ...], int]] = []
    for one in _made(lots):
        waiting.append(one)
        if len(waiting) >= AT_ONCE:
            records.write_now(lambda c: write(c, waiting), tenant=ALL)
            waiting.clear()
    if waiting:
        records.write_now(lambda c: write(c, waiting), tenant=ALL)
    records.close_now()
