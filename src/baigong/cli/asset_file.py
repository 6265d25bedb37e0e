"""``baigong asset import`` and ``export``: assets as a spreadsheet (CSV, XLSX) or YAML."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer

from baigong.cli import show
from baigong.cli.asset_relations import FIELD
from baigong.cli.asset_rows import (
    COMPANY,
    FIELDS,
    Table,
    Wrong,
    changed,
    doubles,
    is_same,
    read_documents,
    read_rows,
    write_rows,
)
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.textfile import table_text, whole_file
from baigong.vocab.assets import AssetSpec, named_above
from baigong.vocab.errors import FixConfiguration

if TYPE_CHECKING:
    from baigong.client.link import Link

_AT_ONCE = 20_000  # assets the server takes whole or not at all
_TOLD = 50  # of what is wrong
_LONGEST = 200 << 20  # bytes of a text file
_DELIMITERS = ",;\t|"


def import_file(
    file: Annotated[Path, typer.Argument(help="CSV (UTF-8 or GB 18030), XLSX or YAML")],
    check: Annotated[bool, typer.Option("--check", help="only say what would change, and what is wrong")] = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Describe many assets from a file: all of them, or none.

    The first row names the columns: asset, parent, level, type, code, title, title_zh, place, state, or 资产, 上级,
    层级, 类型, 编码, 名称, 位置, 状态; relations by their names (feeds or 供给; relation:name for one of your own),
    several assets apart by ;. Every other one is a property. What the file has no column for stays; an empty cell
    empties. More than 20,000 changed assets are checked all, then written in several pieces.
    """
    table, wrong = _read(file)
    with reach(data, url, token, tenant) as link:
        held = described(link)
        wrong += doubles(table)
        made = [(told.row, changed(told, held.get(told.fields.get("asset", "")))) for told in table.told]
        fresh = [(row, one) for row, one in made if (was := held.get(one["asset"])) is None or not is_same(one, was)]
        wrong += _invalid(fresh)
        if not wrong:
            wrong = _checked(link, fresh, {one["asset"] for _, one in made})
        if wrong:
            _refuse(file, table, wrong)
        added = sum(one["asset"] not in held for _, one in fresh)
        if not check:
            _write(link, file, [one for _, one in _parents_first(fresh)])
    said = ("would be added", "would be changed") if check else ("added", "changed")
    same = len(made) - len(fresh)
    show.tell(f"{file}: {added:,} assets {said[0]}, {len(fresh) - added:,} {said[1]}, {same:,} are so already")


def export_file(
    file: Annotated[Path, typer.Argument(help="a .csv (UTF-8 with BOM), .xlsx or .yaml to write")],
    under: Annotated[str, typer.Option(help="only this asset and all its parts")] = "",
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Write the assets that were described to a file that spreadsheets open, and `baigong asset import` reads."""
    form = file.suffix.lower()
    if form not in (".csv", ".xlsx", ".yaml", ".yml"):
        raise FixConfiguration("config.invalid", "name a .csv, .xlsx or .yaml file", place=str(file))
    with reach(data, url, token, tenant) as link:
        assets = list(described(link, under).values())
    with whole_file(file) as sink:
        sink.write(_written(assets, form))
    show.tell(f"wrote {file} ({len(assets):,} assets)")


def every(link: Link, under: str = "", *, properties: bool = False) -> list[dict[str, Any]]:
    """Return the lines of all assets, or of one and all its parts."""
    from baigong.client.describing import asset_lines

    return asset_lines(link, {"under": under, "properties": "true" if properties else ""})


def described(link: Link, under: str = "") -> dict[str, dict[str, Any]]:
    """Ask for the assets that somebody described, with all that is known of them."""
    return {line["asset"]: line for line in every(link, under, properties=True) if line["described"]}


# -- reading ---------------------------------------------------------------------------------------------------------


def _read(file: Path) -> tuple[Table, list[Wrong]]:
    if not file.is_file():
        raise FixConfiguration("payload.malformed", "there is no such file", place=str(file))
    form = file.suffix.lower()
    if form == ".xlsx":
        from baigong.cli.xlsx import numbered

        with show.progress(f"reading {file.name}", 1.0) as (bar, task):

            def rows() -> Iterator[tuple[int, Sequence[str | None]]]:
                for part, number, cells in numbered(file):
                    bar.update(task, completed=part)
                    yield number, cells

            return read_rows(rows())
    if form in (".yaml", ".yml"):
        from baigong.vocab.texts import read_yaml

        text = _text(file)
        return read_documents(read_yaml(text, str(file)), read_yaml(text, str(file), as_written=True))
    if form not in (".csv", ".tsv", ".txt"):
        raise FixConfiguration("payload.malformed", f"{form or 'this'} is none of .csv, .xlsx, .yaml", place=str(file))
    text = _text(file)
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=max(_DELIMITERS, key=first.count))
    try:
        return read_rows(enumerate(reader, 1))
    except csv.Error as error:
        raise FixConfiguration("payload.malformed", f"line {reader.line_num}: {error}", place=str(file)) from error


def _text(file: Path) -> str:
    """Read a text that Excel wrote, or an editor. Raises payload.malformed, payload.too_large."""
    if file.stat().st_size > _LONGEST:
        raise FixConfiguration("payload.too_large", f"more than {_LONGEST >> 20} MB: divide it", place=str(file))
    try:
        return table_text(file.read_bytes())
    except UnicodeDecodeError as error:
        raise FixConfiguration(
            "payload.malformed", f"this is neither UTF-8, UTF-16 nor GB 18030: {error}", place=str(file)
        ) from error


# -- checking --------------------------------------------------------------------------------------------------------


def _invalid(made: Sequence[tuple[int, dict[str, Any]]]) -> list[Wrong]:
    """Find what no server would take, all of it at once."""
    found = []
    for row, one in made:
        try:
            if one["asset"]:
                msgspec.convert(one, AssetSpec)
        except (msgspec.ValidationError, ValueError) as error:
            said, _, at = str(error).partition(" - at `$.")
            found.append(Wrong(row, at.rstrip("`") or "asset", said))
    return found


def _checked(link: Link, made: Sequence[tuple[int, dict[str, Any]]], ours: set[str]) -> list[Wrong]:
    """Let the server say what is wrong with these beside what it has."""
    found = []
    for piece in _pieces(made):
        body = {"assets": [one for _, one in piece], "check": True}
        for one in link.json("POST", "/assets", body=body)["findings"]:
            row, asset = piece[one["row"] - 1]
            if len(made) == len(piece) or not (_named(asset, one["field"]) & ours):  # else it is in another piece
                found.append(Wrong(row, one["field"], one["message"]))
    return found


def _named(asset: dict[str, Any], field: str) -> set[str]:
    """Return which other assets a field names."""
    if field == "parent":
        return {asset.get("parent", "")}
    return set(asset.get(FIELD, {}).get(field.removeprefix(f"{FIELD}."), ()))


def _refuse(file: Path, table: Table, wrong: list[Wrong]) -> None:
    wrong.sort(key=lambda one: (one.row, table.columns.get(one.name, ("", 0))[1]))
    for one in wrong[:_TOLD]:
        show.tell(f"{table.where(one.row, one.name)}: {one.message}")
    if len(wrong) > _TOLD:
        show.tell(f"… and {len(wrong) - _TOLD:,} more")
    raise FixConfiguration("config.invalid", f"{len(wrong):,} things are wrong; nothing was changed", place=str(file))


# -- writing ---------------------------------------------------------------------------------------------------------


def _pieces(made: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for at in range(0, len(made), _AT_ONCE):
        yield made[at : at + _AT_ONCE]


def _parents_first(made: Sequence[tuple[int, dict[str, Any]]]) -> list[tuple[int, dict[str, Any]]]:
    """Order a list that is written in pieces, so that none speaks of what comes later."""
    if len(made) <= _AT_ONCE:
        return list(made)
    above = {one["asset"]: one.get("parent", named_above(one["asset"])) for _, one in made}

    def depth(asset: str) -> int:
        steps = 0
        while (asset := above.get(asset, "")) and steps < len(above):
            steps += 1
        return steps

    return sorted(made, key=lambda row: depth(row[1]["asset"]))


def _write(link: Link, file: Path, assets: list[dict[str, Any]]) -> None:
    if len(assets) > _AT_ONCE:  # relations last: they may name what is in another piece
        related = [one for one in assets if one.get(FIELD)]
        assets = [{name: said for name, said in one.items() if name != FIELD or not said} for one in assets] + related
        count = -(-len(assets) // _AT_ONCE)
        show.tell(f"{len(assets):,} assets are written in {count} pieces, each of them whole or not at all")
    done = 0
    with show.progress(f"importing {file.name}", len(assets)) as (bar, task):
        for piece in _pieces(assets):
            try:
                link.json("POST", "/assets", body={"assets": piece})
            except FixConfiguration:
                if done:
                    show.tell(f"{done:,} of {len(assets):,} were written before; import the file again for the others")
                raise
            done += len(piece)
            bar.advance(task, len(piece))


def _written(assets: list[dict[str, Any]], form: str) -> bytes:
    if form in (".yaml", ".yml"):
        import yaml

        listed = [_document(one) for one in assets]
        text: str = yaml.safe_dump({"assets": listed}, allow_unicode=True, sort_keys=False, width=1000)
        return text.encode()
    from baigong.api.spreadsheet import csv_bytes, xlsx_bytes

    rows = write_rows(assets)
    return csv_bytes(rows) if form == ".csv" else xlsx_bytes(rows, "assets")


def _document(one: dict[str, Any]) -> dict[str, Any]:
    made = {name: one[name] for name in FIELDS if one[name] and name != "parent"}
    if one["parent"] != named_above(one["asset"]):
        made["parent"] = one["parent"] or COMPANY
    return made | {name: one[name] for name in ("properties", "relations") if one[name]}
