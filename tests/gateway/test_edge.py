"""The gateway must run where there is no room for the lake."""

from __future__ import annotations

import subprocess
import sys

_HEAVY = ("duckdb", "deltalake", "polars", "fastapi", "starlette", "sqlalchemy", "pandas")


def test_importing_the_gateway_brings_nothing_heavy() -> None:
    script = f"import sys, baigong.gateway; sys.exit(', '.join(m for m in {_HEAVY!r} if m in sys.modules) or 0)"
    done = subprocess.run([sys.executable, "-c", script], timeout=60, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
