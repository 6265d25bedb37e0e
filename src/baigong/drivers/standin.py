"""Runs a simulator from the command line: what ``python -m baigong.drivers.<id>`` does for every driver."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, NoReturn


def arguments(driver: str, what: str, *, port: int, host: str = "") -> argparse.ArgumentParser:
    """Say what every stand-in is told: where it serves. ``host``: its default; empty: it is of this machine only."""
    parser = argparse.ArgumentParser(prog=f"python -m baigong.drivers.{driver}", description=what)
    if host:
        parser.add_argument("--host", default=host)
    parser.add_argument("--port", type=int, default=port, help="0 lets the system choose")
    return parser


def run(serve: Callable[..., Coroutine[Any, Any, None]], parser: argparse.ArgumentParser) -> None:
    """Serve until Ctrl-C: ``serve`` is called with the arguments under their names."""
    given = vars(parser.parse_args())
    try:
        asyncio.run(serve(**given))
    except KeyboardInterrupt:
        print("stopped")


async def move(
    update: Callable[[Mapping[str, Any]], Awaitable[None]], values: Callable[[float], Mapping[str, Any]]
) -> NoReturn:
    """Give a device the values of the moment (seconds since the epoch), five times a second, until cancelled."""
    while True:
        await asyncio.sleep(0.2)
        await update(values(time.time()))
