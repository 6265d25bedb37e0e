"""The nodes of several NodeSets together: who is a part, a subtype or an instance of whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property

from baigong.models.nodesets.reading import CORE, Document, Node
from baigong.vocab.errors import FixConfiguration


def core(number: int) -> str:
    """Name a node of OPC UA itself."""
    return f"nsu={CORE};i={number}"


HAS_MODELLING_RULE, HAS_TYPE_DEFINITION, HAS_SUBTYPE, HAS_INTERFACE = core(37), core(40), core(45), core(17603)
AGGREGATES, HAS_PROPERTY = core(44), core(46)
OBJECT, EVENT, INTERFACE = core(58), core(2041), core(17602)
# What subtypes what in OPC UA itself, for files that come without it (OPC 10000-3, 10000-5)
_NUMBERS = {
    46: 44, 47: 44, 49: 47, 17604: 47, 2: 27, 4: 27, 6: 27, 8: 27, 3: 28, 5: 28, 7: 28, 9: 28, 27: 26, 28: 26, 10: 26,
    11: 26, 26: 24, 1: 24, 12: 24, 13: 24, 14: 24, 15: 24, 21: 24, 22: 24, 29: 24, 290: 11, 294: 13, 295: 12, 30: 15,
    884: 22, 887: 22, 296: 22, 12878: 12, 256: 29,
}  # fmt: skip
_KNOWN = {core(below): core(above) for below, above in _NUMBERS.items()}


class Space:
    """All nodes by id. Raises config.invalid where a model is missing that another builds on, or comes twice."""

    def __init__(self, documents: Sequence[Document]) -> None:
        held: dict[str, str] = {}
        for one in documents:
            for model in one.models:
                if model in held:
                    raise FixConfiguration(
                        "config.invalid", f"the model {model} is in {held[model]} too", place=one.place
                    )
                held[model] = one.place
        for one in documents:
            for model in one.requires:
                if model not in held and model != CORE:
                    raise FixConfiguration(
                        "config.invalid",
                        f"it builds on {model}: put that NodeSet into the same folder",
                        place=one.place,
                    )
        self.nodes: dict[str, Node] = {node.id: node for one in documents for node in one.nodes}
        self._above: dict[str, str] = {}
        self._parts: dict[str, dict[str, str]] = defaultdict(dict)  # owner -> part -> type of the reference
        self._one: dict[tuple[str, str], str] = {}  # (node, type of the reference) -> the one it leads to
        self._interfaces: dict[str, list[str]] = defaultdict(list)
        for node in self.nodes.values():
            self._index(node)

    def _index(self, node: Node) -> None:
        for one in node.references:
            source, target = (node.id, one.target) if one.forward else (one.target, node.id)
            if one.type == HAS_SUBTYPE:
                self._above[target] = source
            elif one.type in (HAS_MODELLING_RULE, HAS_TYPE_DEFINITION):
                self._one[source, one.type] = target
            elif one.type == HAS_INTERFACE:
                self._interfaces[source].append(target)
            else:
                self._parts[source].setdefault(target, one.type)

    def above(self, id: str) -> str:
        """Return the supertype; empty where there is none that is known."""
        return self._above.get(id) or _KNOWN.get(id, "")

    def lineage(self, id: str) -> Iterator[str]:
        """Yield a type and all that it is a subtype of."""
        seen = set[str]()
        while id and id not in seen:
            seen.add(id)
            yield id
            id = self.above(id)

    def is_a(self, id: str, type: str) -> bool:
        return type in self.lineage(id)

    def definition(self, id: str) -> str:
        return self._one.get((id, HAS_TYPE_DEFINITION), "")

    def rule(self, id: str) -> str:
        """Return the modelling rule; empty: a fact of the type, which its instances do not have."""
        return self._one.get((id, HAS_MODELLING_RULE), "")

    def interfaces(self, id: str) -> list[str]:
        return self._interfaces.get(id, [])

    def parts(self, id: str) -> list[tuple[Node, bool]]:
        """Return (part, is a property) in the file's order."""
        found = []
        for part, reference in self._parts.get(id, {}).items():
            if part in self.nodes and reference in self._aggregating:
                found.append((self.nodes[part], self.is_a(reference, HAS_PROPERTY)))
        return found

    @cached_property
    def _aggregating(self) -> set[str]:
        used = {reference for parts in self._parts.values() for reference in parts.values()}
        return {reference for reference in used if self.is_a(reference, AGGREGATES)}
