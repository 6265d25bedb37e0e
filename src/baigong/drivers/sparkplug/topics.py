"""Topics and addresses: ``spBv1.0/Plant/DDATA/Line4/Press3`` and ``Plant/Line4/Press3#Temp/Front``."""

from __future__ import annotations

from typing import Any, NamedTuple

from baigong.drivers.mqtt.sniff import MAX_ADDRESS
from baigong.vocab.errors import FixConfiguration

NAMESPACE = "spBv1.0"
CERTIFICATES = "$sparkplug/certificates/"  # where a Sparkplug Aware broker keeps births (§10)
_OF_NODES, _OF_DEVICES = ("NBIRTH", "NDEATH", "NDATA", "NCMD"), ("DBIRTH", "DDEATH", "DDATA", "DCMD")


class Topic(NamedTuple):
    """``device`` is empty for messages of the edge node itself."""

    group: str
    kind: str
    node: str
    device: str


def parse_topic(topic: str) -> Topic | None:
    """Read a topic of the namespace; None for STATE and whatever is none.

    >>> parse_topic("spBv1.0/Plant/DDATA/Line4/Press3").device
    'Press3'
    """
    levels = topic.removeprefix(CERTIFICATES).split("/")
    if len(levels) < 4 or levels[0] != NAMESPACE or not all(levels):
        return None
    if len(levels) == 4 and levels[2] in _OF_NODES:
        return Topic(levels[1], levels[2], levels[3], "")
    if len(levels) == 5 and levels[2] in _OF_DEVICES:
        return Topic(levels[1], levels[2], levels[3], levels[4])
    return None


def state_topic(host_id: str) -> str:
    return f"{NAMESPACE}/STATE/{host_id}"


class Place(NamedTuple):
    """Where a metric is: an address, read."""

    group: str
    node: str
    device: str
    metric: str

    @property
    def command(self) -> str:
        """The topic on which it is commanded."""
        kind, tail = ("DCMD", f"/{self.device}") if self.device else ("NCMD", "")
        return f"{NAMESPACE}/{self.group}/{kind}/{self.node}{tail}"


def address_of(group: str, node: str, device: str, metric: str) -> str:
    """Write an address.

    >>> address_of("Plant", "Line4", "", "Temp/Front")
    'Plant/Line4#Temp/Front'
    """
    return f"{group}/{node}/{device}#{metric}" if device else f"{group}/{node}#{metric}"


def parse_address(address: str) -> Place:
    """Read an address. Raises driver.address."""
    where, separator, metric = address.partition("#")
    levels = where.split("/")
    if not separator or not metric or len(levels) not in (2, 3) or not all(levels):
        raise FixConfiguration(
            "driver.address",
            f"{address!r}: write group/edge node#metric or group/edge node/device#metric",
            place=address,
        )
    if "+" in where or "\0" in address or len(address) > MAX_ADDRESS:
        raise FixConfiguration("driver.address", f"{address!r}: no such names in Sparkplug", place=address)
    return Place(levels[0], levels[1], levels[2] if len(levels) == 3 else "", metric)


def check(address: str, options: dict[str, Any]) -> None:
    """Raise driver.address where no metric could be.

    >>> check("Plant/Line4/Press3#Temp/Front", {})
    """
    parse_address(address)
