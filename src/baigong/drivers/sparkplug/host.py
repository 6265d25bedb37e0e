"""The host application without its connection: messages in, rows of columns out, and whom to ask for a rebirth.

Nothing is guessed: a value whose alias no birth has declared, or two metrics share, is not stored but counted, and the
edge node is asked for its births again (``Rebirths``), which say every value once more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from baigong.drivers.contract import Found
from baigong.drivers.mqtt.columns import Columns
from baigong.drivers.mqtt.sniff import MAX_ADDRESS, MAX_TEXT, propose_name
from baigong.drivers.sparkplug.codec import TEMPLATE, Metric, Payload, Template, decode, properties_of, template_of
from baigong.drivers.sparkplug.nodes import EdgeNode, Known, Message
from baigong.drivers.sparkplug.rebirths import Node, Rebirths
from baigong.drivers.sparkplug.topics import Topic, address_of, parse_topic
from baigong.drivers.sparkplug.values import NUMBER, kind_of, quality_of, unit_of, value_of
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration

COUNTED = ("messages", "values", "malformed", "unwanted", "dropped", "refused", "before_birth", "unknown_alias")
MORE = ("shared_alias", "repeated", "missing", "old_deaths", "transient", "too_large", "too_many", "rebirths")
_PRIVATE = ("bdSeq", "Node Control/Rebirth", "Device Control/Rebirth")  # of the protocol, no quantity of a machine
_MOST_NODES = 10_000
_HALF = 128  # of the 256 death numbers: so far behind is older, further is ahead
_EXACT = 1 << 53
_DEPTH = 4  # templates within templates
_TEMPLATE_TYPE = NUMBER["Template"]


class Host:
    """``numbering``: the number of an address, 0 for what nobody wants. ``most``: points that are made at most."""

    def __init__(self, numbering: Callable[[str], int], reorder_s: float = 5.0, most: int = 20_000) -> None:
        self.nodes: dict[Node, EdgeNode] = {}
        self._restless: dict[Node, EdgeNode] = {}  # for which time may bring something; looked at with every batch
        self.rebirths = Rebirths()
        self.counters: Counter[str] = Counter(dict.fromkeys((*COUNTED, *MORE), 0))
        self.fresh: list[Found] = []
        self._numbering, self._reorder_s, self._most = numbering, reorder_s, most
        self._numbers: dict[str, int] = {}
        self._columns, self._now_us = Columns(), 0

    def take(self, topic: str, raw: bytes, columns: Columns, now_us: int, now_s: float) -> None:
        """Take one message; what is no Sparkplug payload is counted and changes nothing."""
        where = parse_topic(topic)
        if where is None or where.kind in ("NCMD", "DCMD"):
            return
        self.counters["messages"] += 1
        try:
            payload = decode(raw)
        except FixConfiguration as error:
            self.counters["malformed"] += 1
            if (known := self.nodes.get((where.group, where.node))) is not None:
                known.trouble = error.message
            return
        node = self._node(where)
        if node is None:
            self.counters["too_many"] += 1
            return
        self._columns, self._now_us = columns, now_us
        self._sort(node, Message(where.kind, where.device, payload), now_s)

    def _node(self, where: Topic) -> EdgeNode | None:
        key = (where.group, where.node)
        if key not in self.nodes and len(self.nodes) < _MOST_NODES:
            self.nodes[key] = EdgeNode(*key)
        return self.nodes.get(key)

    def _sort(self, node: EdgeNode, message: Message, now_s: float) -> None:
        if message.kind == "NBIRTH":
            node.begin(message.payload, _death_number(message.payload), now_s)
            self.rebirths.born(node.key)
            self._birth(node, "", message.payload)
        elif message.kind == "NDEATH":
            self._node_death(node, message.payload)
        elif not node.born:
            self.counters["before_birth"] += 1
            self.rebirths.want(node.key)
        else:
            ready, repeated = node.arrive(message, now_s)
            if repeated:
                self.counters["repeated"] += 1
                ready = [message] if (message.payload.timestamp or 0) >= node.born_ms else []
            for each in ready:
                self._apply(node, each)
        if node.is_restless:
            self._restless[node.key] = node

    def _apply(self, node: EdgeNode, message: Message) -> None:
        device, payload = message.device, message.payload
        if message.kind == "DBIRTH":
            self._birth(node, device, payload)
        elif message.kind == "DDEATH":
            self._gone(node, device, _us(payload.timestamp) or self._now_us)
            node.alive.discard(device)
            node.awaited.pop(device, None)
        elif device not in node.alive:
            self.counters["before_birth"] += 1
            self.rebirths.want(node.key)
        else:
            self._data(node, device, payload)

    # -- births ---------------------------------------------------------------------------------------------

    def _birth(self, node: EdgeNode, device: str, payload: Payload) -> None:
        node.forget_aliases(device)
        node.alive.add(device)
        node.awaited.pop(device, None)
        before = node.metrics.get(device, {})
        declared: dict[str, Known] = {}
        born: list[tuple[Known, Metric]] = []
        for metric in payload.metrics:
            if not metric.name or metric.name in _PRIVATE:
                continue
            if metric.at == TEMPLATE and (held := self._template(metric)) is not None and held.is_definition:
                continue
            known = self._declare(node, device, metric, before.get(metric.name))
            declared[metric.name] = known
            born.append((known, metric))
        node.metrics[device] = declared
        for known, metric in born:
            if metric.alias is not None and (other := node.bind(metric.alias, known)) is not None:
                node.trouble = f"alias {metric.alias} is given to {other.address} and to {known.address}"
        birth_us = _us(payload.timestamp) or self._now_us
        for known, metric in born:
            self._value(known, metric, payload, birth_us)
        self._bury(before, declared, birth_us)

    def _declare(self, node: EdgeNode, device: str, metric: Metric, before: Known | None) -> Known:
        name = metric.name or ""
        properties = properties_of(metric.properties) if metric.properties else {}
        unit = unit_of(properties)
        known = self._make(address_of(node.group, node.name, device, name), name, metric.datatype, unit)
        known.quality = quality_of(properties)
        if _is_template(metric):
            known.members, known.number = {}, 0
        if before is not None:
            known.last_us, known.dead_us = before.last_us, before.dead_us
            if known.members is not None and before.members:
                known.members = before.members
        return known

    def _make(self, address: str, name: str, datatype: int, unit: str) -> Known:
        number = self._numbers.get(address, -1)
        if number < 0:
            number = self._numbering(address) if len(address) <= MAX_ADDRESS and "\0" not in address else 0
            if number and len(self._numbers) >= self._most:
                self.counters["too_many"] += 1
                return Known(0, address, name, datatype, unit)
            if number and datatype != _TEMPLATE_TYPE:
                self._numbers[address] = number
                title = propose_name(address.replace("#", "/", 1), "")
                self.fresh.append(Found(number, address, title, kind_of(datatype), unit))
        return Known(number, address, name, datatype, unit)

    def _bury(self, before: dict[str, Known], declared: dict[str, Known], birth_us: int) -> None:
        """Mark what an earlier birth had and this one has not: nobody reports it any more."""
        for name in before.keys() - declared.keys():
            for known in before[name].family():
                self._mark(known, birth_us)

    # -- values ---------------------------------------------------------------------------------------------

    def _data(self, node: EdgeNode, device: str, payload: Payload) -> None:
        metrics, aliases = node.metrics.get(device, {}), node.aliases
        for metric in payload.metrics:
            if metric.name:
                known = metrics.get(metric.name)
            else:
                known = aliases.get(metric.alias) if metric.alias is not None else None
                if known is not None and known.clash:
                    self.counters["shared_alias"] += 1
                    continue
            if known is None:
                if metric.name not in _PRIVATE:
                    self.counters["unknown_alias"] += 1
                    self.rebirths.want(node.key)
                continue
            self._value(known, metric, payload, 0)

    def _value(self, known: Known, metric: Metric, payload: Payload, birth_us: int) -> None:
        """Store one value; ``birth_us``: of a birth, at which a metric that was gone is there again."""
        if metric.is_transient:
            self.counters["transient"] += 1
            return
        if known.members is not None:
            self._instance(known, metric, payload, birth_us, 1)
            return
        try:
            value = None if metric.is_null or not metric.at else self._read(known, metric)
        except FixConfiguration:
            self.counters["malformed"] += 1
            self._put(known, self._time(metric, payload), None, q.BAD_TYPE_MISMATCH)
            return
        quality = known.quality
        if metric.properties and not birth_us:
            told = properties_of(metric.properties)
            quality = quality_of(told) if "Quality" in told or "quality" in told else quality
        if known.clash:
            quality = q.BAD_CONFIGURATION  # what follows by this alias cannot be told apart
        when = self._time(metric, payload)
        self._put(known, when, value, quality)
        if birth_us and known.dead_us:
            if when <= known.dead_us:  # unchanged since before the death: told again at the birth, or it stays hidden
                self._put(known, max(birth_us, known.dead_us + 1), value, quality)
            known.dead_us = 0

    def _read(self, known: Known, metric: Metric) -> Any:
        value = value_of(metric.datatype or known.datatype, metric.at, metric.value)
        if isinstance(value, str) and len(value) > MAX_TEXT:
            self.counters["too_large"] += 1
            raise FixConfiguration("payload.too_large", known.address)
        return value

    def _time(self, metric: Metric, payload: Payload) -> int:
        return _us(metric.timestamp) or _us(payload.timestamp) or self._now_us

    def _put(self, known: Known, when: int, value: Any, quality: int) -> None:
        known.value = value
        if not known.number:
            self.counters["unwanted"] += 1
            return
        known.last_us = max(known.last_us, when)
        self.counters["values"] += 1
        if not quality and (type(value) is float or (isinstance(value, int) and -_EXACT < value < _EXACT)):
            self._columns.add_plain(known.number, when, self._now_us, value)
        else:
            self._columns.add(known.number, when, self._now_us, value, quality)

    def _template(self, metric: Metric) -> Template | None:
        try:
            return template_of(metric.value)
        except FixConfiguration:
            self.counters["malformed"] += 1
            return None

    def _instance(self, known: Known, metric: Metric, payload: Payload, birth_us: int, depth: int) -> None:
        """Store the members of a template's instance, each under its name behind the instance's."""
        if metric.at != TEMPLATE or (held := self._template(metric)) is None or known.members is None:
            return
        for inner in held.metrics:
            if not inner.name:
                self.counters["unknown_alias"] += 1
                continue
            member = known.members.get(inner.name)
            if member is None:
                address = f"{known.address}/{inner.name}"
                member = self._make(address, f"{known.name}/{inner.name}", inner.datatype, "")
                if inner.properties:
                    properties = properties_of(inner.properties)
                    member.quality = quality_of(properties)
                if _is_template(inner):
                    member.members, member.number = {}, 0
                known.members[inner.name] = member
            if inner.timestamp is None:
                inner.timestamp = metric.timestamp
            if member.members is not None:
                if depth < _DEPTH:
                    self._instance(member, inner, payload, birth_us, depth + 1)
            else:
                self._value(member, inner, payload, birth_us)

    # -- deaths, and what time brings -----------------------------------------------------------------------

    def _node_death(self, node: EdgeNode, payload: Payload) -> None:
        """A will names the session it ends (bdSeq): that of an older one, come late, ends nothing (§6.4.24).

        One that is ahead of the birth ends a session whose birth we missed, or is pysparkplug's, which counts before
        it says farewell: the node is gone either way.
        """
        number = _death_number(payload)
        behind = 0 if number is None or node.death_number is None else (node.death_number - number) % 256
        if not node.born or 0 < behind <= _HALF:
            self.counters["old_deaths"] += 1
            return
        for device in node.end():  # the will was written at the connect: its own time says nothing
            self._gone(node, device, self._now_us)

    def _gone(self, node: EdgeNode, device: str, when: int) -> None:
        node.forget_aliases(device)
        for known in node.known(device):
            self._mark(known, when)

    def _mark(self, known: Known, when: int) -> None:
        if known.number and not known.dead_us:
            known.dead_us = max(when, known.last_us + 1)
            self._put(known, known.dead_us, None, q.BAD_NO_COMMUNICATION)

    def tick(self, columns: Columns, now_us: int, now_s: float) -> None:
        """Do what is due: messages that waited too long for a missing one, devices that no birth brought back."""
        self._columns, self._now_us = columns, now_us
        for node in list(self._restless.values()):
            if node.late and now_s - node.late_s >= self._reorder_s:
                self.counters["missing"] += 1
                self.rebirths.want(node.key)
                for message in node.give_up():
                    self._apply(node, message)
            for device, since_s in list(node.awaited.items()):
                if now_s - since_s >= self._reorder_s:
                    del node.awaited[device]
                    self._gone(node, device, now_us)
            if not node.is_restless:
                del self._restless[node.key]

    def next_s(self) -> float | None:
        """Say when ``tick`` or a rebirth is due next; None: never, as things are."""
        moments = [node.late_s + self._reorder_s for node in self._restless.values() if node.late]
        moments += [since + self._reorder_s for node in self._restless.values() for since in node.awaited.values()]
        if (asked := self.rebirths.next_s()) is not None:
            moments.append(asked)
        return min(moments, default=None)

    def trouble(self) -> str:
        """Name what is wrong with edge nodes, for people; "" when nothing is."""
        told = [f"{node.group}/{node.name}: {node.trouble}" for node in self.nodes.values() if node.trouble]
        more = f" and {len(told) - 3} more" if len(told) > 3 else ""
        return "; ".join(told[:3]) + more


def _is_template(metric: Metric) -> bool:
    return metric.at == TEMPLATE or metric.datatype == _TEMPLATE_TYPE


def _us(ms: int | None) -> int:
    return ms * 1000 if ms and ms < 1 << 50 else 0


def _death_number(payload: Payload) -> int | None:
    return next((int(m.value) for m in payload.metrics if m.name == "bdSeq" and isinstance(m.value, int)), None)
