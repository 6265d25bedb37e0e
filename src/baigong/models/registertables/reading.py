"""Reads the rows of a register table: what each line says, what is missing or impossible, and what to do about it.

What makers leave open is a question with an answer that can be changed: whether numbers count from zero or one,
whether 40001 is the classical notation or just a number, and in which order the words of long values stand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from baigong.models.registertables import cells
from baigong.models.registertables.cells import WIDTHS, Place
from baigong.models.registertables.headers import Columns, find_columns
from baigong.models.registertables.questions import Question, Reading, settle, usual_type
from baigong.models.registertables.splitting import Row
from baigong.models.registertables.telling import by_ends, by_heads, by_looks

MOST = 20_000  # lines
_RESERVED = re.compile(r"^(reserved?|spare|unused|not used|n/?a|-+|保留|预留|备用|未用|空)$", re.IGNORECASE)
_LAST = 0xFFFF


class Remark(Struct, frozen=True, kw_only=True):
    """``column``: the meaning of the cell that it is about, "" for the line."""

    column: str
    message: str
    message_zh: str


class TableLine(Struct, frozen=True, kw_only=True):
    """One line. ``outcome``: taken, doubtful (taken, look at it), left (not taken; ``remarks`` say why).

    ``address`` counts from zero. ``access``: r, rw, w.
    """

    line: int
    cells: list[str]
    outcome: Literal["taken", "doubtful", "left"]
    name: str = ""
    address: str = ""
    unit: str = ""
    scale: float = 1.0
    offset: float = 0.0
    title: str = ""
    access: str = ""
    states: dict[str, str] = {}
    remarks: list[Remark] = []
    kind: str = ""  # state, text; "": what its address and unit make it


class RegisterTable(Struct, frozen=True, kw_only=True):
    """``columns``: head -> what it was taken for, "" for nothing. ``gaps``: registers between lines that none says."""

    columns: list[tuple[str, str]]
    lines: list[TableLine]
    questions: list[Question]
    gaps: list[str]
    driver: str = "modbus"


def read_table(rows: Sequence[Row], reading: Reading) -> RegisterTable:
    """Read a table; without a header that is understood, cells are told by what is in them."""
    columns = find_columns([row.cells for row in rows])
    body = [row for at, row in enumerate(rows) if columns is None or at > columns.row][:MOST]
    drafts = [_Draft(row, columns) for row in body]
    notation, base, questions = settle(drafts, reading)
    usual = reading.type or usual_type(drafts) or "uint16"
    for draft in drafts:
        draft.usual = usual
        draft.settle(notation, base, reading)
    _compare(drafts)
    heads = list(zip(columns.heads, columns.meanings, strict=True)) if columns else []
    return RegisterTable(columns=heads, lines=[d.line() for d in drafts], questions=questions, gaps=_gaps(drafts))


class _Draft:
    """One line on its way."""

    def __init__(self, row: Row, columns: Columns | None) -> None:
        self.row = row
        self.remarks: list[Remark] = []
        self.left = self.doubtful = False
        self.place: Place | None = None
        self.start, self.width, self.address, self.area, self.usual = -1, 1, "", "", "uint16"
        self.bit: int | None = None
        found = by_heads(row, columns) if columns is not None else by_ends(row) if row.loose else by_looks(row)
        self.said = found
        self.title = found.get("name", "") or found.get("description", "")
        self.unit = cells.read_unit(found.get("unit", ""))
        self.states = cells.read_states(" ".join(found.get(c, "") for c in ("name", "description", "unit")))
        self.access = cells.read_access(found.get("access", ""))
        self.name = _key(self.title)
        self._read_place()
        self._read_scale()

    def remark(self, column: str, message: str, message_zh: str, *, left: bool = False, doubtful: bool = False) -> None:
        self.remarks.append(Remark(column=column, message=message, message_zh=message_zh))
        self.left |= left
        self.doubtful |= doubtful

    def _read_place(self) -> None:
        said = self.said.get("address", "") or self.said.get("hex", "")
        if not said:
            self.remark("address", "no register number: a heading or a note", "没有寄存器地址:标题或备注", left=True)
            return
        self.place = cells.read_place(said, in_hex=not self.said.get("address"))
        if self.place is None:
            self.remark("address", f"{said!r} is no register number", f"“{said}”不是寄存器地址", left=True)
        elif _RESERVED.match(self.title.strip()):
            self.remark("name", "reserved by the maker", "厂家保留", left=True)
        if self.access == "w":
            self.remark("access", "can only be written: there is nothing to read", "只写寄存器,无法读取", left=True)
        elif self.access == "rw":
            said_zh = "可写,但默认不开放写入:请在模板中给出上下限"
            self.remark("access", "may be written; not opened: give its limits in the template", said_zh)

    def _read_scale(self) -> None:
        self.scale = 1.0
        for column in ("scale", "gain"):
            if said := self.said.get(column, ""):
                scale, unit = cells.read_scale(said, gain=column == "gain")
                if scale is not None:
                    self.scale = scale
                elif not unit and said not in ("-", "/", "—"):
                    self.remark(
                        column, f"{said!r} is no factor: taken as 1", f"“{said}”不是倍率,按 1 处理", doubtful=True
                    )
                self.unit = self.unit or unit
        said = self.said.get("unit", "")
        if said and not self.unit and said not in ("-", "/", "—", "无"):
            scale, unit = cells.read_scale(said)
            if scale is not None and (unit or scale != 1.0):  # "0.1V", "x0.1"
                self.scale, self.unit = scale, unit
            elif not self.states:
                self.remark(
                    "unit", f"{said!r} is no unit we know: left out", f"“{said}”不是已知单位,未采用", doubtful=True
                )

    def settle(self, notation: str, base: str, reading: Reading) -> None:
        """Decide area, place and type, now that the table's ways are known."""
        if self.place is None:
            return
        number, area = self.place.number, self.place.area
        classical = _classical(number, self.row, self.place) if notation == "classical" else None
        if self.place.prefixed:
            self.start = number - 1
        elif classical is not None:
            area, self.start = classical
        else:
            self.start = number - (1 if base == "one" and not self.place.hex else 0)
        self.area = (
            area or cells.read_area(self.said.get("area", "")) or cells.read_function(self.said.get("function", ""))
            or reading.area or "holding"
        )  # fmt: skip
        if not 0 <= self.start <= _LAST:
            self.remark(
                "address", f"{number} is beyond the last register, 65535", f"{number} 超出寄存器范围 65535", left=True
            )
            return
        self.bit = self.place.bit
        self._settle_type(reading)

    def _settle_type(self, reading: Reading) -> None:
        said = self.said.get("type", "")
        kind, order, length = cells.read_type(said)
        order = order or cells.read_type(self.said.get("order", ""))[1]
        count = self._count()
        if self.area in ("coil", "discrete"):
            self.address = f"{self.area}:{self.start}"
            return
        if self.bit is not None or kind == "bool":
            if self.bit is None:
                self.remark(
                    "type",
                    "a bit of a register needs its number: write 12.3",
                    "寄存器中的位须写明位号,如 12.3",
                    left=True,
                )
            elif self.bit > 15:
                self.remark(
                    "address", f"there is no bit {self.bit}: 0 to 15", f"没有第 {self.bit} 位,应为 0 至 15", left=True
                )
            self.address = f"{self.area}:{self.start}.{self.bit}"
            return
        if said and not kind:
            self.remark(
                "type", f"there is no type {said!r}: write uint16, int32, float32 …",
                f"未知的数据类型“{said}”:请写 uint16、int32、float32 等", left=True,
            )  # fmt: skip
            return
        if kind in ("unsigned", "signed") or not kind:
            kind = self._by_size(kind, count)
            if not kind:
                return
        if kind == "string":
            self._settle_string(length, count)
            return
        self.width = WIDTHS[kind]
        if count and count != self.width and not (kind in ("int16", "uint16") and count in (2, 4)):
            self.remark(
                "type", f"{kind} takes {self.width} registers, the table says {count}",
                f"{kind} 占 {self.width} 个寄存器,表中为 {count}", left=True,
            )  # fmt: skip
            return
        if count and count != self.width:  # "INT" over two registers
            kind = cells.type_by_size("signed" if kind == "int16" else "unsigned", count)
            self.width = count
            self.remark(
                "type",
                f"{said} over {count} registers: taken as {kind}",
                f"{said} 占 {count} 个寄存器,按 {kind} 处理",
                doubtful=True,
            )
        suffix = f":{order}" if order and order != (reading.order or "abcd") and self.width > 1 else ""
        self.address = f"{self.area}:{self.start}:{kind}{suffix}"

    def _by_size(self, kind: str, count: int) -> str:
        made = cells.type_by_size(kind or "unsigned", count)
        if not kind and not count:
            made = self.usual
        if not made:
            said = f"no type, and {count} registers: write uint16, int32, float32 …"
            self.remark("type", said, f"没有数据类型,且占 {count} 个寄存器", left=True)
        elif not kind:
            self.remark("type", f"no type: taken as {made}", f"没有数据类型,按 {made} 处理", doubtful=True)
        return made

    def _settle_string(self, length: int, count: int) -> None:
        size = length or count * 2
        if not 1 <= size <= 250:
            self.remark("type", "a string needs its length in registers", "字符串须写明占用的寄存器数", left=True)
            return
        self.width = (size + 1) // 2
        self.address = f"{self.area}:{self.start}:string{size}"

    def _count(self) -> int:
        found = re.search(r"[0-9]+", self.said.get("count", ""))
        if found and int(found[0]):
            count = int(found[0])
            return count // 2 if re.search(r"byte|字节", self.said["count"], re.IGNORECASE) else count
        if self.place is not None and self.place.last is not None:
            return max(self.place.last - self.place.number + 1, 0)
        return 0

    def line(self) -> TableLine:
        return TableLine(
            line=self.row.line, cells=list(self.row.cells),
            outcome="left" if self.left else "doubtful" if self.doubtful else "taken",
            name=self.name, address="" if self.left else self.address, unit=self.unit, scale=self.scale,
            title=self.title, access=self.access, states=self.states, remarks=self.remarks,
        )  # fmt: skip


def _classical(number: int, row: Row, place: Place) -> tuple[str, int] | None:
    """Return area and start of 40001 or 400001; None for what is neither."""
    if place.hex:
        return None
    for digit, area in (("1", "discrete"), ("3", "input"), ("4", "holding")):
        text = str(number)
        if text[0] == digit and len(text) in (5, 6) and int(text[1:]) >= 1:
            return area, int(text[1:]) - 1
    return (
        ("coil", number - 1) if 1 <= number <= 9999 and any(c.strip().startswith("0000") for c in row.cells) else None
    )


def _compare(drafts: Sequence[_Draft]) -> None:
    """Find what stands twice, what overlaps, and names that are the same."""
    taken: dict[tuple[str, int, int | None], _Draft] = {}
    words: dict[tuple[str, int], _Draft] = {}
    names: dict[str, int] = {}
    for draft in drafts:
        if draft.left or not draft.address:
            draft.left = True
            continue
        key = (draft.area, draft.start, draft.bit)
        if first := taken.get(key):
            said = f"the same register as line {first.row.line}"
            draft.remark("address", said, f"与第 {first.row.line} 行的寄存器相同", left=True)
            continue
        taken[key] = draft
        for at in range(draft.start, draft.start + draft.width):
            other = words.setdefault((draft.area, at), draft)
            if other is not draft and (other.bit is None and draft.bit is None):
                said = f"overlaps line {other.row.line}: one of the two has another type or place"
                draft.remark("address", said, f"与第 {other.row.line} 行重叠:其中一行的类型或地址有误", doubtful=True)
                break
        if not draft.name:
            draft.name = f"{draft.area}_{draft.start}" + ("" if draft.bit is None else f"_{draft.bit}")
            draft.remark("name", f"no name: called {draft.name}", f"没有名称,命名为 {draft.name}", doubtful=True)
        names[draft.name] = names.get(draft.name, 0) + 1
        if names[draft.name] > 1:
            draft.name = f"{draft.name}_{names[draft.name]}"
            draft.remark(
                "name", f"the name stands twice: called {draft.name}", f"名称重复,命名为 {draft.name}", doubtful=True
            )


def _gaps(drafts: Sequence[_Draft]) -> list[str]:
    """Name the registers that lie between those of the table and that no line says; the first fifty."""
    found: list[str] = []
    for area in ("coil", "discrete", "holding", "input"):
        spans = sorted((d.start, d.start + d.width) for d in drafts if d.address and not d.left and d.area == area)
        end = spans[0][0] if spans else 0
        for start, stop in spans:
            if start > end:
                found.append(f"{area} {end}" + (f"-{start - 1}" if start - 1 > end else ""))
            end = max(end, stop)
    return found[:50]


def _key(title: str) -> str:
    """Make a point's name of what a line is called: words by _, letters of any script.

    >>> _key("Phase 1 line to neutral volts (V)"), _key("A相 电压"), _key("Total kWh (3)")
    ('phase_1_line_to_neutral_volts', 'A相_电压', 'total_kwh')
    """
    bare = re.sub(r"[(\[][^)\]]*[)\]]", " ", title)
    bare = bare if bare.strip() else title
    text = re.sub(r"[^\w]+", "_", bare).strip("_")
    return (text.lower() if text.isascii() else text)[:60].strip("_")
