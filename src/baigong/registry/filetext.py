"""A device's file written anew with what changed, its comments, its order and its style kept. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import yaml

from baigong.vocab.devices import DeviceSpec, PointSpec, parse_device
from baigong.vocab.errors import BaigongError
from baigong.vocab.texts import on_one_line

_LONGEST = 2_000_000  # characters that are read for it


def edited(spec: DeviceSpec, text: str) -> str | None:
    """Return ``text`` with the fields that ``spec`` changes or adds, and the points that it adds.

    None where fields or points go, points stand in another order, or the text is written in a way that this does not
    know: then the file has to be written as a whole.
    """
    if len(text) > _LONGEST or ("#" not in text and "{" not in text):
        return None  # nothing that could get lost
    try:
        before, root = parse_device(text), yaml.compose(text, Loader=yaml.SafeLoader)
        if not isinstance(root, yaml.MappingNode) or root.flow_style:
            return None
        work = _Edits(text)
        if not work.change(root, _plain(before, "points"), _plain(spec, "points")):
            return None
        listed = next((value for key, value in root.value if key.value == "points"), None)
        if not work.points(listed, before.points, spec.points):
            return None
        made = work.made()
        return made if parse_device(made) == spec else None
    except (BaigongError, yaml.YAMLError):
        return None


class _Edits:
    def __init__(self, text: str) -> None:
        self._text = text
        self._edits: list[tuple[int, int, str]] = []  # from, to, and what stands there then

    def made(self) -> str:
        text = self._text
        for start, end, put in sorted(self._edits, reverse=True):
            text = text[:start] + put + text[end:]
        return text

    def change(self, node: yaml.Node, old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
        """Note what makes one mapping another; False where a field goes, or a list changes."""
        if not isinstance(node, yaml.MappingNode) or not node.value or old.keys() - new.keys():
            return False
        held = {key.value: value for key, value in node.value}
        added = []
        for name, value in new.items():
            if name in old and old[name] == value:
                continue
            there = held.get(name)
            if there is None:
                added.append((name, value))
            elif isinstance(value, dict) and isinstance(old.get(name), dict):
                if not self.change(there, old[name], value):
                    return False
            elif isinstance(there, yaml.ScalarNode) and there.style not in ("|", ">"):
                self._edits.append((there.start_mark.index, there.end_mark.index, on_one_line(value)))
            else:
                return False
        if added and node.flow_style:
            at = node.end_mark.index - 1  # before the brace
            self._edits.append((at, at, "".join(f", {name}: {on_one_line(value)}" for name, value in added)))
        elif added:
            key, first = node.value[0]
            indent = " " * key.start_mark.column
            self._put_lines(
                _last_index(first), "".join(f"{indent}{name}: {on_one_line(value)}\n" for name, value in added)
            )
        return True

    def points(self, listed: yaml.Node | None, old: Sequence[PointSpec], new: Sequence[PointSpec]) -> bool:
        """Note what makes one list of points another; False where one goes, or stands in another place."""
        if list(old) == list(new):
            return True
        if listed is None:
            self._put_lines(len(self._text), "points:\n" + _items(new, 2))
            return True
        if not isinstance(listed, yaml.SequenceNode) or len(new) < len(old):
            return False
        if not listed.value:
            self._edits.append(
                (listed.start_mark.index, listed.end_mark.index, "\n" + _items(new, 2).removesuffix("\n"))
            )
            return True
        if listed.flow_style:
            return False
        if not all(
            was == now or self.change(node, _plain(was), _plain(now))
            for node, was, now in zip(listed.value, old, new, strict=False)
        ):
            return False
        if fresh := new[len(old) :]:
            last = listed.value[-1]
            flow = isinstance(last, yaml.MappingNode) and bool(last.flow_style)
            self._put_lines(_last_index(last), _items(fresh, listed.start_mark.column, flow))
        return True

    def _put_lines(self, behind: int, lines: str) -> None:
        """Put lines behind the one in which something ends."""
        at = self._text.find("\n", max(behind - 1, 0)) if behind >= len(self._text) else self._text.find("\n", behind)
        if at < 0:
            self._edits.append((len(self._text), len(self._text), "\n" + lines))
        else:
            self._edits.append((at + 1, at + 1, lines))


def _last_index(node: yaml.Node) -> int:
    """Say where ends what it says: the mark of a node in block style lies behind the comments that follow it."""
    if isinstance(node, yaml.CollectionNode) and node.value and not node.flow_style:
        last = node.value[-1]
        return _last_index(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _items(points: Sequence[PointSpec], indent: int, flow: bool = False) -> str:
    front = " " * indent
    if flow:
        return "".join(f"{front}- {on_one_line(_plain(point))}\n" for point in points)
    text = str(yaml.safe_dump([_plain(p) for p in points], sort_keys=False, allow_unicode=True, width=10_000))
    return "".join(f"{front}{line}\n" for line in text.splitlines())


def _plain(one: PointSpec | DeviceSpec, without: str = "") -> dict[str, Any]:
    return {name: value for name, value in msgspec.to_builtins(one).items() if name != without}
