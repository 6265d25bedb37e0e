"""The address space as one person may see it: nodes are made when somebody asks for them, and kept by nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from asyncua import ua

from baigong.api.assets import Shown
from baigong.api.opcua.facts import RULES, facts_of_asset, facts_of_point, history_configuration
from baigong.api.opcua.nodes import (
    BASE_OBJECT_TYPE,
    FOLDER,
    HAS_COMPONENT,
    HAS_HISTORY,
    HAS_PROPERTY,
    HAS_RULE,
    HAS_SUBTYPE,
    HAS_TYPE,
    MANDATORY,
    OBJECTS,
    OPTIONAL,
    ORGANIZES,
    VARIABLE,
    Bounds,
    Link,
    Node,
    Words,
    built_in_type,
    object_of,
    property_of,
    range_of,
    variable_type,
)
from baigong.registry.types import Resolved, Types
from baigong.registry.visible import Visible
from baigong.stores.records.plant import PointRow
from baigong.vocab.assets import AssetSpec
from baigong.vocab.assettypes import TypePoint
from baigong.vocab.devices import AssetWords, PointSpec
from baigong.vocab.unitwords import unit_words

_NAMELESS = AssetWords()
_PARTS = ("unit", "part")
ROOT = "assets"


@dataclass(frozen=True)
class Space:
    """``seen``: points whose existence is open; ``read``: those whose values are, too. ``shown``: the tree."""

    tenant: str
    shown: Shown
    seen: Visible
    read: Visible
    types: Types

    def find(self, id: str) -> Node | None:
        """Return a node by its identifier; None: there is none, or none for this person."""
        kind, _, rest = id.partition("/")
        if id == ROOT:
            return object_of(ROOT, "Assets", ("Assets", "资产"), Link(HAS_TYPE, standard=FOLDER))
        if kind == "asset":
            return self._asset_or_fact(rest)
        if kind == "point":
            return self._point_or_fact(rest)
        if kind == "history":
            return history_configuration(id)
        return self._of_type(rest) if kind == "type" else None

    def point(self, id: str) -> PointRow | None:
        """Return the point whose node this is, when it is one."""
        kind, _, name = id.partition("/")
        return self._row(name) if kind == "point" and "/" not in name else None

    def _row(self, name: str) -> PointRow | None:
        row = self.seen.book.named(self.tenant, name)
        if row is None or row.retired_us is not None or row.spec.kind == "burst":
            return None
        return row

    def is_open(self, asset: str) -> bool:
        return asset in self.shown.names and not self.shown.is_retired(asset)

    def spec(self, asset: str) -> AssetSpec:
        row = self.shown.rows.get(asset) if asset in self.shown.open else None
        return row.spec if row is not None else AssetSpec(asset=asset)

    def type_of(self, asset: str) -> tuple[str, Resolved] | None:
        ref = self.spec(asset).type
        found = self.types.find(self.tenant, ref) if ref else None
        return (ref, found) if found is not None else None

    def _asset_or_fact(self, rest: str) -> Node | None:
        asset, _, fact = rest.partition("/")
        if not self.is_open(asset):
            return None
        return self.asset(asset) if not fact else next((f for f in self._facts(asset) if f.id == f"asset/{rest}"), None)

    def asset(self, asset: str) -> Node:
        called = self.shown.words.get(asset, _NAMELESS)
        above = self.shown.tree.above(asset)
        name = asset.removeprefix(f"{above}.") if above else asset
        typed = self.type_of(asset)
        type = Link(HAS_TYPE, to=f"type/{typed[0]}") if typed else Link(HAS_TYPE, standard=BASE_OBJECT_TYPE)
        place = self.spec(asset).place
        return object_of(f"asset/{asset}", name, (called.title, called.title_zh), type, (place, ""))

    def _facts(self, asset: str) -> list[Node]:
        typed = self.type_of(asset)
        return facts_of_asset(self.spec(asset), typed[1].whole if typed else None) if asset in self.shown.open else []

    def _point_or_fact(self, rest: str) -> Node | None:
        name, _, fact = rest.partition("/")
        row = self._row(name)
        if row is None:
            return None
        facts = facts_of_point(row.spec, self.bounds(row.spec)) if fact else []
        return self.point_node(row) if not fact else next((f for f in facts if f.id == f"point/{rest}"), None)

    def _typed_point(self, spec: PointSpec) -> TypePoint | None:
        """Return what the type of a point's asset says of it."""
        typed = self.type_of(spec.asset)
        return typed[1].whole.points.get(spec.quantity) if typed else None

    def words_of(self, spec: PointSpec) -> Words:
        """Return what a point is called: by itself, or by its type."""
        told = None if spec.title or spec.title_zh else self._typed_point(spec)
        return (told.title, told.title_zh) if told else (spec.title, spec.title_zh)

    def bounds(self, spec: PointSpec) -> Bounds | None:
        """Return between what a point's values lie, as it or its type says."""
        told = self._typed_point(spec) if spec.kind not in ("state", "text") else None
        return range_of(spec, told.limits.measured(told.unit, spec.unit) if told and told.limits else None)

    def point_node(self, row: PointRow) -> Node:
        spec = row.spec
        return Node(
            f"point/{spec.name}",
            ua.NodeClass.Variable,
            spec.quantity,
            self.words_of(spec),
            Link(HAS_TYPE, standard=variable_type(spec, self.bounds(spec))),
            built_in_type(spec),
            point=spec,
            number=row.number,
            described=unit_words(spec.unit),
        )

    def _of_type(self, rest: str) -> Node | None:
        ref, _, inner = rest.partition("/")
        found = self.types.find(self.tenant, ref) if self._knows(ref) else None
        if found is None:
            return None
        whole = found.whole
        field, _, key = inner.partition("/")
        if not inner:
            return Node(f"type/{ref}", ua.NodeClass.ObjectType, ref, (whole.title, whole.title_zh))
        if field == "points" and key in whole.points:
            return _declared(f"type/{rest}", key, whole.points[key])
        if field == "properties" and key in whole.properties:
            told = whole.properties[key]
            empty = {"text": "", "number": 0.0, "flag": False}[told.kind]
            default = empty if told.default is None else told.default
            return property_of(f"type/{rest}", key, default, (told.title, told.title_zh))
        return None

    def refs(self) -> list[str]:
        """Name the types that assets open to this person are of, and those that these extend."""
        found = {one for ref in self._used for one in self._chain(ref)}
        if self.seen.everything:
            found.update(self.types.names(self.tenant))
        return sorted(found)

    @cached_property
    def _used(self) -> set[str]:
        """The types that assets open to this person are of, looked for among all of them once."""
        return {ref for one in self.shown.open if (ref := self.spec(one).type) and not self.shown.is_retired(one)}

    def _knows(self, ref: str) -> bool:
        return self.seen.everything or ref in self.refs()

    def _chain(self, ref: str) -> Iterator[str]:
        while ref and (found := self.types.find(self.tenant, ref)) is not None:
            yield ref
            ref = _base(found)

    def links(self, node: Node) -> list[Link]:
        """Return the references of one of our nodes, both ways."""
        kind, _, rest = node.id.partition("/")
        owner, _, inner = rest.partition("/")
        if node.id == ROOT:
            down = [Link(ORGANIZES, to=f"asset/{one}") for one in self._children("")]
            return [_typed(node), Link(ORGANIZES, standard=OBJECTS, forward=False), *down]
        if inner:
            return self._links_of_inner(node, kind, owner, inner)
        if kind == "asset":
            return [_typed(node), self._up(owner), *self._down(owner)]
        if kind == "point":
            return [_typed(node), *(self._links_of_point(node.point) if node.point is not None else ())]
        if kind == "history":
            below = Link(HAS_COMPONENT, to=f"{node.id}/AggregateConfiguration")
            return [_typed(node), below, Link(HAS_PROPERTY, to=f"{node.id}/Stepped")]
        return self._links_of_type(owner)

    def _links_of_point(self, spec: PointSpec) -> list[Link]:
        facts = facts_of_point(spec, self.bounds(spec))
        history = "history/sloped" if spec.interpolates else "history/held"
        up = Link(HAS_COMPONENT, to=f"asset/{spec.asset}", forward=False)
        return [up, *(Link(HAS_PROPERTY, to=fact.id) for fact in facts), Link(HAS_HISTORY, to=history)]

    def _links_of_inner(self, node: Node, kind: str, owner: str, inner: str) -> list[Link]:
        if kind == "history":
            is_group = node.node_class == ua.NodeClass.Object
            up = Link(HAS_COMPONENT if is_group else HAS_PROPERTY, to=node.id.rpartition("/")[0], forward=False)
            return [_typed(node), up, *(Link(HAS_PROPERTY, to=f"{node.id}/{rule}") for rule in RULES if is_group)]
        is_point = kind == "type" and inner.startswith("points/")
        made = [_typed(node), Link(HAS_COMPONENT if is_point else HAS_PROPERTY, to=f"{kind}/{owner}", forward=False)]
        if kind == "type":
            whole = self.types.get(self.tenant, owner).whole
            field, _, key = inner.partition("/")
            required = whole.points[key].required if field == "points" else whole.properties[key].required
            made.append(Link(HAS_RULE, standard=MANDATORY if required else OPTIONAL))
        return made

    def _links_of_type(self, ref: str) -> list[Link]:
        found = self.types.get(self.tenant, ref)
        base = _base(found)
        up = Link(HAS_SUBTYPE, to=f"type/{base}", forward=False) if base else Link(
            HAS_SUBTYPE, standard=BASE_OBJECT_TYPE, forward=False
        )  # fmt: skip
        down = [one for one in self.refs() if one != ref and self._extends(one) == ref]
        return [
            up,
            *(Link(HAS_SUBTYPE, to=f"type/{one}") for one in down),
            *(Link(HAS_COMPONENT, to=f"type/{ref}/points/{key}") for key in found.whole.points),
            *(Link(HAS_PROPERTY, to=f"type/{ref}/properties/{key}") for key in found.whole.properties),
        ]

    def _extends(self, ref: str) -> str:
        found = self.types.find(self.tenant, ref)
        return _base(found) if found is not None else ""

    def below_standard(self, number: int) -> list[Link]:
        """Return what of ours hangs on a node of the standard."""
        if number == OBJECTS:
            return [Link(ORGANIZES, to=ROOT)]
        if number == BASE_OBJECT_TYPE:
            return [Link(HAS_SUBTYPE, to=f"type/{ref}") for ref in self.refs() if not self._extends(ref)]
        return []

    def _children(self, asset: str) -> list[str]:
        places = self.shown.tree.places()
        return sorted((one for one in self.shown.tree.children(asset) if self.is_open(one)), key=places.__getitem__)

    def _up(self, asset: str) -> Link:
        above = self.shown.tree.above(asset)
        to = f"asset/{above}" if above else ROOT
        return Link(self._joins(above, asset), to=to, forward=False)

    def _joins(self, above: str, asset: str) -> int:
        """Say how an asset belongs to the one above: a part of a unit is a component, what stands somewhere is not."""
        is_part = bool(above) and self.spec(asset).level == "part" and self.spec(above).level in _PARTS
        return HAS_COMPONENT if is_part else ORGANIZES

    def _down(self, asset: str) -> list[Link]:
        parts = [Link(self._joins(asset, one), to=f"asset/{one}") for one in self._children(asset)]
        rows = self.seen.book.by_asset(self.tenant).get(asset, ())
        points = [Link(HAS_COMPONENT, to=f"point/{row.name}") for row in rows if row.spec.kind != "burst"]
        return [*parts, *points, *(Link(HAS_PROPERTY, to=fact.id) for fact in self._facts(asset))]


def _base(found: Resolved) -> str:
    """Return the type that a type extends; empty: none."""
    return found.whole.extends if len(found.chain) > 1 else ""


def _typed(node: Node) -> Link:
    return node.type or Link(HAS_TYPE, standard=VARIABLE)


def _declared(id: str, quantity: str, told: TypePoint) -> Node:
    """Make the variable that a type says all its assets have; it has no value."""
    spec = PointSpec(name=f"type.{quantity}", address="-", kind=told.kind, unit=told.unit, states=told.states)
    data_type = built_in_type(spec)
    words = (told.title, told.title_zh)
    made = variable_type(spec, range_of(spec, told.limits))
    return Node(id, ua.NodeClass.Variable, quantity, words, Link(HAS_TYPE, standard=made), data_type, ua.Variant(None))
