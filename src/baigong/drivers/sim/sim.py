"""The simulator of the driver that needs no device: nothing to start, nothing to stop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any


@asynccontextmanager
async def simulator() -> AsyncIterator[dict[str, Any]]:
    """Yield the driver's options."""
    yield {}
