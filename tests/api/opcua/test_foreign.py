"""node-opcua, another stack, as the client of our OPC UA server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.opcua.conftest import Served
from tests.api.world import now_us

pytestmark = pytest.mark.asyncio(loop_scope="package")
CLIENT = Path(__file__).parent / "foreign_client.js"


async def _steps(process: asyncio.subprocess.Process) -> AsyncIterator[dict[str, Any]]:
    assert process.stdout is not None
    async for line in process.stdout:
        if line.startswith(b"{"):
            yield json.loads(line)


async def test_node_opcua_browses_reads_subscribes_and_asks_for_history(
    served: Served, node_modules: Path, tmp_path: Path
) -> None:
    start = now_us() - 60_000_000
    await served.put("oven.load", [1.0, 2.0, 3.0], [start, start + 1, start + 2])
    certificate, key = tmp_path / "client.pem", tmp_path / "client.key"
    certificate.write_bytes(served.client_pair.certificate_pem)
    key.write_bytes(served.client_pair.key_pem)
    arguments = [node_modules, served.server.url, certificate, key, served.world.token]
    process = await asyncio.create_subprocess_exec(
        "node", str(CLIENT), *map(str, arguments),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    told: dict[str, dict[str, Any]] = {}
    try:
        async with asyncio.timeout(60):
            async for step in _steps(process):
                told[step["step"]] = step
                if step["step"] == "subscribed" and process.stdin is not None:
                    await served.put("oven.load", [4.0, 5.0, 6.0])
                    process.stdin.write(b"fed\n")
                    process.stdin.close()
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert "failed" not in told, told["failed"]
    assert "Assets" in told["browsed"]["objects"]
    assert told["browsed"]["assets"] == ["hall", "oven"]
    assert {"flow", "speed", "Code"} <= set(told["browsed"]["pump"])
    assert (told["read"]["value"], told["read"]["status"]) == (3.0, "Good")
    assert told["read"]["time"] == (start + 2) // 1000
    assert told["heard"]["values"] == [3.0, 4.0, 5.0, 6.0]
    assert told["history"]["values"] == [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert told["averaged"]["values"][0] == 3.5
