"""When an edge node is asked for its birth certificates again: seldom enough that no mistake becomes a storm."""

from __future__ import annotations

from dataclasses import dataclass, field

_FIRST_S, _MOST_S = 10.0, 600.0
_CALM_S = 1800.0  # after so long without a request a node begins anew with short pauses
_SPACE_S = 0.05  # between two requests, whomever they are for: a thousand nodes take 50 s

Node = tuple[str, str]
"""(group, edge node)"""


@dataclass(slots=True)
class _Asked:
    last_s: float
    pause_s: float


@dataclass(slots=True)
class Rebirths:
    """Each request to one node doubles the pause before the next one, whether the node obeyed or not."""

    asked: dict[Node, _Asked] = field(default_factory=dict)
    wanted: dict[Node, None] = field(default_factory=dict)
    _free_s: float = 0.0

    def want(self, node: Node) -> None:
        self.wanted[node] = None

    def born(self, node: Node) -> None:
        """It gave a birth: what was wanted of it is there."""
        self.wanted.pop(node, None)

    def _when(self, node: Node) -> float:
        asked = self.asked.get(node)
        return asked.last_s + asked.pause_s if asked else 0.0

    def next_s(self) -> float | None:
        """Say when the next request may go out; None: nobody is to be asked."""
        if not self.wanted:
            return None
        return max(min(map(self._when, self.wanted)), self._free_s)

    def due(self, now_s: float) -> Node | None:
        """Return a node to ask now, which is then asked."""
        if now_s < self._free_s:
            return None
        node = next((node for node in self.wanted if self._when(node) <= now_s), None)
        if node is None:
            return None
        del self.wanted[node]
        before = self.asked.get(node)
        calm = before is None or now_s - before.last_s > _CALM_S
        pause_s = _FIRST_S if calm or before is None else min(before.pause_s * 2, _MOST_S)
        self.asked[node] = _Asked(now_s, pause_s)
        self._free_s = now_s + _SPACE_S
        return node
