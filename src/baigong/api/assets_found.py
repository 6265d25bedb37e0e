"""Which assets a question finds, in the order people expect."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Protocol

from baigong.registry.findable import folded, is_found, words_of
from baigong.registry.tree import Tree
from baigong.stores.records.assets import AssetRow
from baigong.vocab.assets import AssetSpec
from baigong.vocab.devices import AssetWords

_NAMELESS = AssetWords()


class Seen(Protocol):
    """The part of a company's tree that somebody may see; of what is not ``open`` the names alone."""

    tree: Tree
    rows: Mapping[str, AssetRow]
    words: dict[str, AssetWords]
    names: Collection[str]
    open: Collection[str]

    def is_retired(self, asset: str) -> bool: ...


class Asked(Protocol):
    """What is asked: ``AssetsQuery``."""

    search: str
    parent: str | None
    under: str
    level: str
    type: str
    state: str
    retired: bool


def found_assets(shown: Seen, asked: Asked, searched: Callable[[str], str]) -> list[str]:
    """Return the names of what fits. ``searched``: what tells all that an asset is searched by.

    Costs about 0.5 µs an asset of the company, 1.5 µs with a search; that of its tree once, after a change of it.
    """
    search = folded(asked.search).split()
    described = bool(asked.level or asked.type or asked.state)
    return [
        one
        for one in _candidates(shown, asked)
        if shown.is_retired(one) == asked.retired
        and (not described or _fits(shown, one, asked))
        and (not search or is_found(_words(shown, one, searched), search))
    ]


def _candidates(shown: Seen, asked: Asked) -> Iterable[str]:
    places = shown.tree.places()
    if asked.parent is not None:
        found: Iterable[str] = sorted(shown.tree.children(asked.parent), key=places.__getitem__)
    elif asked.under:
        below = shown.tree.below(asked.under) if asked.under in shown.tree else ()
        found = sorted(below, key=places.__getitem__)
    else:
        found = places
    return found if shown.names is shown.tree else (one for one in found if one in shown.names)


def _fits(shown: Seen, asset: str, asked: Asked) -> bool:
    row = shown.rows.get(asset)
    if row is None or asset not in shown.open:
        return False
    spec: AssetSpec = row.spec
    if (asked.level and spec.level != asked.level) or (asked.state and spec.state != asked.state):
        return False
    return not asked.type or asked.type in (spec.type, spec.type.partition("@")[0])


def _words(shown: Seen, asset: str, searched: Callable[[str], str]) -> str:
    if asset in shown.open:
        return searched(asset)
    called = shown.words.get(asset, _NAMELESS)
    return words_of([asset, called.title, called.title_zh])
