"""Calling a driver without trusting it: it may hang, swallow its cancellation, or raise whatever it likes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from baigong.drivers.contract import Driver
from baigong.vocab.errors import BaigongError, ReportBug, RetryLater

T = TypeVar("T")
_GRACE_S = 1.0  # how long a cancelled call may take to end before it is left behind
_CLOSE_S = 3.0


class Abandoned:
    """Calls that did not end when cancelled. Kept, so that they are counted and not collected half-way."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Future[Any]] = set()
        self.total = 0

    def __len__(self) -> int:
        return len(self._tasks)

    def add(self, task: asyncio.Future[Any]) -> None:
        self.total += 1
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Future[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # noticed


def typed(error: BaseException, what: str) -> BaigongError:
    """Name what a driver raised: link errors that slipped through are links, the rest is a bug of the driver."""
    if isinstance(error, BaseExceptionGroup):
        return typed(error.exceptions[0], what)
    if isinstance(error, BaigongError):
        return error
    if isinstance(error, TimeoutError):
        return RetryLater("driver.timeout", f"{what}: no answer in time")
    if isinstance(error, OSError | EOFError):
        return RetryLater("driver.unreachable", f"{what}: {error or type(error).__name__}")
    return ReportBug("internal.error", f"{what}: {type(error).__name__}: {error}")


async def bounded(work: Awaitable[T], timeout_s: float | None, what: str, abandoned: Abandoned) -> T:
    """Await a driver's call for at most ``timeout_s``; whatever it raises arrives as a BaigongError."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=timeout_s)
    finally:
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=_GRACE_S)
            if not task.done():
                abandoned.add(task)
    if not task.done() or task.cancelled():
        raise RetryLater("driver.timeout", f"{what}: no answer within {timeout_s:g} s" if timeout_s else what)
    error = task.exception()
    if error is None:
        return task.result()
    named = typed(error, what)
    raise named from (error if named is not error else error.__cause__)


@asynccontextmanager
async def opened(driver: Driver, timeout_s: float, abandoned: Abandoned) -> AsyncIterator[Driver]:
    """Connect a driver and close it in the end, both within bounds; errors while closing are of no interest."""
    entering = asyncio.ensure_future(driver.__aenter__())
    try:
        await bounded(entering, timeout_s, "connecting", abandoned)
        yield driver
    finally:
        if entering.done() and not entering.cancelled() and entering.exception() is None:
            closing = asyncio.ensure_future(driver.__aexit__(None, None, None))
            await asyncio.wait({closing}, timeout=_CLOSE_S)
            if not closing.done():
                closing.cancel()
                abandoned.add(closing)
            elif not closing.cancelled():
                closing.exception()  # noticed
