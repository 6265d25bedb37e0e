"""Describing one asset over what was looked at, so that nothing another one wrote meanwhile is lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from baigong.client.link import Link
from baigong.vocab.assets import named_above
from baigong.vocab.errors import FixConfiguration

_PAGE = 10_000  # lines of one answer
_SAID = ("level", "type", "code", "title", "title_zh", "place", "state")


def find_asset(link: Link, name: str) -> dict[str, Any]:
    """Return ``AssetAnswer`` as a dict. Raises http.not_found."""
    return dict(link.json("GET", asset_path(name)))


def _level_of(link: Link, ref: str) -> dict[str, str]:
    """Return the level that a type says its assets have; nothing where it says none, or is not there."""
    name, _, version = ref.partition("@")
    try:
        found = link.json("GET", f"/types/{quote(name, safe='')}", params={"version": version} if version else None)
    except FixConfiguration:
        return {}  # an asset may have a type that is not written yet
    level = found["whole"].get("level")
    return {"level": level} if level else {}


def describe(
    link: Link,
    name: str,
    held: Mapping[str, Any] | None,
    changes: Mapping[str, str],
    *,
    parent: str | None = None,
    properties: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write ``held`` (an ``AssetAnswer``; None: nobody knows it) with changes; what is left out stays as it is.

    ``parent``: "" is the company. Raises config.conflict when it was changed after ``held`` was read.
    """
    spec: dict[str, Any] = {"asset": name}
    above, kept, revision = None, {}, 0
    if held is not None:
        line, kept, revision = held["line"], held["properties"], held["revision"]
        above = line["parent"]
        if line["described"]:
            spec |= {what: line[what] for what in _SAID}
    if len(spec) == 1 and changes.get("type") and "level" not in changes:  # described for the first time
        spec |= _level_of(link, changes["type"])
    above = above if parent is None else parent
    if above is not None and above != named_above(name):
        spec["parent"] = above
    spec["properties"] = dict(kept if properties is None else properties)
    return dict(link.json("PUT", asset_path(name), params={"revision": revision}, body=spec | dict(changes)))


def asset_lines(link: Link, params: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return every ``AssetLine`` that ``params`` ask for, page after page."""
    found: list[dict[str, Any]] = []
    total = 1
    while len(found) < total:
        page = link.json("GET", "/assets", params={**params, "limit": _PAGE, "offset": len(found)})
        found += page["assets"]
        total = page["total"] if page["assets"] else 0
    return found


def relate(link: Link, name: str, kind: str, other: str, *, drop: bool = False) -> None:
    """Add a relation to an asset, or drop it."""
    path = f"{asset_path(name)}/relations"
    if drop:
        link.json("DELETE", f"{path}/{quote(kind, safe='')}/{quote(other, safe='')}")
    else:
        link.json("POST", path, body={"kind": kind, "other": other})


def asset_path(name: str) -> str:
    return f"/assets/{quote(name, safe='')}"
