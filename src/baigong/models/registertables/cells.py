"""Reads the cells of register tables: addresses, types, scales, units, access. Pure; None or "" for what is none."""

from __future__ import annotations

import re
from dataclasses import dataclass

from baigong.vocab.units import is_unit, meant

_LONGEST = 60  # letters of a cell that says an address, a type, a scale or a unit
_HEX = re.compile(r"^(?:0[xX]([0-9A-Fa-f]{1,5})|([0-9A-Fa-f]{1,5})[hH])$")
_DEC = re.compile(r"^[0-9]{1,6}$")
_PREFIXED = re.compile(r"^([134])[xX]\s?([0-9]{1,5})$")
_BIT = re.compile(r"^(.*?)[.:](?:bit)?\s?([0-9]{1,2})$", re.IGNORECASE)
_RANGE = re.compile(r"\s*(?:-|~|–|—|～|至|to|\.\.+|,)\s*", re.IGNORECASE)
AREAS = {"0": "coil", "1": "discrete", "3": "input", "4": "holding"}
_FUNCTIONS = {1: "coil", 5: "coil", 15: "coil", 2: "discrete", 3: "holding", 6: "holding", 16: "holding", 4: "input"}
_AREA_WORDS = {
    "coil": ("coil", "coils", "do", "线圈", "开出"),
    "discrete": ("discreteinput", "discrete", "di", "离散输入", "开入"),
    "input": ("inputregister", "input", "ir", "输入寄存器", "3x"),
    "holding": ("holdingregister", "holding", "hr", "保持寄存器", "4x"),
}  # fmt: skip
_TYPES = {
    "int8": ("int8", "s8", "i8", "sbyte"),
    "uint8": ("uint8", "u8", "byte"),
    "int16": ("int16", "s16", "i16", "short", "int", "signedshort", "sint16", "16bitsigned", "integer", "s_word",
              "signed16", "signedint16", "16bitint", "有符号16位", "有符号短整型", "有符号整数", "16位有符号",
              "短整型", "整型"),
    "uint16": ("uint16", "u16", "ushort", "word", "unsignedshort", "uint", "u_word", "16bitunsigned", "unsigned16",
               "unsignedint16", "16bituint", "bitmap", "enum", "enum16", "bitfield16", "无符号16位", "无符号短整型",
               "无符号整数", "16位无符号", "hex", "bits"),
    "int32": ("int32", "s32", "i32", "long", "dint", "slong", "signedlong", "32bitsigned", "signed32", "sint32",
              "s_dword", "signedint32", "有符号32位", "有符号长整型", "32位有符号", "长整型"),
    "uint32": ("uint32", "u32", "ulong", "dword", "udint", "unsignedlong", "32bitunsigned", "unsigned32", "u_dword",
               "unsignedint32", "无符号32位", "无符号长整型", "32位无符号", "双字"),
    "float32": ("float32", "float", "f32", "real", "single", "ieee754", "float32bit", "32bitfloat", "floatingpoint",
                "ieee754float", "浮点", "浮点数", "浮点型", "单精度", "单精度浮点", "单精度浮点数", "32位浮点"),
    "int64": ("int64", "s64", "i64", "lint", "longlong", "signed64"),
    "uint64": ("uint64", "u64", "ulint", "qword", "unsigned64", "ulonglong"),
    "float64": ("float64", "double", "f64", "lreal", "双精度", "双精度浮点"),
    "bool": ("bool", "boolean", "bit", "位", "开关量", "布尔", "布尔型", "开关"),
    "bcd16": ("bcd", "bcd16"),
    "bcd32": ("bcd32", "longbcd", "lbcd"),
    "string": ("string", "ascii", "str", "char", "utf8", "字符串", "字符"),
}  # fmt: skip
_BY_TYPE = {word: kind for kind, words in _TYPES.items() for word in words}
WIDTHS = {"int8": 1, "uint8": 1, "int16": 1, "uint16": 1, "bcd16": 1, "bool": 1, "int32": 2, "uint32": 2,
          "float32": 2, "bcd32": 2, "int64": 4, "uint64": 4, "float64": 4}  # fmt: skip
_ORDER = re.compile(r"\b(abcd|cdab|badc|dcba)\b", re.IGNORECASE)
_SWAPPED = re.compile(r"swap|inverse|little|low\s?word|低字在前|低位在前", re.IGNORECASE)
_NUMBER = re.compile(r"^[x×*÷/]?\s*([0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]+)?|10\^-?[0-9])\s*(.*)$")


@dataclass(slots=True, frozen=True)
class Place:
    """``number`` as written; ``area``: where the cell says it; ``last``: the end of a range. ``hex``: it was hex."""

    number: int
    area: str = ""
    bit: int | None = None
    last: int | None = None
    hex: bool = False
    prefixed: bool = False  # 4x12: classical whatever the others are


def read_place(cell: str, in_hex: bool = False) -> Place | None:
    """Read an address cell.

    >>> read_place("0x10"), read_place("40001-40002").last, read_place("12.3").bit, read_place("D100")
    (Place(number=16, area='', bit=None, last=None, hex=True, prefixed=False), 40002, 3, None)
    """
    if len(cell) > _LONGEST:
        return None
    text = cell.strip().strip("'\"")
    parts = _RANGE.split(text)
    if len(parts) == 2 and parts[0] and parts[1]:
        first, last = read_place(parts[0], in_hex), read_place(parts[1], in_hex)
        if first is None or last is None:
            return None
        return Place(first.number, first.area, first.bit, last.number, first.hex, first.prefixed)
    bit = _BIT.match(text)
    if bit and (place := read_place(bit[1], in_hex)) is not None:
        return Place(place.number, place.area, int(bit[2]), place.last, place.hex, place.prefixed)
    if found := _PREFIXED.match(text):
        return Place(int(found[2]), AREAS[found[1]], prefixed=True)
    if found := _HEX.match(text):
        return Place(int(found[1] or found[2], 16), hex=True)
    if in_hex and re.fullmatch(r"[0-9A-Fa-f]{1,4}", text.replace(" ", "")):
        return Place(int(text.replace(" ", ""), 16), hex=True)
    return Place(int(text)) if _DEC.match(text) else None


def read_type(cell: str) -> tuple[str, str, int]:
    """Return type, order and registers that a type cell says: ``("float32", "cdab", 0)``; "" and 0: it does not.

    >>> read_type("FLOAT CDAB"), read_type("Unsigned"), read_type("String[16]"), read_type("FLOAT24")
    (('float32', 'cdab', 0), ('unsigned', '', 0), ('string', '', 16), ('', '', 0))
    """
    if len(cell) > _LONGEST:
        return "", "", 0
    order = _ORDER.search(cell)
    said = order[1].lower() if order else "cdab" if _SWAPPED.search(cell) else ""
    text = _SWAPPED.sub("", _ORDER.sub("", cell))
    length = re.search(r"[\[(\s]([0-9]{1,3})[\])]?$", text.strip())
    plain = re.sub(r"[\s_()\[\]-]+", "", text).casefold()
    if plain in _BY_TYPE:
        return _BY_TYPE[plain], said, 0
    if plain in ("unsigned", "signed", "无符号", "有符号"):
        return {"无符号": "unsigned", "有符号": "signed"}.get(plain, plain), said, 0
    bare = re.sub(r"[0-9]+$", "", plain)
    if bare in _TYPES["string"]:
        return "string", said, int(length[1]) if length else int(plain[len(bare) :] or 0)
    return "", "", 0


def type_by_size(kind: str, count: int) -> str:
    """Return the whole-number type of so many registers: ``unsigned`` and 2 is uint32; "" for what there is none."""
    bits = {0: 16, 1: 16, 2: 32, 4: 64}.get(count, 0)
    return f"{'int' if kind == 'signed' else 'uint'}{bits}" if bits else ""


def read_area(cell: str) -> str:
    plain = re.sub(r"[\s_-]+", "", cell).casefold()
    return next((area for area, words in _AREA_WORDS.items() if plain in words), "")


def read_function(cell: str) -> str:
    """Return the area that a function code reads: of ``03/06/16`` that of the first."""
    found = re.search(r"(?:0x|fc\s?)?([0-9]{1,2})", cell.casefold())
    return _FUNCTIONS.get(int(found[1]), "") if found else ""


def read_scale(cell: str, gain: bool = False) -> tuple[float | None, str]:
    """Return a scale and the unit behind it.

    >>> read_scale("×0.1"), read_scale("/10"), read_scale("0.01 kWh"), read_scale("10", gain=True), read_scale("Hz")
    ((0.1, ''), (0.1, ''), (0.01, 'kW.h'), (0.1, ''), (None, 'Hz'))
    """
    text = cell.strip()
    if len(text) > _LONGEST:
        return None, ""
    found = _NUMBER.match(text.replace("1/", "/", 1) if text.startswith("1/") else text)
    if not found:
        return None, read_unit(text)
    said = found[1].replace(",", ".")
    value = 10.0 ** int(said[3:]) if said.startswith("10^") else float(said)
    divides = gain or text[0] in "/÷" or text.startswith("1/")
    if not value:
        return None, ""
    return float(f"{1 / value if divides else value:.12g}"), read_unit(found[2])


def read_unit(cell: str) -> str:
    """Return the UCUM code of what a cell says; "" for none and for what is none."""
    text = re.sub(r"^[\s()\[\]]+|[\s()\[\]]+$", "", cell)
    if not text or len(text) > _LONGEST or text.isdigit() or text in ("-", "/", "—", "无", "none", "n/a", "N/A"):
        return ""
    worded = {"volts": "V", "volt": "V", "amps": "A", "amp": "A", "ampere": "A", "watts": "W", "watt": "W", "va": "V.A",
              "hertz": "Hz", "degrees": "deg", "celsius": "Cel", "伏": "V", "安": "A", "瓦": "W", "千瓦": "kW",
              "赫兹": "Hz", "摄氏度": "Cel", "varh": "V.A.h", "vah": "V.A.h", "kvah": "kV.A.h", "wh": "W.h",
              "kwh": "kW.h", "kvarh": "kV.A.h", "kvar": "kV.A", "kva": "kV.A", "mwh": "MW.h", "var": "V.A",
              "%rh": "%", "v": "V", "a": "A", "w": "W", "kw": "kW", "hz": "Hz", "seconds": "s",
              "hours": "h"}  # fmt: skip
    if text.casefold() in worded and not is_unit(text):
        return worded[text.casefold()]
    if is_unit(text):
        return text
    guess = meant(text)
    close = len(text) > 1 and guess and (guess.casefold() == text.casefold() or not text.isascii() or "/" in text)
    return guess if guess and (close or _exactly(text, guess)) else ""


def _exactly(text: str, guess: str) -> bool:
    """Tell whether a guess is what was written, in another spelling, and not merely the nearest unit."""
    plain = re.sub(r"[.\s{}\[\]]", "", guess).casefold()
    return plain == re.sub(r"[.\s]", "", text).casefold() or guess in ("Cel", "/min", "[psi]", "[ppm]", "[pH]")


def read_access(cell: str) -> str:
    """Return r, rw or w; "" where the cell says none of them."""
    plain = re.sub(r"[\s/,、|_-]+", "", cell).casefold()
    if plain in ("r", "ro", "read", "readonly", "只读", "读"):
        return "r"
    if plain in ("w", "wo", "write", "writeonly", "只写", "写", "wc"):
        return "w"
    return "rw" if plain in ("rw", "wr", "readwrite", "读写", "rwc", "rwp", "可读写", "可读可写") else ""


def read_states(cell: str) -> dict[str, str]:
    """Return the words of states that a description lists.

    >>> read_states("0: stopped; 1: running"), read_states("0=停止,1=运行"), read_states("0-100 %")
    ({'0': 'stopped', '1': 'running'}, {'0': '停止', '1': '运行'}, {})
    """
    found = re.findall(
        r"(?:^|[,;、\s(])([0-9]{1,5})\s*[=:]\s*([^,;、=:]+?)(?=\s*(?:[,;、)]|$|\s[0-9]{1,5}\s*[=:]))", cell
    )
    return {str(int(key)): word.strip() for key, word in found} if len(found) >= 2 else {}
