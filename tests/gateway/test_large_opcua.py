"""A server of many tags behind the gateway: looked at, searched, read and subscribed to, within its limits."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from rig import rig, spec, until

from baigong.gateway.probe import Probes
from baigong.vocab.devices import PointSpec

_SERVER = """
import asyncio, logging, sys
from asyncua import ua
from baigong.drivers.opcua.sim import OpcUaSim, SimNode
logging.disable(logging.WARNING)
LIMITS = {
    ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead: 500,
    ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerBrowse: 100,
    ua.ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall: 500,
}
async def main():
    nodes = [SimNode(f"Area{i // 1000:02}.Tag{i:05}", float(i)) for i in range(int(sys.argv[1]))]
    async with OpcUaSim(nodes=nodes, limits=LIMITS) as sim:
        print(sim.url, sim.address(nodes[0].name), flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""
long = pytest.mark.skipif(not os.environ.get("BAIGONG_LONG"), reason="BAIGONG_LONG=1 runs it")


@pytest.fixture
def server(tags: int) -> Iterator[tuple[str, str]]:
    with subprocess.Popen([sys.executable, "-c", _SERVER, str(tags)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url, _, first = process.stdout.readline().strip().partition(" ")
        try:
            yield url, first
        finally:
            process.kill()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("tags", [3_000, pytest.param(50_000, marks=long)])
async def test_all_tags_are_found_searched_read_and_subscribed_to(
    tmp_path, capsys, monkeypatch: pytest.MonkeyPatch, server: tuple[str, str], tags: int
) -> None:
    monkeypatch.setattr("baigong.gateway.probe._SEARCH_ALL_S", 600.0)  # the server is asyncua's, and others compute
    url, first = server
    addresses = [first.replace("Area00.Tag00000", f"Area{i // 1000:02}.Tag{i:05}") for i in range(tags)]
    options = {"url": url, "timeout_s": 30.0}
    took: dict[str, float] = {}

    def lap(what: str, began: tuple[float, float]) -> None:
        took[what] = time.monotonic() - began[0]
        took[f"{what}, CPU here"] = time.process_time() - began[1]

    def now() -> tuple[float, float]:
        return time.monotonic(), time.process_time()

    async with rig(tmp_path) as r:
        probes = Probes(r.fleet, r.clock, r.abandoned, r.around.ways)
        running = asyncio.create_task(probes.run())
        began = now()
        top = await probes.browse("demo", "opcua", options, "", "", 0, 1000)
        areas = [n["path"] for n in top["nodes"] if "Area" in n["title"]]
        assert len(areas) == tags // 1000
        area = await probes.browse("demo", "opcua", options, areas[-1], "", 0, 1000)
        assert area["total"] == 1000 and area["nodes"][0]["type"]
        lap("browse", began)

        began = now()
        found = await probes.browse("demo", "opcua", options, "", f"Tag{tags - 1:05}", 0, 100)
        assert [n["address"] for n in found["nodes"]] == [addresses[-1]], "the last tag of the last folder"
        lap("first search", began)
        began = now()
        found = await probes.browse("demo", "opcua", options, "", "Area01 Tag", 0, 100)
        assert len(found["nodes"]) == 100 and found["total"] >= 500
        lap("next search", began)

        began = now()
        seen = await probes.preview("demo", "opcua", options, addresses[-1000:])
        assert [row["value"] for row in seen] == [float(i) for i in range(tags - 1000, tags)]
        lap("1,000 read", began)
        running.cancel()
        await asyncio.wait({running})

        before_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        points = [PointSpec(name=f"a.t{i}", address=a, number=i + 1) for i, a in enumerate(addresses)]
        device = spec("big", "opcua", points=points, options=options, scan={"default": "1s"}, timeout_s=120)
        began = now()
        await r.run(device)
        await until(lambda: r.device("big").station.table.counts() == (tags, 0), 600)
        lap("subscribed", began)
        assert r.device("big").state == "connected"
        assert r.device("big").status("local")["session"]["mode"] == "watch"
        took["MB more"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before_mb
    with capsys.disabled():
        print(f"\n{tags:,} tags: " + ", ".join(f"{what} {seconds:.1f}" for what, seconds in took.items()))
