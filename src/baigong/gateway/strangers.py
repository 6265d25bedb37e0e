"""Who called that no device waits for: the last of them, with what they said, so that a device can be made of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from baigong.gateway.call import Call

_MOST = 100
_SHOWN = 64  # bytes of a packet


@dataclass(slots=True)
class Stranger:
    address: str
    packet: bytes
    count: int
    first_us: int
    last_us: int
    call: Call | None


class Strangers:
    """The newest last; who said the same from the same port is one."""

    def __init__(self) -> None:
        self._met: dict[tuple[int, bytes], Stranger] = {}

    def note(self, call: Call, now_us: int) -> None:
        key = (call.port.port, call.packet)
        known = self._met.pop(key, None) or Stranger(call.address, call.packet, 0, now_us, now_us, None)
        known.count += known.call is not call  # a heartbeat is no second call
        known.last_us, known.address, known.call = now_us, call.address, call
        self._met[key] = known
        while len(self._met) > _MOST:
            del self._met[next(iter(self._met))]

    def forget(self, call: Call) -> None:
        """Somebody waits for this one after all."""
        self._met = {key: one for key, one in self._met.items() if one.call is not call and one.packet != call.packet}

    def rows(self, here: set[Call]) -> list[dict[str, Any]]:
        """List them, the newest first; ``here``: the calls that are on the line still."""
        return [
            {
                "port": port,
                "text": one.packet[:_SHOWN].decode("utf-8", "replace").strip("\0 \r\n\t"),
                "hex": one.packet[:_SHOWN].hex(" "),
                "address": one.address,
                "count": one.count,
                "first_us": one.first_us,
                "last_us": one.last_us,
                "connected": one.call in here,
            }
            for (port, _), one in reversed(self._met.items())
        ]
