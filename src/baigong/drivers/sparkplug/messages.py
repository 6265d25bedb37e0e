"""What a host application says: its STATE, requests for births, and commands."""

from __future__ import annotations

import json

from baigong.drivers.sparkplug.codec import BOOLEAN, Metric, Payload, encode
from baigong.drivers.sparkplug.rebirths import Node
from baigong.drivers.sparkplug.topics import NAMESPACE, Place
from baigong.drivers.sparkplug.values import NUMBER, raw_of


def state(*, online: bool, since_ms: int) -> bytes:
    """Write a STATE: of the birth and of the death of one connection the time is the same (§6.4.27).

    >>> state(online=True, since_ms=1)
    b'{"online":true,"timestamp":1}'
    """
    return json.dumps({"online": online, "timestamp": since_ms}, separators=(",", ":")).encode()


def says_offline(payload: bytes) -> bool:
    """Tell whether a STATE says that its host is away; what is none says nothing."""
    try:
        told = json.loads(payload)
    except ValueError:
        return False
    return isinstance(told, dict) and told.get("online") is False


def rebirth(node: Node, now_ms: int) -> tuple[str, bytes]:
    """Return topic and payload that ask an edge node for its births."""
    wish = Metric("Node Control/Rebirth", None, now_ms, NUMBER["Boolean"], at=BOOLEAN, value=True)
    return f"{NAMESPACE}/{node[0]}/NCMD/{node[1]}", encode(Payload(now_ms, None, [wish]))


def command(place: Place, datatype: int, value: float | int | str | bool, now_ms: int) -> tuple[str, bytes]:
    """Return topic and payload of a command. Raises config.invalid for what the type cannot hold."""
    at, raw = raw_of(datatype, value)
    return place.command, encode(
        Payload(now_ms, None, [Metric(place.metric, None, now_ms, datatype, at=at, value=raw)])
    )
