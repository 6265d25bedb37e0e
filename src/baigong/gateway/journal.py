"""The gateway's memory of writes: on disk before the machine hears of one, so that none is written twice."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from baigong.gateway import memory
from baigong.vocab.errors import RetryLater
from baigong.vocab.writing import Outcome, Value

_KEPT = 1000  # ended ones; the registry keeps all


class Order(Struct, frozen=True, kw_only=True):
    """A command as the registry hands it over. ``revision``: of point and rule, as the asker meant them.

    ``until_us``: from then on it is not written, by this gateway's own clock that only goes forward, in its run ``run``
    (see ``Moment``). No clock of another machine and no wall clock decides. ``expires_us``: the same for people.
    """

    id: str
    tenant: str
    point: int
    value: Value
    asked_by: str
    expires_us: int
    revision: str
    run: str = ""
    until_us: int = 0


class Moment(Struct, frozen=True, kw_only=True):
    """What a gateway's own clock shows: microseconds that only go forward, of no use in another run."""

    run: str
    now_us: int


class Kept(Struct, frozen=True, kw_only=True):
    """One entry: ``sent_us`` 0 when it was never sent; ``value`` in engineering units, as it was understood."""

    order: Order
    outcome: Outcome
    sent_us: int = 0
    value: Value | None = None
    open: bool = False


class Journal:
    """Entries in the order in which they came; a file that cannot be written refuses the write."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._entries = {kept.order.id: kept for kept in memory.load(file, list[Kept], [])}

    def find(self, id: str) -> Kept | None:
        return self._entries.get(id)

    def open_ones(self) -> list[Kept]:
        return [kept for kept in self._entries.values() if kept.open]

    def last_us(self, tenant: str, point: int) -> int | None:
        """Return when this point was last written to."""
        sent = [k.sent_us for k in self._entries.values() if (k.order.tenant, k.order.point) == (tenant, point)]
        return max(sent, default=0) or None

    def begin(self, kept: Kept) -> Kept:
        """Put down that it is about to be sent; on disk when this returns. Raises storage.full."""
        try:
            return self._put(msgspec.structs.replace(kept, open=True))
        except OSError as error:
            self._entries.pop(kept.order.id, None)
            raise RetryLater("storage.full", f"the journal of writes: {error}; nothing was written") from error

    def note(self, kept: Kept, outcome: Outcome) -> Outcome:
        """Put down what is known so far of one that stays open."""
        held = self._entries.get(kept.order.id, kept)
        if held.outcome.detail != outcome.detail:
            with suppress(OSError):  # the disk says as much already: begun, and no end
                self._put(msgspec.structs.replace(kept, outcome=outcome, open=True))
        return outcome

    def end(self, kept: Kept) -> Outcome:
        with suppress(OSError):  # after a restart the machine is read once more, and says the same
            self._put(msgspec.structs.replace(kept, open=False))
        return kept.outcome

    def forget(self, tenant: str) -> None:
        """Drop what a company that has gone had asked for. Raises OSError where the disk does not take it."""
        kept = {id: entry for id, entry in self._entries.items() if entry.order.tenant != tenant}
        if len(kept) < len(self._entries):
            self._entries = kept
            memory.save(self._file, list(kept.values()))

    def _put(self, kept: Kept) -> Kept:
        self._entries[kept.order.id] = kept
        ended = [id for id, entry in self._entries.items() if not entry.open]
        for id in ended[:-_KEPT]:
            del self._entries[id]
        memory.save(self._file, list(self._entries.values()))
        return kept
