"""What ``baigong doctor`` says: one line for everything looked at."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["good", "uncertain", "bad"]


@dataclass(slots=True, frozen=True)
class Verdict:
    """One line. ``advice`` is empty where all is well."""

    what: str
    state: State
    detail: str
    advice: str = ""


@dataclass(slots=True)
class Findings:
    """What doctor found; ``facts`` go into the support archive."""

    running: bool = False
    verdicts: list[Verdict] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def state(self) -> State:
        states = {v.state for v in self.verdicts}
        return "bad" if "bad" in states else "uncertain" if "uncertain" in states else "good"
