"""Asset types as text that people go on writing: one line a point, what their source says of them as comments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

_NOTE = 240  # characters of one comment


class Lost(Struct, frozen=True, kw_only=True, order=True):
    """Something of a file for which a type has no place. ``what``: its name there; ``reason``: why."""

    reason: str
    what: str


class MadeType(Struct, frozen=True, kw_only=True):
    """One type made of a file. ``raw``: as written in ``text``; ``lost``: what of the file is not in it."""

    type: str
    text: str
    raw: dict[str, Any]
    lost: list[Lost]

    @property
    def extends(self) -> str:
        return str(self.raw.get("extends", ""))

    @property
    def points(self) -> int:
        return len(self.raw.get("points", {}))

    @property
    def properties(self) -> int:
        return len(self.raw.get("properties", {}))


def type_text(raw: Mapping[str, Any], notes: Mapping[str, str] | None = None) -> str:
    """Write a type. ``notes``: comments, for the whole under "", for others under points.NAME or properties.NAME.

    >>> print(type_text({"type": "fan", "points": {"speed": {"unit": "/min"}}}, {"points.speed": "of the shaft"}))
    type: fan
    points:
      # of the shaft
      speed: {unit: /min}
    <BLANKLINE>
    """
    import yaml

    fastest = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    plain = yaml.dump(
        dict(raw), Dumper=fastest, sort_keys=False, allow_unicode=True, default_flow_style=None, width=1 << 20
    )
    said = notes or {}
    lines = _comment(said.get("", ""), "")
    section = ""
    for line in plain.splitlines():
        if not line.startswith(" "):
            section = line.rstrip(":")
        elif not line.startswith("   "):
            lines += _comment(said.get(f"{section}.{line.strip().partition(':')[0]}", ""), "  ")
        lines.append(line)
    return "\n".join(lines) + "\n"


def _comment(text: str, indent: str) -> list[str]:
    words = "".join(c if c.isprintable() else " " for c in text).split()
    plain = " ".join(words)
    if len(plain) > _NOTE:
        plain = plain[: _NOTE - 1].rpartition(" ")[0] + " …"
    return [f"{indent}# {plain}"] if plain else []
