"""Names in shells that are made of our own assets: their ids, and idShorts of what people called as they liked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote, unquote
from zlib import crc32

from baigong.models.aas.environment import Jsonable
from baigong.models.chinese import is_chinese

SHELL = "aas"
PARTS = ("Nameplate", "TechnicalData", "OperationalData", "HierarchicalStructures")
_SIMPLE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_OTHER = re.compile(r"[^A-Za-z0-9_]+")
_LONGEST = 80  # of an idShort before its sum; the metamodel ends at 128


class Made(NamedTuple):
    """What an id of ours names: the asset, and ``aas`` for its shell or one of `PARTS` for a submodel."""

    asset: str
    part: str


def asset_id(front: str, asset: str) -> str:
    """Return the globalAssetId. ``front``: ``urn:baigong:<company>``; the name of an asset stays when it moves."""
    return f"{front}:{quote(asset, safe='')}"


def made_id(front: str, asset: str, part: str) -> str:
    """Return the id of an asset's shell or submodel.

    >>> made_id("urn:baigong:main", "泵1", "OperationalData")
    'urn:baigong:main:%E6%B3%B51:OperationalData'
    """
    return f"{asset_id(front, asset)}:{part}"


def filled_front(front: str, asset: str) -> str:
    """Return what the ids of the submodels begin with that somebody filled in for an asset."""
    return f"{asset_id(front, asset)}:filled:"


def read_id(front: str, id: str) -> Made | None:
    """Say what an id names; None: it is none of ours. An asset's own id has an empty part."""
    if not id.startswith(f"{front}:"):
        return None
    name, _, part = id[len(front) + 1 :].partition(":")
    asset = unquote(name)
    if part not in ("", SHELL, *PARTS) or quote(asset, safe="") != name or not asset:
        return None
    return Made(asset, part)


@lru_cache(maxsize=20_000)
def id_short(name: str) -> str:
    """Write a name as an idShort of 3.0 and 3.1: dots become _, Chinese pinyin; what changed more has a sum behind it.

    >>> id_short("hall.press1"), id_short("主轴转速")
    ('hall_press1', 'zhuzhouzhuansu_53c29480')
    """
    plain = name.replace(".", "_")
    if _SIMPLE.fullmatch(plain):
        return plain
    if is_chinese(plain):
        from pypinyin import lazy_pinyin  # dictionaries of some megabytes: only where Chinese is written

        plain = "".join(lazy_pinyin(plain))
    plain = _OTHER.sub("_", plain).strip("_")[:_LONGEST]
    front = plain if plain[:1].isalpha() else f"x{plain}"
    return f"{front}_{crc32(name.encode()):08x}"


def id_shorts(names: Iterable[str]) -> Iterator[str]:
    """Yield the idShorts of neighbours, each once."""
    taken: set[str] = set()
    for name in names:
        short = id_short(name)
        while short in taken:
            short += "_"
        taken.add(short)
        yield short


def external(value: str) -> Jsonable:
    return {"type": "ExternalReference", "keys": [{"type": "GlobalReference", "value": value}]}


def submodel_reference(id: str) -> Jsonable:
    return {"type": "ModelReference", "keys": [{"type": "Submodel", "value": id}]}


def submodel(name: str, id: str, semantic: str, elements: list[Jsonable]) -> Jsonable:
    """Put one together, in the order of the metamodel."""
    return {
        "idShort": name, "id": id, "semanticId": external(semantic),
        **({"submodelElements": elements} if elements else {}), "modelType": "Submodel",
    }  # fmt: skip


def told(title: str, title_zh: str, longest: int) -> list[Jsonable]:
    """Say a title in the languages that it is written in; ``title`` is the English one, where there is one."""
    if not title_zh and is_chinese(title):
        title, title_zh = "", title
    return [
        {"language": language, "text": text[:longest]}
        for language, text in (("en", title), ("zh", title_zh))
        if text.strip()
    ]
