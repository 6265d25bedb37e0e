"""What goes wrong, each as a function of (folder, rounds): returns a verdict counted at the source."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import psutil

from tests.outage.rig import Load, PlatformProcess, Verdict, judge, kill_9, together, under_load

Scenario = Callable[[Path, int, random.Random], Coroutine[Any, Any, Verdict]]


async def bus_killed(folder: Path, rounds: int, rng: random.Random) -> Verdict:
    """kill -9 the NATS child under load, and again while it recovers."""
    platform = PlatformProcess(folder / "data")
    await platform.start()
    load = Load(platform)

    async def strike() -> float:
        longest = 0.0
        for _ in range(rounds):
            await asyncio.sleep(rng.uniform(0.1, 0.8))
            struck = time.monotonic()
            for _again in range(2):  # the second time while it recovers
                kill_9(await _appearing(platform, "nats-server"))
                await asyncio.sleep(rng.uniform(0.0, 0.15))
            longest = max(longest, await load.back(struck))
        return longest

    recovery = await under_load(load, strike)
    verdict = await judge("NATS killed -9, again while it recovers", platform, load, recovery)
    await platform.stop()
    return verdict


async def platform_killed(folder: Path, rounds: int, rng: random.Random) -> Verdict:
    """kill -9 the platform under load; its children end with it; start again."""
    platform = PlatformProcess(folder / "data")
    await platform.start()
    load = Load(platform)

    async def strike() -> float:
        longest = 0.0
        for _ in range(rounds):
            await asyncio.sleep(rng.uniform(0.2, 1.2))
            struck = time.monotonic()
            platform.kill()
            await platform.restart()
            longest = max(longest, await load.back(struck))
        return longest

    recovery = await under_load(load, strike)
    verdict = await judge("platform killed -9", platform, load, recovery)
    await platform.stop()
    return verdict


async def power_cut(folder: Path, rounds: int, rng: random.Random) -> Verdict:
    """Copy the backing file of a loop file system while running; mount the copy; start from it.

    What the source had accepted when the copy began must be in the copy; later rows may be or not.
    """
    image, mount = folder / "disk.img", folder / "disk"
    mount.mkdir()
    _run("truncate", "-s", "256M", str(image))
    _run("mkfs.ext4", "-q", str(image))
    _run("mount", "-o", "loop", str(image), str(mount))
    try:
        platform = PlatformProcess(mount / "data", "--reserve-mb", "20")
        platform.log = folder / "platform.log"
        await platform.start()
        load = Load(platform)
        copies: list[tuple[Path, int, dict[int, list[int]]]] = []

        async def strike() -> float:
            for number in range(rounds):
                await asyncio.sleep(rng.uniform(0.5, 2.0))
                accepted = {n: list(times) for n, times in load.accepted.items()}
                copy = folder / f"copy{number}.img"
                copies.append((copy, load.produced, accepted))
                await asyncio.to_thread(_run, "cp", "--sparse=always", str(image), str(copy))
            return 0.0

        await under_load(load, strike)
        await platform.stop()
    finally:
        _run("umount", "-l", str(mount))
    verdicts = []
    for copy, load.produced, load.accepted in copies:
        _run("mount", "-o", "loop", str(copy), str(mount))
        try:
            again = PlatformProcess(mount / "data", "--reserve-mb", "20")
            again.log = folder / "again.log"
            began = time.monotonic()
            await again.start()
            ready = time.monotonic() - began
            verdicts.append(await judge("power cut (copies of the disk taken while running)", again, load, ready))
            await again.stop()
        finally:
            _run("umount", "-l", str(mount))
    return together(verdicts)


async def disk_full(folder: Path, rounds: int, rng: random.Random) -> Verdict:
    """Fill a small disk below the reserve and beyond: acceptance stops and says so, and resumes with room."""
    mount = folder / "small"
    mount.mkdir()
    _run("mount", "-t", "tmpfs", "-o", "size=220m", "tmpfs", str(mount))
    try:
        platform = PlatformProcess(mount / "data", "--reserve-mb", "40")
        platform.log = folder / "platform.log"
        await platform.start()
        load = Load(platform)
        ballast = mount / "ballast"

        await _gateway_says(platform, full=False)

        async def strike() -> float:
            longest = 0.0
            for number in range(rounds):
                refused = load.refused
                gateway = await _appearing(platform, "baigong.cli.main gateway")
                _run("dd", "if=/dev/zero", f"of={ballast}", "bs=1M", "count=400", check=False)  # to the last byte
                async with asyncio.timeout(20):
                    while load.refused < refused + 3:
                        await asyncio.sleep(0.05)
                if number % 2:  # a gateway that starts on a full disk waits there
                    kill_9(gateway)
                    await asyncio.to_thread(psutil.wait_procs, [gateway], 10)
                    gateway = await _appearing(platform, "baigong.cli.main gateway")
                await _gateway_says(platform, full=True)
                freed = time.monotonic()
                ballast.unlink()
                longest = max(longest, await load.back(freed))
                await _gateway_says(platform, full=False)
                assert gateway.is_running(), "the gateway ended because the disk was full"
            return longest

        recovery = await under_load(load, strike)
        assert load.refused >= 3
        verdict = await judge("disk filled to the last byte, then freed", platform, load, recovery)
        await platform.stop()
        return verdict
    finally:
        _run("umount", "-l", str(mount))


async def _gateway_says(platform: PlatformProcess, *, full: bool) -> None:
    """Wait until the gateway is up and says of its disk that it is full, or is not."""
    async with asyncio.timeout(40):
        while True:
            told = (await platform.get("/api/v1/system"))["gateways"].get("local")
            if told is not None and (told["storage"] is not None) == full:
                return
            await asyncio.sleep(0.1)


async def stream_forgotten(folder: Path, rounds: int, rng: random.Random) -> Verdict:
    """The stream's files are gone when the platform starts again: a new epoch, nothing in the lake lost."""
    platform = PlatformProcess(folder / "data")
    await platform.start()
    load = Load(platform)

    async def strike() -> float:
        longest = 0.0
        for _ in range(rounds):
            await asyncio.sleep(rng.uniform(0.3, 0.8))
            struck = time.monotonic()
            await platform.stop()  # everything accepted is in the lake
            shutil.rmtree(platform.data / "nats" / "jetstream")
            await platform.start()
            longest = max(longest, await load.back(struck))
        return longest

    recovery = await under_load(load, strike)
    lake = (await platform.get("/api/v1/system"))["lake"]
    assert lake["epoch"] == rounds + 1, lake
    verdict = await judge("stream forgot itself", platform, load, recovery)
    await platform.stop()
    return verdict


async def _appearing(platform: PlatformProcess, name: str) -> psutil.Process:
    async with asyncio.timeout(20):
        while True:
            for process in platform.children():
                if name in process[1]:
                    return process[0]
            await asyncio.sleep(0.02)


def _run(*command: str, check: bool = True) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")


def may_mount() -> bool:
    """Tell whether we may mount here (root, and a kernel with loop devices)."""
    return os.geteuid() == 0 and os.path.exists("/dev/loop-control")
