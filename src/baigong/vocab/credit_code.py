"""统一社会信用代码, the 18-character number of a Chinese organisation: GB 32100-2015. Pure.

9 1 | 350100 | M000100Y4 | 3
who   where     GB 11714     check character
registered it   number
"""

from __future__ import annotations

from baigong.vocab.errors import FixConfiguration

_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # 31 of them, without I O S V Z
_ORGANISATION = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714-1997, weights


def check_character(first: str) -> str:
    """Return the 18th character for the first 17: GB 32100-2015, 4.6 (weights 3**i, modulo 31).

    >>> check_character("91350100M000100Y4")
    '3'
    """
    total = sum(_LETTERS.index(c) * pow(3, i, 31) for i, c in enumerate(first))
    return _LETTERS[-total % 31]


def organisation_check(first: str) -> str:
    """Return the 9th character of an organisation number for the first 8: GB 11714-1997 (modulo 11, 10 is X).

    >>> organisation_check("M000100Y")
    '4'
    """
    rest = -sum(int(c, 36) * w for c, w in zip(first, _ORGANISATION, strict=True)) % 11
    return "X" if rest == 10 else str(rest)


def credit_code(text: str) -> str:
    """Return the code in capitals without spaces. Raises config.invalid, naming what is wrong with it."""
    code = "".join(text.split()).upper()
    if len(code) != 18:
        raise _invalid(f"a credit code has 18 characters, this one {len(code)}")
    odd = [c for c in code if c not in _LETTERS]
    if odd:
        raise _invalid(f"{odd[0]!r} is in no credit code; I, O, S, V and Z are never used")
    if not code[2:8].isdecimal():
        raise _invalid("characters 3 to 8 are the digits of a place")
    if organisation_check(code[8:16]) != code[16] or check_character(code[:17]) != code[17]:
        raise _invalid("the check character does not fit: compare it with the licence, character by character")
    return code


def _invalid(why: str) -> FixConfiguration:
    return FixConfiguration("config.invalid", why, place="credit_code")
