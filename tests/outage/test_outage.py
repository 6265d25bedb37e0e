"""The short form: each thing goes wrong once or twice under load. ``make outage`` runs the long one."""

import random

import pytest

from tests.outage import scenarios

needs_mount = pytest.mark.skipif(not scenarios.may_mount(), reason="mounting needs root and loop devices")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "scenario",
    [
        scenarios.bus_killed,
        scenarios.platform_killed,
        scenarios.stream_forgotten,
        pytest.param(scenarios.power_cut, marks=needs_mount),
        pytest.param(scenarios.disk_full, marks=needs_mount),
    ],
    ids=lambda s: s.__name__,
)
async def test_loss_0_duplicates_0(scenario, tmp_path, capsys):
    verdict = await scenario(tmp_path, 2, random.Random(7))
    with capsys.disabled():
        print()
        verdict.check()
    assert verdict.recoverable > 500
