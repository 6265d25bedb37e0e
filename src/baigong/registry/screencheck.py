"""What a screen names that is not there, or no longer: said with item, line and what to do. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from msgspec import Struct

from baigong.registry.book import near_point
from baigong.vocab.screens import Item, Screen, resolved


class ScreenFinding(Struct, frozen=True, kw_only=True, order=True):
    """One thing that cannot be shown. ``item``: its id; empty for the whole screen. ``line``: of the text, from 1.

    ``fix``: what was probably meant, as the field would say it; empty: nobody knows.
    """

    line: int
    item: str
    field: str
    message: str
    message_zh: str
    advice: str
    advice_zh: str
    fix: str = ""


@dataclass(slots=True, frozen=True)
class Known:
    """What there is: point names, assets, screens, and the pictures of this one."""

    points: Collection[str]
    assets: Collection[str]
    screens: Collection[str]
    pictures: Collection[str]


def findings(screen: Screen, text: str, chosen: Mapping[str, str], known: Known) -> list[ScreenFinding]:
    """Say what of a screen cannot be shown; it is shown all the same, without these.

    Of a screen of a type that is looked at without an asset, what is the asset's is not asked for.
    """
    lines = item_lines(text)
    found = list(_of_files(screen, known))
    for item in screen.items:
        found += _of_item(item, chosen, known, lines.get(item.id, 0))
    return sorted(found)


def missing(screen: Screen, chosen: Mapping[str, str], known: Known) -> int:
    """Count the findings, without a word about each: quick enough for a list of all screens."""
    count = int(bool(screen.photo) and screen.photo not in known.pictures)
    for item in screen.items:
        names = [resolved(ref, chosen) for _, ref in item.references()]
        count += sum(name not in known.points and not name.startswith(".") for name in names)
        count += bool(item.file) and item.file not in known.pictures
        kind, _, name = resolved(item.opens, chosen).partition(":")
        held = {"screen": known.screens, "asset": known.assets, "point": known.points}.get(kind)
        count += held is not None and bool(name) and name not in held
    return count


def _of_files(screen: Screen, known: Known) -> Iterator[ScreenFinding]:
    if screen.photo and screen.photo not in known.pictures:
        yield _no_picture("", "photo", screen.photo, 0)


def _of_item(item: Item, chosen: Mapping[str, str], known: Known, line: int) -> Iterator[ScreenFinding]:
    for field, ref in item.references():
        name = resolved(ref, chosen)
        if name in known.points or name.startswith("."):  # of an asset that was not chosen
            continue
        near = near_point(name, known.points)
        yield ScreenFinding(
            line=line,
            item=item.id,
            field=field,
            message=f"there is no point {name!r}" + (f"; perhaps {near}" if near else ""),
            message_zh=f"没有测点“{name}”" + (f",或许是 {near}" if near else ""),
            advice="Choose another point for this item, or remove the item.",
            advice_zh="请为该图元选择其他测点,或删除该图元。",
            fix=_as_written(near, ref, chosen),
        )
    if item.file and item.file not in known.pictures:
        yield _no_picture(item.id, "file", item.file, line)
    kind, _, name = resolved(item.opens, chosen).partition(":")
    held = {"screen": known.screens, "asset": known.assets, "point": known.points}.get(kind)
    if held is not None and name and name not in held:
        word = {"screen": "画面", "asset": "资产", "point": "测点"}[kind]
        yield ScreenFinding(
            line=line,
            item=item.id,
            field="opens",
            message=f"there is no {kind} {name!r}",
            message_zh=f"没有{word}“{name}”",
            advice="Let a click on this item open something else, or nothing.",
            advice_zh="请更改该图元点击后打开的对象,或将其清空。",
        )


def _as_written(name: str, ref: str, chosen: Mapping[str, str]) -> str:
    """Say a point as the reference beside it does: by the asset that is looked at, or by what was chosen.

    >>> _as_written("pump1.flow", "~flwo", {"asset": "pump1"}), _as_written("p2.flow", "${p}.flwo", {"p": "p1"})
    ('~flow', 'p2.flow')
    """
    asset, _, quantity = name.rpartition(".")
    if ref.startswith("~"):
        return f"~{quantity}" if name and resolved("~", chosen) == f"{asset}." else name
    before = ref.rpartition(".")[0]
    return f"{before}.{quantity}" if name and resolved(before, chosen) == asset else name


def _no_picture(item: str, field: str, file: str, line: int) -> ScreenFinding:
    return ScreenFinding(
        line=line,
        item=item,
        field=field,
        message=f"the screen has no picture {file!r}",
        message_zh=f"画面没有图片“{file}”",
        advice="Add the picture to the screen, or choose another one.",
        advice_zh="请把该图片添加到画面,或选择其他图片。",
    )


def item_lines(text: str) -> dict[str, int]:
    r"""Return the line on which each item begins, in the one form that texts of screens have.

    >>> item_lines("screen: a\nitems:\n- id: p1\n  is: pump\n- id: p2\n")
    {'p1': 3, 'p2': 5}
    """
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        begins = re.fullmatch(r"- id: (.*)", line)
        if begins:
            found[begins[1].strip("'\"")] = number
    return found
