"""A backup's hold on a partition: while it lasts, nothing is trimmed, merged or cleaned away."""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
from msgspec import Struct

from baigong.bus.contract import Bus, Message
from baigong.vocab.errors import FixConfiguration

_LONGEST_S = 600.0


class HoldRequest(Struct, frozen=True, kw_only=True):
    """Ask for a hold, or for more of it. It ends by itself after ``lease_s``, so that who dies holds nothing."""

    who: str
    lease_s: float = 60.0


class Held(Struct, frozen=True, kw_only=True):
    """What the lake was when the hold began: all files of ``version`` stay, and the stream above ``position``.

    ``bursts``: the version of the second table; None from a platform that had none.
    """

    partition: str
    version: int
    position: int
    bursts: int | None = None


class Holds:
    """Who holds the partition, until when. Used on the owner's event loop only."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until: dict[str, float] = {}

    @property
    def active(self) -> bool:
        now = self._clock()
        self._until = {who: until for who, until in self._until.items() if until > now}
        return bool(self._until)

    def take(self, who: str, lease_s: float) -> None:
        self._until[who] = self._clock() + min(max(lease_s, 0.0), _LONGEST_S)

    def release(self, who: str) -> None:
        self._until.pop(who, None)


def hold_subject(partition: str, verb: str) -> str:
    """Return where ``hold`` and ``release`` are asked for."""
    return f"historian.{partition}.{verb}"


async def serve_holds(bus: Bus, partition: str, holds: Holds, where: Callable[[], Held]) -> None:
    """Answer ``hold`` and ``release`` until the bus closes. ``where``: what the lake is now."""

    async def hold(message: Message) -> bytes:
        asked = _read(message)
        holds.take(asked.who, asked.lease_s)
        return msgspec.json.encode(where())

    async def release(message: Message) -> bytes:
        holds.release(_read(message).who)
        return b"{}"

    await bus.serve(hold_subject(partition, "hold"), hold)
    await bus.serve(hold_subject(partition, "release"), release)


def _read(message: Message) -> HoldRequest:
    try:
        return msgspec.json.decode(message.payload, type=HoldRequest)
    except msgspec.MsgspecError as error:
        raise FixConfiguration("payload.malformed", str(error), place=message.subject) from error
