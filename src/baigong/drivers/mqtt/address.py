"""Addresses of MQTT points: ``topic#path in the payload``."""

from __future__ import annotations

from typing import Any

from baigong.drivers.mqtt.topics import topic_name
from baigong.vocab.errors import FixConfiguration


def check(address: str, options: dict[str, Any]) -> None:
    """Raise driver.address where nobody could publish.

    >>> check("plant/press3/data#temp.front", {})
    """
    topic, separator, _ = address.partition("#")
    if not separator:
        raise FixConfiguration(
            "driver.address", f"{address!r} has no #: write topic#path, or topic# when the payload is the value"
        )
    try:
        topic_name(topic.encode())
    except (FixConfiguration, UnicodeEncodeError) as error:
        raise FixConfiguration("driver.address", f"{address!r}: {error}") from error
