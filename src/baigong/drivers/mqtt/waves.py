"""Waveforms in payloads: JSON with ``rate_hz`` and ``samples``, or bare float32 or int16 as a rule describes them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from baigong.drivers.mqtt import sniff
from baigong.drivers.mqtt.mapping import Rule, quality_of
from baigong.vocab.errors import FixConfiguration

_BINARY = {"float32": "f4", "int16": "i2", "int32": "i4"}
Samples = np.ndarray[Any, np.dtype[np.float32]]


class Wave(NamedTuple):
    """One recording found. ``time_us`` None: the payload does not say when; then it has just ended."""

    samples: Samples
    rate_hz: float
    time_us: int | None
    quality: int = 0
    unit: str = ""

    def began_us(self, arrival_us: int) -> int:
        if self.time_us is not None:
            return self.time_us
        return arrival_us - round(len(self.samples) / self.rate_hz * 1e6)


def is_wave(document: Any) -> bool:
    """Tell whether JSON without a rule is a waveform: an object with ``rate_hz`` and a list of ``samples``."""
    return type(document) is dict and "rate_hz" in document and type(document.get("samples")) is list


def from_json(document: Any, rule: Rule) -> Wave:
    """Read a waveform; payload.malformed says what of it is missing or no number."""
    try:
        samples = np.array(sniff.look_up(document, rule.samples or "samples"), np.float64)
        rate = rule.rate_hz or float(sniff.look_up(document, rule.rate or "rate_hz"))
        quality = quality_of(sniff.look_up(document, rule.quality), rule.quality_form) if rule.quality else 0
    except (KeyError, TypeError, ValueError) as error:
        raise FixConfiguration("payload.malformed", f"no waveform: {error!r}"[:300]) from error
    when = rule.time or sniff.time_key(document)
    try:
        time_us = sniff.moment_us(sniff.look_up(document, when), rule.time_unit) if when else None
    except KeyError:
        time_us = None
    unit = document.get("unit")
    return _checked(samples, rate, rule, time_us, quality, unit[:40] if isinstance(unit, str) else "")


def from_bytes(payload: bytes, rule: Rule) -> Wave:
    """Read bare samples, of the type and byte order that the rule says; one after another, nothing before them."""
    kind = np.dtype(_BINARY[rule.format]).newbyteorder(">" if rule.byte_order == "big" else "<")
    if len(payload) % kind.itemsize:
        raise FixConfiguration("payload.malformed", f"{len(payload)} bytes are no whole number of {rule.format}")
    return _checked(np.frombuffer(payload, kind).astype(np.float64), rule.rate_hz, rule, None, 0, "")


def _checked(samples: Any, rate_hz: float, rule: Rule, time_us: int | None, quality: int, unit: str) -> Wave:
    if samples.ndim != 1 or not len(samples):
        raise FixConfiguration("payload.malformed", "samples is a list of numbers, at least one")
    if not 0 < rate_hz <= 1e9:
        raise FixConfiguration("payload.malformed", f"rate_hz is {rate_hz}: samples a second, above 0")
    if time_us is not None and not -(1 << 62) < time_us < 1 << 62:
        time_us = None
    return Wave((samples * rule.scale).astype(np.float32), float(rate_hz), time_us, quality, unit)
