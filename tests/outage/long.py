"""``make outage``: every scenario many times at random moments; prints each run, and the table of all of them."""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
import traceback
from pathlib import Path

from tests.outage import clocks, cluster, devices, owners, scenarios
from tests.outage.preload import may_preload
from tests.outage.rig import HEADER, Verdict, together

ALWAYS = [
    scenarios.bus_killed,
    scenarios.platform_killed,
    scenarios.stream_forgotten,
    *devices.SCENARIOS,
    *owners.SCENARIOS,
    cluster.node_killed,
]
ONCE = devices.LONG  # a minute each, whatever the rounds


def chosen(only: str) -> list[scenarios.Scenario]:
    """List what this machine can do; says what it cannot."""
    found = [*ALWAYS, *ONCE]
    for able, missing, some in (
        (scenarios.may_mount(), "root and loop devices", [scenarios.power_cut, scenarios.disk_full]),
        (may_preload(), "Linux and gcc", [clocks.clock_stepped]),
    ):
        found += some if able else []
        if not able:
            print(f"left out, for want of {missing}: {', '.join(s.__name__ for s in some)}", flush=True)
    return [s for s in found if only in s.__name__]


def run(scenario: scenarios.Scenario, rounds: int, rng: random.Random) -> Verdict | None:
    """Run a scenario once; None when it ended in an error, which is printed."""
    with tempfile.TemporaryDirectory(prefix="baigong-outage-") as folder:
        try:
            verdict = asyncio.run(scenario(Path(folder), rounds, rng))
        except Exception:  # noqa: BLE001 - whatever it was: the others are still to be seen
            print(f"FAILED {scenario.__name__}", flush=True)
            traceback.print_exc()
            return None
    print(verdict.line(), "" if verdict.good else "LOST OR DOUBLED", flush=True)
    return verdict


def main() -> int:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("--rounds", type=int, default=8, help="strikes in one run of a scenario")
    ask.add_argument("--minutes", type=float, default=0, help="go on for so long; each scenario at least once")
    ask.add_argument("--only", default="", help="scenarios with this in their name")
    ask.add_argument("--seed", type=int, default=int(time.time()))
    asked = ask.parse_args()
    rng, end = random.Random(asked.seed), time.monotonic() + 60 * asked.minutes
    print(f"seed {asked.seed}\n{HEADER}", flush=True)
    made: dict[str, list[Verdict]] = {}
    failed = turns = 0
    wanted = chosen(asked.only)
    while not turns or time.monotonic() < end:
        for scenario in wanted:
            if turns and (scenario in ONCE or time.monotonic() > end):
                continue
            verdict = run(scenario, asked.rounds, rng)
            failed += verdict is None or not verdict.good
            made.setdefault(scenario.__name__, []).extend([verdict] if verdict else [])
        turns += 1
    print(f"\nall runs together\n{HEADER}")
    for verdicts in made.values():
        if verdicts:
            print(together(verdicts).line())
    print(f"{sum(map(len, made.values()))} runs, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
