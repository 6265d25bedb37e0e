"""Names of before in people's SQL: a literal that names an asset or a point as it was called once is what it is today.

Only whole literals, and only where nothing else can be meant: a name with a dot in it, or any that is compared with a
column ``asset``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

# What SQL reads whole: comments and quoted names, which are left alone, and text.
_TOKEN = re.compile(r"--[^\n]*|/\*.*?\*/|\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'", re.DOTALL)
_OF_ASSETS = re.compile(r"\b(asset|parent)\b\"?\s*(=|==|<>|!=|(not\s+)?in\s*\([^()]*)\s*$", re.IGNORECASE)


def in_present_names(sql: str, asset: Callable[[str], str], point: Callable[[str], str]) -> str:
    """Return a statement that means today's names; character for character the same where it says no others.

    ``asset``, ``point``: what one of a name is called today, as far as who asks may know.
    """

    def told(found: re.Match[str]) -> str:
        token = found[0]
        if not token.startswith("'"):
            return token
        text = token[1:-1].replace("''", "'")
        now = point(text) if "." in text else text
        if now == text and ("." in text or _OF_ASSETS.search(sql, max(0, found.start() - 2000), found.start())):
            now = asset(text)
        return token if now == text else "'" + now.replace("'", "''") + "'"

    return _TOKEN.sub(told, sql)
