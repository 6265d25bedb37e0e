"""Points → nodes: each node is asked for once, however many points look into it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from baigong.drivers.contract import Wanted
from baigong.drivers.opcua import wire
from baigong.drivers.opcua.addresses import parse, to_node_id
from baigong.drivers.opcua.values import BAD_NODE_ID_INVALID, Targets
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration


class Plan:
    """Prepared once for a list of points and reused while the gateway asks for the same list."""

    def __init__(self, points: Sequence[Wanted], namespaces: Sequence[str]) -> None:
        self.nodes: list[Any] = []  # NodeIds; a handle is a position here
        self.handles: list[int | None] = []  # per point
        self.refused: list[tuple[int, int]] = []  # (point number, quality): never asked for
        by_node: dict[Any, int] = {}
        aims: list[tuple[int, int, tuple[str | int, ...]]] = []
        for wanted in points:
            handle = None
            try:
                address = parse(wanted.address)
                node = to_node_id(address, namespaces)
            except FixConfiguration:
                self.refused.append((wanted.number, BAD_NODE_ID_INVALID))
            else:
                if node is None:  # the server has no such namespace
                    self.refused.append((wanted.number, q.BAD_NODE_ID_UNKNOWN))
                else:
                    handle = by_node.setdefault(node, len(self.nodes))
                    if handle == len(self.nodes):
                        self.nodes.append(node)
                    aims.append((handle, wanted.number, address.path))
            self.handles.append(handle)
        self.targets = Targets(len(self.nodes))
        for handle, number, path in aims:
            self.targets.add(handle, number, path)
        self.ids = [wire.read_value_id(node) for node in self.nodes]
