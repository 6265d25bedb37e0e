"""Addresses at the front door: those of MQTT, or whatever name a program gave over HTTP."""

from __future__ import annotations

from typing import Any

from baigong.drivers.mqtt.topics import topic_name
from baigong.vocab.errors import FixConfiguration


def check(address: str, options: dict[str, Any]) -> None:
    """Raise driver.address for a topic nobody could publish to."""
    topic = address.partition("#")[0]
    try:
        topic_name(topic.encode())
    except (FixConfiguration, UnicodeEncodeError) as error:
        raise FixConfiguration("driver.address", f"{address!r}: {error}") from error
