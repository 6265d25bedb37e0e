"""The standard's own OpenAPI documents, put together from their files and asked about what is really there."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

_FASTEST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SCHEMAS = ("Part1-MetaModel-Schemas/openapi.yaml", "Part2-API-Schemas/openapi.yaml")


def whole_document(folder: Path, services: Sequence[str], known: dict[str, list[str]], target: Path) -> Path:
    """Write one document of several services; ``known``: what path parameters are, by the names of the standard."""
    whole: dict[str, Any] = {"openapi": "3.0.3", "info": {"title": "AAS", "version": "3.1"}, "paths": {}}
    components: dict[str, dict[str, Any]] = {}
    for name in (*_SCHEMAS, *services):
        document = yaml.load((folder / name).read_text("utf-8"), Loader=_FASTEST)
        _at_home(document)
        whole["paths"] |= document.get("paths", {})
        for kind, held in document.get("components", {}).items():
            components.setdefault(kind, {}).update(held)
    _correct(components["schemas"])
    for parameter in components["parameters"].values():
        if parameter["name"] in known:
            parameter["schema"] = {"type": "string", "enum": known[parameter["name"]]}
    target.write_text(json.dumps(whole | {"components": components}), "utf-8")
    return target


def _correct(schemas: dict[str, Any]) -> None:
    """Mend what the documents say and cannot mean: all that these answers differ in from them."""
    # the metadata of an element is none of them alone: the parts say no more of modelType than that it is one
    schemas["SubmodelElementMetadata"]["anyOf"] = schemas["SubmodelElementMetadata"].pop("oneOf")
    # values of many submodels are many: in one object, equal idShorts of two of them would be one
    values = schemas["GetSubmodelsValueResult"]["allOf"][1]["properties"]
    values["result"] = {"type": "array", "items": values["result"]}


def _at_home(held: Any) -> None:
    """Let references to the other documents lead to the same place in this one."""
    for name, value in held.items() if isinstance(held, dict) else enumerate(held):
        if name == "$ref" and isinstance(value, str):
            held[name] = "#" + value.partition("#")[2]
        elif isinstance(value, (dict, list)):
            _at_home(value)
