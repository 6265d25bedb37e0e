"""What passed through the front door and what did not, by reason: monotonic numbers only."""

from __future__ import annotations

from collections import Counter


class Counts:
    """``dropped``: messages or values that were not kept. ``closed``: connections that were ended, by reason."""

    __slots__ = (
        "accepted",
        "batches",
        "bytes_in",
        "closed",
        "connects",
        "delivered",
        "dropped",
        "duplicates",
        "messages",
        "points",
        "refused",
        "retries",
        "skewed",
        "slowed",
        "values",
    )

    def __init__(self) -> None:
        self.connects = self.messages = self.bytes_in = self.values = self.accepted = self.batches = 0
        self.delivered = self.duplicates = self.slowed = self.retries = self.skewed = self.points = 0
        self.dropped: Counter[str] = Counter()
        self.closed: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()

    def plain(self) -> dict[str, object]:
        return {
            name: dict(made) if isinstance(made := getattr(self, name), Counter) else made for name in self.__slots__
        }
