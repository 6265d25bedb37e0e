"""What of shells, submodels and concept descriptions one call sees: whole, in the version that is asked for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from baigong.api.aasmade import LIVE, Line, Live, MadeShells
from baigong.api.aaswire import cursor_of, limit_of, version_of
from baigong.api.rooms import Rooms
from baigong.api.wire import Call
from baigong.models.aas.environment import Jsonable
from baigong.models.aas.older import older
from baigong.models.aas.paths import encoded
from baigong.registry.shells import CONCEPT, SHELL, SUBMODEL
from baigong.stores.records.shells import ShellRow
from baigong.vocab.errors import FixConfiguration

LOOKED = 10_000  # ids of one page: a filter that few pass does not hold up everybody
_HELD = 64  # views of 3.0: one of 500 elements costs 20 ms to make


class View(NamedTuple):
    """How a thing is shown. ``live``: the same of a submodel of newest values; ``is_new``: they are shown."""

    thing: Callable[[Jsonable], Any] | None = None  # None: as it is
    live: Callable[[Live], bytes] | None = None
    is_new: bool = True


WHOLE = View(live=Live.json)


@dataclass(slots=True)
class Served:
    """One call's view of a tenant's shells: those that were handed in, and those made of assets.

    What was handed in is open to whoever may read all of the tenant; nothing with an id of ours is taken, so no id
    means both. `fetch` what is shown with values before it is shown.
    """

    rooms: Rooms
    call: Call
    made: MadeShells = field(init=False)

    def __post_init__(self) -> None:
        self.made = MadeShells(self.rooms, self.call)

    @property
    def tenant(self) -> str:
        return self.call.tenant

    def kept(self, kind: str) -> list[str]:
        """Return the ids of those of a kind that were handed in, sorted."""
        return self.rooms.registry.shells.ids(self.tenant, kind) if self.call.seen.everything else []

    def has(self, kind: str, id: str) -> bool:
        return self._row(kind, id) is not None or self.made.find(kind, id) is not None

    def line(self, kind: str, id: str) -> Line | ShellRow:
        """Return what one is filtered by. Raises aas.unknown."""
        row = self._row(kind, id)
        if row is not None:
            return row
        made = self.made.find(kind, id)
        if made is None:
            raise _unknown(kind, id)
        return self.made.line(made)

    def after(self, kind: str, last: str) -> Iterator[str]:
        """Yield the ids behind one, in an order that lasts: what was handed in, then what is made of assets.

        Also of some that are not there for this caller: `has` says which are.
        """
        kept = self.kept(kind)
        made = self.made.own.read(self.tenant, last) if last else None
        if made is None:
            yield from (kept[at] for at in range(bisect_right(kept, last) if last else 0, len(kept)))
        if kind != CONCEPT:
            yield from self.made.after(kind, made)

    async def page(
        self, kind: str, wanted: Callable[[str], bool] = lambda id: True, links: Sequence[str] = ()
    ) -> tuple[list[str], str]:
        """Return the ids of one page and the cursor of the next one. ``links``: asset ids that all of them have.

        So many are looked at and no more: a page of a filter may end early, and its cursor goes on.
        """
        most, last = limit_of(self.call), cursor_of(self.call)
        await self.made.ready(links)
        found: list[str] = []
        for looked, id in enumerate(self._linked(links, last) if links else self.after(kind, last)):
            if looked == LOOKED:
                return found, encoded(last)
            if self.has(kind, id) and wanted(id):
                if len(found) == most:
                    return found, encoded(found[-1])
                found.append(id)
            last = id
        return found, ""

    def _linked(self, links: Sequence[str], last: str) -> Iterator[str]:
        found = [*self.kept(SHELL), *self.made.linked(links)]
        yield from found[found.index(last) + 1 :] if last in found else found

    async def fetch(self, *ids: str) -> Served:
        """Read the newest values that submodels of these ids say."""
        await self.made.fetch(ids)
        return self

    def whole(self, kind: str, id: str) -> Jsonable:
        """Return one; it is the caller's own to look at. Raises aas.unknown."""
        made = self.made.find(kind, id)
        if made is not None:
            return self.made.value(made)
        value: Jsonable = msgspec.json.decode(self.json(kind, id))
        return value

    def live(self, kind: str, id: str) -> Live | None:
        """Return a submodel of newest values, to be shown without taking it apart; None: it is none."""
        made = self.made.find(kind, id)
        return self.made.live(made) if made is not None and made.part == LIVE else None

    def json(self, kind: str, id: str) -> bytes:
        """Return one as JSON; what is made of an asset is the same in both versions."""
        row = self._row(kind, id)
        if row is not None:
            return _older(row.body) if version_of(self.call) == "3.0" else row.body.encode()
        made = self.made.find(kind, id)
        if made is None:
            raise _unknown(kind, id)
        return self.made.live(made).json() if made.part == LIVE else msgspec.json.encode(self.made.value(made))

    def head(self, submodel: str) -> Jsonable:
        """Return at least what a descriptor says of a submodel. Raises aas.unknown."""
        made = self.made.find(SUBMODEL, submodel)
        return self.whole(SUBMODEL, submodel) if made is None else self.made.head(made)

    def shown(self, kind: str, id: str, view: View) -> bytes:
        live = self.live(kind, id) if view.live is not None else None
        if view.live is not None and live is not None:
            return view.live(live)
        return self.json(kind, id) if view.thing is None else msgspec.json.encode(view.thing(self.whole(kind, id)))

    async def holder(self, id: str, path: str) -> Jsonable:
        """Return a submodel to look at one element of it, with its newest value. Raises aas.unknown."""
        live = self.live(SUBMODEL, id)
        at = live.form.place.get(path) if live is not None else None
        if live is None or at is None:
            await self.fetch(id)
            return self.whole(SUBMODEL, id)
        await self.made.fetch_points([live.numbers[at]])
        return live.holder(at)

    def submodel(self, shell: str, submodel: str) -> str:
        """Return a submodel's id if the shell refers to it. Raises aas.unknown."""
        if submodel not in submodels_of(self.whole(SHELL, shell)):
            raise FixConfiguration("aas.unknown", f"{shell} has no submodel {submodel!r}", place=submodel)
        if not self.has(SUBMODEL, submodel):
            raise _unknown(SUBMODEL, submodel)
        return submodel

    def held(self, shell: Jsonable) -> list[str]:
        """Return the ids of the submodels that a shell refers to and that are here, each once."""
        return [id for id in dict.fromkeys(submodels_of(shell)) if self.has(SUBMODEL, id)]

    def _row(self, kind: str, id: str) -> ShellRow | None:
        return self.rooms.registry.shells.find(self.tenant, kind, id) if self.call.seen.everything else None


def _unknown(kind: str, id: str) -> FixConfiguration:
    return FixConfiguration("aas.unknown", f"there is no {kind} {id!r}", place=id)


def seen_of(rooms: Rooms, call: Call, asset: str) -> Served:
    """Return what a call sees, of an asset that is open to it. Raises http.not_found."""
    served = Served(rooms, call)
    if not served.made.is_open(asset):
        raise FixConfiguration("http.not_found", f"there is no asset {asset!r}", place=asset)
    return served


@lru_cache(maxsize=_HELD)
def _older(body: str) -> bytes:
    return msgspec.json.encode(older(msgspec.json.decode(body)))


def submodels_of(shell: Jsonable) -> list[str]:
    """Return the ids of the submodels that a shell refers to."""
    return [key["value"] for one in shell.get("submodels", ()) for key in one["keys"] if key["type"] == SUBMODEL]
