"""Which of our two languages a text is written in, where only the text itself can say."""

from __future__ import annotations

import re

_HAN = re.compile(r"[\u3400-\u9fff]")


def is_chinese(text: str) -> bool:
    """Say whether a text has Chinese letters.

    >>> is_chinese("泵 P-101"), is_chinese("Müller GmbH")
    (True, False)
    """
    return _HAN.search(text) is not None
