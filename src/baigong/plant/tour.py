"""The ten-minute tour: each step a place in the console and what to look at there, told by ``tour.toml``."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Literal
from urllib.parse import quote

import msgspec
from msgspec import Struct

from baigong.plant.faults import HOUR_US, Scenario


class Step(Struct, frozen=True, kw_only=True):
    """One stop; ``link`` is a path of the console with its state. ``minutes`` add up to about ten."""

    id: str
    title: str
    title_zh: str
    text: str
    text_zh: str
    link: str
    minutes: float


class _Written(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str
    title: str
    title_zh: str
    text: str
    text_zh: str
    minutes: float
    link: str = ""
    points: list[str] = []
    fault: str = ""
    which: Literal["first", "last"] = "last"
    margin_h: float = 1.0


def tour(scenario: Scenario) -> list[Step]:
    """Write the tour for this plant's own past."""
    raw: dict[str, Any] = tomllib.loads(files("baigong.plant").joinpath("tour.toml").read_text("utf-8"))
    return [
        Step(
            id=step.id,
            title=step.title,
            title_zh=step.title_zh,
            text=step.text,
            text_zh=step.text_zh,
            minutes=step.minutes,
            link=step.link or _trend(step, scenario),
        )
        for step in msgspec.convert(raw["step"], list[_Written])
    ]


def _trend(step: _Written, scenario: Scenario) -> str:
    """Link to the step's points around a planted fault, no farther than the history reaches."""
    found = [run for run in scenario.runs if run.fault == step.fault and run.planted]
    if not found:
        return f"/trends?p={','.join(step.points)}&from=-30d&to=now"
    run = found[0] if step.which == "first" else found[-1]
    margin = int(step.margin_h * HOUR_US)
    start = max(run.start_us - margin, scenario.history_start_us)
    end = min((run.end_us or run.start_us) + margin, scenario.history_end_us)
    return f"/trends?p={','.join(step.points)}&from={quote(_iso(start), safe='')}&to={quote(_iso(end), safe='')}"


def _iso(time_us: int) -> str:
    return datetime.fromtimestamp(time_us // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
