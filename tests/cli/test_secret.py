"""A machine's first minute: a folder of devices, a secret, and the command that was printed, run by a real client."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.outage.rig import PlatformProcess

pytestmark = [
    pytest.mark.timeout(180),
    pytest.mark.skipif(not shutil.which("mosquitto_pub"), reason="mosquitto-clients are not installed"),
]


@pytest.fixture
async def plant(tmp_path: Path) -> AsyncIterator[PlatformProcess]:
    made = PlatformProcess(tmp_path / "data", "--reserve-mb", "1")
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


async def _run(*command: str, cwd: Path, wait_s: float = 60) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *command, cwd=cwd, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(wait_s):
        out, said = await process.communicate()
    return process.returncode or 0, out.decode(), said.decode()


async def test_the_printed_command_works_until_the_secret_is_revoked(plant: PlatformProcess, tmp_path: Path) -> None:
    async def baigong(*words: str) -> tuple[int, str, str]:
        where = ("--data", str(plant.data))
        return await _run(sys.executable, "-m", "baigong.cli.main", *words, *where, cwd=tmp_path)

    folder = tmp_path / "machines"
    folder.mkdir()
    for n in range(3):
        (folder / f"m{n}.yaml").write_text(f"device: m{n}\ndriver: frontdoor\n")
    code, _, said = await baigong("device", "add", str(folder))
    assert code == 0 and "3 devices added" in said, said
    await _until_open(plant)

    code, out, said = await baigong("device", "secret", "m1")
    assert code == 0, said
    user, password = out.split()
    assert user == "m1" and (tmp_path / "baigong-mqtt-ca.pem").read_text().startswith("-----BEGIN CERTIFICATE")
    command = shlex.split(next(line for line in " ".join(said.split()).split("try it: ")[1:]))
    assert "--cafile" in command and password in command
    code, _, errors = await _run(*command, cwd=tmp_path)
    assert code == 0, errors
    found = await plant.sql("select name, value from telemetry")
    assert found.column("value").to_pylist() == [21.5]

    code, out, _ = await baigong("device", "secret", "m1", "--list", "--json")
    assert '"used_us": null' not in out and password not in out
    code, _, said = await baigong("device", "secret", "m1")
    assert code == 2 and "config.conflict" in said, "a secret that is in use is not replaced by accident"

    staying = await asyncio.create_subprocess_exec(
        *command[: command.index("-m")], "-l", cwd=tmp_path, stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    await _until(plant, lambda told: told["state"] == "connected")
    code, out, _ = await baigong("device", "secret", "m1", "--rotate")
    assert code == 0 and out.split()[1] != password
    await _until(plant, lambda told: told["state"] != "connected")  # it was thrown out, and may not come back
    staying.kill()
    await staying.wait()
    assert (await _run(*command, cwd=tmp_path))[0] != 0, "the old secret opens nothing more"
    there = [out.split()[1] if w == password else "m2/data" if w == "m1/data" else w for w in command]
    assert (await _run(*there, cwd=tmp_path))[0] != 0, "another machine's topics"
    code, _, said = await baigong("device", "topics", "m1", "--publish", "m2/+")
    assert code == 0, said
    code, out_, _ = await baigong("device", "topics", "m1")
    assert "m1/#, m2/+" in out_
    assert (await _run(*there, cwd=tmp_path))[0] == 0
    code, _, said = await baigong("device", "topics", "m1", "--publish", "m2+")
    assert code == 2 and "m2+" in said
    assert (await baigong("device", "secret", "m1", "--revoke"))[0] == 0
    assert (await _run(*(out.split()[1] if w == password else w for w in command), cwd=tmp_path))[0] != 0


async def _until_open(plant: PlatformProcess) -> None:
    async with asyncio.timeout(60):
        while not (await plant.get("/api/v1/system"))["mqtt"].get("tls_port"):
            await asyncio.sleep(0.1)


async def _until(plant: PlatformProcess, holds: Any) -> None:
    async with asyncio.timeout(30):
        while not holds((await plant.get("/api/v1/devices/m1"))["status"]):
            await asyncio.sleep(0.1)
