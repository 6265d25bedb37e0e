"""``baigong type alarms``: the alarms of a type as a table for a spreadsheet (the master alarm list), and back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.textfile import number_of, whole_file
from baigong.cli.typewriting import type_path, write_type
from baigong.vocab.alarms import TypeAlarm
from baigong.vocab.errors import FixConfiguration

_FIELDS = TypeAlarm.__struct_fields__
_NUMBERS = ("limit", "deadband")
_HEADS = ("alarm", *_FIELDS, "from")


def alarms_of_type(
    name: Annotated[str, typer.Argument(help="asset type, like pump")],
    file: Annotated[Path | None, typer.Argument(help=".csv or .xlsx to write; left out: a table here")] = None,
    put: Annotated[Path | None, typer.Option("--from", help=".csv or .xlsx whose alarms become the type's")] = None,
    check: Annotated[bool, typer.Option("--check", help="only say what it would break")] = False,
    confirm: Annotated[int, typer.Option(help="so many assets it may break", min=0)] = 0,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Write the alarms of a type, with those it inherits, as a table; or take them from one.

    What is inherited and not changed in the table stays inherited; alarms of its own that are not in it go.
    """
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", type_path(name))
        if put is not None:
            text = with_alarms(found["text"], name, _told(put, found["whole"].get("alarms", {}), found["came"], name))
            made, _ = write_type(link, put, name, text, check=check, confirm=confirm, base=found["version"])
            said = "nothing was written" if check else f"version {made['version']}"
            show.tell(f"{name}: {len(made['whole'].get('alarms', {}))} alarms; {said}")
            return
    rows = [list(_row(key, alarm, found["came"])) for key, alarm in found["whole"].get("alarms", {}).items()]
    if file is None:
        short = ("alarm", "point", "when", "limit", "priority", "title", "response", "from")
        show.table(short, [[row[_HEADS.index(head)] for head in short] for row in rows])
        return
    from baigong.api.spreadsheet import csv_bytes, xlsx_bytes

    form = file.suffix.lower()
    if form not in (".csv", ".xlsx"):
        raise FixConfiguration("config.invalid", "name a .csv or .xlsx file", place=str(file))
    table = [list(_HEADS), *rows]
    with whole_file(file) as sink:
        sink.write(csv_bytes(table) if form == ".csv" else xlsx_bytes(table, "alarms"))
    show.tell(f"{len(rows)} alarms in {file}")


def _row(key: str, alarm: Mapping[str, Any], came: Mapping[str, str]) -> Iterator[str]:
    yield key
    for field in _FIELDS:
        value = alarm.get(field, {"when": "high", "priority": "medium"}.get(field))
        if isinstance(value, list):
            yield ", ".join(value)
        elif isinstance(value, bool):
            yield "" if value else "no"
        else:
            yield f"{value:.15g}" if isinstance(value, float) else str(value or "")
    yield came.get(f"alarms.{key}", "")


def _told(path: Path, held: Mapping[str, Any], came: Mapping[str, str], name: str) -> dict[str, dict[str, Any]]:
    """Read what the type itself has to say of its alarms."""
    from baigong.cli.tabular import pieces

    made: dict[str, dict[str, Any]] = {}
    for piece in pieces(path):
        unknown = sorted(set(piece.table.column_names) - set(_HEADS) - {""})
        if unknown or "alarm" not in piece.table.column_names:
            raise FixConfiguration("config.invalid", f"columns are {', '.join(_HEADS)}, not {unknown}", place=str(path))
        for at, cells in enumerate(piece.table.to_pylist()):
            key = str(cells.get("alarm") or "").strip()
            if not key:
                continue
            if key in made:
                raise FixConfiguration(
                    "config.invalid", f"the alarm {key} stands there twice", place=f"row {piece.row + at}"
                )
            made[key] = dict(_fields(cells, f"{path} row {piece.row + at}"))
    own: dict[str, dict[str, Any]] = {}
    for key, fields in made.items():
        inherited = key in held and came.get(f"alarms.{key}") != name
        before = dict(_fields(dict(zip(_HEADS, _row(key, held[key], came), strict=True)), key)) if inherited else {}
        differs = {field: value for field, value in fields.items() if value != before.get(field)}
        if "enabled" in before and "enabled" not in fields:
            differs["enabled"] = True
        if differs or not inherited:
            own[key] = differs
    return own


def _fields(cells: Mapping[str, Any], place: str) -> Iterator[tuple[str, Any]]:
    for field in _FIELDS:
        text = str(cells.get(field) or "").strip()
        if not text:
            continue
        if field in _NUMBERS:
            yield field, number_of(text, f"{place} {field}")
        elif field == "states":
            yield field, [one.strip() for one in text.split(",") if one.strip()]
        elif field == "enabled":
            if text.lower() in ("no", "false", "0", "否", "停用"):
                yield field, False
        else:
            yield field, text.removeprefix("'")


def with_alarms(text: str, name: str, alarms: Mapping[str, Mapping[str, Any]]) -> str:
    r"""Return a type's text with these alarms in the place of those it has; the rest stays as it is written.

    >>> print(with_alarms("type: x\nalarms: {}\n# end\nkpis: {}\n", "x", {"a": {"when": "high"}}), end="")
    type: x
    alarms:
      a: {"when": "high"}
    # end
    kpis: {}
    """
    lines = (text if text.startswith("type:") or "\ntype:" in text else f"type: {name}\n{text}").splitlines()
    begin = next((at for at, line in enumerate(lines) if line.startswith("alarms:")), len(lines))
    end = begin + 1
    while end < len(lines) and (not lines[end].strip() or lines[end][0] in " \t"):
        end += 1
    return "\n".join([*lines[:begin], *_block(alarms), *lines[end:]]) + "\n"


def _block(alarms: Mapping[str, Mapping[str, Any]]) -> Sequence[str]:
    """One line an alarm: JSON is YAML."""
    if not alarms:
        return []
    return ["alarms:", *(f"  {key}: {json.dumps(fields, ensure_ascii=False)}" for key, fields in alarms.items())]
