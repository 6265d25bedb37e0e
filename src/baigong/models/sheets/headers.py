"""Words above a column: several rows of them joined, and the unit that stands in them. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from baigong.models.sheets.texts import plain
from baigong.vocab.units import COMMON, as_written

_BRACKETS = re.compile(r"\s*[(\[【〔（](?P<inner>[^()\[\]【】〔〕（）]+)[)\]】〕）]\s*$")
_AFTER = re.compile(r"^(?P<name>.+?)\s*[,，;:：/／]\s*(?P<unit>[^\s,，:：]+)$")
_LAST = re.compile(r"^(?P<name>.+?)[\s_]+(?P<unit>\S+)$")
_PREPOSED = re.compile(r"^(?:单位|unit|units|in)\s*[:： ]?\s*", re.I)
_IN = re.compile(r"\s+in$", re.I)
_FOLDED = {code.casefold(): code for code in reversed(COMMON)}
_MARK = re.compile(r"\s*[(（][a-f1-9](?:,[a-f1-9])*[)）]$|[*†‡]+$")  # of a footnote
_MONEY = re.compile(r"(?:万|亿|千|百)?(?:元|美元|欧元)(?:/\S+)?|RMB|CNY|USD|EUR|US\$|\$|¥|€", re.I)
_COUNTED = re.compile(r"(?:万|千|百)?[个件台套只支包箱瓶卷片根条次人班桶袋车板块模炉批]")
_PLAIN = "a b c d f g h in j k l m min n p ph s t v w"
_PLAIN_WORDS = frozenset(_PLAIN.split())


@dataclass(slots=True, frozen=True)
class Named:
    """``unit``: as UCUM; ``written``: as it stands in the header, also where no unit of ours is meant."""

    name: str
    unit: str = ""
    written: str = ""


def split_unit(text: str) -> Named:
    """Take the unit out of a header; a letter alone is one only in brackets.

    >>> split_unit("出口温度(℃)")
    Named(name='出口温度', unit='Cel', written='°C')
    >>> [split_unit(t).unit for t in ("Energy [kWh]", "流量 m³/h", "产量（吨）", "压力/MPa", "Size in Ml")]
    ['kW.h', 'm3/h', 't', 'MPa', 'mL']
    >>> split_unit("产值(万元)").unit, split_unit("Line A"), split_unit("Speed (line 2)").name
    ('{万元}', Named(name='Line A', unit='', written=''), 'Speed (line 2)')
    """
    text = _MARK.sub("", plain(text))
    if found := _BRACKETS.search(text):
        inner = _PREPOSED.sub("", found["inner"].strip())
        name = text[: found.start()].strip()
        if name and (unit := _unit(inner)):
            return Named(name, unit, inner)
        if name and (_MONEY.fullmatch(inner) or _COUNTED.fullmatch(inner)):
            return Named(name, f"{{{inner}}}" if as_written(f"{{{inner}}}") else "", inner)
        return Named(text)
    for pattern in (_AFTER, _LAST):
        found = pattern.match(text)
        if found and _is_plain(found["unit"]) and (unit := _unit(found["unit"])):
            return Named(_IN.sub("", found["name"].rstrip(" ,，:：_")), unit, found["unit"])
    return Named(text)


def _unit(text: str) -> str:
    """Return the code; where large and small letters were mixed up, the unit that is common: Ml is no megalitre."""
    code = as_written(text)
    return code if len(code) < 2 or code in COMMON else _FOLDED.get(code.casefold(), code)


def _is_plain(word: str) -> bool:
    """Say whether a word without brackets may be a unit: "Line A" is no current."""
    return word.lower() not in _PLAIN_WORDS and not word.isdecimal()


def unit_alone(text: str) -> str:
    """Return the unit of a cell that holds nothing else, as in a row of units; "" for other texts.

    >>> unit_alone("(kWh)"), unit_alone("℃"), unit_alone("Operator"), unit_alone("单位: t/h")
    ('kW.h', 'Cel', '', 't/h')
    """
    text = _PREPOSED.sub("", plain(text))
    if len(text) > 2 and text[0] in "([" and text[-1] in ")]":
        text = text[1:-1].strip()
    return _unit(text) if text and not text.isdecimal() else ""


def join(parts: list[str]) -> str:
    """Join what stands above a column, from the top; what is said twice once.

    >>> join(["1号线", "1号线", "温度"]), join(["", "Date"]), join(["Electricity", "Net", "Demand(b)"])
    ('1号线 温度', 'Date', 'Electricity Net Demand(b)')
    """
    said: list[str] = []
    for part in (re.sub(r"\s+", " ", plain(p)) for p in parts):
        if part and (not said or said[-1] != part):
            said.append(part)
    return " ".join(said)
