"""What somebody may operate, and until when; as people write it: ``injection_moulding 2027-06-30; crane``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Literal

Verdict = Literal["held", "expired", "missing"]
_APART = re.compile(r"[;,；，、\n]")  # as Chinese texts have them too
_UNTIL = re.compile(r"(.*?)\s*(?:\buntil\b|至)?\s*(\d{4}-\d{2}-\d{2})")


def read_qualifications(text: str) -> dict[str, date | None]:
    """Return until when each holds, that day included; None: for good. What is no date is a part of the name.

    >>> read_qualifications("crane; cnc until 2027-06-30")
    {'crane': None, 'cnc': datetime.date(2027, 6, 30)}
    """
    found: dict[str, date | None] = {}
    for piece in filter(None, map(str.strip, _APART.split(text))):
        name, until = piece, None
        told = _UNTIL.fullmatch(piece)
        if told:
            try:
                name, until = told[1].strip(), date.fromisoformat(told[2])
            except ValueError:
                name = piece
        found[name] = until
    return found


def judge(held: Mapping[str, date | None], needed: str, day: date) -> Verdict:
    """Say whether somebody might do on a day what this qualification is needed for.

    >>> judge({"cnc": date(2027, 6, 30)}, "cnc", date(2027, 6, 30)), judge({}, "crane", date(2027, 1, 1))
    ('held', 'missing')
    """
    if needed not in held:
        return "missing"
    until = held[needed]
    return "held" if until is None or day <= until else "expired"
