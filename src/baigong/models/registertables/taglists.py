"""Tag lists of other servers: Kepware's CSV and Ignition's JSON, read line by line as a maker's register table is.

Sources: the columns of KEPServerEX' "Export CSV"; Ignition 8 "Export tags" (JSON) and its manual, Modbus Addressing.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import msgspec

from baigong.models.registertables.cells import AREAS, read_unit
from baigong.models.registertables.questions import Question, Reading
from baigong.models.registertables.reading import MOST, RegisterTable, Remark, TableLine
from baigong.vocab.errors import FixConfiguration

_KEPWARE = ("tag name", "address", "data type")
_TYPES = {
    "boolean": "bool", "bool": "bool", "char": "int8", "int1": "int8", "byte": "uint8", "short": "int16",
    "int2": "int16", "word": "uint16", "bcd": "bcd16", "long": "int32", "int4": "int32", "dword": "uint32",
    "lbcd": "bcd32", "llong": "int64", "int8": "int64", "qword": "uint64", "float": "float32", "float4": "float32",
    "double": "float64", "float8": "float64", "string": "string",
}  # fmt: skip
_CLASSICAL = re.compile(r"^H?([0134])([0-9]{4,5})(?:\.([0-9]{1,3})([HL]?))?$")
_DESIGNATED = re.compile(r"^(?:([0-9]{1,3})\.)?(HRS|HRUI|HRUS|HRI|HRF|HRD|HRL|HR|IRUI|IRUS|IRI|IRF|IRD|IRL|IR|C|DI)"
                         r"([0-9]{1,5})(?:[.:]([0-9]{1,3}))?$")  # fmt: skip
_DESIGNATED_TYPES = {"": "int16", "US": "uint16", "I": "int32", "UI": "uint32", "F": "float32", "D": "float64",
                     "L": "int64"}  # fmt: skip
_S7 = re.compile(
    r"^(?:DB[0-9]+,(?:X|B|W|D|C|CHAR|BYTE|INT|WORD|DINT|DWORD|REAL|DI|I|STRING|S)[0-9.]+|[IQM][BWD]?[0-9.]+)$"
)
_PATH = re.compile(r"^(?:ns=[0-9]+;s=)?\[([^\]]+)\](.+)$")
_DEEP = 30
_NODES = 200_000  # that are walked: types within types can be written out without end


@dataclass(slots=True)
class Tag:
    """One tag of a list. ``of``: the device that its path names, "" for none; ``left``: why it is not taken."""

    line: int
    name: str
    path: str
    type: str
    of: str = ""
    unit: str = ""
    title: str = ""
    access: str = ""
    scaling: tuple[float, float] = (1.0, 0.0)
    left: tuple[str, str] | None = None
    remarks: list[Remark] = field(default_factory=list)


def is_tag_list(text: str) -> bool:
    """Tell whether a text is a tag list of one of these servers.

    >>> is_tag_list("Tag Name,Address,Data Type,Respect Data Type"), is_tag_list('{"tags": []}'), is_tag_list("a,b")
    (True, True, False)
    """
    head = text.lstrip("\ufeff \r\n")
    return head[:1] == "{" or all(word in head.partition("\n")[0].casefold() for word in (*_KEPWARE, "respect"))


def read_tags(text: str, reading: Reading) -> RegisterTable:
    """Read a tag list: the tags of one device, each with its address as our driver writes it, or why it is left."""
    text = text.lstrip("\ufeff \r\n")
    tags = list(islice(_ignition(text) if text[:1] == "{" else _kepware(text), MOST))
    devices = Counter(tag.of for tag in tags if tag.left is None and tag.of)
    chosen = reading.device if reading.device in devices else (devices.most_common(1)[0][0] if devices else "")
    mine = [tag for tag in tags if tag.left is None and tag.of == chosen]
    driver = Counter(_driver(tag.path) for tag in mine).most_common(1)[0][0] if mine else "modbus"
    lines = [_line(tag, chosen, driver, reading) for tag in tags]
    return RegisterTable(
        columns=[], lines=_once(lines), questions=_questions(driver, chosen, list(devices), reading), gaps=[],
        driver=driver,
    )  # fmt: skip


def _questions(driver: str, chosen: str, devices: list[str], reading: Reading) -> list[Question]:
    found = []
    if len(devices) > 1:
        found.append(Question(
            field="device", taken=chosen, choices=devices, why="tags of which device? A template is of one.",
            why_zh="取哪台设备的变量?一个模板对应一种设备。",
        ))  # fmt: skip
    if driver == "modbus":
        found.append(Question(
            field="order", taken=reading.order or "cdab", choices=["abcd", "cdab", "badc", "dcba"],
            why="the order of words is set in the device there, not in the list: Kepware's default is low word first",
            why_zh="字序是原软件中设备的设置,不在变量表中:Kepware 默认低字在前",
        ))  # fmt: skip
    return found


def _kepware(text: str) -> Iterator[Tag]:
    reader = csv.reader(io.StringIO(text))
    heads = [head.strip().casefold() for head in next(reader, [])]
    for cells in reader:
        if not any(cells):
            continue
        told = {head: cell.strip() for head, cell in zip(heads, cells, strict=False)}
        tag = Tag(
            reader.line_num, told.get("tag name", ""), told.get("address", ""), told.get("data type", ""),
            unit=told.get("eng units", ""), title=told.get("description", ""),
            access="rw" if "w" in told.get("client access", "").casefold() else "r",
        )  # fmt: skip
        tag.left = _scaled(tag, told.get("scaling", ""), told) or _no_array(tag) or _of_others(tag)
        yield tag


def _no_array(tag: Tag) -> tuple[str, str] | None:
    if "array" in tag.type.casefold() or "[" in tag.path:
        return "an array: list its values one by one", "数组:请逐个列出"
    return None


def _of_others(tag: Tag) -> tuple[str, str] | None:
    """Leave an address that is neither Modbus nor S7: in this list it is no node of OPC UA, whatever it looks like."""
    if _driver(tag.path) != "opcua":
        return None
    said = f"{tag.path!r} is no address of modbus or s7: those of other makes are not translated yet"
    return said, f"“{tag.path}”不是 modbus 或 s7 地址:其他品牌的地址暂不支持转换"


def _scaled(tag: Tag, how: str, told: Mapping[str, str]) -> tuple[str, str] | None:
    if how.casefold() in ("", "none"):
        return None
    if how.casefold() != "linear":
        return f"the scaling {how!r} has no place here", f"不支持的换算方式“{how}”"
    try:
        raw_low, raw_high, low, high = (
            float(told.get(name, "")) for name in ("raw low", "raw high", "scaled low", "scaled high")
        )
        scale = (high - low) / (raw_high - raw_low)
    except (ValueError, ZeroDivisionError):
        return "its linear scaling lacks numbers", "线性换算缺少数值"
    tag.scaling = (float(f"{scale:.12g}"), float(f"{low - raw_low * scale:.12g}"))
    if told.get("clamp low", "").casefold() == "yes" or told.get("clamp high", "").casefold() == "yes":
        said = "its clamping is left out: values are kept as they are"
        tag.remarks.append(Remark(column="scale", message=said, message_zh="不做限幅"))
    return None


def _ignition(text: str) -> Iterator[Tag]:
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FixConfiguration("payload.malformed", f"this is no JSON: {error}", place="text") from error
    types: dict[str, Mapping[str, Any]] = {}
    _collect(raw, "", types, 0)
    counter = _Counter()
    yield from _walk(raw, (), {}, types, counter, 0)


@dataclass(slots=True)
class _Counter:
    lines: int = 0
    nodes: int = 0

    def line(self) -> int:
        self.lines += 1
        return self.lines

    def node(self) -> None:
        self.nodes += 1
        if self.nodes > _NODES:
            raise FixConfiguration("payload.too_large", f"more than {_NODES:,} tags and folders", place="text")


def _collect(node: Any, path: str, types: dict[str, Mapping[str, Any]], deep: int) -> None:
    """Find the definitions of UDTs by their paths below ``_types_``, and by their names."""
    if not isinstance(node, dict) or deep > _DEEP:
        return
    name = str(node.get("name") or "")
    here = f"{path}/{name}" if path and name else name or path
    if node.get("tagType") == "UdtType":
        types[here.removeprefix("_types_/")] = types[name] = node
    for child in node.get("tags") or ():
        _collect(child, here, types, deep + 1)


def _walk(
    node: Any, path: tuple[str, ...], given: Mapping[str, Any], types: Mapping[str, Mapping[str, Any]],
    counter: _Counter, deep: int,
) -> Iterator[Tag]:  # fmt: skip
    if not isinstance(node, dict) or deep > _DEEP:
        return
    counter.node()
    name, kind = str(node.get("name") or ""), node.get("tagType", "")
    here = (*path, name) if name and kind != "Provider" else path
    if kind == "UdtType" or name == "_types_":
        return
    if kind == "AtomicTag":
        yield _atomic(node, here, given, counter.line())
        return
    inner = dict(given)
    children = list(node.get("tags") or ())
    if kind == "UdtInstance":
        wanted = str(node.get("typeId") or "").removeprefix("_types_/")
        made = types.get(wanted) or types.get(wanted.rpartition("/")[2])
        if made is None:
            left = (f"its type {wanted!r} is not in the file", f"文件中没有类型“{wanted}”")
            yield Tag(counter.line(), ".".join(here), "", "", left=left)
            return
        inner |= _values(made.get("parameters")) | _values(node.get("parameters")) | {"InstanceName": name}
        own = {str(child.get("name")): child for child in children if isinstance(child, dict)}
        children = [{**c, **own.pop(str(c.get("name")), {})} for c in made.get("tags") or () if isinstance(c, dict)]
        children += own.values()
    for child in children:
        yield from _walk(child, here, inner, types, counter, deep + 1)


def _values(raw: Any) -> dict[str, Any]:
    held = raw if isinstance(raw, dict) else {}
    return {str(k): v.get("value") if isinstance(v, dict) else v for k, v in held.items()}


def _bound(value: Any, given: Mapping[str, Any]) -> str:
    """Write a text, or a binding to parameters (``{Base}``), as it is for this instance."""
    text = str(value.get("binding", "") if isinstance(value, dict) else value or "")
    for _ in range(3):
        text = re.sub(r"\{([A-Za-z_][\w ]*)\}", lambda m: str(given.get(m[1], m[0])), text)
    return text


def _atomic(node: Mapping[str, Any], path: tuple[str, ...], given: Mapping[str, Any], at: int) -> Tag:
    item = _bound(node.get("opcItemPath"), given)
    found = _PATH.match(item)
    tag = Tag(
        at, ".".join(path), found[2].lstrip("/") if found else item, str(node.get("dataType") or "Int4"),
        of=found[1] if found else str(node.get("opcServer") or ""), unit=_bound(node.get("engUnit"), given),
        title=_bound(node.get("documentation") or node.get("tooltip"), given)[:200],
        access="r" if node.get("readOnly") else "rw",
    )  # fmt: skip
    if found and _driver(tag.path) == "opcua":
        tag.path = item
    source = node.get("valueSource", "opc")
    if source != "opc":
        tag.left = (f"its value is made there ({source}), not read", f"其值由原软件生成({source}),并非采集")
    elif not item or "{" in item:
        tag.left = (f"its item path is {item!r}", f"采集路径为“{item}”")
    elif node.get("scaleMode") not in (None, "", "Off"):
        told = {n: str(node.get(k, d)) for n, k, d in (("raw low", "rawLow", 0), ("raw high", "rawHigh", 10),
                ("scaled low", "scaledLow", 0), ("scaled high", "scaledHigh", 10))}  # fmt: skip
        tag.left = _scaled(tag, str(node["scaleMode"]), told)
    return tag


def _driver(path: str) -> str:
    if _CLASSICAL.match(path) or _DESIGNATED.match(path):
        return "modbus"
    return "s7" if _S7.match(path) else "opcua"


def _line(tag: Tag, chosen: str, driver: str, reading: Reading) -> TableLine:
    left, remarks, address, kind = tag.left, list(tag.remarks), "", ""
    if left is None and tag.of != chosen:
        left = (f"of another device: {tag.of}", f"属于另一台设备:{tag.of}")
    if left is None and _driver(tag.path) != driver:
        left = (f"{tag.path!r} is no address of {driver}", f"“{tag.path}”不是 {driver} 地址")
    if left is None:
        address = _modbus(tag, reading) if driver == "modbus" else tag.path
        if not address:
            left = (f"{tag.path!r} as {tag.type} cannot be read", f"“{tag.path}”({tag.type})无法读取")
    unit = read_unit(tag.unit)
    doubtful = bool(tag.unit and not unit)
    if doubtful:
        said, said_zh = f"{tag.unit!r} is no unit we know: left out", f"“{tag.unit}”不是已知单位,未采用"
        remarks.append(Remark(column="unit", message=said, message_zh=said_zh))
    if left is not None:
        remarks.append(Remark(column="", message=left[0], message_zh=left[1]))
    word = _TYPES.get(tag.type.casefold().replace(" ", ""), "")
    kind = "state" if word == "bool" else "text" if word == "string" else ""
    return TableLine(
        line=tag.line, cells=[tag.name, tag.path, tag.type], name=_name(tag.name),
        outcome="left" if left is not None else "doubtful" if doubtful else "taken",
        address="" if left is not None else address, unit=unit, scale=tag.scaling[0], offset=tag.scaling[1],
        title=tag.title, access=tag.access, remarks=remarks, kind=kind,
    )  # fmt: skip


def _modbus(tag: Tag, reading: Reading) -> str:
    """Write an address of theirs in our notation, counted from zero; "" for what cannot be read."""
    word = _TYPES.get(tag.type.casefold().replace(" ", ""), "int16")
    if found := _CLASSICAL.match(tag.path):
        area, start = AREAS[found[1]], int(found[2]) - 1
        bit, unit = found[3], ""
    elif found := _DESIGNATED.match(tag.path):
        what = found[2]
        area = {"HR": "holding", "IR": "input", "C": "coil", "DI": "discrete"}["DI" if what == "DI" else what[:2]]
        start, bit = int(found[3]) - (reading.base == "one"), found[4]
        unit = f"{found[1]}!" if found[1] else ""
        word = "string" if what == "HRS" else _DESIGNATED_TYPES.get(what[2:], "int16")
    else:
        return ""
    if not 0 <= start <= 0xFFFF:
        return ""
    if area in ("coil", "discrete"):
        return f"{unit}{area}:{start}"
    if word == "string":
        return f"{unit}{area}:{start}:string{bit}" if bit and 1 <= int(bit) <= 250 else ""
    if bit is not None:
        return f"{unit}{area}:{start}.{bit}" if int(bit) <= 15 else ""
    return "" if word == "bool" else f"{unit}{area}:{start}:{word}"


def _name(text: str) -> str:
    steps = [re.sub(r"[^\w-]+", "_", step).strip("_") for step in text.split(".")]
    return ".".join(step for step in steps if step)[:100]


def _once(lines: list[TableLine]) -> list[TableLine]:
    """Leave what stands twice under one name."""
    seen: dict[str, int] = {}
    made = []
    for line in lines:
        if line.outcome != "left" and line.name in seen:
            first = seen[line.name]
            said = Remark(column="name", message=f"the name of line {first}", message_zh=f"与第 {first} 行同名")
            line = msgspec.structs.replace(line, outcome="left", address="", remarks=[*line.remarks, said])
        elif line.outcome != "left":
            seen[line.name] = line.line
        made.append(line)
    return made
