"""The metamodel's own reading and rules, by version: aas-core, generated from the formalised IDTA-01001."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from baigong.models.aas.environment import Version

_WORD = re.compile(r"(?<!^)(?=[A-Z])")
_LETTER = re.compile(r"_([a-z0-9])")
VERSIONS: dict[Version, str] = {"3.1": "aas_core3_1", "3.0": "aas_core3"}
NAMESPACES: dict[str, Version] = {"https://admin-shell.io/aas/3/1": "3.1", "https://admin-shell.io/aas/3/0": "3.0"}


@dataclass(slots=True, frozen=True)
class Engine:
    """One version of the metamodel; its modules are imported when the first file is read."""

    types: Any
    jsonization: Any
    verification: Any
    xmlization: Any

    def reader(self, kind: str) -> Callable[[Any], Any]:
        """Return what reads a ``kind`` (``Submodel``, ``SubmodelElement``, …) from JSON."""
        made: Callable[[Any], Any] = getattr(self.jsonization, f"{_WORD.sub('_', kind).lower()}_from_jsonable")
        return made


@cache
def engine(version: Version) -> Engine:
    """Return the engine of a version; cost at first 0.2 s and 10 MB."""
    name = VERSIONS[version]
    return Engine(*(import_module(f"{name}.{m}") for m in ("types", "jsonization", "verification", "xmlization")))


def property_name(name: str) -> str:
    """Turn an engine's name of a property into the standard's.

    >>> property_name("semantic_id_list_element")
    'semanticIdListElement'
    """
    return _LETTER.sub(lambda found: found[1].upper(), name)
