from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.api.world import PUMP, World, world


@pytest.fixture
async def plant(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        await made.registry.devices.put("main", PUMP, "test")
        yield made
