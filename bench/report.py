"""What a row of the table says, and how it is printed."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

HEAD = "| row | what | ours | peers | ratio | gate | aim | class |\n|---|---|---|---|---|---|---|---|"


@dataclass(slots=True, frozen=True)
class Line:
    """One line of the table. ``passed`` None: there is nothing to pass (a peer, a note, a ceiling)."""

    row: int
    what: str
    ours: str
    peers: str = ""
    ratio: str = ""
    gate: str = ""
    aim: str = ""
    durability: str = "D2"
    passed: bool | None = None

    def __str__(self) -> str:
        mark = "" if self.passed is None else " ✓" if self.passed else " ✗"
        cells = (str(self.row), self.what, self.ours + mark, self.peers, self.ratio, self.gate, self.aim)
        return "| " + " | ".join((*cells, self.durability)) + " |"


def rate(per_second: float) -> str:
    """Write a rate in thousands or millions.

    >>> rate(1_530_000), rate(25_400)
    ('1.53 M/s', '25.4 k/s')
    """
    return f"{per_second / 1e6:.2f} M/s" if per_second >= 1e6 else f"{per_second / 1e3:.1f} k/s"


def ms(seconds: float) -> str:
    return f"{seconds * 1e3:.3g} ms" if seconds < 0.1 else f"{seconds * 1e3:.0f} ms"


def spread(times: Iterable[float]) -> str:
    """Write the median with the lowest and highest."""
    ordered = sorted(times)
    return f"{ms(ordered[len(ordered) // 2])} ({ms(ordered[0])}–{ms(ordered[-1])})"


def median(times: Iterable[float]) -> float:
    ordered = sorted(times)
    return ordered[len(ordered) // 2]


def machine() -> str:
    """Describe what this ran on, without naming it."""
    cpu = "unknown CPU"
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = re.search(r"model name\s*:\s*(.+)", info.read_text())
        cpu = found[1] if found else cpu
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} × {cpu}, {memory:.0f} GiB, {platform.system()} {platform.release().split('-')[0]}, "
        f"Python {platform.python_version()}; load average at the start {os.getloadavg()[0]:.2f}"
    )
