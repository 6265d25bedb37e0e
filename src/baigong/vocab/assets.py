"""Assets as people describe them: what there is in a plant, and what it is a part of (ISA-95 / IEC 62264)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from baigong.vocab.devices import NAME_STEP
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.relations import is_relation

Level = Literal["site", "area", "line", "unit", "part", "material", "product", "lot", "person", "tool"]
State = Literal["planned", "in_service", "out_of_service"]
EQUIPMENT: tuple[Level, ...] = ("site", "area", "line", "unit", "part")  # from the whole to its parts
LEVELS_ZH: dict[Level, str] = {
    "site": "厂区", "area": "区域", "line": "产线", "unit": "设备", "part": "部件", "material": "物料",
    "product": "产品", "lot": "批次", "person": "人员", "tool": "工具",
}  # fmt: skip
_Word = Annotated[str, Meta(max_length=200)]
Property = str | bool | int | float


class AssetSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One thing with an identity: a site, an area, a line, a machine or a part of one; a material, a lot, a tool.

    ``asset`` is what its points are named by (``pump1`` of ``pump1.flow``) and stays when it moves. ``parent``: the
    asset it is a part of or stands in; empty: the company itself; left out: what its name says (``hall`` of
    ``hall.press1``). ``code``: the plant's own, like an inventory number; no two assets have the same.
    ``type``: the asset type that describes it, like ``pump``. ``relations``: what it has to do with others beside the
    tree, like ``{"feeds": ["tank1"]}`` (vocab/relations.py); left out: as before.
    """

    asset: Annotated[str, Meta(min_length=1, max_length=200)]
    parent: _Word | None = None
    level: Level = "unit"
    type: _Word = ""
    code: _Word = ""
    title: _Word = ""  # for people, in their own language
    title_zh: _Word = ""  # the Chinese one, where ``title`` is in another language
    place: _Word = ""  # where it stands, in words
    state: State = "in_service"
    properties: Annotated[dict[str, Property], Meta(max_length=500)] = {}
    relations: Annotated[dict[str, list[_Word]], Meta(max_length=100)] | None = None

    def __post_init__(self) -> None:
        if not NAME_STEP.fullmatch(self.asset):
            raise ValueError(f"asset {self.asset!r}: write a name like pump1, without blanks or slashes")
        for kind in self.relations or ():
            if not is_relation(kind):
                raise ValueError(f"relation {kind!r}: write a name like feeds, without blanks, dots or slashes")

    @property
    def above(self) -> str:
        """Name what it is a part of; empty: nothing but the company."""
        return named_above(self.asset) if self.parent is None else self.parent


def named_above(asset: str) -> str:
    """Return what an asset is a part of by its name alone.

    >>> named_above("hall.press1"), named_above("hall")
    ('hall', '')
    """
    return asset.rpartition(".")[0]


def read_asset(raw: dict[str, Any], place: str = "asset") -> AssetSpec:
    """Read what a form, a file or a table row says; config.invalid names the field that is wrong."""
    try:
        return msgspec.convert(raw, AssetSpec)
    except (msgspec.ValidationError, ValueError) as error:
        raise FixConfiguration("config.invalid", str(error), place=place) from error
