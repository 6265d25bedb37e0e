"""Until when a gateway may write what it is handed: said in the gateway's own time, so that no clocks are compared."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import Struct

from baigong.bus.contract import Bus
from baigong.stores.records.commands import CommandRow
from baigong.vocab.errors import FixConfiguration, RetryLater

_ANSWER_S = 3.0


class _Moment(Struct, frozen=True, kw_only=True):
    run: str
    now_us: int


class Deadline(Struct, frozen=True, kw_only=True):
    """``until_us``: by the clock of the gateway's run ``run``, which only goes forward."""

    run: str
    until_us: int


async def deadline(bus: Bus, gateway: str, row: CommandRow, clock_us: Callable[[], int]) -> Deadline:
    """Ask what the gateway's clock shows, and add the time that a command has left once the answer is here.

    The gateway answered before that, so its end is never later than the command's; nor do a wrong clock there, a
    clock that is set, a frozen gateway or a line that holds messages back make it later. Raises gateway.down,
    command.expired.
    """
    try:
        shown = msgspec.json.decode(
            await bus.request(f"gateway.{gateway}.moment", b"{}", timeout_s=_ANSWER_S), type=_Moment
        )
    except msgspec.MsgspecError as error:
        raise RetryLater("gateway.down", f"gateway {gateway} does not say what its clock shows: {error}") from error
    left_us = min(row.expires_us - clock_us(), row.expires_us - row.asked_us)  # our own clock may be set back, too
    if left_us <= 0:
        raise FixConfiguration("command.expired", "it was to be sent within its time, which is over", place=row.id)
    return Deadline(run=shown.run, until_us=shown.now_us + left_us)
