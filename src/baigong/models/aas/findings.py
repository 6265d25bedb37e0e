"""What is wrong with a description of an asset: one finding each, with its place and what to do about it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec

from baigong.vocab.errors import FixConfiguration

Level = Literal["error", "warning"]
_CONSTRAINT = re.compile(r"AAS[cd]-(?:3a-)?\d+")
# The engines name most rules by the metamodel's number; for the others the words of the sentence decide.
_WORDS = (
    ("unique languages", "language"),
    ("must specify unique", "language"),
    ("BCP 47", "language"),
    ("maximum length", "length"),
    ("must not be empty", "empty"),
    ("at least one item", "empty-list"),
    ("ID-short of Referables shall only", "AASd-002"),
    ("ID-shorts of the value must be unique", "AASd-022"),
    ("value type", "value"),
    ("must be a model reference", "reference"),
    ("must be model references", "reference"),
    ("input direction", "direction"),
    ("UTC", "time"),
    ("xs:duration", "time"),
)


class Finding(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that is wrong, or looks so.

    ``code``  the metamodel's number (``AASd-021``), or a word where it has none (``language``, ``structure``)
    ``level`` *error*: refused unless the reader tolerates it; *warning*: read all the same
    ``path``  where in the environment as JSON, ``$.submodels[0].submodelElements[2].value``
    ``at``    the same place in words of the plant: ids and idShorts
    """

    code: str
    level: Level
    path: str
    at: str
    message: str
    advice: str
    advice_zh: str


@cache
def advices() -> dict[str, tuple[str, str]]:
    """Read the table of advice by code: English, Chinese."""
    table = tomllib.loads(files("baigong.models.aas").joinpath("advice.toml").read_text("utf-8"))
    return {code: (row["en"], row["zh"]) for code, row in table.items()}


def code_of(message: str) -> str:
    """Name the rule that a sentence of the engines is about."""
    named = _CONSTRAINT.search(message)
    if named:
        return named[0]
    return next((code for words, code in _WORDS if words in message), "pattern")


def finding(code: str, path: str, message: str, *, at: str = "", level: Level = "error") -> Finding:
    """Make a finding with the advice that belongs to its code."""
    advice, advice_zh = advices().get(code) or advices()["constraint"]
    return Finding(code=code, level=level, path=path, at=at, message=message, advice=advice, advice_zh=advice_zh)


def errors(found: Iterable[Finding]) -> list[Finding]:
    """Keep what is refused."""
    return [one for one in found if one.level == "error"]


def refusal(found: Sequence[Finding]) -> FixConfiguration:
    """Make one error of findings: the first in words, the first hundred as fields."""
    first, more = found[0], len(found) - 1
    message = first.message.rstrip(".") + (f"; {more} more" if more else "")
    place = f"{first.path} ({first.at})" if first.at else first.path
    fields = {"findings": [msgspec.to_builtins(one) for one in found[:100]], "count": len(found)}
    if first.code == "structure":
        return FixConfiguration("aas.structure", message, place=place, **fields)
    return FixConfiguration("aas.invalid", message, place=place, **fields)
