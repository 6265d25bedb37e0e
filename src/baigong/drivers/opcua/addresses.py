"""Addresses: a NodeId as OPC 10000-6 §5.3.1.10 writes it, and a way into its value.

``ns=2;s=Machine.Temp`` · ``nsu=http://maker/machine;i=5`` · ``i=2258`` · ``ns=2;i=5#Axis[2].Position``

``#`` begins the way into the value: ``[n]`` an array element, ``.field`` (the first dot may be left out) a
member of a structure. Inside a string identifier ``#`` is therefore written ``%23``, and ``%23`` is ``%2523``.
"""

from __future__ import annotations

import base64
import binascii
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from baigong.vocab.errors import FixConfiguration

if TYPE_CHECKING:
    from asyncua import ua  # 0.8 s and an extra: addresses are checked without it

_NODE = re.compile(r"^(?:(?:ns=(\d{1,5})|nsu=([^;]+));)?([isgb])=(.*)$", re.DOTALL)
_STEP = re.compile(r"\[(\d{1,9})\]|(?:^|\.)([^\W\d][^.\[\]#]*)")


@dataclass(slots=True, frozen=True)
class Address:
    """A parsed address: namespace as index or as URI, identifier, steps into the value."""

    index: int
    uri: str
    kind: str  # i, s, g, b
    identifier: int | str | bytes | uuid.UUID
    path: tuple[str | int, ...] = ()


def parse(text: str) -> Address:
    """Read an address; raises driver.address."""
    node, sharp, way = text.partition("#")
    found = _NODE.match(node.lstrip())
    if not found:
        raise FixConfiguration(
            "driver.address",
            f"{text!r} is not an OPC UA address: write ns=2;s=Machine.Temp, nsu=http://…;i=5 or ns=2;i=5#Field[3]",
            place=text,
        )
    index, uri, kind, raw = found.groups()
    if index and int(index) > 0xFFFF:
        raise FixConfiguration("driver.address", f"namespace {index} is more than 65535", place=text)
    return Address(int(index or 0), _unescape(uri or ""), kind, _identifier(kind, raw, text), _way(way, sharp, text))


def check(address: str, options: dict[str, Any]) -> None:
    """Raise driver.address for what is no node."""
    parse(address)


def _identifier(kind: str, raw: str, text: str) -> int | str | bytes | uuid.UUID:
    try:
        if kind == "i":
            number = int(raw)
            if not 0 <= number <= 0xFFFFFFFF:
                raise ValueError("outside 32 bits")
            return number
        if kind == "g":
            return uuid.UUID(raw)
        if kind == "b":
            return base64.b64decode(raw, validate=True)
    except (ValueError, binascii.Error) as error:
        raise FixConfiguration("driver.address", f"{raw!r} does not fit {kind}=: {error}", place=text) from error
    if not raw:
        raise FixConfiguration("driver.address", "the identifier is empty", place=text)
    return raw.replace("%23", "#").replace("%25", "%")


def _way(way: str, sharp: str, text: str) -> tuple[str | int, ...]:
    steps: list[str | int] = []
    at = 0
    while at < len(way):
        found = _STEP.match(way, at)
        if not found:
            break
        steps.append(int(found[1]) if found[1] is not None else found[2])
        at = found.end()
    if at < len(way) or (sharp and not steps):
        raise FixConfiguration(
            "driver.address", f"{way!r} does not lead into a value: write #[3] or #Axis[2].Position", place=text
        )
    return tuple(steps)


def _unescape(uri: str) -> str:
    return uri.replace("%3B", ";").replace("%3b", ";").replace("%25", "%")


def to_node_id(address: Address, namespaces: Sequence[str]) -> ua.NodeId | None:
    """Make the NodeId for a server's namespace table; None when it does not know the URI."""
    from asyncua import ua

    index = address.index
    if address.uri:
        if address.uri not in namespaces:
            return None
        index = list(namespaces).index(address.uri)
    kinds = {
        "i": ua.NodeIdType.Numeric,
        "s": ua.NodeIdType.String,
        "g": ua.NodeIdType.Guid,
        "b": ua.NodeIdType.ByteString,
    }
    return ua.NodeId(address.identifier, index, kinds[address.kind])


def from_node_id(node: ua.NodeId, namespaces: Sequence[str] = ()) -> str:
    """Write a NodeId as an address: with the URI when the table is given and knows the index.

    >>> from asyncua import ua
    >>> from_node_id(ua.NodeId("Machine.Temp", 2))
    'ns=2;s=Machine.Temp'
    >>> from_node_id(ua.NodeId(5, 1), ["http://opcfoundation.org/UA/", "http://maker/"])
    'nsu=http://maker/;i=5'
    """
    identifier = node.Identifier
    if isinstance(identifier, uuid.UUID):
        tail = f"g={identifier}"
    elif isinstance(identifier, bytes):
        tail = "b=" + base64.b64encode(identifier).decode()
    elif isinstance(identifier, str):
        tail = "s=" + re.sub(r"%(?=2[35])", "%25", identifier).replace("#", "%23")
    else:
        tail = f"i={identifier}"
    index = int(node.NamespaceIndex)
    if not index:
        return tail
    if index < len(namespaces):
        uri = namespaces[index].replace("%", "%25").replace(";", "%3B")
        return f"nsu={uri};{tail}"
    return f"ns={index};{tail}"


def write_way(path: Sequence[str | int]) -> str:
    """Write steps into a value the way ``parse`` reads them.

    >>> write_way(["Axis", 2, "Position"])
    '#Axis[2].Position'
    """
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "#" + text.removeprefix(".") if text else ""
