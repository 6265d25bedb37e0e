"""Numbers as people write them in texts: plain ASCII decimals, and nothing that is read in two ways.

Python's own ``int`` and ``float`` also take ``2_1``, full-width and Arabic digits, blanks, ``nan`` and ``1e400``: a
set-point, a quota or a price that somebody meant otherwise. Pure.
"""

from __future__ import annotations

import math
import re

_WHOLE = re.compile(r"[+-]?[0-9]{1,400}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")


def read_number(text: str) -> int | float:
    """Read one number; whole ones stay exact. Raises ValueError for anything but plain digits, or beyond a double.

    >>> read_number("-40"), read_number("1.5e3"), read_number("9007199254740993")
    (-40, 1500.0, 9007199254740993)
    """
    if _WHOLE.fullmatch(text):
        return int(text)
    if not _DECIMAL.fullmatch(text):
        raise ValueError(f"{text!r} is no number: write plain digits, like 42, -4.2 or 1.5e3")
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text!r} is beyond any number here")
    return number
