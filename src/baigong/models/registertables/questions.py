"""What a register table leaves open: what it looks like, and the question to who pasted it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, Protocol

from msgspec import Struct

from baigong.models.registertables import cells
from baigong.models.registertables.cells import WIDTHS, Place

Base = Literal["", "zero", "one"]
Notation = Literal["", "plain", "classical"]


class Told(Protocol):
    """One line as far as its own cells tell."""

    place: Place | None
    said: dict[str, str]


class Reading(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answers to what a table leaves open; "": what it looks like. ``area``: where no line says one."""

    base: Base = ""
    notation: Notation = ""
    order: Literal["", "abcd", "cdab", "badc", "dcba"] = ""
    area: Literal["", "coil", "discrete", "holding", "input"] = ""
    type: Literal["", "uint16", "int16", "uint32", "int32", "float32"] = ""  # of lines that say none
    device: str = ""  # of a tag list that has several: whose tags


class Question(Struct, frozen=True, kw_only=True):
    """What the table leaves open: ``field`` of Reading, what was taken, and why."""

    field: str
    taken: str
    choices: list[str]
    why: str
    why_zh: str


def settle(drafts: Sequence[Told], reading: Reading) -> tuple[str, str, list[Question]]:
    places = [d.place for d in drafts if d.place is not None]
    numbers = [p.number for p in places if not p.hex and not p.prefixed]
    looks = [n for n in numbers if 10_001 <= n <= 19_999 or 30_001 <= n <= 49_999 or 300_001 <= n <= 465_536]
    functions = any(d.said.get("function") for d in drafts)
    notation = reading.notation or (
        "classical" if looks and len(looks) >= 0.8 * len(numbers) and not functions else "plain"
    )
    base = reading.base or ("one" if notation == "plain" and _from_one(drafts, numbers) else "zero")
    questions = []
    if looks:
        questions.append(Question(
            field="notation", taken=notation, choices=["classical", "plain"],
            why="numbers like 40001: the classical notation (holding register 0), or register 40001 itself?",
            why_zh="形如 40001 的编号:是传统写法(保持寄存器 0),还是寄存器 40001 本身?",
        ))  # fmt: skip
    if notation == "plain" and numbers:
        questions.append(Question(
            field="base", taken=base, choices=["zero", "one"],
            why="do the numbers count from zero as on the wire, or from one? Compare one value with the display.",
            why_zh="编号是从 0(与报文一致)还是从 1 开始?请用一个值与仪表显示核对。",
        ))  # fmt: skip
    if any(WIDTHS.get(cells.read_type(d.said.get("type", ""))[0], 1) > 1 for d in drafts):
        questions.append(Question(
            field="order", taken=reading.order or "abcd", choices=["abcd", "cdab", "badc", "dcba"],
            why="which word of a long value comes first? abcd is the usual way; a wrong one gives absurd values.",
            why_zh="多寄存器数值的字序?一般为 abcd(高字在前);若不对,数值会明显异常。",
        ))  # fmt: skip
    if typeless := [d for d in drafts if d.place is not None and not d.said.get("type")]:
        questions.append(Question(
            field="type", taken=reading.type or usual_type(drafts),
            choices=["uint16", "int16", "uint32", "int32", "float32"],
            why=f"{len(typeless)} lines say no type: what are they?",
            why_zh=f"有 {len(typeless)} 行没有数据类型:应为哪一种?",
        ))  # fmt: skip
    if not any(d.said.get("area") or d.said.get("function") for d in drafts) and notation == "plain":
        questions.append(Question(
            field="area", taken=reading.area or "holding", choices=["holding", "input", "coil", "discrete"],
            why="no line says the area: function 3 reads holding registers, 4 input registers",
            why_zh="表中未写寄存器区:功能码 3 读保持寄存器,4 读输入寄存器",
        ))  # fmt: skip
    return notation, base, questions


def usual_type(drafts: Sequence[Told]) -> str:
    """Say which type lines without one have: two registers apart throughout, they are most often floats."""
    if any(d.said.get("count") for d in drafts):
        return ""
    numbers = sorted({d.place.number for d in drafts if d.place is not None})
    apart = [after - before for before, after in pairwise(numbers)]
    return "float32" if len(apart) >= 2 and min(apart) >= 2 else "uint16"


def _from_one(drafts: Sequence[Told], numbers: Sequence[int]) -> bool:
    """Tell whether a hex column beside the decimal one says that the latter counts from one."""
    for draft in drafts:
        if draft.place is None or draft.place.hex or not draft.said.get("hex"):
            continue
        beside = cells.read_place(draft.said["hex"], in_hex=True)
        if beside is not None:
            return beside.number == draft.place.number - 1
    return False
