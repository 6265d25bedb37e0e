"""The demo's companies: made once, no password known, the bank sees one machine for thirty days."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from baigong.bus.memory import MemoryBus
from baigong.cli.demo_people import PARTNERS, furnish_companies, one_time_passwords
from baigong.registry.opening import open_registry
from baigong.registry.rights import asset_ref


async def test_the_bank_sees_press1_for_thirty_days_and_nothing_else(tmp_path: Path) -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    clock = {"us": int(now.timestamp() * 1e6)}
    async with open_registry(tmp_path, MemoryBus(), tenant="demo", clock_us=lambda: clock["us"]) as registry:
        await furnish_companies(registry, now)
        await furnish_companies(registry, now)
        assert {c.tenant for c in await registry.tenants.search(region="ningbo")} == {p.tenant for p in PARTNERS}
        assert len(await registry.rights.grants("demo")) == 1
        secrets = {p.person: secret for p, secret in await one_time_passwords(registry)}
        _, zhou = await registry.people.sign_in("zhou@bank", secrets["zhou@bank"])
        assert (zhou.tenant, zhou.must_set_password) == ("bank", True)
        for day, asset, allowed in (
            (0, "press1", True),
            (0, "press2", False),
            (29, "press1", True),
            (31, "press1", False),
        ):
            clock["us"] = int((now + timedelta(days=day)).timestamp() * 1e6)
            assert registry.rights.decide(zhou, "read", asset_ref("demo", asset)).allowed is allowed, (day, asset)
