"""The short form: the leading server of three is killed twice; a backup of what stands on a cluster."""

import random
import subprocess
import sys

import pytest

from tests.outage.cluster import NatsCluster, node_killed
from tests.outage.rig import Load, PlatformProcess, judge, under_load

pytestmark = pytest.mark.timeout(240)


async def test_a_server_of_the_cluster_is_killed(tmp_path, capsys):
    verdict = await node_killed(tmp_path, 2, random.Random(4))
    with capsys.disabled():
        print()
        verdict.check()
    assert verdict.recoverable > 500


async def test_backup_on_a_cluster_and_restore_without_one(tmp_path):
    async with NatsCluster(tmp_path / "cluster") as cluster:
        platform = PlatformProcess(tmp_path / "data", *cluster.options)
        await platform.start()
        load = Load(platform)

        async def copied() -> float:
            await load.back(0.0)
            before = {number: list(times) for number, times in load.accepted.items()}
            baigong("backup", str(tmp_path / "b.tar"), "--data", str(platform.data), *cluster.options)
            load.accepted_before = before  # type: ignore[attr-defined]
            return 0.0

        try:
            await under_load(load, copied)
            info = await cluster.info()
            assert info["config"]["num_replicas"] == 3, info["config"]
        finally:
            await platform.stop()
    key = str(platform.data / "secrets.key")
    baigong("restore", str(tmp_path / "b.tar"), "--data", str(tmp_path / "again"), "--key", key)
    again = PlatformProcess(tmp_path / "again")
    await again.start()
    try:
        load.accepted = load.accepted_before  # type: ignore[attr-defined]
        (await judge("restored", again, load, 0.0)).check()
    finally:
        await again.stop()


def baigong(*words: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "baigong.cli.main", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
