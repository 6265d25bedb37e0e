"""What threads have freed goes back to the machine."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from baigong.cli.memory import give_back, private_bytes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="glibc only")


async def test_freed_memory_goes_back() -> None:
    """Pieces between others that stay cannot be returned by free(): their pages are, by a trim."""
    looking = asyncio.create_task(give_back(0.05))
    await asyncio.sleep(0.02)
    began = private_bytes()
    with ThreadPoolExecutor(4) as threads:
        held = [piece for pieces in threads.map(_pieces, range(4)) for piece in pieces]
        most = private_bytes()
        assert most - began > 150 << 20
        held = held[::50]
    async with asyncio.timeout(20):
        while private_bytes() - began > (most - began) / 3:
            await asyncio.sleep(0.05)
    looking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await looking


def _pieces(_: int) -> list[bytes]:
    return [b"x" * 60_000 for _ in range(1000)]
