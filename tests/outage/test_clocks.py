"""The short form: the clocks of the machine and of a device jump three times."""

import random

import pytest

from tests.outage import clocks
from tests.outage.preload import may_preload

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(not may_preload(), reason="needs Linux and gcc"),
]


async def test_clocks_jump_and_every_value_is_there_once(tmp_path, capsys):
    verdict = await clocks.clock_stepped(tmp_path, 3, random.Random(1))
    with capsys.disabled():
        print()
        verdict.check()
    assert verdict.recoverable > 200
