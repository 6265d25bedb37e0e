"""Elements inside a submodel: walking them, and the paths by which the AAS API names them (IDTA-01002, idShortPath)."""

from __future__ import annotations

import base64
import posixpath
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from baigong.models.aas.environment import Environment, Jsonable
from baigong.models.aas.places import json_path, objects, whereabouts
from baigong.vocab.errors import FixConfiguration

# where a model type keeps its children; an operation's variables are not addressed by path
CHILDREN = {
    "Submodel": "submodelElements", "SubmodelElementCollection": "value", "SubmodelElementList": "value",
    "Entity": "statements", "AnnotatedRelationshipElement": "annotations",
}  # fmt: skip
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_STEP = re.compile(r"([A-Za-z][\w-]*)|\[(\d{1,9})\]")


def encoded(id: str) -> str:
    """Write an id as it stands in a path of the API: base64url without padding.

    >>> encoded("urn:a")
    'dXJuOmE'
    """
    return base64.urlsafe_b64encode(id.encode()).decode().rstrip("=")


def children(holder: Jsonable) -> list[Jsonable]:
    """Return the elements directly inside a submodel or element."""
    held: list[Jsonable] = holder.get(CHILDREN.get(holder.get("modelType", ""), ""), [])
    return held


def elements(holder: Jsonable) -> Iterator[tuple[str, Jsonable]]:
    """Yield (idShortPath, element) of all below, parents first, in document order."""
    waiting = [*reversed(_named("", holder))]
    while waiting:
        path, element = waiting.pop()
        yield path, element
        waiting += reversed(_named(path, element))


def _named(path: str, holder: Jsonable) -> list[tuple[str, Jsonable]]:
    if holder.get("modelType") == "SubmodelElementList":
        return [(f"{path}[{index}]", one) for index, one in enumerate(children(holder))]
    dot = f"{path}." if path else ""
    return [(f"{dot}{one.get('idShort', '')}", one) for one in children(holder)]


def steps(path: str) -> list[str | int]:
    """Take an idShortPath apart; aas.path where it is none.

    >>> steps("Markings[0].Name")
    ['Markings', 0, 'Name']
    """
    found: list[str | int] = []
    at = 0
    while at < len(path):
        if path[at] == "." and found:
            at += 1
        matched = _STEP.match(path, at)
        after_dot = at > 0 and path[at - 1] == "."
        if (
            not matched
            or (matched[2] is not None and (not found or after_dot))
            or (matched[1] and found and not after_dot)
        ):
            raise FixConfiguration("aas.path", f"{path!r} is no idShortPath", place=path)
        found.append(matched[1] if matched[2] is None else int(matched[2]))
        at = matched.end()
    if not found or path.endswith("."):
        raise FixConfiguration("aas.path", f"{path!r} is no idShortPath", place=path)
    return found


def locate(submodel: Jsonable, path: str) -> tuple[list[Jsonable], int]:
    """Return (list that holds the element, its index): to read, replace or delete it; aas.no_element."""
    holder, held, index = submodel, children(submodel), -1
    for step in steps(path):
        if index >= 0:
            holder, held = held[index], children(held[index])
        is_list = holder["modelType"] == "SubmodelElementList"
        index = _index(held, step) if isinstance(step, int) == is_list else -1
        if index < 0:
            raise FixConfiguration("aas.no_element", f"no element {path!r}", place=str(submodel.get("id", "")))
    return held, index


def _index(held: list[Jsonable], step: str | int) -> int:
    if isinstance(step, int):
        return step if step < len(held) else -1
    return next((i for i, one in enumerate(held) if one.get("idShort") == step), -1)


def files_named(environment: Environment, spec: str) -> Iterator[tuple[str, str, str]]:
    """Yield (JSON path, place for people, part name) of every file inside a package that the shells point to."""
    for place, _, value in environment.identifiables():
        for way, name in _named_files(value, spec):
            at = whereabouts(value, way)
            yield json_path(way, place), at, name


def _named_files(value: Any, spec: str) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for at, here in objects(value):
        for name in ("value", "path"):
            held = here.get(name)
            if isinstance(held, str) and (here.get("modelType") == "File" or name == "path") and inside(held, spec):
                yield (*at, name), inside(held, spec)


def inside(reference: str, spec: str = "/aasx/data.xml") -> str:
    """Return the part name that a File's value or a thumbnail's path means; empty where it leads out of the package.

    ``spec`` is the part that holds the environment: a relative reference starts from its folder.

    >>> inside("file:///aasx/files/a%20b.pdf"), inside("docs/a.pdf"), inside("https://example.org/a.pdf")
    ('/aasx/files/a b.pdf', '/aasx/docs/a.pdf', '')
    """
    local = reference.removeprefix("file://") if reference.startswith("file:///") else reference.removeprefix("file:")
    if not local or local.startswith("//") or _SCHEME.match(local):
        return ""
    return posixpath.normpath(posixpath.join(posixpath.dirname(spec), unquote(local)))
