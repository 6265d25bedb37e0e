"""A screen for somebody who may know of only some of its points: the rest keeps its place and says nothing. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from baigong.vocab.screens import Item, Screen, Variable, resolved

_HIDDEN = "hidden-"  # ids of items of which nothing is told: those that people choose may name what they show


@dataclass(slots=True, frozen=True)
class Part:
    """``hidden``: ids of the items of which something is not told."""

    screen: Screen
    hidden: list[str]


def is_open(screen: Screen, chosen: Mapping[str, str], may_know: Callable[[str], bool]) -> bool:
    """Say whether anything on a screen is for somebody; ``may_know``: the points that they may, by name."""
    return any(may_know(resolved(ref, chosen)) for item in screen.items for _, ref in item.references())


def part_of(
    screen: Screen, chosen: Mapping[str, str], may_know: Callable[[str], bool], may_open: Callable[[str], bool]
) -> Part:
    """Leave out the references that are not for somebody, and what items that show nothing else say of themselves.

    ``may_open``: whether ``asset:NAME``, ``point:NAME`` or ``screen:NAME`` is for them.
    """
    items, hidden = [], []
    for number, item in enumerate(screen.items, 1):
        made = _item(item, lambda ref: may_know(resolved(ref, chosen)), f"{_HIDDEN}{number}")
        opens = made.opens if may_open(resolved(made.opens, chosen)) else ""
        items.append(replace(made, opens=opens, group=""))
        if made is not item:
            hidden.append(made.id)
    variables = {name: Variable(title=one.title, title_zh=one.title_zh) for name, one in screen.variables.items()}
    return Part(replace(screen, items=items, variables=variables), hidden)


def _item(item: Item, is_for: Callable[[str], bool], id: str) -> Item:
    refs = [ref for _, ref in item.references()]
    if not refs or all(map(is_for, refs)):
        return item
    if not any(map(is_for, refs)):
        return Item(id=id, what=item.what, at=item.at, turn=item.turn, flip=item.flip, path=item.path)
    shows = {slot: ref for slot, ref in item.shows.items() if is_for(ref)}
    when = {slot: values for slot, values in item.when.items() if slot in shows}
    return replace(item, shows=shows, when=when, lines=[ref for ref in item.lines if is_for(ref)])
