"""One thing that is open or weak, in words for people."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Severity = Literal["high", "medium", "low"]
WORST_FIRST: dict[str, int] = {"high": 0, "medium": 1, "low": 2}


class Finding(Struct, frozen=True, kw_only=True):
    """``kind`` is stable; what ends in ``_zh`` says the same in Chinese. ``command``: what helps, to be copied."""

    severity: Severity
    kind: str
    what: str
    title: str
    title_zh: str
    advice: str
    advice_zh: str
    command: str = ""
    link: str = ""
