"""What can be seen of a device before anything is connected: options, their ranges, addresses, scaling, scan classes.

Used for whatever way a device comes in: API, console, file, command line.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from baigong.drivers.manifest import Manifest, manifest
from baigong.vocab.condition import parse_condition
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.writing import WriteRule

_MOST = 50  # problems told at once


def check_driver(spec: DeviceSpec) -> None:
    """Raise the first problem, with all of them in its field ``problems``: [{code, place, title}].

    driver.unknown, driver.option, driver.address, config.invalid. The place is like ``device.points[3].address``.
    """
    told = manifest(spec.driver)
    found = [*told.problems(spec.options, blank=True), *_points(told, spec)]
    if found:
        first = found[0]
        if len(found) > 1:
            first.fields["problems"] = [{"code": e.code, "place": e.place, "title": e.message} for e in found[:_MOST]]
            first.fields["problems_total"] = len(found)
        raise first


def _points(told: Manifest, spec: DeviceSpec) -> Iterator[BaigongError]:
    for index, point in enumerate(spec.points):
        place = f"device.points[{index}]"
        try:
            told.check_address(point.address, spec.options)
        except BaigongError as error:
            sentence = f"{point.name}: {error.message}"
            yield FixConfiguration("driver.address", sentence, place=f"{place}.address", address=point.address)
        for field, sentence in _numbers(point, spec.scan):
            yield FixConfiguration("config.invalid", f"{point.name}: {sentence}", place=f"{place}.{field}")
        if point.write is not None:
            yield from _rule(told, spec, point, point.write, f"{place}.write")


def _numbers(point: PointSpec, scan: dict[str, str]) -> Iterator[tuple[str, str]]:
    if point.scale == 0:
        yield "scale", "a scale of 0 makes every value the same"
    for field in ("scale", "offset", "deadband"):
        if not math.isfinite(getattr(point, field)):
            yield field, f"{field} is not a number"
    if point.deadband < 0:
        yield "deadband", "a deadband is not less than 0"
    if point.scan and point.scan != "default" and point.scan not in scan:
        yield "scan", f"there is no scan class {point.scan!r}; there are {sorted(scan)}"


def _rule(told: Manifest, spec: DeviceSpec, point: PointSpec, rule: WriteRule, place: str) -> Iterator[BaigongError]:
    for field, sentence in _bounds(told, point, rule):
        yield FixConfiguration("config.invalid", f"{point.name}: {sentence}", place=f"{place}.{field}")
    if rule.interlock:
        try:
            parse_condition(rule.interlock)
        except BaigongError as error:
            sentence = f"{point.name}: {error.message}"
            yield FixConfiguration("config.invalid", sentence, place=f"{place}.interlock")
    if rule.address:
        try:
            told.check_address(rule.address, spec.options)
        except BaigongError as error:
            yield FixConfiguration("driver.address", f"{point.name}: {error.message}", place=f"{place}.address")


def _bounds(told: Manifest, point: PointSpec, rule: WriteRule) -> Iterator[tuple[str, str]]:
    if "write" not in told.capabilities:
        yield "min", f"the driver {told.id} cannot write"
    if point.kind == "burst":
        yield "min", "a waveform cannot be written"
    if point.kind in ("gauge", "counter", "setpoint") and (rule.min is None or rule.max is None):
        yield "min", "whoever may write a number needs its bounds: give min and max"
    if rule.min is not None and rule.max is not None and not rule.min <= rule.max:
        yield "max", f"max {rule.max:g} is below min {rule.min:g}"
    for field in ("min", "max", "max_step", "max_rate", "tolerance"):
        bound = getattr(rule, field)
        if bound is not None and not math.isfinite(bound):
            yield field, f"{field} is not a number"
