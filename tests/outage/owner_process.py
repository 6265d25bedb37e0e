"""An owner of partition p0 in a process: ``python -m tests.outage.owner_process PASS FOLDER NAME``.

BAIGONG_FREEZE=flush|merge: right before the third commit of that kind, its files written and synced, it stops
itself (SIGSTOP), as a machine that hangs would. It ends with code 3 when another owner has taken over, and says in
FOLDER/NAME.json how far it is.
"""

from __future__ import annotations

import asyncio
import faulthandler
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from baigong.bus.nats import NatsBus
from baigong.bus.passes import read_pass
from baigong.historian.owner import OwnerSettings, PartitionOwner
from baigong.stores.lake.table import PartitionTable, Succeeded

SUCCEEDED = 3
_FREEZE_AT = 3


def freeze_before(kind: str) -> None:
    commit, seen = PartitionTable.commit, 0

    def hesitant(self: PartitionTable, added: Any, removed: Any, **more: Any) -> None:
        nonlocal seen
        seen += bool(removed) == (kind == "merge")
        if seen == _FREEZE_AT:
            seen += 1
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)  # here, not where the main thread may be
        commit(self, added, removed, **more)

    PartitionTable.commit = hesitant  # type: ignore[method-assign]


async def main(passed: Path, folder: Path, name: str) -> int:
    by = read_pass(passed)
    bus = await NatsBus.connect(by.url, by=by, name=name)
    owner = PartitionOwner(
        bus,
        folder / "lake",
        "p0",
        OwnerSettings(flush_s=0.1, merge_s=0.15, trim_s=0.15),
        told=lambda s: print(s, flush=True),
    )
    owning = asyncio.create_task(owner.run())
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    stopping = asyncio.create_task(stop.wait())
    while not owning.done() and not stop.is_set():
        await asyncio.wait({owning, stopping}, timeout=0.05, return_when=asyncio.FIRST_COMPLETED)
        fresh = folder / f"{name}.new"
        fresh.write_text(json.dumps(owner.stats()))
        fresh.replace(folder / f"{name}.json")
    try:
        if owning.done():
            owning.result()
        await owner.close()
        return 0
    except* Succeeded as group:
        print("succeeded:", *group.exceptions, flush=True)
    finally:
        owning.cancel()
        stopping.cancel()
        await asyncio.gather(owning, stopping, return_exceptions=True)
        await bus.close()
    return SUCCEEDED


if __name__ == "__main__":
    faulthandler.register(signal.SIGUSR1)  # kill -USR1 tells where it hangs
    if os.environ.get("BAIGONG_FREEZE"):
        freeze_before(os.environ["BAIGONG_FREEZE"])
    sys.exit(asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])))
