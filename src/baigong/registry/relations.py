"""Relations between assets, beside the tree: what is wrong with them, and what they are from either side. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import NamedTuple

import msgspec

from baigong.stores.records.assets import AssetRow
from baigong.vocab.assets import AssetSpec
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.relations import is_relation, tidy


class Told(NamedTuple):
    """One relation of an asset. ``inverse``: the other one says it."""

    kind: str
    other: str
    inverse: bool


def with_relations(spec: AssetSpec, held: AssetSpec | None) -> AssetSpec:
    """Return an asset with the relations that it will have: in order, or those it had where it says nothing."""
    said = spec.relations
    if said is None:
        kept = held.relations if held is not None else None
        return spec if kept is None else msgspec.structs.replace(spec, relations=kept)
    return msgspec.structs.replace(spec, relations=tidy(said) or None)


def changed_relations(spec: AssetSpec, kind: str, other: str, drop: bool) -> AssetSpec:
    """Return an asset with one relation more, or less.

    Raises http.not_found for one less that is not there, config.invalid for what is no name of a relation.
    """
    if not is_relation(kind):
        raise FixConfiguration("config.invalid", f"relation {kind!r}: write a name like feeds", place="kind")
    held = {one: list(others) for one, others in (spec.relations or {}).items()}
    others = held.setdefault(kind, [])
    if drop and other not in others:
        raise FixConfiguration("http.not_found", f"{spec.asset} has no relation {kind} to {other!r}", place=other)
    held[kind] = [one for one in others if one != other] if drop else [*others, other]
    return msgspec.structs.replace(spec, relations=tidy(held))


def wrong_relations(
    spec: AssetSpec, held: AssetSpec | None, is_known: Callable[[str], bool], is_retired: Callable[[str], bool]
) -> Iterator[tuple[str, str, str]]:
    """Yield (field, message, the same in Chinese) of what is wrong with the relations that an asset says.

    What it said before (``held``) it may go on saying: the other one may have gone meanwhile.
    """
    before = (held.relations or {}) if held is not None else {}
    for kind, others in (spec.relations or {}).items():
        field = f"relations.{kind}"
        for other in others:
            if other == spec.asset:
                yield field, f"{spec.asset} would have a relation to itself", f"{spec.asset} 不能与自身建立关系"
            elif other in before.get(kind, ()):
                continue
            elif not is_known(other):
                yield field, f"there is no asset {other!r}", f"没有资产 {other}"
            elif is_retired(other):
                yield field, f"{other} is retired", f"{other} 已停用归档"


def incoming(rows: Mapping[str, AssetRow]) -> dict[str, list[tuple[str, str]]]:
    """Return of each asset what others say of it: (kind, who), in order."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, row in list(rows.items()):
        for kind, others in (row.spec.relations or {}).items():
            for other in others:
                found.setdefault(other, []).append((kind, name))
    for said in found.values():
        said.sort()
    return found


def related(
    asset: str,
    rows: Mapping[str, AssetRow],
    inverse: Mapping[str, list[tuple[str, str]]],
    opened: Collection[str],
) -> list[Told]:
    """Return an asset's relations of both directions; none that an asset which is not open has a side of."""
    if asset not in opened:
        return []
    row = rows.get(asset)
    own = (row.spec.relations or {}) if row is not None else {}
    made = [Told(kind, other, False) for kind, others in own.items() for other in others]
    made += [Told(kind, other, True) for kind, other in inverse.get(asset, ())]
    return [one for one in made if one.other in opened]
