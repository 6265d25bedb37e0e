"""Devices and points as people configure them: one YAML file per device, the same Struct in API and console."""

from __future__ import annotations

import difflib
import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from baigong.vocab.errors import FixConfiguration
from baigong.vocab.ids import device_id
from baigong.vocab.texts import read_yaml
from baigong.vocab.writing import WriteRule

Kind = Literal["gauge", "counter", "state", "text", "burst", "setpoint"]
_OTHER = r"\s./\\\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # some turn what is read around
_STEP = rf"[^{_OTHER}]+"
NO_NAME = re.compile(rf"[{_OTHER}]")  # what a step of a name may not have in it
_POINT_NAME = re.compile(rf"{_STEP}(\.{_STEP})+")
NAME_STEP = re.compile(rf"{_STEP}(\.{_STEP})*")  # of an asset
_DURATION = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(us|ms|s|min|m|h|d|w|mo|y)")
_UNIT_S = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0}
_UNIT_S |= {"d": 86400.0, "w": 604800.0, "mo": 2592000.0, "y": 31536000.0}


class Counter(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a counter turns over: ``rollover`` is the first value it cannot show (10**6 for six digits).

    ``max_rate``: the most it counts in a second, in engineering units; tells a rollover from a reset, and both from
    a misreading. Without it, a fall is a rollover when less than half the range was counted.
    """

    rollover: Annotated[float, Meta(gt=0)] | None = None
    resets: bool = False  # falls back to zero when the device restarts or somebody presses the button
    max_rate: Annotated[float, Meta(gt=0)] | None = None


class PointSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One point and its current source, as written in a device file.

    ``name`` is ``asset.quantity`` (``pump1.flow``; more dots nest the asset: ``line1.pump1.flow``).
    Engineering value = raw * ``scale`` + ``offset``. ``number`` is written only when the point keeps an
    older source's number (PLC replaced, point re-addressed); otherwise it follows from the address.
    """

    name: Annotated[str, Meta(min_length=3, max_length=200)]
    address: Annotated[str, Meta(min_length=1, max_length=1000)]
    kind: Kind = "gauge"
    unit: Annotated[str, Meta(max_length=40)] = ""  # UCUM code
    title: str = ""  # for people, in their own language
    title_zh: str = ""  # the Chinese one, where ``title`` is in another language
    semantic: str = ""  # IRDI or IRI
    scale: float = 1.0
    offset: float = 0.0
    scan: str = ""  # scan class; empty: the device's "default"
    sloped: bool = True  # interpolate between samples (a level) or hold the last one (a switch)
    states: dict[str, str] = {}  # raw value -> word, for kind "state"; stored beside the value
    states_zh: dict[str, str] = {}  # the Chinese words, where ``states`` are in another language; shown only
    counter: Counter | None = None
    deadband: float = 0.0  # engineering units; a change not larger than this is not a change
    number: int | None = None
    write: WriteRule | None = None  # without one, nobody writes to it

    def __post_init__(self) -> None:
        if not _POINT_NAME.fullmatch(self.name):
            raise ValueError(
                f"point name {self.name!r}: write asset.quantity, like pump1.flow, without blanks or slashes"
            )

    @property
    def interpolates(self) -> bool:
        """Whether the value moves between two samples, rather than holding the first until the second."""
        return self.sloped and self.kind in ("gauge", "counter")

    @property
    def asset(self) -> str:
        return self.name.rpartition(".")[0]

    @property
    def quantity(self) -> str:
        return self.name.rpartition(".")[2]


class AssetWords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What people call an asset."""

    title: str = ""
    title_zh: str = ""


class DeviceSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One way in: a connection that a driver holds, and the points read through it.

    ``scan``: scan class name -> period (``default: 1s``). ``session_budget``: how many connections the
    device can bear at once. ``stale_after_s``: a point without news for so long is stale (0: three periods).
    ``max_age``: how old a value's own time may be and still be believed (``7300d`` for a server that replays a
    recording; empty: what the gateway does, seven days). Older times are replaced by those of arrival.
    ``assets``: what the assets read through it are called, by their names.
    ``template``: of which version it was made (``sdm630@2``), with these ``parameters``.
    """

    device: str
    driver: str
    gateway: str = "local"
    title: str = ""
    title_zh: str = ""
    enabled: bool = True
    options: dict[str, Any] = {}
    scan: dict[str, str] = {}
    timeout_s: Annotated[float, Meta(gt=0, le=600)] = 5.0
    session_budget: Annotated[int, Meta(ge=1, le=64)] = 1
    stale_after_s: Annotated[float, Meta(ge=0)] = 0.0
    max_age: str = ""
    assets: dict[str, AssetWords] = {}
    template: Annotated[str, Meta(max_length=100)] = ""
    parameters: dict[str, str | float | int | bool] = {}
    points: list[PointSpec] = []

    def __post_init__(self) -> None:
        device_id(self.device)
        seen: set[str] = set()
        for point in self.points:
            if point.name in seen:
                raise ValueError(f"point {point.name!r} is listed twice")
            seen.add(point.name)
        for name, period in self.scan.items():
            if seconds(period) < 0.01:
                raise ValueError(f"scan class {name!r}: {period} is shorter than 10ms")
        if self.max_age:
            seconds(self.max_age)


def seconds(text: str) -> float:
    """Read a duration; months have 30 days, years 365.

    >>> seconds("250ms"), seconds("5min"), seconds("30d")
    (0.25, 300.0, 2592000.0)
    """
    found = _DURATION.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a duration: write 100ms, 1s, 5min, 2h, 30d, 6mo or 1y")
    return float(found[1]) * _UNIT_S[found[2]]


def parse_device(raw: bytes | str | dict[str, Any]) -> DeviceSpec:
    """Read a device from JSON bytes, YAML text or a dict; config.invalid names the field that is wrong."""
    try:
        if isinstance(raw, dict):
            return msgspec.convert(raw, DeviceSpec)
        if isinstance(raw, bytes):
            return msgspec.json.decode(raw, type=DeviceSpec)
        return msgspec.convert(read_yaml(raw, "device"), DeviceSpec)
    except (msgspec.MsgspecError, FixConfiguration, ValueError) as error:
        if isinstance(error, FixConfiguration):
            raise
        raise FixConfiguration("config.invalid", f"{error}{_perhaps(str(error))}", place="device") from error


def _perhaps(message: str) -> str:
    """Name the field that was meant, where one is spelled nearly like the unknown one."""
    found = re.search(r"unknown field `([^`]*)`", message)
    known = PointSpec.__struct_fields__ if "points[" in message else DeviceSpec.__struct_fields__
    near = difflib.get_close_matches(found[1], known, 1) if found else []
    return f"; perhaps {near[0]}" if near else ""


def device_yaml(spec: DeviceSpec) -> str:
    """Write a device as text that git can diff: fixed order, defaults left out."""
    import yaml

    fastest = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    plain = msgspec.to_builtins(spec)
    return str(yaml.dump(plain, Dumper=fastest, sort_keys=False, allow_unicode=True, width=120))
