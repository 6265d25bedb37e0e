"""How long a company keeps its history."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Days = Annotated[int, Meta(ge=1, le=36_500)]


class Keep(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many days after its own day has ended something stays; None: for ever.

    ``raw_days``: samples (and bursts). ``minute_days``, ``hour_days``: rollups; where less than ``raw_days`` they stay
    as long as the samples. Tables of counters and states stay as long as the hours do.
    """

    raw_days: Days | None = None
    minute_days: Days | None = None
    hour_days: Days | None = None

    def days(self, name: str) -> int | None:
        """Return how long rollups of ``1m``, ``1h`` or the thinned rows (``thin``) stay."""
        own = self.minute_days if name == "1m" else self.hour_days
        return None if own is None or self.raw_days is None else max(own, self.raw_days)
