"""What the gateway must know after it was killed: when each device was last heard, and the last configuration."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from baigong.stores.durable import replace_file
from baigong.vocab.devices import DeviceSpec

T = TypeVar("T")


class LastHeard(Struct, kw_only=True):
    """``heard_us``: the last good frame arrived (0: never). ``marked``: its end is already written as bad values.

    ``said_us``: the newest time in it by the source's own clock (0: none that could be believed).
    """

    heard_us: int = 0
    said_us: int = 0
    marked: bool = False


class Assigned(Struct, frozen=True, kw_only=True):
    """One device this gateway is to read, as the registry tells it."""

    tenant: str
    spec: DeviceSpec


def load(file: Path, kind: type[T], otherwise: T) -> T:
    """Read a file of ours; one that is missing or unreadable is as if it had never been written."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError, ValueError):
        return otherwise


def save(file: Path, content: Any, *, durable: bool = True) -> None:
    """Replace a file as a whole: a reader finds the old or the new one, never half of either."""
    replace_file(file, msgspec.json.encode(content), durable=durable)
