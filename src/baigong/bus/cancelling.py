"""Waiting that stays cancellable, whatever it stands on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


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
