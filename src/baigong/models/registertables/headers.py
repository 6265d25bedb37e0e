"""What the columns of a register table are, by their words in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_WORDS: dict[str, tuple[str, ...]] = {
    "hex": ("hex", "hexaddress", "addresshex", "十六进制", "十六进制地址", "16进制地址", "地址hex", "startreghex",
            "reghex", "registerhex", "hexadecimal"),
    "address": ("address", "addr", "register", "reg", "registeraddress", "regaddr", "modbusaddress", "startaddress",
                "startregister", "startreg", "offset", "registernumber", "registerno", "modbusregister", "dec",
                "地址", "寄存器", "寄存器地址", "起始地址", "变量地址", "通讯地址", "通信地址", "modbus地址", "地址dec",
                "寄存器号", "点号", "起始寄存器", "十进制地址"),
    "count": ("size", "length", "count", "words", "quantity", "qty", "numberofregisters", "registers", "noofregisters",
              "len", "长度", "字长", "寄存器数", "寄存器数量", "个数", "数量", "字数", "寄存器个数"),
    "type": ("type", "datatype", "format", "dataformat", "数据类型", "类型", "格式", "数据格式", "变量类型"),
    "unit": ("unit", "units", "engunit", "engineeringunit", "uom", "单位", "工程单位", "量纲"),
    "scale": ("scale", "factor", "multiplier", "resolution", "res", "scaling", "scalefactor", "coefficient", "倍率",
              "系数", "比例", "精度", "缩放", "比例因子", "分辨率", "比例系数", "变比", "小数位", "scalingfactor"),
    "gain": ("gain", "divisor", "divider", "增益", "除数", "放大倍数"),
    "access": ("rw", "access", "mode", "readwrite", "action", "property", "attribute", "读写", "属性", "权限", "访问",
               "读写属性", "读写权限", "操作"),
    "function": ("function", "functioncode", "fc", "功能码", "功能", "命令码"),
    "area": ("area", "registertype", "regtype", "table", "objecttype", "区", "寄存器类型", "存储区", "寄存器区"),
    "order": ("order", "byteorder", "wordorder", "endian", "endianness", "字节序", "字序", "字节顺序"),
    "name": ("name", "parameter", "variable", "tag", "tagname", "signal", "signalname", "quantity", "item",
             "registername", "pointname", "名称", "变量", "变量名", "变量名称", "参数", "参数名称", "信号", "信号名称",
             "数据项", "点名", "测点名称", "数据名称", "项目", "寄存器名称", "内容", "寄存器内容"),
    "description": ("description", "desc", "remark", "remarks", "comment", "comments", "note", "notes", "details",
                    "meaning", "range", "说明", "描述", "备注", "含义", "注释", "取值范围", "定义", "数据说明"),
}  # fmt: skip
_BY_WORD = {word: meaning for meaning, words in _WORDS.items() for word in words}
_ONCE = ("address", "hex", "count", "type", "unit", "scale", "gain", "access", "function", "area", "order", "name")


@dataclass(slots=True, frozen=True)
class Columns:
    """Where what stands. ``heads``: as written; ``meanings``: of each column, "" for what is none of them."""

    row: int  # index of the header in the rows
    heads: tuple[str, ...]
    meanings: tuple[str, ...]

    def at(self, meaning: str) -> int:
        return self.meanings.index(meaning) if meaning in self.meanings else -1


def meaning_of(head: str) -> str:
    """Say what a column's head means; "" when it is none of ours.

    >>> meaning_of("Register Address (Hex)"), meaning_of("数据类型"), meaning_of("R/W"), meaning_of("Colour")
    ('hex', 'type', 'access', '')
    """
    plain = re.sub(r"[\s_/.()\[\]:#-]+", "", head).casefold()
    if plain in _BY_WORD:
        return _BY_WORD[plain]
    bare = re.sub(r"[\s_/.:#-]+", "", re.sub(r"[(\[].*?[)\]]", "", head)).casefold()
    found = _BY_WORD.get(bare, "")
    return "hex" if found == "address" and re.search(r"hex|16进制|十六进制", plain) else found


def find_columns(rows: Sequence[Sequence[str]]) -> Columns | None:
    """Return the header: of the first rows that which says most, with an address among it; None where none does."""
    best: Columns | None = None
    most = 1
    for index, cells in enumerate(rows[:30]):
        meanings: list[str] = []
        for cell in cells:
            meaning = meaning_of(cell)
            again = meaning in meanings and meaning in _ONCE
            meanings.append("description" if again and meaning == "name" else "" if again else meaning)
        said = sum(bool(m) for m in meanings)
        if said > most and ("address" in meanings or "hex" in meanings):
            best, most = Columns(index, tuple(cells), tuple(meanings)), said
    return best
