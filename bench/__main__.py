"""``python -m bench [row …] [--short] [--no-peers] [--write]``: the numbers of ``docs``, measured here and now."""

from __future__ import annotations

import argparse
import importlib
import re
import shutil
import sys
import tempfile
import time
from pathlib import Path

from bench.report import HEAD, Line, machine

ROWS = {
    1: "ingest",
    2: "mqtt",
    3: "freshness",
    4: "queries",
    5: "queries",
    6: "start",
    7: "console",
    8: "rights",
    9: "rights",
    10: "machines",
    11: "tenants",
    12: "bus",
    13: "guards",
    14: "assets",
    15: "screens",
    16: "opcua",
    17: "shells",
    18: "recall",
    19: "supervision",
    20: "lines",
    21: "polled",
    22: "fragments",
    23: "business",
}
RESULTS = Path(__file__).with_name("results.md")
_ROW = re.compile(r"\| (\d+) \|")


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    options.add_argument("rows", nargs="*", type=int, choices=[[], *ROWS], help="which rows; default: all")
    options.add_argument("--short", action="store_true", help="15 s a row instead of 60 s")
    options.add_argument("--no-peers", action="store_true", help="leave the other systems out")
    options.add_argument("--folder", type=Path, help="where the data goes; default: a temporary folder")
    options.add_argument("--write", action="store_true", help=f"write {RESULTS.name} too")
    asked = options.parse_args()
    wanted = asked.rows or list(ROWS)
    print(f"{machine()}\n\n{HEAD}", flush=True)
    described = machine()
    lines: list[Line] = []
    for module in dict.fromkeys(ROWS[row] for row in wanted):
        folder = Path(tempfile.mkdtemp(prefix="bench-", dir=asked.folder))
        try:
            made = importlib.import_module(f"bench.{module}").run(folder, short=asked.short, peers=not asked.no_peers)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        for line in made:
            if line.row in wanted:
                print(line, flush=True)
                lines.append(line)
    if asked.write:
        write(described, lines, short=asked.short)
    return 1 if any(line.passed is False for line in lines) else 0


def write(described: str, lines: list[Line], *, short: bool) -> None:
    """Write these rows with the day and the machine's load; other rows stay as they were measured."""
    rows = {line.row for line in lines}
    when = time.strftime("%Y-%m-%d", time.gmtime())
    stamp = f"{when}, load {described.rsplit(' ', 1)[1]}" + (", `--short`" if short else "")
    held = RESULTS.read_text().splitlines() if RESULTS.exists() else []
    kept = [line for line in held if (found := _ROW.match(line)) and int(found[1]) not in rows]
    body = [*kept, *(f"{line} {stamp} |" for line in lines)]
    body.sort(key=lambda line: int(line.split("|")[1]))  # stable: a row's lines stay in order
    named, rule = HEAD.splitlines()
    RESULTS.write_text(
        f"# Measured\n\n`python -m bench --write` on {described.split('; load')[0]}; "
        "`python -m bench 3 --write` measures one row again.\n\n"
        "D2: on disk (fsync) before it is acknowledged; D1: survives the end of the process, not of the power.\n"
        "Load generators and servers share the machine; the load is what others did on it just before.\n\n"
        f"{named} measured |\n{rule}---|\n" + "\n".join(body) + "\n"
    )


if __name__ == "__main__":
    sys.exit(main())
