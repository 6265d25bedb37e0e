"""The short form of the outage table: every driver whose machine is garbled, and lost without a word, comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.outage import farside, sources

pytestmark = pytest.mark.timeout(240)


async def test_every_driver_is_back_and_holds_nothing_that_was_not_shown(tmp_path: Path, capsys) -> None:
    with capsys.disabled():
        print()
        found = await farside.run(tmp_path, list(sources.ALL), {"garbage": 1.5, "gone": 2.5})
    assert {(f.driver, f.event) for f in found} == {(d, e) for d in sources.ALL for e in ("garbage", "gone")}
    assert [f for f in found if f.invented] == []
    assert [f for f in found if f.back_s > 10] == []
    memory = [f for f in found if f.recoverable == f.produced]
    assert {f.driver for f in memory} >= {"mqtt", "opcua"}
    assert [f for f in memory if f.recovered < f.recoverable] == []
