"""Commands (filled in below)."""

from __future__ import annotations

import typer


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
