"""A flood of names that no company has costs a bounded number of reads; a company that is new is found at once."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from baigong.registry.strangers import Strangers
from baigong.registry.tenants import Tenants
from baigong.stores.records import open_records
from baigong.stores.records.access import ensure_tenant
from tests.postgres import place_of

BOTH_DATABASES = True


def test_a_flood_of_unknown_names_reads_little(tmp_path: Path) -> None:
    records = open_records(place_of(tmp_path))
    now, reads = 0.0, 0

    def counted(*_: object) -> None:
        nonlocal reads
        reads += 1

    sa.event.listen(records.engine, "begin", counted)
    strangers = Strangers(records, lambda: now)
    assert not strangers.exists("moulds")
    records.write_now(lambda c: ensure_tenant(c, "moulds", 1))
    assert strangers.exists("moulds"), "it is found as soon as it is there"
    reads = 0
    for second in range(3):
        now = second + 10.0
        assert not any(strangers.exists(f"nobody-{second}-{n}") for n in range(5_000))
        assert strangers.exists("moulds"), "one that is there is found in the flood, too"
        records.write_now(lambda c, s=second: ensure_tenant(c, f"new-{s}", 1))  # type: ignore[misc]
    assert not strangers.exists("new-2"), "not listed yet"
    now += 1.0
    assert strangers.exists("new-2")
    assert reads <= 3 * (20 + 1 + 1) + 2
    reads = 0
    assert not strangers.exists("../etc") and not strangers.exists("x" * 100_000) and not reads
    tenants = Tenants(records, lambda: 5)
    assert tenants.place("nobody") is None and tenants.place("moulds") is not None
    records.close_now()
