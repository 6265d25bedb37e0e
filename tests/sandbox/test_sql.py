"""The pool answers, limits, heals and keeps tenants apart."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pyarrow as pa
import pytest

from baigong.sandbox import walls
from baigong.sandbox.sql import SqlPool, SqlSettings
from baigong.vocab.errors import BaigongError
from tests.sandbox.world import Seen, World

pytestmark = pytest.mark.skipif(not walls.landlock_abi(), reason="this kernel has no Landlock")


async def code_of(pool: SqlPool, sql: str, **more: object) -> str:
    with pytest.raises(BaigongError) as caught:
        await pool.query("acme", sql, **more)  # type: ignore[arg-type]
    return caught.value.code


async def test_files_and_handed_in_tables_join(pool: SqlPool) -> None:
    sql = "select p.name, t.owner from telemetry t join points p using (point) order by 1"
    found = await pool.query("acme", sql)
    assert found.to_pylist() == [{"name": "a.b", "owner": "acme"}, {"name": "c.d", "owner": "acme"}]
    facts = found.schema.metadata
    assert (facts[b"truncated"], facts[b"rows"]) == (b"false", b"2")
    assert float(facts[b"ms"]) > 0


async def test_types_survive(pool: SqlPool) -> None:
    sql = "select 1::bigint as i, 0.5::double as d, 'ü' as s, null::int as n, timestamptz '2026-01-01 00:00:00+00' as t"
    found = await pool.query("acme", sql)
    assert [str(t) for t in found.schema.types] == ["int64", "double", "string", "int32", "timestamp[us, tz=UTC]"]
    assert found.to_pylist()[0]["s"] == "ü"


async def test_an_empty_answer_has_its_columns(pool: SqlPool) -> None:
    found = await pool.query("acme", "select point from telemetry where point < 0")
    assert (found.num_rows, found.schema.names) == (0, ["point"])


@pytest.mark.parametrize(("limit", "rows", "truncated"), [(10, 10, b"true"), (1000, 1000, b"false"), (0, 0, b"true")])
async def test_limit_of_rows_is_told(pool: SqlPool, limit: int, rows: int, truncated: bytes) -> None:
    found = await pool.query("acme", "select * from telemetry", limit=limit)
    assert (found.num_rows, found.schema.metadata[b"truncated"]) == (rows, truncated)


async def test_limit_of_bytes_is_told(world: World) -> None:
    pool = SqlPool(world.view, SqlSettings(result_bytes=1 << 20))
    try:
        found = await pool.query("acme", "select repeat('x', 1000) as x from range(100000)")
        assert found.schema.metadata[b"truncated"] == b"true"
        assert 0 < found.nbytes <= 1 << 20
    finally:
        await pool.close()


async def test_a_mistake_is_explained(pool: SqlPool) -> None:
    with pytest.raises(BaigongError) as caught:
        await pool.query("acme", "select nonsense from telemetry")
    assert caught.value.code == "sql.invalid"
    assert "nonsense" in caught.value.message


async def test_a_broken_file_is_not_the_users_mistake(pool: SqlPool, world: World) -> None:
    bad = world.folder("acme") / "b.parquet"
    bad.write_bytes(b"not parquet at all, whatever it is called")
    with pytest.raises(BaigongError) as caught:
        await pool.query("acme", "select * from telemetry")
    assert caught.value.code == "storage.corrupt"
    assert str(world.root) not in caught.value.message
    assert str(world.root) not in str(caught.value)


async def test_a_file_replaced_meanwhile_is_looked_for_again(world: World) -> None:
    def view(tenant: str, only: object = None) -> Seen:
        seen = world.view(tenant)
        if world.asked == 1:
            (world.folder("acme") / "a.parquet").rename(world.folder("acme") / "b.parquet")
        return seen

    pool = SqlPool(view)
    try:
        assert (await pool.query("acme", "select count(*) as n from telemetry")).to_pylist() == [{"n": 1000}]
        assert world.asked == 2
    finally:
        await pool.close()


async def test_errors_do_not_cost_the_child(pool: SqlPool) -> None:
    await pool.query("acme", "select 1")
    serving = set(pool.stats()["children"])
    for sql in ("selec", "select x", "copy points to 'x'", "select 1/(0-'a'::int)"):
        with pytest.raises(BaigongError):
            await pool.query("acme", sql)
    assert serving <= set(pool.stats()["children"])


async def test_deadline_kills_and_the_pool_heals(pool: SqlPool) -> None:
    began = time.monotonic()
    assert await code_of(pool, "select sleep_ms(20000)", timeout_s=1.0) == "sql.timeout"
    assert time.monotonic() - began < 3
    assert (await pool.query("acme", "select 1 as x")).to_pylist() == [{"x": 1}]
    assert pool.counters["timeouts"] == 1


async def test_a_killed_child_is_replaced(pool: SqlPool) -> None:
    await pool.query("acme", "select 1")
    for pid in pool.stats()["children"]:
        os.kill(pid, signal.SIGKILL)
    await asyncio.sleep(0.1)
    assert (await pool.query("acme", "select 1 as x")).to_pylist() == [{"x": 1}]


async def test_a_child_killed_at_work_is_told_and_replaced(pool: SqlPool) -> None:
    await pool.query("acme", "select 1")
    running = asyncio.create_task(pool.query("acme", "select sleep_ms(20000)", timeout_s=20))
    while pool.stats()["idle"]:  # until it has its child
        await asyncio.sleep(0.01)
    for pid in pool.stats()["children"]:
        os.kill(pid, signal.SIGSEGV)
    with pytest.raises(BaigongError) as caught:
        await running
    assert caught.value.code == "sql.memory"
    assert (await pool.query("acme", "select 1 as x")).to_pylist() == [{"x": 1}]


async def test_cancelling_ends_the_work_and_frees_the_slot(world: World) -> None:
    pool = SqlPool(world.view, SqlSettings(per_tenant=1))
    try:
        running = asyncio.create_task(pool.query("acme", "select sleep_ms(20000)"))
        await asyncio.sleep(1.0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert (await pool.query("acme", "select 1 as x")).num_rows == 1
    finally:
        await pool.close()


async def test_a_tenant_may_not_take_all_slots(world: World) -> None:
    pool = SqlPool(world.view, SqlSettings(per_tenant=1, total=2, queue_s=0.3))
    try:
        slow = asyncio.create_task(pool.query("acme", "select sleep_ms(2500)"))
        await asyncio.sleep(0.05)
        assert await code_of(pool, "select 1") == "sql.busy"
        assert (await pool.query("rival", "select 1 as x")).num_rows == 1
        assert (await slow).num_rows == 1
        assert (await pool.query("acme", "select 1 as x")).num_rows == 1
    finally:
        await pool.close()


async def test_a_crowd_is_served_or_told_to_come_again(world: World) -> None:
    pool = SqlPool(world.view, SqlSettings(per_tenant=2, total=2, queue_s=1.0))
    try:
        await pool.query("acme", "select 1")
        crowd = (pool.query("acme", "select sleep_ms(400)") for _ in range(40))
        answers = await asyncio.wait_for(asyncio.gather(*crowd, return_exceptions=True), 20)
        turned_away = [a for a in answers if isinstance(a, BaseException)]
        assert all(isinstance(a, BaigongError) and a.code == "sql.busy" for a in turned_away), turned_away
        assert {(a.status, a.fields["retry_after_s"]) for a in turned_away if isinstance(a, BaigongError)} == {(429, 1)}
        assert len(answers) - len(turned_away) >= 2
        assert pool.counters["busy"] == len(turned_away)
        assert (await pool.query("acme", "select 1 as x")).num_rows == 1
    finally:
        await pool.close()


async def test_children_stay_within_their_number(world: World) -> None:
    pool = SqlPool(world.view, SqlSettings(per_tenant=2, total=2, queue_s=30))
    try:
        asks = [pool.query(tenant, "select sum(point) as s from telemetry") for tenant in ("acme", "rival") * 4]
        answers = await asyncio.gather(*asks)
        assert {a.to_pylist()[0]["s"] for a in answers} == {499500}
        for _ in range(100):  # one that was sent away may take a moment to be gone
            if len(pool.stats()["children"]) <= 2:
                break
            await asyncio.sleep(0.05)
        assert len(pool.stats()["children"]) <= 2
    finally:
        await pool.close()


async def test_a_warm_pool_has_a_child_for_the_first_query(pool: SqlPool) -> None:
    pool.warm()
    waiting = pool.stats()["children"]
    assert len(waiting) == 1
    await pool.query("acme", "select 1")
    assert waiting[0] in pool.stats()["children"]
    pool.warm()
    assert pool.stats()["started"] <= 2


async def test_idle_children_go(world: World) -> None:
    pool = SqlPool(world.view, SqlSettings(idle_s=0.3))
    try:
        await pool.query("acme", "select 1")
        for _ in range(50):
            await asyncio.sleep(0.1)
            if not pool.stats()["children"]:
                break
        assert pool.stats()["children"] == []
        assert (await pool.query("acme", "select 1 as x")).num_rows == 1
    finally:
        await pool.close()


async def test_closing_leaves_no_process(world: World) -> None:
    pool = SqlPool(world.view)
    await asyncio.gather(*(pool.query(t, "select 1") for t in ("acme", "rival")))
    pids = pool.stats()["children"]
    await pool.close()
    assert pids
    for pid in pids:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


async def test_a_child_never_changes_tenant(pool: SqlPool) -> None:
    sql = "select any_value(owner) as o from telemetry"
    for tenant in ("acme", "rival", "acme", "rival"):
        assert (await pool.query(tenant, sql)).to_pylist() == [{"o": tenant}]


async def test_new_files_and_new_folders_are_seen(world: World) -> None:
    extra = world.root / "rollup" / "tenant=acme"

    def view(tenant: str, only: object = None) -> Seen:
        seen = world.view(tenant)
        if extra.exists():
            file = str(next(extra.iterdir()))
            seen.roots.append(str(extra))
            seen.statements.append(("", f"create view more as from read_parquet('{file}')"))
        return seen

    pool = SqlPool(view)
    try:
        assert (await pool.query("acme", "select count(*) as n from telemetry")).to_pylist() == [{"n": 1000}]
        world.add_file("acme", "b", pa.table({"point": [7], "owner": ["acme"]}))
        assert (await pool.query("acme", "select count(*) as n from telemetry")).to_pylist() == [{"n": 1001}]
        extra.mkdir(parents=True)
        (world.folder("acme") / "b.parquet").rename(extra / "b.parquet")
        assert (await pool.query("acme", "select count(*) as n from more")).to_pylist() == [{"n": 1}]
    finally:
        await pool.close()


async def test_many_queries_at_once_when_a_folder_was_made(world: World) -> None:
    """All idle children must go at once, and whoever sends one away must not trip over another who does."""
    extra = world.root / "rollup" / "tenant=acme"

    def view(tenant: str, only: object = None) -> Seen:
        seen = world.view(tenant)
        seen.roots += [str(extra)] if extra.exists() else []
        return seen

    pool = SqlPool(view, SqlSettings(per_tenant=4, total=5))
    try:
        await asyncio.gather(*(pool.query("acme", "select sleep_ms(300)") for _ in range(4)))
        assert pool.stats()["idle"] == 4
        extra.mkdir(parents=True)
        answers = await asyncio.gather(*(pool.query("acme", "select count(*) as n from telemetry") for _ in range(4)))
        assert [a.to_pylist() for a in answers] == [[{"n": 1000}]] * 4
        assert len(pool.stats()["children"]) <= 5
    finally:
        await pool.close()


async def test_walls_are_reported(pool: SqlPool) -> None:
    before = pool.walls()
    assert (before["serving"], before["confined"]) == (True, False)
    await pool.query("acme", "select 1")
    told = pool.walls()
    assert told == {"landlock": walls.landlock_abi(), "seccomp": True, "limits": True, "serving": True,
                    "confined": True, "without_landlock_allowed": False}  # fmt: skip


async def test_descriptors_do_not_leak(pool: SqlPool) -> None:
    await pool.query("acme", "select 1")
    await asyncio.sleep(0.3)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(10):
        await pool.query("acme", "select 1")
        with pytest.raises(BaigongError):
            await pool.query("acme", "selec")
    assert len(os.listdir("/proc/self/fd")) <= before + 4  # a spare child may have come; ten leaks would be more


async def test_a_failing_source_is_its_own_error(world: World) -> None:
    def view(tenant: str, only: object = None) -> Seen:
        raise KeyError(tenant)

    pool = SqlPool(view)
    try:
        with pytest.raises(KeyError):
            await pool.query("acme", "select 1")
        assert pool.stats()["busy"] == 0
    finally:
        await pool.close()


async def test_children_do_not_outlive_a_killed_parent(tmp_path: Path) -> None:
    code = """
import asyncio, sys
from pathlib import Path
from baigong.sandbox.sql import SqlPool
from tests.sandbox.world import World

async def main():
    pool = SqlPool(World(Path(sys.argv[1])).view)
    await pool.query("rival", "select 1")
    busy = asyncio.create_task(pool.query("acme", "select sleep_ms(60000)", timeout_s=1.5))
    await asyncio.sleep(0.8)
    print(*pool.stats()["children"], flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(tmp_path), stdout=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2]
    )
    assert parent.stdout is not None
    pids = [int(p) for p in (await parent.stdout.readline()).split()]
    parent.kill()
    await parent.wait()
    assert len(pids) >= 2
    for _ in range(60):
        if not any(Path(f"/proc/{pid}").exists() for pid in pids):
            break
        await asyncio.sleep(0.1)
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
