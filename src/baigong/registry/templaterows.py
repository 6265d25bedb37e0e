"""Reads the table of devices that are to be made of a template: one line a device, columns by name or by their words.

A column is the device's name, its asset, its titles, an option of the driver (``host``, 主机地址), or a parameter
of the template. Text from a file (CSV) or copied from a spreadsheet (tabs).
"""

from __future__ import annotations

import csv
import difflib
import io
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import Struct

from baigong.drivers.manifest import Manifest, Option, manifest
from baigong.vocab.assets import Property
from baigong.vocab.devicetemplates import DeviceTemplate, Parameter, Wanted, parameter_value
from baigong.vocab.errors import FixConfiguration

MOST = 5_000  # devices at once
_WORDS = {
    "device": ("device", "name", "id", "设备", "设备名", "设备名称", "设备编号", "名称", "编号"),
    "asset": ("asset", "资产", "设备台账", "资产名", "资产编号"),
    "title": ("title", "标题", "显示名"),
    "title_zh": ("title_zh", "中文名", "中文名称", "中文标题"),
    "gateway": ("gateway", "网关"),
}
_OPTIONS = {  # what people write for options that many drivers have
    "host": ("ip", "ip地址", "ip address", "address", "地址", "主机", "hostname"),
    "port": ("端口", "tcp port"),
    "unit": ("unit id", "slave", "slave id", "station", "从站", "站号", "从站地址", "站地址", "通讯地址"),
}
_TRUE = {"true", "yes", "1", "on", "是"}
_FALSE = {"false", "no", "0", "off", "否"}


class Mistake(Struct, frozen=True, kw_only=True):
    """What is wrong in a line; ``field``: its column."""

    field: str
    message: str
    message_zh: str


@dataclass(slots=True, frozen=True)
class Line:
    """One line, counted as a spreadsheet counts (the header is 1). ``wanted``: None when something is wrong."""

    number: int
    device: str
    wanted: Wanted | None
    wrong: tuple[Mistake, ...] = ()


@dataclass(slots=True, frozen=True)
class _Column:
    head: str
    option: Option | None = None
    parameter: Parameter | None = None
    name: str = ""


def read_rows(text: str, template: DeviceTemplate) -> list[Line]:
    """Read the whole table, every mistake by its line. Raises config.invalid for one that has no device column."""
    table = _cells(text)
    if not table:
        raise FixConfiguration("config.invalid", "the table is empty: write a header and a line a device", place="text")
    (_, heads), *lines = table
    columns = _columns(heads, template, manifest(template.driver))
    if len(lines) > MOST:
        raise FixConfiguration("payload.too_large", f"at most {MOST:,} devices at once", place="text")
    return [_line(number, cells, columns) for number, cells in lines]


def _cells(text: str) -> list[tuple[int, list[str]]]:
    """Return the lines that are not empty, with their numbers."""
    text = text.removeprefix("\ufeff")
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(("\t", ",", ";", "\uff0c", "|"), key=first.count)
    try:
        reader = csv.reader(io.StringIO(text), delimiter=delimiter)
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise FixConfiguration("config.invalid", f"this is no table: {error}", place="text") from error
    return [(number, row) for number, row in rows if any(row) and not row[0].startswith("#")]


def _columns(heads: Sequence[str], template: DeviceTemplate, driver: Manifest) -> list[_Column]:
    names: dict[str, _Column] = {}
    for option in driver.options:
        for word in (*_OPTIONS.get(option.name, ()), option.label.en, option.label.zh, option.name):
            names[_plain(word)] = _Column(word, option=option, name=option.name)
    for field, words in _WORDS.items():
        for word in words:
            names.setdefault(_plain(word), _Column(word, name=field))
    for name, parameter in template.parameters.items():
        for word in filter(None, (name, parameter.title, parameter.title_zh)):
            names[_plain(word)] = _Column(word, parameter=parameter, name=name)
    made, seen = [], set[str]()
    for head in heads:
        found = names.get(_plain(head))
        if found is None:
            near = difflib.get_close_matches(_plain(head), names, 1)
            perhaps = f"; perhaps {names[near[0]].head}" if near else ""
            known = "device, asset, title, title_zh, gateway, options of the driver, parameters of the template"
            raise FixConfiguration(
                "config.invalid", f"the column {head!r} is none of {known}{perhaps}", place=f"column {head}"
            )
        if found.name in seen:
            raise FixConfiguration("config.invalid", f"two columns say {found.name}", place=f"column {head}")
        seen.add(found.name)
        made.append(_Column(head, found.option, found.parameter, found.name))
    if "device" not in seen:
        raise FixConfiguration("config.invalid", "no column says what the devices are called: device", place="text")
    return made


def _plain(word: str) -> str:
    return re.sub(r"[\s_()-]+", "", unicodedata.normalize("NFKC", word)).casefold()  # full-width brackets, too


def _line(number: int, cells: Sequence[str], columns: Sequence[_Column]) -> Line:
    own: dict[str, str] = {}
    options: dict[str, Any] = {}
    parameters: dict[str, Property] = {}
    wrong = []
    if any(cells[len(columns) :]):
        said = f"{len(cells)} cells, the header has {len(columns)}"
        wrong.append(Mistake(field="", message=said, message_zh=f"共 {len(cells)} 列,表头只有 {len(columns)} 列"))
    for column, cell in zip(columns, cells, strict=False):
        if not cell:
            continue
        try:
            if column.option is not None:
                options[column.name] = _option(column.option, cell)
            elif column.parameter is not None:
                parameters[column.name] = parameter_value(column.name, column.parameter, cell)
            else:
                own[column.name] = cell
        except FixConfiguration as error:
            wrong.append(Mistake(field=column.head, message=error.message, message_zh=_wrong_zh(column, cell)))
    device = own.get("device", "")
    if not device:
        wrong.append(Mistake(field="device", message="no name of a device", message_zh="没有设备名"))
    if wrong:
        return Line(number, device, None, tuple(wrong))
    return Line(number, device, Wanted(**own, options=options, parameters=parameters))


def _wrong_zh(column: _Column, cell: str) -> str:
    """Say in Chinese what a cell should have been."""
    option, parameter = column.option, column.parameter
    choices = option.choices if option else parameter.choices if parameter else []
    if choices:
        return f"“{cell}”应为 {'、'.join(map(str, choices))} 之一"
    if option is not None and (option.minimum is not None or option.maximum is not None):
        low, high = ("不限" if bound is None else f"{bound:g}" for bound in (option.minimum, option.maximum))
        return f"“{cell}”应为 {low} 至 {high} 的数"
    return f"“{cell}”应为数字"


def _option(option: Option, cell: str) -> Any:
    """Read a cell as the option's type says. Raises driver.option."""
    value: Any = cell
    if option.type in ("integer", "number"):
        try:
            value = float(cell)
        except ValueError:
            value = cell
        if option.type == "integer" and isinstance(value, float) and value.is_integer():
            value = int(value)
    elif option.type == "boolean":
        lowered = cell.casefold()
        value = True if lowered in _TRUE else False if lowered in _FALSE else cell
    if sentence := option.wrong(value):
        raise FixConfiguration("driver.option", sentence, place=option.name)
    return value
