"""Waiting that stays cancellable, whatever it stands on."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def cancellable() -> Iterator[None]:
    """Let a cancellation through that came in the same moment as what is waited for.

    Before Python 3.12 ``asyncio.wait_for``, which nats-py stands on, forgets it. A reader on a busy stream would then
    never end, and neither would whoever waits for its end: an owner that was succeeded would hang, and not begin anew.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    yield
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError


async def ended_within(seconds: float, work: Coroutine[Any, Any, Any]) -> None:
    """Wait for work that may forget a cancellation; raises TimeoutError, or what it raised. It has ended then."""
    task = asyncio.ensure_future(work)
    try:
        async with asyncio.timeout(seconds):
            await asyncio.wait({task})
    finally:
        while not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=0.1)
        failure = None if task.cancelled() else task.exception()
    if failure is not None:
        raise failure
