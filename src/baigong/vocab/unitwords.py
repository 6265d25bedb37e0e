"""Units in words, in English and Chinese: ``m3/h`` is a cubic metre per hour, 立方米每小时. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from baigong.vocab.units import is_unit, parse_unit

_PREFIXES = {
    "T": ("tera", "太"), "G": ("giga", "吉"), "M": ("mega", "兆"), "k": ("kilo", "千"), "h": ("hecto", "百"),
    "d": ("deci", "分"), "c": ("centi", "厘"), "m": ("milli", "毫"), "u": ("micro", "微"), "n": ("nano", "纳"),
    "p": ("pico", "皮"),
}  # fmt: skip
_POWERS = {2: ("square {}", "平方{}"), 3: ("cubic {}", "立方{}")}  # of lengths
_OTHERS = {2: ("{} squared", "二次方{}"), 3: ("{} cubed", "三次方{}")}
_SHORT = {  # GB 3100: the short names of units named after people
    "瓦特": "瓦", "伏特": "伏", "安培": "安", "牛顿": "牛", "焦耳": "焦", "帕斯卡": "帕", "欧姆": "欧", "法拉": "法",
    "库仑": "库", "开尔文": "开", "特斯拉": "特", "亨利": "亨", "韦伯": "韦",
}  # fmt: skip
_COUNTED = {"{rev}": ("revolution", "转"), "{pcs}": ("piece", "件"), "{count}": ("count", "个")}
_PART = re.compile(r"(?P<symbol>\[[^\]]+\]|%|[^\d{}\[\]+-]+)(?P<power>[23])?(?:\{[^{}]*\})?")


@lru_cache(1_000)
def unit_words(code: str) -> tuple[str, str]:
    """Say a UCUM code in words, English and Chinese; ("", "") for what has none.

    >>> unit_words("m3/h"), unit_words("kW.h"), unit_words("{rev}/min")
    (('cubic metre per hour', '立方米每小时'), ('kilowatt hour', '千瓦时'), ('revolution per minute', '转每分钟'))
    """
    if not code or not is_unit(code):
        return "", ""
    english: list[str] = []
    chinese: list[str] = []
    for operator, part in re.findall(r"(^|[./])([^./]*)(?![^\[]*\])", code):
        if not part:
            continue
        told = _part(part)
        if told is None:
            return "", ""
        english.append(f"{'per ' if operator == '/' else ''}{told[0]}")
        short = "时" if operator == "." and part == "h" else told[1]  # GB 3101: 千瓦时
        chinese.append(f"{'每' if operator == '/' else ''}{short}")
    return " ".join(english), "".join(chinese)


def _part(part: str) -> tuple[str, str] | None:
    if part in _COUNTED:
        return _COUNTED[part]
    found = _PART.fullmatch(part)
    if not found:
        return None
    named = _named(found["symbol"])
    power = int(found["power"] or 1)
    forms = {1: ("{}", "{}"), **(_POWERS if found["symbol"].endswith("m") else _OTHERS)}
    if named is None or power not in forms:
        return None
    return forms[power][0].format(named[0]), forms[power][1].format(named[1])


def _named(symbol: str) -> tuple[str, str] | None:
    if is_unit(symbol) and (unit := parse_unit(symbol)).name:
        return unit.name, _SHORT.get(unit.name_zh, unit.name_zh)
    prefix, rest = symbol[:1], symbol[1:]
    if prefix in _PREFIXES and rest and is_unit(rest) and (unit := parse_unit(rest)).name:
        return _PREFIXES[prefix][0] + unit.name, _PREFIXES[prefix][1] + _SHORT.get(unit.name_zh, unit.name_zh)
    return None
