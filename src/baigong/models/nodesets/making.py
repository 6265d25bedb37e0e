"""Object types of OPC UA as asset types.

A variable of the type is a point, a property is a property. What stands in a component has its path as its name
(``Spindle_Speed`` of ``Spindle/Speed``): a quantity has no dots. What a component gets from its own type definition
counts as if it stood there; what a type gets from its supertype it has by ``extends``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from baigong.models.nodesets.kinds import USED, Found, as_point, as_property
from baigong.models.nodesets.reading import CORE, Node
from baigong.models.nodesets.space import EVENT, OBJECT, Space, core
from baigong.models.typetext import Lost, MadeType, type_text
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.units import same_quantity

_MANDATORY, _PLACEHOLDERS = core(78), (core(11508), core(11510))
_DEEP = 8  # components in components
_MOST = 2000  # points, and properties, of a type
_MOST_SEEN = 50_000  # components of a type, however often they are the same
_NOT_IN_A_NAME = re.compile(r"[\s./\\\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


class _Member(NamedTuple):
    path: tuple[Node, ...]
    required: bool
    is_property: bool


@dataclass(slots=True)
class _Making:
    raw: dict[str, Any]
    notes: dict[str, str] = field(default_factory=dict)
    lost: list[Lost] = field(default_factory=list)
    seen: int = 0

    def lose(self, reason: str, what: str) -> None:
        self.lost.append(Lost(reason=reason, what=what))


class Maker:
    """Makes asset types of the object types of a space; each once."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self._made: dict[str, MadeType] = {}

    def types(self, model: str) -> list[str]:
        """Return the ids of the object types of a model that can be assets: all but those of events."""
        return [
            node.id for node in self._space.nodes.values()
            if node.kind == "UAObjectType" and node.id.startswith(f"nsu={model};") and node.id != OBJECT
            and not self._space.is_a(node.id, EVENT)
        ]  # fmt: skip

    def chain(self, id: str) -> list[MadeType]:
        """Return what a type extends, the first first, and the type itself."""
        return [self.make(one) for one in reversed(list(self._bases(id)))]

    def make(self, id: str) -> MadeType:
        """Return a type; what it extends is made, too."""
        if id not in self._made:
            self._made[id] = self._new(id)
        return self._made[id]

    def _bases(self, id: str) -> Iterator[str]:
        """Yield a type and what it extends; of OPC UA itself only what has something to inherit."""
        for one in self._space.lineage(id):
            node = self._space.nodes.get(one)
            if node is None or node.kind != "UAObjectType" or one == OBJECT:
                return
            if one == id or not one.startswith(f"nsu={CORE};") or self._has_any(one):
                yield one

    def _has_any(self, id: str) -> bool:
        return any(self._own(one) for one in self._space.lineage(id) if one in self._space.nodes)

    def _own(self, id: str) -> list[tuple[Node, bool]]:
        return [(part, p) for part, p in self._space.parts(id) if part.kind != "UAMethod" and self._space.rule(part.id)]

    def _new(self, id: str) -> MadeType:
        node, above = self._space.nodes[id], list(self._bases(id))[1:2]
        made = _Making({"type": type_name(id, node.name)})
        if above:
            made.raw["extends"] = self.make(above[0]).type
        made.raw |= _titles([node], node.name) | {"semantic": id}
        made.notes[""] = _note(node)
        held = self._inherited(above[0] if above else "")
        for member in self._members(id, made):
            self._add(made, held, member)
        raw = {name: value for name, value in made.raw.items() if value != {}}
        return MadeType(type=raw["type"], text=type_text(raw, made.notes), raw=raw, lost=made.lost)

    def _inherited(self, id: str) -> dict[str, dict[str, Any]]:
        held: dict[str, dict[str, Any]] = {"points": {}, "properties": {}}
        for one in self.chain(id) if id else ():
            for section, entries in held.items():
                for name, told in one.raw.get(section, {}).items():
                    entries[name] = entries.get(name, {}) | told
        return held

    def _members(self, id: str, made: _Making) -> Iterator[_Member]:
        """Yield the variables that every instance of a type has or may have, of its interfaces too."""
        seen: set[str] = set()
        for owner in [id, *self._space.interfaces(id)]:
            owners = [owner] if owner == id else self._space.lineage(owner)
            for one in owners:
                for part, is_property in self._space.parts(one):
                    if part.name not in seen:
                        seen.add(part.name)
                        yield from self._below((), part, is_property, True, made, (id,))

    def _below(
        self,
        path: tuple[Node, ...],
        part: Node,
        is_property: bool,
        required: bool,
        made: _Making,
        within: tuple[str, ...],
    ) -> Iterator[_Member]:
        rule, path = self._space.rule(part.id), (*path, part)
        made.seen += 1
        if made.seen > _MOST_SEEN:
            raise FixConfiguration("config.invalid", f"more than {_MOST_SEEN} components", place=made.raw["type"])
        if part.kind == "UAMethod":
            made.lose("a method", _path(path))
        elif not rule:
            made.lose("no modelling rule: its instances do not have it", _path(path))
        elif rule in _PLACEHOLDERS:
            made.lose("a placeholder: any number of these, each under its own name", _path(path))
        else:
            required = required and rule == _MANDATORY
            if part.kind == "UAVariable":
                yield _Member(path, required, is_property)
            yield from self._inside(path, part, required, made, within)

    def _inside(
        self, path: tuple[Node, ...], part: Node, required: bool, made: _Making, within: tuple[str, ...]
    ) -> Iterator[_Member]:
        """Yield what stands in a component: as it says itself, then as its type definition and that one's bases do."""
        definition = self._space.definition(part.id)
        if len(path) >= _DEEP:
            made.lose(f"more than {_DEEP} components in each other", _path(path))
            return
        owners = [part.id]
        if definition in within:
            if any(self._space.parts(one) for one in self._space.lineage(definition)):
                made.lose("what its type has: it stands in a component of this type", _path(path))
        else:
            owners += self._space.lineage(definition)
        seen: set[str] = set()
        for owner in owners:
            for one, is_property in self._space.parts(owner):
                if one.name in seen:
                    continue
                seen.add(one.name)
                if part.kind == "UAVariable" and is_property:  # it describes a variable
                    if owner == part.id and one.name not in USED:
                        made.lose("a property of a variable", _path((*path, one)))
                else:
                    yield from self._below(path, one, is_property, required, made, (*within, definition))

    def _add(self, made: _Making, held: dict[str, dict[str, Any]], member: _Member) -> None:
        node, shown = member.path[-1], _path(member.path)
        found = (as_property if member.is_property else as_point)(self._space, node)
        section, other = ("properties", "points") if member.is_property else ("points", "properties")
        if found.why:
            made.lose(found.why, shown)
            return
        if found.short:
            made.lose(found.short, shown)
        name = "_".join(_NOT_IN_A_NAME.sub("_", one.name) or "_" for one in member.path)
        own = made.raw.setdefault(section, {})
        if name in own or name in made.raw.get(other, {}):
            made.lose("another one has this name", shown)
        elif name in held[other]:
            made.lose(f"it is one of the {other} of what this extends", shown)
        elif name in held[section]:
            self._narrow(made, section, name, held[section][name], found, member)
        elif len(own) >= _MOST:
            made.lose(f"more than {_MOST} {section}", shown)
        else:
            usual = section == "points"  # TypePoint is required unless it says no, TypeProperty the other way round
            required = {} if member.required == usual else {"required": member.required}
            own[name] = found.facts | _titles(list(member.path), name) | {"semantic": node.id} | required
            made.notes[f"{section}.{name}"] = _note(node)

    def _narrow(
        self, made: _Making, section: str, name: str, base: dict[str, Any], found: Found, member: _Member
    ) -> None:
        """Write of what a type says again only what is new: that it is mandatory here, a unit, other words."""
        usual, shown = ("gauge", True) if section == "points" else ("text", False), _path(member.path)
        if found.facts.get("kind", usual[0]) != base.get("kind", usual[0]):
            made.lose(f"it is a {base.get('kind', usual[0])} in what this extends", shown)
            return
        told = {n: v for n, v in found.facts.items() if n in ("unit", "states") and v != base.get(n)}
        if told.get("unit") and base.get("unit") and not same_quantity(told["unit"], base["unit"]):
            made.lose(f"its unit measures another quantity than {base['unit']} of what this extends", shown)
            del told["unit"]
        if member.required != base.get("required", usual[1]):
            told["required"] = member.required
        if told:
            made.raw[section][name] = told


def type_name(id: str, name: str) -> str:
    """Name a type by its model and its browse name.

    >>> type_name("nsu=http://opcfoundation.org/UA/Machinery/Jobs/;i=1001", "JobManagementType")
    'Machinery-Jobs-JobManagementType'
    >>> type_name("nsu=http://opcfoundation.org/UA/;i=61", "FolderType")
    'UA-FolderType'
    """
    uri = id.removeprefix("nsu=").rpartition(";")[0]
    steps = [step for step in re.split(r"[/:]", urlsplit(uri).path) if step and not step.isdecimal()]
    if len(steps) > 1 and steps[0] == "UA":
        steps = steps[1:]
    whole = re.sub(r"[^\w-]+", "_", "-".join([*steps, name])).strip("-")
    if len(whole) <= 64:
        return whole
    return f"{whole[:55]}-{hashlib.sha256(whole.encode()).hexdigest()[:8]}"


def _titles(path: list[Node], name: str) -> dict[str, str]:
    """Title a member by the names of its path; one that only says the name again is left out."""
    made = {}
    for field_, wanted in (("title", ("en", "")), ("title_zh", ("zh",))):
        words = [next((t for loc, t in node.titles.items() if loc[:2] in wanted), "") for node in path]
        if field_ == "title":
            words = [word or node.name for word, node in zip(words, path, strict=True)]
        text = " / ".join(words)
        if all(words) and text != name:
            made[field_] = text if len(text) <= 200 else text[:199] + "…"
    return made


def _note(node: Node) -> str:
    english = next((text for locale, text in node.notes.items() if locale[:2] in ("en", "")), "")
    return english or next(iter(node.notes.values()), "")


def _path(path: tuple[Node, ...]) -> str:
    return "/".join(node.name for node in path)
