"""What is published to command a machine: the value alone, or a JSON document with the value in its place."""

from __future__ import annotations

from typing import Any

import msgspec

from baigong.drivers.mqtt.address import check
from baigong.vocab.errors import FixConfiguration


def command_of(address: str, value: float | int | str | bool) -> tuple[str, bytes]:
    """Return topic and payload for an address. Raises driver.address.

    >>> command_of("plant/pump1/set#", 42.5)
    ('plant/pump1/set', b'42.5')
    >>> command_of("plant/pump1/cmd#motor.speed", 1480)
    ('plant/pump1/cmd', b'{"motor":{"speed":1480}}')
    """
    check(address, {})
    topic, _, path = address.partition("#")
    if not path:
        return topic, value.encode() if isinstance(value, str) else msgspec.json.encode(value)
    if "[" in path:
        raise FixConfiguration(
            "driver.address", f"{address!r}: an element of a list cannot be commanded", place=address
        )
    document: Any = value
    for name in reversed(path.split(".")):
        document = {name: document}
    return topic, msgspec.json.encode(document)
