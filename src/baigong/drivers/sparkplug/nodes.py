"""One edge node's session: what its births declared, which alias means what, and whether anything is missing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from baigong.drivers.sparkplug.codec import Payload

_HALF = 128  # of the 256 sequence numbers: beyond, a message is behind and not ahead


@dataclass(slots=True)
class Known:
    """A metric of a birth. ``number`` 0: nobody wants it. ``clash``: its alias is another metric's, too."""

    number: int
    address: str
    name: str
    datatype: int
    unit: str = ""
    quality: int = 0  # what the birth's properties said
    clash: bool = False
    last_us: int = 0  # the time of its newest value or mark
    dead_us: int = 0  # when it was marked as gone; 0: it is there
    value: Any = None
    members: dict[str, Known] | None = None  # of an instance of a template

    def family(self) -> list[Known]:
        """Return itself and what is in it, however deep."""
        return [self, *(one for member in (self.members or {}).values() for one in member.family())]


@dataclass(slots=True, frozen=True)
class Message:
    kind: str
    device: str
    payload: Payload


@dataclass(slots=True)
class EdgeNode:
    """``metrics``: by device ("" is the node itself) and name. ``late``: messages that are ahead of a missing one."""

    group: str
    name: str
    born_ms: int = 0
    death_number: int | None = None  # bdSeq of the birth
    expected: int | None = None  # the next sequence number; None: any
    metrics: dict[str, dict[str, Known]] = field(default_factory=dict)
    aliases: dict[int, Known] = field(default_factory=dict)
    alive: set[str] = field(default_factory=set)  # devices born and not dead; "" from the node's birth to its death
    awaited: dict[str, float] = field(default_factory=dict)  # devices of before this birth -> since when, s
    late: dict[int, Message] = field(default_factory=dict)
    late_s: float = 0.0  # since when one is missing
    trouble: str = ""  # what is wrong with its messages, for people

    @property
    def born(self) -> bool:
        return "" in self.alive

    @property
    def is_restless(self) -> bool:
        """Whether a message or a device is missing, which is not waited for for ever."""
        return bool(self.late or self.awaited)

    @property
    def key(self) -> tuple[str, str]:
        return self.group, self.name

    def known(self, device: str) -> list[Known]:
        """Return the metrics of a device that a point stands for, members of templates included."""
        return [one for metric in self.metrics.get(device, {}).values() for one in metric.family()]

    def forget_aliases(self, device: str) -> None:
        mine = {id(metric) for metric in self.metrics.get(device, {}).values()}
        self.aliases = {alias: metric for alias, metric in self.aliases.items() if id(metric) not in mine}

    def begin(self, payload: Payload, death_number: int | None, now_s: float) -> None:
        """Begin a session with a birth of the node: aliases and sequence of the one before mean nothing any more."""
        self.born_ms, self.death_number = payload.timestamp or 0, death_number
        self.expected = None if payload.seq is None else (payload.seq + 1) % 256
        self.aliases.clear()
        self.late.clear()
        self.awaited = {device: now_s for device in self.alive if device}
        self.alive = {""}
        self.trouble = ""

    def end(self) -> list[str]:
        """End the session; returns the devices that were part of it, the node itself as ""."""
        gone = [*self.alive, *self.awaited]
        self.expected = None
        self.aliases.clear()
        self.late.clear()
        self.alive.clear()
        self.awaited.clear()
        return gone

    def bind(self, alias: int, metric: Known) -> Known | None:
        """Give an alias to a metric; returns the other metric that has it already, both marked."""
        other = self.aliases.get(alias)
        if other is None or other is metric:
            self.aliases[alias] = metric
            return None
        metric.clash = other.clash = True
        return other

    def arrive(self, message: Message, now_s: float) -> tuple[list[Message], bool]:
        """Put a message into its place: what can be taken now, in order; and whether this one repeats or is late.

        A message ahead of a missing one waits (§6.4.2, §5.9 of 3.0: reorder timeout).
        """
        seq = message.payload.seq
        if seq is None or self.expected is None:
            self.expected = None if seq is None else (seq + 1) % 256
            return [message], False
        ahead = (seq - self.expected) % 256
        if ahead >= _HALF or seq in self.late:
            return [], True
        if ahead:
            self.late_s = self.late_s if self.late else now_s
            self.late[seq] = message
            return [], False
        ready = [message]
        self.expected = (seq + 1) % 256
        while (follower := self.late.pop(self.expected, None)) is not None:
            ready.append(follower)
            self.expected = (self.expected + 1) % 256
        self.late_s = now_s  # what is still missing is missing since now
        return ready, False

    def give_up(self) -> list[Message]:
        """Return what waited for a message that did not come, in order; the next one after it is expected."""
        if not self.late or self.expected is None:
            return []
        begin = self.expected
        order = sorted(self.late, key=lambda seq: (seq - begin) % 256)
        ready = [self.late[seq] for seq in order]
        self.late.clear()
        self.expected = (order[-1] + 1) % 256
        return ready
