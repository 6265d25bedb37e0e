"""Views stay with a child between queries, and are never those of an older moment."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pyarrow as pa
import pytest

from baigong.sandbox import walls
from baigong.sandbox.sql import SqlPool
from tests.sandbox.world import Seen, World

pytestmark = pytest.mark.skipif(not walls.landlock_abi(), reason="this kernel has no Landlock")


class Plant:
    """Two views over one another, of which the lower reads the newest file, and a third for its own word."""

    def __init__(self, root: Path) -> None:
        self.world = World(root)
        self.file = ""
        self.write("a", 1)

    def write(self, name: str, value: int) -> None:
        self.file = str(self.world.add_file("acme", name, pa.table({"value": [value]})))

    def view(self, tenant: str, only: object = None) -> Seen:
        return Seen(
            statements=[
                ("", "create schema lake"),
                ("telemetry", f"create view lake.rows as select value from read_parquet(['{self.file}'])"),
                ("telemetry", "create view telemetry as select value from lake.rows"),
                ("latest", "create view latest as select 7 as value"),
            ],
            roots=[str(self.world.folder(tenant))],
        )


@pytest.fixture
def plant(tmp_path: Path) -> Plant:
    return Plant(tmp_path)


@pytest.fixture
async def pool(plant: Plant) -> AsyncIterator[SqlPool]:
    made = SqlPool(plant.view)
    yield made
    await made.close()


async def value(pool: SqlPool, table: str) -> int:
    answer = await pool.query("acme", f"select value from {table}")
    return int(answer.column("value")[0].as_py())


async def test_views_follow_their_files_in_one_child(pool: SqlPool, plant: Plant) -> None:
    assert await value(pool, "telemetry") == 1
    child = pool.stats()["children"][0]
    assert await value(pool, "latest") == 7
    assert await value(pool, "telemetry") == 1
    plant.write("b", 2)
    assert await value(pool, "latest") == 7
    assert await value(pool, "telemetry") == 2
    assert await value(pool, "telemetry") == 2
    assert child in pool.stats()["children"]


async def test_a_broken_file_does_not_spoil_what_comes_after(pool: SqlPool, plant: Plant) -> None:
    assert await value(pool, "telemetry") == 1
    whole, plant.file = plant.file, str(plant.world.folder("acme") / "gone.parquet")
    with pytest.raises(Exception, match="a file of the lake"):
        await value(pool, "telemetry")
    plant.file = whole
    assert await value(pool, "telemetry") == 1


async def test_a_look_at_the_catalogue_leaves_the_views_usable(pool: SqlPool) -> None:
    assert await value(pool, "telemetry") == 1
    shown = await pool.query("acme", "show tables")
    assert shown.column("name").to_pylist() == ["latest", "telemetry"]
    assert await value(pool, "telemetry") == 1


async def test_settings_of_a_query_go_with_its_connection(pool: SqlPool) -> None:
    drawn = []
    for _ in range(2):
        await pool.query("acme", "select setseed(0.5)")
        drawn.append((await pool.query("acme", "select random() as x")).column("x")[0].as_py())
    assert drawn[0] != drawn[1]
