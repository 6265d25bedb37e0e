from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from baigong.sandbox.sql import SqlPool
from tests.sandbox.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture
async def pool(world: World) -> AsyncIterator[SqlPool]:
    made = SqlPool(world.view)
    yield made
    await made.close()
