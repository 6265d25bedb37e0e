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


def found_assets(shown: Seen, asked: Asked, searched: Callable[[list[str]], set[str]]) -> list[str]:
    """Return the names of what fits. ``searched``: tells in which of the company's assets all these words are found.

    Costs about 0.5 µs an asset of the company; that of its tree and words once, after a change of it.
    """
    search = folded(asked.search).split()
    hits = searched(search) if search else set()
    described = bool(asked.level or asked.type or asked.state)
    return [
        one
        for one in _candidates(shown, asked)
        if (not search or (one in hits if one in shown.open else is_found(_known(shown, one), search)))
        and shown.is_retired(one) == asked.retired
        and (not described or _fits(shown, one, asked))
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


def _known(shown: Seen, asset: str) -> str:
    """Tell what of an asset that is not open is known: what it is called."""
    called = shown.words.get(asset, _NAMELESS)
    return words_of([asset, called.title, called.title_zh])
