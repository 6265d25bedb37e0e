"""Alarms that a type declares for its points (ISA-18.2 / IEC 62682), with what rationalisation found out. Pure.

A definition only: delays, rates, acknowledging and shelving are the work of an alarm engine that follows values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from baigong.vocab.devices import seconds
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.units import in_other_unit

When = Literal["low_low", "low", "high", "high_high", "rate", "stale", "state"]
Priority = Literal["critical", "high", "medium", "low"]
LEVELS: Final = ("low_low", "low", "high", "high_high")
_Word = Annotated[str, Meta(max_length=200)]
_Text = Annotated[str, Meta(max_length=2000)]
_Span = Annotated[str, Meta(max_length=20)]
_NAME = re.compile(r"\w(?:[\w-]{0,62}\w)?")
# which condition has which fields of its own
_FIELDS: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(LEVELS, ("limit", "deadband")),
    "rate": ("limit", "per", "deadband"),
    "stale": ("after",),
    "state": ("states",),
}
_KINDS: Final = {"rate": ("gauge", "counter", "setpoint"), "state": ("state",)}


class TypeAlarm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One alarm of every asset of a type that has the ``point``.

    ``when``: ``low_low`` to ``high_high``: beyond ``limit``, or, where none is told, the point's limit of that name;
    ``rate``: it moves by more than ``limit`` in ``per`` (negative: falls); ``stale``: no good value for ``after``;
    ``state``: it is in one of ``states`` (raw values). Limit and deadband are in the point's unit.

    ``on_delay``, ``off_delay``: for how long the condition holds, or does not, before the alarm begins, or ends.
    ``cause``, ``consequence``, ``response``: for whoever sees it; ``respond_within``: else the consequence comes.
    """

    point: _Word = ""
    when: When = "high"
    limit: float | None = None
    per: _Span = ""
    after: _Span = ""
    states: Annotated[list[str], Meta(max_length=100)] = []
    deadband: Annotated[float, Meta(ge=0)] = 0.0
    on_delay: _Span = ""
    off_delay: _Span = ""
    priority: Priority = "medium"
    title: _Word = ""
    title_zh: _Word = ""
    cause: _Text = ""
    cause_zh: _Text = ""
    consequence: _Text = ""
    consequence_zh: _Text = ""
    response: _Text = ""
    response_zh: _Text = ""
    respond_within: _Span = ""
    semantic: _Text = ""  # IRDI or IRI
    enabled: bool = True  # a type that extends another switches one of its alarms off

    @property
    def needs_engine(self) -> bool:
        """Whether a newest value alone does not say if it is active: somebody has to follow the values."""
        return self.when == "rate" or bool(self.on_delay or self.off_delay or self.deadband)


def duration_s(text: str, place: str) -> float:
    """Read a duration like 10s; 0 where none is told. Raises config.invalid."""
    if not text:
        return 0.0
    try:
        return float(seconds(text))
    except ValueError as error:
        raise FixConfiguration("config.invalid", str(error), place=place) from error


def require_alarm(name: str, alarm: TypeAlarm, place: str) -> None:
    """Refuse what no engine could follow, whatever the point. Raises config.invalid with the field."""
    if not _NAME.fullmatch(name):
        raise FixConfiguration("config.invalid", f"{name!r} names no alarm: letters, digits, _ and -", place=place)
    allowed = _FIELDS[alarm.when]
    for field in ("limit", "per", "after", "states", "deadband"):
        if getattr(alarm, field) not in (None, "", [], 0.0) and field not in allowed:
            own = ", ".join(allowed)
            raise FixConfiguration(
                "config.invalid", f"an alarm when {alarm.when} has {own}, no {field}", place=f"{place}.{field}"
            )
    for field in ("per", "after", "on_delay", "off_delay", "respond_within"):
        duration_s(getattr(alarm, field), f"{place}.{field}")
    needed = {"rate": ("limit", "per"), "stale": ("after",), "state": ("states",)}.get(alarm.when, ())
    for field in needed:
        if getattr(alarm, field) in (None, "", [], 0):
            raise FixConfiguration("config.invalid", f"an alarm when {alarm.when} needs {field}", place=place)


def require_kind(alarm: TypeAlarm, kind: str, place: str) -> None:
    """Refuse an alarm that a point of this kind cannot have. Raises config.invalid."""
    fits = _KINDS.get(alarm.when) or (("gauge", "counter", "setpoint") if alarm.when != "stale" else ())
    if kind == "burst" or (fits and kind not in fits):
        advice = "; say when: state and its states" if kind == "state" else ""
        raise FixConfiguration(
            "config.invalid", f"{alarm.point} is a {kind}: no alarm when {alarm.when}{advice}", place=f"{place}.when"
        )


def alarm_as_meant(told: dict[Any, Any]) -> dict[Any, Any]:
    """Read `states: [3]` as texts: states are written as what a device says."""
    states = told.get("states")
    if isinstance(states, list):
        return {**told, "states": [str(int(s)) if isinstance(s, bool) else f"{s}" for s in states]}
    return told


def in_unit(told: Mapping[str, Any], unit: str, wanted: str) -> dict[str, Any]:
    """Write an alarm's numbers, as written, in another unit of the same quantity.

    >>> in_unit({"when": "high", "limit": 60.0, "deadband": 6.0}, "L/min", "m3/h")
    {'when': 'high', 'limit': 3.6, 'deadband': 0.36}
    """
    made = dict(told)
    for field in ("limit", "deadband"):
        if isinstance(made.get(field), int | float):
            level = field == "limit" and told.get("when", "high") in LEVELS
            made[field] = in_other_unit(made[field], unit, wanted, difference=not level)
    return made
