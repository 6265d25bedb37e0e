"""How somebody says what their payloads mean, where guessing is not good enough: a list of rules, first match wins.

::

    mapping:
      - topic: plant/+/data          # a topic filter
        time: ts                     # path of the time stamp; time_unit: auto, s, ms, us, ns or iso
        quality: meta.q              # path of the quality; quality_form: opcua, opcda, good
        fields:                      # path in the payload -> quantity; without it every value found is taken
          temp.front: temperature_front
        asset: line1.press{2}        # {2}: the second level of the topic
      - topic: plant/+/state
        format: text                 # the payload is the value; "ignore": these topics hold no values
      - topic: plant/+/shake
        format: int16                # the payload is a waveform: int16, int32 or float32, little endian
        rate_hz: 25600               # samples a second
        scale: 0.00030518            # sample = raw * scale
      - topic: plant/+/sound
        format: burst                # JSON: paths of samples and rate; known without a rule when they have these names
        samples: data.samples
        rate: data.rate_hz
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct

from baigong.drivers.mqtt.topics import covers, topic_filter
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration

TimeUnit = Literal["auto", "s", "ms", "us", "ns", "iso"]
QualityForm = Literal["opcua", "opcda", "good"]


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the payloads of the topics matched by ``topic`` mean."""

    topic: str = "#"
    format: Literal["json", "text", "ignore", "burst", "float32", "int16", "int32"] = "json"
    time: str = ""
    time_unit: TimeUnit = "auto"
    quality: str = ""
    quality_form: QualityForm = "opcua"
    fields: dict[str, str] = {}
    asset: str = ""
    rate_hz: float = 0.0
    scale: float = 1.0
    byte_order: Literal["little", "big"] = "little"
    samples: str = ""
    rate: str = ""

    def __post_init__(self) -> None:
        if self.format in ("float32", "int16", "int32") and not 0 < self.rate_hz <= 1e9:
            raise ValueError(f"topic {self.topic!r}: a waveform of {self.format} needs rate_hz, samples a second")
        try:
            topic_filter(self.topic.encode())
        except FixConfiguration as error:
            raise ValueError(f"topic {self.topic!r}: {error.message}") from error


SNIFF = Rule()


def parse_mapping(raw: Any) -> tuple[Rule, ...]:
    """Read a mapping from a list of rules, or from YAML or JSON text; driver.option says what is wrong."""
    try:
        rules = msgspec.yaml.decode(raw) if isinstance(raw, str | bytes) else raw
        if isinstance(rules, dict) and set(rules) == {"mapping"}:
            rules = rules["mapping"]
        return tuple(msgspec.convert(rules or [], list[Rule]))
    except (msgspec.MsgspecError, ValueError) as error:
        raise FixConfiguration("driver.option", f"mapping: {error}", place="mapping") from error


def rule_for(topic: str, rules: tuple[Rule, ...], otherwise: Rule | None = SNIFF) -> Rule | None:
    """Find the first rule whose filter matches the topic."""
    return next((rule for rule in rules if covers(rule.topic, topic)), otherwise)


def quality_of(raw: Any, form: QualityForm) -> int:
    """Turn what a device calls quality into ours; what cannot be understood is uncertain.

    >>> quality_of(0, "opcua"), quality_of(192, "opcda"), quality_of(0, "opcda"), quality_of("GOOD", "good")
    (0, 0, 32768, 0)
    """
    if isinstance(raw, str):
        word = raw.strip().lower()
        return (
            q.GOOD if word in ("good", "ok", "valid", "true") else q.BAD if word in ("bad", "invalid") else q.UNCERTAIN
        )
    if isinstance(raw, bool) or form == "good":
        return q.GOOD if raw else q.BAD
    if not isinstance(raw, int) or raw < 0:
        return q.UNCERTAIN
    if form == "opcda":  # OPC DA 3.00 §6.8: bits 7 and 6
        return (q.BAD, q.UNCERTAIN, q.UNCERTAIN, q.GOOD)[raw >> 6 & 3]
    return q.from_status_code(raw) if raw > 0xFFFF else raw
