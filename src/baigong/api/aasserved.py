"""What of shells, submodels and concept descriptions one call sees: whole, in the version that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from baigong.api.aaswire import version_of
from baigong.api.rooms import Rooms
from baigong.api.wire import Call
from baigong.models.aas.environment import Jsonable
from baigong.models.aas.older import older
from baigong.registry.shells import SHELL, SUBMODEL, decoded
from baigong.stores.records.shells import ShellRow
from baigong.vocab.errors import FixConfiguration

_HELD = 64  # views of 3.0: one of 500 elements costs 20 ms to make


@dataclass(slots=True)
class Served:
    """One call's view of a tenant's shells."""

    rooms: Rooms
    call: Call

    @property
    def tenant(self) -> str:
        return self.call.tenant

    def ids(self, kind: str) -> list[str]:
        """Return the ids of a kind, sorted."""
        return self.rooms.registry.shells.ids(self.tenant, kind)

    def row(self, kind: str, id: str) -> ShellRow:
        """Return one as it is kept. Raises aas.unknown."""
        return self.rooms.registry.shells.row(self.tenant, kind, id)

    def whole(self, kind: str, id: str) -> Jsonable:
        """Return one; it is the caller's own. Raises aas.unknown."""
        value: Jsonable = msgspec.json.decode(self.json(kind, id))
        return value

    def json(self, kind: str, id: str) -> bytes:
        """Return one as JSON."""
        row = self.row(kind, id)
        return _older(row.body) if version_of(self.call) == "3.0" else row.body.encode()

    def shown(self, kind: str, id: str, view: Callable[[Jsonable], object] | None) -> bytes:
        return self.json(kind, id) if view is None else msgspec.json.encode(view(self.whole(kind, id)))

    def submodel(self, shell: str, submodel: str) -> str:
        """Return a submodel's id if the shell refers to it. Raises aas.unknown."""
        if submodel not in submodels_of(decoded(self.row(SHELL, shell))):
            raise FixConfiguration("aas.unknown", f"{shell} has no submodel {submodel!r}", place=submodel)
        self.row(SUBMODEL, submodel)
        return submodel

    def held(self, shell: Jsonable) -> list[str]:
        """Return the ids of the submodels that a shell refers to and that are here, each once."""
        shells = self.rooms.registry.shells
        told = dict.fromkeys(submodels_of(shell))
        return [id for id in told if shells.find(self.tenant, SUBMODEL, id) is not None]


@lru_cache(maxsize=_HELD)
def _older(body: str) -> bytes:
    return msgspec.json.encode(older(msgspec.json.decode(body)))


def submodels_of(shell: Jsonable) -> list[str]:
    """Return the ids of the submodels that a shell refers to."""
    return [key["value"] for one in shell.get("submodels", ()) for key in one["keys"] if key["type"] == SUBMODEL]
