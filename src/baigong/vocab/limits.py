"""Limits of a quantity: between what it lies, and beyond what it is worth a look or not right (ISA-18.2). Pure."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from baigong.vocab.errors import FixConfiguration
from baigong.vocab.units import in_other_unit, same_quantity

_ORDER: Final = ("min", "low_low", "low", "high", "high_high", "max")


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """``min``–``max``: the scale that is drawn. Beyond ``low`` or ``high`` a value is worth a look, beyond
    ``low_low`` or ``high_high`` it is not right. In the point's unit.
    """

    min: float | None = None
    max: float | None = None
    low_low: float | None = None
    low: float | None = None
    high: float | None = None
    high_high: float | None = None

    def require_order(self, place: str) -> None:
        """Refuse limits that no value can keep. Raises config.invalid."""
        told = [(name, value) for name in _ORDER if (value := getattr(self, name)) is not None]
        for (name, value), (after, most) in pairwise(told):
            if value > most or ((name, after) == ("min", "max") and value == most):
                raise FixConfiguration(
                    "config.invalid", f"{name} {value:g} is not below {after} {most:g}", place=f"{place}.{name}"
                )

    def measured(self, unit: str, wanted: str) -> Limits | None:
        """Return the same limits in another unit; None when that measures another quantity.

        >>> Limits(high=120.0).measured("L/min", "m3/h")
        Limits(min=None, max=None, low_low=None, low=None, high=7.2, high_high=None)
        """
        if unit == wanted:
            return self
        if not unit or not wanted or not same_quantity(unit, wanted):
            return None
        told = {name: value for name in _ORDER if (value := getattr(self, name)) is not None}
        return replace(self, **{name: in_other_unit(value, unit, wanted) for name, value in told.items()})
