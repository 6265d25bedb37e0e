"""Names of before in people's SQL: a literal that names an asset or a point as it was called once is what it is today.

Only whole literals, and only where nothing else can be meant: a name with a dot in it, or any that is compared with a
column ``asset``.
"""

from __future__ import annotations

import re

from baigong.registry.names import Earlier

# What SQL reads whole: comments and quoted names, which are left alone, and text.
_TOKEN = re.compile(r"--[^\n]*|/\*.*?\*/|\"(?:[^\"]|\"\")*\"|'(?:[^']|'')*'", re.DOTALL)
_OF_ASSETS = re.compile(r"\b(asset|parent)\b\"?\s*(=|==|<>|!=|(not\s+)?in\s*\([^()]*)\s*$", re.IGNORECASE)


def in_present_names(sql: str, earlier: Earlier) -> str:
    """Return a statement that means today's names; character for character the same where it says no others."""
    if not earlier.assets and not earlier.points:
        return sql

    def told(found: re.Match[str]) -> str:
        token = found[0]
        if not token.startswith("'"):
            return token
        text = token[1:-1].replace("''", "'")
        point = earlier.point(text) if "." in text else text
        if point == text and ("." in text or _OF_ASSETS.search(sql, max(0, found.start() - 2000), found.start())):
            point = earlier.asset(text)
        return token if point == text else "'" + point.replace("'", "''") + "'"

    return _TOKEN.sub(told, sql)
