"""The short form: a device pulled twice, gateway and platform killed twice. ``make outage`` runs the long one."""

import os
import random

import pytest

from tests.outage import devices

pytestmark = pytest.mark.timeout(240)
# a device that is killed differs from one that is pulled by its own memory only: with BAIGONG_LONG=1
_SHORT = [s for s in devices.SCENARIOS if os.environ.get("BAIGONG_LONG") or s is not devices.device_killed]


@pytest.mark.parametrize("scenario", _SHORT, ids=lambda s: s.__name__)
async def test_what_could_be_recovered_was(scenario, tmp_path, capsys):
    verdict = await scenario(tmp_path, 2, random.Random(5))
    with capsys.disabled():
        print()
        verdict.check()
    assert verdict.recoverable > 100
