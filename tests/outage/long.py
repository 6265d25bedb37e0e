"""``make outage``: every scenario many times at random moments; prints the table."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.outage import devices, owners, scenarios
from tests.outage.rig import HEADER

SCENARIOS = [
    scenarios.bus_killed,
    scenarios.platform_killed,
    scenarios.stream_forgotten,
    *devices.SCENARIOS,
    *owners.SCENARIOS,
]
MOUNTING = [scenarios.power_cut, scenarios.disk_full]


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--rounds", type=int, default=8, help="strikes in one run of a scenario")
    ask.add_argument("--runs", type=int, default=3, help="runs of each scenario")
    ask.add_argument("--seed", type=int, default=int(time.time()))
    chosen = ask.parse_args()
    rng = random.Random(chosen.seed)
    print(f"seed {chosen.seed}\n{HEADER}", flush=True)
    bad = 0
    for scenario in SCENARIOS + (MOUNTING if scenarios.may_mount() else []):
        for _ in range(chosen.runs):
            with tempfile.TemporaryDirectory(prefix="baigong-outage-") as folder:
                verdict = asyncio.run(scenario(Path(folder), chosen.rounds, rng))
            print(verdict.line(), flush=True)
            bad += verdict.recovered != verdict.recoverable or verdict.duplicates + verdict.wrong + verdict.gap > 0
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
