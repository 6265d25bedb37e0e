"""Tells which cell of a row is what: by the heads of the columns, or by what the cells look like."""

from __future__ import annotations

import re

from baigong.models.registertables import cells
from baigong.models.registertables.headers import Columns
from baigong.models.registertables.splitting import Row


def by_heads(row: Row, columns: Columns) -> dict[str, str]:
    found: dict[str, str] = {}
    for meaning, cell in zip(columns.meanings, row.cells, strict=False):
        if meaning and cell:
            found[meaning] = f"{found[meaning]} {cell}" if meaning in found else cell
    return found


def by_looks(row: Row) -> dict[str, str]:
    """Tell cells by what is in them: the first number is the register, then types, units, factors; words are names."""
    found: dict[str, str] = {}
    words: list[str] = []
    for cell in row.cells:
        if not cell:
            continue
        if "address" not in found and cells.read_place(cell) is not None:
            found["address"] = cell
        elif "type" not in found and cells.read_type(cell)[0] and not cell.isdigit():
            found["type"] = cell
        elif "access" not in found and cells.read_access(cell):
            found["access"] = cell
        elif "unit" not in found and "address" in found and words and cells.read_unit(cell) and cell not in ("1", "a"):
            found["unit"] = cell
        elif "scale" not in found and "address" in found and re.match(r"^[x×*÷/]?\s*[01]?[.,]?[0-9]+$", cell):
            found["scale"] = cell
        else:
            words.append(cell)
    return found | {"name": " ".join(words)}


def by_ends(row: Row) -> dict[str, str]:
    """Tell words that single blanks part: the register first, what it is measured in last, its name between."""
    words = list(row.cells)
    if not words or cells.read_place(words[0]) is None:
        return {"name": " ".join(words)}
    found, rest = {"address": words[0]}, words[1:]
    readers = (
        ("access", cells.read_access), ("unit", cells.read_unit), ("type", lambda word: cells.read_type(word)[0]),
        ("scale", lambda word: re.match(r"^[x×*÷/]\s*[0-9]|^0[.,][0-9]+$", word)),
    )  # fmt: skip
    while len(rest) > 1:
        kind = next((what for what, read in readers if what not in found and read(rest[-1])), "")
        if not kind:
            break
        found[kind] = rest.pop()
    return found | {"name": " ".join(rest)}
