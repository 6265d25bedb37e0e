"""Long-running tasks that live and end together; the first that fails ends the wait of whoever waits."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self


class Crew:
    """Use with ``async with``: leaving cancels every task and waits for it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()
        self._trouble: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        self._trouble = asyncio.get_running_loop().create_future()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._trouble is not None and self._trouble.done() and kind is None:
            self._trouble.result()
        elif self._trouble is not None:
            self._trouble.cancel()

    def start(self, name: str, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        trouble = self._trouble
        if task.cancelled() or trouble is None or trouble.done():
            return
        error = task.exception()
        if error is not None:
            trouble.set_exception(error)

    async def trouble(self) -> None:
        """Wait until a task fails, and raise what it failed with."""
        if self._trouble is not None:
            await asyncio.shield(self._trouble)
