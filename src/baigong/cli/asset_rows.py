"""Assets as rows of a table: what its columns mean, in English or Chinese, and how a cell becomes a property. Pure.

A spreadsheet runs a text that begins like a formula, and takes a text of digits for a number: such texts are written
behind an apostrophe, as people write them there by hand, and read without it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from baigong.cli.asset_relations import (
    FIELD,
    heading_of,
    merged,
    read_relations,
    relation_column,
    split_names,
)
from baigong.vocab.assets import Level, Property, State, named_above
from baigong.vocab.cellnames import letters
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.texts import FORMULA_SIGNS

if TYPE_CHECKING:
    from baigong.api.spreadsheet import Cell

FIELDS = ("asset", "parent", "level", "type", "code", "title", "title_zh", "place", "state")
COMPANY = "/"  # as a parent: the company itself, whatever the name says
_MARK = "property:"  # before a property that is called like a field
_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_EXACT_DIGITS = 15  # more than a spreadsheet keeps: a number like that of a card stays text
_NAMES = {
    "asset": "asset name id 资产 资产标识 资产名 标识 设备 设备名",
    "parent": "parent above 上级 上级资产 父级 所属",
    "level": "level 层级 级别",
    "type": "type 类型 资产类型 型别",
    "code": "code 编码 资产编码 资产编号 编号",
    "title": "title 标题 英文名称 英文名",
    "title_zh": "title_zh 中文名称 中文名 中文标题",
    "place": "place location 位置 地点 安装位置",
    "state": "state 状态",
}
_FIELD_OF = {word: name for name, words in _NAMES.items() for word in words.split()}
_CALLED = "名称"  # beside a column of names it is what people call the asset, else its name
_LEVELS: dict[Level, str] = {
    "site": "site 站点 工厂 厂区 厂",
    "area": "area 区域 车间 厂房",
    "line": "line 产线 生产线 线",
    "unit": "unit 单元 设备 机器 机组",
    "part": "part 部件 零件 组件",
    "material": "material 物料 材料",
    "product": "product 产品",
    "lot": "lot 批次",
    "person": "person 人员",
    "tool": "tool 工具 工装 刀具",
}
_STATES: dict[State, str] = {
    "planned": "planned 计划 规划 计划中",
    "in_service": "in_service 在用 在役 使用中",
    "out_of_service": "out_of_service 停用 退役 停运",
}
_WORDS: dict[str, dict[str, str]] = {
    "level": {word: level for level, words in _LEVELS.items() for word in words.split()},
    "state": {word: state for state, words in _STATES.items() for word in words.split()},
}


@dataclass(slots=True, frozen=True)
class Told:
    """What one row says. ``properties``: None says that the asset has none of this name."""

    row: int  # as a spreadsheet counts; of a YAML file the number of the asset
    fields: dict[str, str]
    properties: dict[str, Property | None]
    replaces: bool = False  # its properties are all there are; else others stay
    relations: dict[str, list[str]] | None = None  # None: it says nothing of them
    relates_only: bool = False  # its relations are all there are; else others stay


@dataclass(slots=True)
class Table:
    """What a file says. ``columns``: heading and place of each field and property."""

    told: list[Told] = field(default_factory=list)
    columns: dict[str, tuple[str, int]] = field(default_factory=dict)
    spreadsheet: bool = True

    def where(self, row: int, name: str) -> str:
        """Say where something is wrong, so that people find it in their file.

        >>> Table(columns={"code": ("编码", 3)}).where(14, "code")
        'row 14, column 编码 (D14)'
        """
        if not self.spreadsheet:
            return f"asset {row}, {name}" if name else f"asset {row}"
        found = self.columns.get(name) or self.columns.get(_MARK + name.removeprefix("properties."))
        return f"row {row}, column {found[0]} ({letters(found[1])}{row})" if found else f"row {row}"


@dataclass(slots=True, frozen=True)
class Wrong:
    row: int
    name: str  # of the field, or of a property
    message: str


def read_rows(rows: Iterable[tuple[int, Sequence[str | None]]]) -> tuple[Table, list[Wrong]]:
    """Read (number, cells) of each row; the first one that is not empty names the columns."""
    table, wrong = Table(), list[Wrong]()
    for number, cells in rows:
        if not any(cell and cell.strip() for cell in cells):
            continue
        if not table.columns:
            table.columns = _columns(cells)
            continue
        told = _told(table, number, cells, wrong)
        table.told.append(told)
        if not told.fields.get("asset"):
            wrong.append(Wrong(number, "asset", "the asset has no name"))
    if not table.columns:
        raise FixConfiguration("payload.malformed", "the file is empty", place="row 1")
    return table, wrong


def read_documents(found: Any, as_written: Any) -> tuple[Table, list[Wrong]]:
    """Read a list of assets as YAML has it: fields by their names, and ``properties``.

    ``as_written``: the same with texts for numbers: a code 0012 is no number.
    """
    listed, texts = (one.get("assets") if isinstance(one, dict) else one for one in (found, as_written))
    texts = texts or []
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise FixConfiguration("payload.malformed", "write a list of assets: - asset: pump1", place="assets")
    table, wrong = Table(spreadsheet=False), list[Wrong]()
    for number, (one, written) in enumerate(zip(listed, texts, strict=True), 1):
        fields: dict[str, str] = {}
        for name, value in one.items():
            if name in FIELDS:
                fields[name] = "" if value is None else str(written[name])
            elif name not in ("properties", FIELD):
                wrong.append(Wrong(number, str(name), f"this is none of {', '.join(FIELDS)}, properties, {FIELD}"))
        if fields.get("parent") == "":
            fields["parent"] = COMPANY
        if not fields.get("asset"):
            wrong.append(Wrong(number, "asset", "the asset has no name"))
        properties = _properties(number, one.get("properties"), written.get("properties"), wrong)
        relations = None
        try:
            relations = read_relations(written[FIELD]) if FIELD in one else None
        except ValueError as error:
            wrong.append(Wrong(number, FIELD, str(error)))
        table.told.append(Told(number, fields, properties, "properties" in one, relations, relates_only=True))
    return table, wrong


def _properties(number: int, found: Any, written: Any, wrong: list[Wrong]) -> dict[str, Property | None]:
    if not isinstance(found or {}, dict):
        wrong.append(Wrong(number, "properties", "write properties as name: value"))
        return {}
    made: dict[str, Property | None] = {}
    for name, value in (found or {}).items():
        if isinstance(value, dict | list):
            wrong.append(Wrong(number, f"properties.{name}", "a property is a text, a number, true or false"))
        elif value is not None:
            told = value if isinstance(value, str | bool | int | float) else str(written[name])  # a date is a text
            made[str(name)] = told
    return made


def _columns(cells: Sequence[str | None]) -> dict[str, tuple[str, int]]:
    found: dict[str, tuple[str, int]] = {}
    heads = [(cell or "").strip() for cell in cells]
    named = any(_FIELD_OF.get(_folded(head)) == "asset" for head in heads)
    for at, head in enumerate(heads):
        if not head:
            continue
        name = _FIELD_OF.get(_folded(head)) or ""
        if head == _CALLED:
            name = "title_zh" if named else "asset"
        if not name and (kind := relation_column(head)):
            name = f"{FIELD}.{kind}"
        name = name or _MARK + _unguarded(head).removeprefix(_MARK).removeprefix("属性:")
        if name in found:
            raise FixConfiguration(
                "payload.malformed", f"columns {found[name][0]} and {head} say the same", place=f"{letters(at)}1"
            )
        found[name] = (head, at)
    if "asset" not in found:
        raise FixConfiguration(
            "payload.malformed", "the first row names the columns; one of them is asset (资产)", place="row 1"
        )
    return found


def _folded(head: str) -> str:
    return head.casefold().replace(" ", "_")


def _told(table: Table, number: int, cells: Sequence[str | None], wrong: list[Wrong]) -> Told:
    fields: dict[str, str] = {}
    properties: dict[str, Property | None] = {}
    relations: dict[str, list[str]] = {}
    for name, (_, at) in table.columns.items():
        cell = (cells[at] if at < len(cells) else None) or ""
        if name.startswith(_MARK):
            properties[name.removeprefix(_MARK)] = read_cell(cell)
            continue
        if name.startswith(f"{FIELD}."):
            relations[name.removeprefix(f"{FIELD}.")] = split_names(_unguarded(cell))
            continue
        text = unescaped(cell) if cell.startswith("'") else cell.strip()
        words = _WORDS.get(name)
        if words and text and text.casefold() not in words:
            wrong.append(Wrong(number, name, f"{text!r} is none of {', '.join(dict.fromkeys(words.values()))}"))
        fields[name] = words.get(text.casefold(), "") if words else text
    named = {at for _, at in table.columns.values()}
    for at, cell_or_none in enumerate(cells):
        if at not in named and (cell_or_none or "").strip():
            wrong.append(Wrong(number, "", f"{letters(at)}{number} stands in a column without a name"))
    return Told(number, fields, properties, relations=relations or None)


def read_cell(cell: str) -> Property | None:
    """Read a property: numbers as numbers, true and false (是, 否) as such; nothing is None.

    >>> read_cell("5.50"), read_cell("007"), read_cell("'5"), read_cell("true"), read_cell(" "), read_cell("'")
    (5.5, '007', '5', True, None, '')
    """
    if cell.startswith("'"):
        return unescaped(cell)
    cell = cell.strip()
    if not cell:
        return None
    if cell.casefold() in ("true", "是"):
        return True
    if cell.casefold() in ("false", "否"):
        return False
    if not _NUMBER.fullmatch(cell) or sum(letter.isdecimal() for letter in cell) > _EXACT_DIGITS + 5:
        return cell
    if cell.lstrip("-").isdecimal():
        return int(cell) if len(cell.lstrip("-")) <= _EXACT_DIGITS else cell
    number = float(cell)
    return number if abs(number) < float("inf") else cell


def escaped(text: str) -> str:
    """Write a text so that a spreadsheet shows it and ``unescaped`` finds it again.

    >>> escaped("=1+1"), escaped("'a"), escaped("12"), unescaped(escaped("''5")), unescaped("'tis")
    ("'=1+1", "''a", "'12", "''5", "'tis")
    """
    return f"'{text}" if _needs_mark(text) else text


def unescaped(text: str) -> str:
    return text[1:] if text.startswith("'") and _needs_mark(text[1:]) else text


def _needs_mark(text: str) -> bool:
    if text.startswith(("'", *FORMULA_SIGNS)) or text != text.strip():
        return True
    return read_cell(text) != text


def _unguarded(head: str) -> str:
    return head[1:] if head.startswith("'") and head[1:].startswith(("'", *FORMULA_SIGNS)) else head


def changed(told: Told, held: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the whole asset as it is to be: what the file does not speak of stays as it was (``held``)."""
    asset, was = told.fields["asset"], held or {}
    made: dict[str, Any] = {"asset": asset}
    for name in FIELDS[2:]:
        value = told.fields.get(name, was.get(name))
        if value:
            made[name] = value
    parent = told.fields.get("parent")
    above = (was.get("parent") if was else None) if parent is None else (parent or None)
    above = "" if above == COMPANY else above
    if above is not None and above != named_above(asset):
        made["parent"] = above
    properties = {} if told.replaces else dict(was.get("properties") or {})
    for name, value in told.properties.items():
        known = properties.get(name)
        if not (isinstance(known, int) and value == str(known)):  # of too many digits to be a number in a spreadsheet
            properties[name] = value
    made["properties"] = {name: value for name, value in properties.items() if value is not None}
    if told.relations is not None:
        made[FIELD] = merged(was.get(FIELD), told.relations, told.relates_only)
    return made


def is_same(made: Mapping[str, Any], held: Mapping[str, Any]) -> bool:
    """Say whether an asset is so already."""
    first = ("parent", "level", "state")
    if made.get(FIELD, held.get(FIELD)) != held.get(FIELD):
        return False
    if made.get("parent", named_above(made["asset"])) != held["parent"]:
        return False
    if (made.get("level", "unit"), made.get("state", "in_service")) != (held["level"], held["state"]):
        return False
    if any(made.get(name, "") != held[name] for name in FIELDS[2:] if name not in first):
        return False
    ours, theirs = made["properties"], held["properties"]
    return bool(ours == theirs and all(isinstance(ours[n], bool) == isinstance(theirs[n], bool) for n in ours))


def doubles(table: Table) -> list[Wrong]:
    """Find names and codes that stand in a file twice."""
    found, names, codes = list[Wrong](), dict[str, int](), dict[str, Told]()
    for told in table.told:
        asset, code = told.fields.get("asset", ""), told.fields.get("code", "")
        if asset and asset in names:
            found.append(Wrong(told.row, "asset", f"{asset} stands in row {names[asset]} already"))
        elif asset:
            names[asset] = told.row
        if code and code in codes:
            other = codes[code]
            found.append(
                Wrong(told.row, "code", f"code {code!r} is that of {other.fields.get('asset')} too (row {other.row})")
            )
        elif code:
            codes[code] = told
    return found


def write_rows(assets: Sequence[Mapping[str, Any]]) -> list[list[Cell]]:
    """Write assets (as ``changed`` returns them, all fields there) as rows, the headings first."""
    names = sorted({name for one in assets for name in one["properties"]})
    kinds = sorted({kind for one in assets for kind in one.get(FIELD, ())})
    heads: list[Cell] = [*FIELDS, *map(heading_of, kinds), *(_heading(name) for name in names)]
    rows = [heads]
    for one in assets:
        parent = one["parent"]
        parent = "" if parent == named_above(one["asset"]) else parent or COMPANY
        words = [_guarded(parent if name == "parent" else one[name] or "") for name in FIELDS]
        words += [_guarded("; ".join(one.get(FIELD, {}).get(kind, ()))) for kind in kinds]
        rows.append([*words, *(write_cell(one["properties"].get(name)) for name in names)])
    return rows


def _guarded(text: str) -> Cell:
    """Mark what a spreadsheet would run; codes of digits are left alone, since fields are texts anyway."""
    return f"'{text}" if text.startswith(("'", *FORMULA_SIGNS)) or text != text.strip() else text


def _heading(name: str) -> str:
    known = name == _CALLED or _folded(name.strip()) in _FIELD_OF or relation_column(name.strip()) != ""
    marked = known or not name or name != name.strip() or name.startswith((_MARK, "属性:"))
    return _MARK + name if marked else f"'{name}" if name.startswith(("'", *FORMULA_SIGNS)) else name


def write_cell(value: Property | None) -> Cell:
    """Write a property so that ``read_cell`` reads the same.

    >>> write_cell(5), write_cell(True), write_cell("5"), write_cell("x"), write_cell(None)
    (5, 'true', "'5", 'x', None)
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, int):
        return value if len(str(abs(value))) <= _EXACT_DIGITS else f"'{value}"
    return None if value is None else escaped(value)
