"""An AAS environment as the platform keeps it: plain JSON, one value for each identifiable, checked at the door."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from baigong.models.aas.findings import Finding

Jsonable = dict[str, Any]
Version = Literal["3.0", "3.1"]
Form = Literal["json", "xml", "aasx"]
LISTS = (
    ("assetAdministrationShells", "AssetAdministrationShell"),
    ("submodels", "Submodel"),
    ("conceptDescriptions", "ConceptDescription"),
)


@dataclass(slots=True, frozen=True)
class Environment:
    """Shells, submodels and concept descriptions, each in the canonical JSON of IDTA-01001.

    Canonical: properties in the order of the metamodel, ``modelType`` last, Base64 without blanks, nothing null. Equal
    content is equal bytes. ``version`` is the metamodel that the file named; JSON names none, then it is empty.
    """

    shells: list[Jsonable] = field(default_factory=list)
    submodels: list[Jsonable] = field(default_factory=list)
    concepts: list[Jsonable] = field(default_factory=list)
    version: Version | Literal[""] = field(default="", compare=False)

    def jsonable(self) -> Jsonable:
        """Return it as one JSON object; a list that is empty is left out, as the metamodel wants."""
        lists = (self.shells, self.submodels, self.concepts)
        return {name: held for (name, _), held in zip(LISTS, lists, strict=True) if held}

    def json(self) -> bytes:
        """Return its canonical bytes."""
        return msgspec.json.encode(self.jsonable())

    def identifiables(self) -> Iterator[tuple[str, str, Jsonable]]:
        """Yield (path, kind, value) of each; the path is that of the environment as JSON."""
        for (name, kind), held in zip(LISTS, (self.shells, self.submodels, self.concepts), strict=True):
            for index, value in enumerate(held):
                yield f"$.{name}[{index}]", kind, value


@dataclass(slots=True, frozen=True)
class Attachment:
    """A file inside a package: what the shells show or point to, or what somebody only put beside them."""

    content: bytes
    media: str
    roles: frozenset[str] = frozenset({"supplementary"})  # of supplementary, thumbnail, core-properties; or nothing


@dataclass(slots=True, frozen=True)
class Package:
    """What one file brought: the environment, the files beside it by part name (``/aasx/files/x.pdf``), and notes.

    ``notes`` are findings that only the file shows: relationships that lead nowhere, files that nobody names.
    """

    environment: Environment
    files: dict[str, Attachment] = field(default_factory=dict)
    notes: tuple[Finding, ...] = field(default=(), compare=False)
    form: Form = field(default="json", compare=False)
    spec: str = field(default="", compare=False)  # part that held the environment: relative file names start from it
