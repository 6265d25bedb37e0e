"""An owner that is killed between its two commits: ``python -m tests.historian.killed_between PASS FOLDER N``.

Right before the Nth commit of telemetry, when the bursts of the same flush are in the lake already, it kills itself
with SIGKILL. N = 0: never; then it ends by itself once the stream is in the lake.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from baigong.bus.nats import NatsBus
from baigong.bus.passes import read_pass
from baigong.historian.owner import OwnerSettings, PartitionOwner
from baigong.stores.lake.table import PartitionTable


def kill_before(nth: int) -> None:
    commit, seen = PartitionTable.commit, 0

    def last_words(self: PartitionTable, added: Any, removed: Any, **more: Any) -> None:
        nonlocal seen
        seen += type(self) is PartitionTable and more["at"] is not None
        if nth and seen == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        commit(self, added, removed, **more)

    PartitionTable.commit = last_words  # type: ignore[method-assign]


async def main(passed: Path, folder: Path) -> None:
    by = read_pass(passed)
    bus = await NatsBus.connect(by.url, by=by)
    owner = PartitionOwner(bus, folder, "p0", OwnerSettings(flush_s=0.05, merge_s=3600))
    owning = asyncio.create_task(owner.run())
    await owner.ready.wait()
    state = await bus.stream_state("p0")
    assert state is not None
    while not owning.done() and owner.stats()["watermark"] < state.last_seq:
        await asyncio.sleep(0.01)
    await owner.close()
    owning.cancel()
    await asyncio.gather(owning, return_exceptions=True)
    await bus.close()


if __name__ == "__main__":
    kill_before(int(sys.argv[3]))
    asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2])))
