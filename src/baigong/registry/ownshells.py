"""Shells of our own assets: who has one, by which ids it is found, and what of an asset they say.

Every asset that is not retired has one, described or not. Nothing is kept: all follows from assets, types and points.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote
from weakref import WeakKeyDictionary

from baigong.models.aas.environment import Jsonable
from baigong.models.aas.madefacts import Fact, line_of, serial_number
from baigong.models.aas.madeids import Made, asset_id, read_id, told
from baigong.models.aas.madevalues import xsd
from baigong.registry.assets import Assets
from baigong.registry.ownvalues import ValueForms
from baigong.registry.shells import Shells
from baigong.registry.tree import Tree
from baigong.registry.types import Types
from baigong.vocab.assets import AssetSpec
from baigong.vocab.assettypes import TypeProperty
from baigong.vocab.devices import AssetWords

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_UNSAID = TypeProperty()
_NAMELESS = AssetWords()


@dataclass(slots=True)
class _Follows:
    """What follows from a tree, made when somebody asks."""

    names: list[str] = field(default_factory=list)
    links: dict[str, list[str]] | None = None
    serials: dict[str, list[str]] = field(default_factory=dict)  # properties that are serial numbers, by type


class OwnShells:
    """Callable from threads."""

    def __init__(self, assets: Assets, types: Types, shells: Shells) -> None:
        self._assets, self._types, self._shells = assets, types, shells
        self.values = ValueForms(types)
        self._held: WeakKeyDictionary[Tree, _Follows] = WeakKeyDictionary()  # every change of an asset makes another

    def front(self, tenant: str) -> str:
        """Return what all ids of a company's own shells begin with.

        Its name and when it was made here, so that two plants that are both called ``main`` mean different things.
        """
        return f"urn:baigong:{quote(tenant, safe='')}.{_written(self._shells.since_us(tenant))}"

    def read(self, tenant: str, id: str) -> Made | None:
        """Say what an id means; None: it is none of a shell or submodel of ours."""
        found = read_id(self.front(tenant), id)
        return found if found is not None and found.part else None

    def has(self, tenant: str, asset: str) -> bool:
        row = self._assets.rows(tenant).get(asset)
        return row.retired_us is None if row is not None else asset in self._assets.tree(tenant)

    def after(self, tenant: str, asset: str) -> Iterator[str]:
        """Yield the names of all assets behind one, retired ones too, in the order of their letters."""
        names = self._names(tenant)
        for at in range(bisect_right(names, asset) if asset else 0, len(names)):
            yield names[at]

    def spec(self, tenant: str, asset: str) -> AssetSpec:
        row = self._assets.rows(tenant).get(asset)
        return AssetSpec(asset=asset) if row is None else row.spec

    def titles(self, tenant: str, asset: str) -> AssetWords:
        return self._assets.words(tenant).get(asset, _NAMELESS)

    def facts(self, tenant: str, asset: str) -> list[Fact]:
        """Return an asset's properties, and what its type says of those that it does not."""
        spec = self.spec(tenant, asset)
        found = self._types.find(tenant, spec.type) if spec.type else None
        said = found.whole.properties if found else {}
        values = spec.properties | {
            name: one.default for name, one in said.items() if one.default is not None and name not in spec.properties
        }
        return [_fact(name, value, said.get(name, _UNSAID)) for name, value in values.items()]

    def designation(self, tenant: str, asset: str) -> list[Jsonable]:
        """Say what kind of thing it is: by its type, else by its own title or name."""
        spec, own = self.spec(tenant, asset), self.titles(tenant, asset)
        found = self._types.find(tenant, spec.type) if spec.type else None
        kind = told(found.whole.title, found.whole.title_zh, 1023) if found else []
        return kind or told(own.title, own.title_zh, 1023) or told(asset, "", 1023)

    def serial(self, tenant: str, asset: str) -> str:
        return serial_number(self.facts(tenant, asset))

    def linked(self, tenant: str, name: str, value: str) -> Sequence[str]:
        """Return the assets with an asset id (globalAssetId, asset, code, serialNumber), by name.

        Codes and serial numbers are looked up in what is made once after a change: 3 µs an asset.
        """
        if name == "globalAssetId":
            made = read_id(self.front(tenant), value)
            return [made.asset] if made is not None and not made.part else []
        if name == "asset":
            return [value]
        return self._links(tenant).get(f"{name}={value}", [])

    def found_by(self, tenant: str, asset: str) -> list[str]:
        """Return an asset's ids as ``name=value``."""
        code, serial = self.spec(tenant, asset).code, self.serial(tenant, asset)
        links = [f"asset={asset}", f"globalAssetId={asset_id(self.front(tenant), asset)}"]
        return links + ([f"code={code}"] if code else []) + ([f"serialNumber={serial}"] if serial else [])

    def is_ready(self, tenant: str, links: Sequence[str]) -> bool:
        """Say whether names are in order, and assets found by ``links`` (``name=value``), without much work."""
        follows = self._follows(tenant)
        return bool(follows.names) and (self._is_fresh(tenant, follows) or not _is_searched(links))

    def prepare(self, tenant: str, links: Sequence[str]) -> None:
        """Do that work."""
        self._names(tenant)
        if _is_searched(links):
            self._links(tenant)

    def _follows(self, tenant: str) -> _Follows:
        return self._held.setdefault(self._assets.tree(tenant), _Follows())

    def _names(self, tenant: str) -> list[str]:
        follows = self._follows(tenant)
        if not follows.names:
            follows.names = sorted(self._assets.tree(tenant))
        return follows.names

    def _is_fresh(self, tenant: str, follows: _Follows) -> bool:
        """Say whether types mean the same properties as when links were made."""
        return follows.links is not None and all(
            self._serials(tenant, type) == names for type, names in follows.serials.items()
        )

    def _links(self, tenant: str) -> dict[str, list[str]]:
        follows = self._follows(tenant)
        if follows.links is not None and self._is_fresh(tenant, follows):
            return follows.links
        found: dict[str, list[str]] = {}
        serials: dict[str, list[str]] = {}
        for row in list(self._assets.rows(tenant).values()):
            spec = row.spec
            if spec.code:
                found.setdefault(f"code={spec.code}", []).append(spec.asset)
            if spec.type not in serials:
                serials[spec.type] = self._serials(tenant, spec.type)
            for name in serials[spec.type]:
                if name in spec.properties:
                    found.setdefault(f"serialNumber={xsd(spec.properties[name])}", []).append(spec.asset)
        for names in found.values():
            names.sort()
        follows.links, follows.serials = found, serials
        return follows.links

    def _serials(self, tenant: str, type: str) -> list[str]:
        found = self._types.find(tenant, type) if type else None
        said = found.whole.properties.items() if found else ()
        return [name for name, one in said if line_of(_fact(name, "", one)) == "SerialNumber"]


def _is_searched(links: Sequence[str]) -> bool:
    """Say whether the first is looked up in all assets; other kinds of ids are taken apart."""
    return bool(links) and links[0].partition("=")[0] not in ("globalAssetId", "asset")


def _fact(name: str, value: str | bool | float, said: TypeProperty) -> Fact:
    return Fact(
        name=name, value=value, unit=said.unit, title=said.title, title_zh=said.title_zh, semantic=said.semantic
    )  # fmt: skip


def _written(number: int) -> str:
    """Write a number shortly.

    >>> _written(35), _written(36)
    ('z', '10')
    """
    front, last = divmod(number, 36)
    return (_written(front) if front else "") + _DIGITS[last]
