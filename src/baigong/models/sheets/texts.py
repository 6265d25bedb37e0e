"""Cells of text that mean something else: numbers with thousands, yes and no, codes for "no value". Pure."""

from __future__ import annotations

import re
import unicodedata

# What stands in place of a value, and says that there is none (statistics: withheld, not significant; laboratory: below
# the limit; shop floor: stopped, none).
_NO_VALUE = (
    "- -- --- — – ― ／ / \\ * ** . .. … ? ?? x na n/a n.a. #n/a #na nan null none nil nd n.d. bdl lod tbd "
    "#error #value! #div/0! #ref! #name? #num! #null! err error bad fault offline no-data nodata "
    "无 未检 未检出 停 停机 停产 检修 故障 缺 缺测 未测 未记录 空 没有 免"
)
NO_VALUE = frozenset(_NO_VALUE.split())
_LETTER = re.compile(r"[A-Z]{1,2}|\([A-Z]{1,2}\)|[†‡§#*]+")  # Q, D, W, NA, (S): codes beneath a column of numbers
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_COMMAS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_POINTS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")
_SPACED = re.compile(r"[+-]?\d{1,3}(?:[ '’\u00a0\u202f]\d{3})+(?:[.,]\d+)?")
_MINUS = str.maketrans("−–—", "---")
_YES, _NO = "true yes y 是 √ ✓ ✔ on 开 有", "false no n 否 × ✗ ✘ off 关 无"
_TRUE, _FALSE = frozenset(_YES.split()), frozenset(_NO.split())


def plain(text: str) -> str:
    """Write full-width letters and digits narrow, and take blanks off the ends.

    >>> plain(" １２．５ ")
    '12.5'
    """
    return unicodedata.normalize("NFKC", text).strip()


def is_code(text: str) -> bool:
    """Say whether a text beneath a column of numbers says that there is no value.

    >>> [is_code(t) for t in ("Q", "*", "n/a", "停机", "12", "about 5")]
    [True, True, True, True, False, False]
    """
    return text.lower() in NO_VALUE or _LETTER.fullmatch(text) is not None


def read_number(text: str, decimal: str = "") -> float | None:
    """Return a number, or None; ``decimal`` is what stands before tenths where a comma could be either.

    >>> read_number("1,234,567"), read_number("1,234.5"), read_number("1.234,5"), read_number("12,5")
    (1234567.0, 1234.5, 1234.5, 12.5)
    >>> read_number("85%"), read_number("1,234"), read_number("1,234", ","), read_number("(12)"), read_number("5 bar")
    (85.0, 1234.0, 1.234, None, None)
    """
    text = plain(text).translate(_MINUS).removesuffix("%").rstrip()
    if _NUMBER.fullmatch(text) and not (decimal == "," and _POINTS.fullmatch(text)):
        return float(text)
    if decimal != "," and _COMMAS.fullmatch(text):
        return float(text.replace(",", ""))
    if decimal != "." and _POINTS.fullmatch(text) and ("," in text or text.count(".") > 1 or decimal == ","):
        return float(text.replace(".", "").replace(",", "."))
    if decimal != "." and _DECIMAL_COMMA.fullmatch(text):
        return float(text.replace(",", "."))
    if _SPACED.fullmatch(text):
        return float(re.sub(r"[ '’\u00a0\u202f]", "", text).replace(",", "."))
    return None


def doubtful_comma(text: str) -> bool:
    """Say whether a number means two things: 1,234 is a thousand in one half of the world, and near one in the other.

    >>> doubtful_comma("1,234"), doubtful_comma("1,234.5"), doubtful_comma("12,5")
    (True, False, False)
    """
    return re.fullmatch(r"[+-]?[1-9]\d{0,2},\d{3}", plain(text)) is not None


def read_switch(text: str) -> bool | None:
    """Return what a yes or a no means, or None.

    >>> read_switch("是"), read_switch("No"), read_switch("maybe")
    (True, False, None)
    """
    word = plain(text).lower()
    return True if word in _TRUE else False if word in _FALSE else None


def is_serial(text: str) -> bool:
    """Say whether digits are a name and no number: zeros before it, or more digits than a number keeps.

    >>> is_serial("007"), is_serial("0.7"), is_serial("6222021234567890123")
    (True, False, True)
    """
    return text.isdecimal() and ((len(text) > 1 and text[0] == "0") or len(text) > 15)
