"""Baigong 百工: connect machines, keep every value, ask with SQL. Start with ``baigong.connect()``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from baigong.client import connect

__all__ = ["__version__", "connect"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Nobody who imports a part of baigong pays for the SDK.
    if name == "connect":
        from baigong.client import connect

        return connect
    raise AttributeError(f"module 'baigong' has no attribute {name!r}")
