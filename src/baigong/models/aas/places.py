"""Places inside an identifiable: JSON paths for programs, ids and idShorts for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from baigong.models.aas.engine import property_name

Step = str | int


def verified_steps(segments: Sequence[Any]) -> list[Step]:
    """Turn the engine's path to a broken rule into steps through JSON."""
    return [s.index if hasattr(s, "index") else property_name(s.name) for s in segments]


def jsonable_steps(segments: Sequence[Any]) -> list[Step]:
    """Turn the engine's path to an unreadable value into steps through JSON."""
    return [s.index if hasattr(s, "index") else s.name for s in segments]


def xml_steps(segments: Sequence[Any]) -> list[Step]:
    """Turn the engine's path through XML elements into steps through the same environment as JSON."""
    named = [s.index if hasattr(s, "index") else s.element.tag.rpartition("}")[2] for s in segments]
    return [step for step in named if step != "environment"]


def json_path(steps: Sequence[Step], root: str = "$") -> str:
    """Write steps as a JSON path (RFC 9535).

    >>> json_path(["submodels", 0, "idShort"])
    '$.submodels[0].idShort'
    """
    return root + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)


def objects(value: Any) -> Iterator[tuple[tuple[Step, ...], dict[str, Any]]]:
    """Yield (steps, object) of all in some JSON, outer ones first; what is put into one meanwhile comes, too."""
    waiting: list[tuple[tuple[Step, ...], Any]] = [((), value)]
    while waiting:
        way, here = waiting.pop()
        if isinstance(here, dict):
            yield way, here
        entries = here.items() if isinstance(here, dict) else enumerate(here)
        waiting += [((*way, step), held) for step, held in entries if isinstance(held, (dict, list))]


def whereabouts(value: Any, steps: Sequence[Step]) -> str:
    """Name the element that steps lead to, as people do: ``Nameplate: Markings[0].MarkingName``."""
    words, name = "", _title(value)
    here = value
    for step in steps:
        inside = here
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            break
        if not isinstance(here, dict):
            continue
        if isinstance(step, int) and isinstance(here.get("idShort"), str):
            words += f".{here['idShort']}" if words else here["idShort"]
        elif isinstance(step, int) and "modelType" in here and inside is not value:
            words += f"[{step}]"
    return f"{name}: {words}" if name and words else name or words


def _title(value: Any) -> str:
    if not isinstance(value, dict):
        return ""
    title = value.get("idShort") or value.get("id") or ""
    return title if isinstance(title, str) else ""
