"""Long-running tasks that live and end together; the first that fails ends the wait of whoever waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Self

_SLOW_S = 5.0
_STOP_S = 15.0  # longer than a child's own time to end, after which it is killed


class Crew:
    """Use with ``async with``: leaving cancels every task and waits for it, for so long as is sensible.

    ``told``: hears which were late.
    """

    def __init__(self, told: Callable[[str], None] = lambda sentence: None) -> None:
        self._told = told
        self._tasks: set[asyncio.Task[Any]] = set()
        self._trouble: asyncio.Future[None] | None = None

    async def __aenter__(self) -> Self:
        self._trouble = asyncio.get_running_loop().create_future()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()
        if self._trouble is not None and self._trouble.done() and kind is None:
            self._trouble.result()
        elif self._trouble is not None:
            self._trouble.cancel()

    async def _end(self) -> None:
        """Cancel all; name those that take long, and leave behind those that do not come to an end at all."""
        left = {task for task in self._tasks if not task.done()}
        for task in left:
            task.cancel()
        for patience_s, told in ((_SLOW_S, "is slow to stop"), (_STOP_S - _SLOW_S, "does not stop: left behind")):
            if left:
                _, left = await asyncio.wait(left, timeout=patience_s)
            for task in left:
                self._told(f"{task.get_name()} {told}")
        for task in self._tasks - left:
            if not task.cancelled():
                task.exception()  # noticed

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
