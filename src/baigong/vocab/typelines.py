"""Where in a type's text a place is: ``points.flow.unit`` stands in line 6. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from baigong.vocab.errors import FixConfiguration

_TOLD = re.compile(r"\bline (\d+):")


def line_of(text: str, steps: Sequence[str]) -> int | None:
    r"""Return the line of the deepest key that the text has of a place, from 1; None where it has none of them.

    >>> line_of("type: a\npoints:\n  flow:\n    unit: m3h\n", ["points", "flow", "unit"])
    4
    """
    import yaml

    try:
        node: Any = yaml.compose(text, yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    found, left = None, list(steps)
    while left and isinstance(node, yaml.MappingNode):
        held = {key.value: (key, value) for key, value in node.value if isinstance(key.value, str)}
        many = next((n for n in range(len(left), 0, -1) if ".".join(left[:n]) in held), 0)  # a name may have a dot
        if not many:
            break
        key, node = held[".".join(left[:many])]
        found, left = key.start_mark.line + 1, left[many:]
    return found


def with_line(error: FixConfiguration, text: str, name: str) -> FixConfiguration:
    """Return the error with the field ``line`` where it is about something in this type's own text."""
    told = _TOLD.search(error.message)
    if told:
        line: int | None = int(told[1])
    elif error.place.startswith(f"{name}."):
        line = line_of(text, error.place.removeprefix(f"{name}.").split("."))
    elif error.place == name:
        line = 1
    elif error.place == "type" or error.code == "http.not_found":
        line = line_of(text, ["extends" if error.code == "http.not_found" else "type"]) or 1
    else:
        line = line_of(text, [error.place])
    if line is None:
        return error
    return FixConfiguration(error.code, error.message, place=error.place, **{**error.fields, "line": line})
