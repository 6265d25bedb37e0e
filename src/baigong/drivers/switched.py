"""Simulators that can be switched on and off, and those that hold values by address."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self


class Switched:
    """A device at an address. ``port`` 0 takes a free one; what it holds is kept while it is stopped, and its port."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host, self.port = host, port

    async def start(self) -> None:
        """Serve; does nothing when it already does."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Be gone at once: the listener and every connection."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


class Addressed(Switched):
    """A device whose values are set by their addresses, as its driver writes them."""

    @property
    def options(self) -> dict[str, Any]:
        """The options with which the driver reaches this device."""
        return {"host": self.host, "port": self.port}

    def _store(self, address: str, value: Any) -> Any:
        raise NotImplementedError

    async def set(self, address: str, value: float | int | str | bool) -> None:
        """Give one address a new value, all its bytes at once."""
        self._store(address, value)

    async def update(self, values: Mapping[str, Any]) -> None:
        """Give several addresses new values: where this process answers, none shows some of them new and some old."""
        for address, value in values.items():  # nothing here waits, so no request is served in between
            await self.set(address, value)
