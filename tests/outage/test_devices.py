"""The short form: a device pulled twice, gateway and platform killed twice. ``make outage`` runs the long one."""

import random

import pytest

from tests.outage import devices

pytestmark = pytest.mark.timeout(240)


@pytest.mark.parametrize("scenario", devices.SCENARIOS, ids=lambda s: s.__name__)
async def test_what_could_be_recovered_was(scenario, tmp_path, capsys):
    verdict = await scenario(tmp_path, 2, random.Random(5))
    with capsys.disabled():
        print()
        verdict.check()
    assert verdict.recoverable > 100
