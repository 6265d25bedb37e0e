"""Screens of the demo plant: what somebody sees there who has drawn nothing yet."""

from __future__ import annotations

from importlib.resources import files

from baigong.vocab.screens import Screen, parse_screen

_NAMES = ("cooling",)


def plant_screens() -> list[Screen]:
    """Return the screens that the demo plant begins with."""
    here = files("baigong.plant")
    return [parse_screen(here.joinpath(f"{name}.yaml").read_text(encoding="utf-8"), name) for name in _NAMES]
