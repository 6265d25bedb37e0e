"""Genealogy: which lots and serial numbers went into which, as production episodes say it (ISA-95, EPCIS).

An episode's attributes ``consumed`` and ``produced`` are lists of lots: ``"H13-77"``, or with more said
``{"lot": "H13-77", "material": "steel_h13", "quantity": 12, "unit": "kg"}``; ``people``: who did it.
"""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Episode

_Id = Annotated[str, Meta(min_length=1, max_length=200)]
MOST = 1_000  # lots on one side of one episode


class LotUse(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A lot, or one thing with a serial number. ``material``: what it is (ISA-95 material definition)."""

    lot: _Id
    material: Annotated[str, Meta(max_length=200)] = ""
    quantity: float | None = None
    unit: Annotated[str, Meta(max_length=40)] = ""  # UCUM code


class Genealogy(Struct, frozen=True, kw_only=True):
    consumed: Annotated[list[LotUse], Meta(max_length=MOST)] = []
    produced: Annotated[list[LotUse], Meta(max_length=MOST)] = []


def genealogy_of(episode: Episode) -> Genealogy:
    """Read what an episode says of lots; nothing, for most. Raises config.invalid.

    >>> made = Episode(id="run7", asset="press", kind="production", start_us=0,
    ...                attributes={"consumed": ["H13-77"], "produced": [{"lot": "SN-1", "material": "mould"}]})
    >>> [use.lot for use in (*genealogy_of(made).consumed, *genealogy_of(made).produced)]
    ['H13-77', 'SN-1']
    """
    said = {side: episode.attributes.get(side) for side in ("consumed", "produced")}
    told = {side: _whole(uses) for side, uses in said.items() if isinstance(uses, list)}  # a number is only a count
    if not told:
        return Genealogy()
    try:
        made = msgspec.convert(told, Genealogy)
    except (msgspec.ValidationError, ValueError) as error:
        raise FixConfiguration("config.invalid", f"episode {episode.id!r}: {error}", place="attributes") from error
    both = {use.lot for use in made.consumed} & {use.lot for use in made.produced}
    if both:
        raise FixConfiguration("config.invalid", f"{min(both)} would be made of itself", place="attributes.consumed")
    return made


def _whole(uses: list[Any]) -> list[Any]:
    return [{"lot": use} if isinstance(use, str) else use for use in uses]
