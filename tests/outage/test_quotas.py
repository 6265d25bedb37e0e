"""Real platforms: one company floods at ten times its rate, another does not notice; a kill -9 costs no count."""

from __future__ import annotations

import asyncio
import statistics
import time
from contextlib import AsyncExitStack
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.outage.publisher import Publisher
from tests.outage.rig import PlatformProcess

RATE = 400  # values a second that the greedy company may send
FLOOD_S = 8.0
PASSWORD = "a pump in Ningbo"


def _columns(point: str, start_us: int, rows: int) -> dict[str, object]:
    return {"columns": {"point": [point] * rows, "time": [start_us + i for i in range(rows)], "value": [1.0] * rows}}


async def _boss(stack: AsyncExitStack, platform: PlatformProcess, operator: httpx.AsyncClient, name: str):
    """Make a company; returns its administrator's client."""
    made = (await operator.post("/tenants", json={"tenant": name})).json()
    boss = httpx.AsyncClient(base_url=f"{platform.url}/api/v1", headers={"X-Baigong": "1"}, timeout=60)
    await stack.enter_async_context(boss)
    assert (await boss.post("/session", json={"user": made["admin"], "password": made["password"]})).status_code == 200
    told = await boss.post("/password", json={"password": PASSWORD})
    assert told.status_code < 300, told.text
    return boss


class Quiet:
    """A company that sends a value now and then, and looks how soon it sees it."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._number = 0

    async def one(self) -> float:
        """Return the seconds from sending to seeing."""
        self._number += 1
        began = time.monotonic()
        answer = await self._http.post("/ingest", json={"values": [{"point": "q.x", "value": self._number}]})
        assert answer.status_code == 200, answer.text
        while True:
            rows = (await self._http.get("/latest", params={"points": "q.x"})).json()
            if rows and rows[0]["value"] == self._number:
                return time.monotonic() - began
            await asyncio.sleep(0.005)

    async def for_(self, seconds: float) -> list[float]:
        until, found = time.monotonic() + seconds, []
        while time.monotonic() < until:
            found.append(await self.one())
            await asyncio.sleep(0.05)
        return found


@pytest.mark.timeout(180)
async def test_who_floods_is_slowed_and_told_and_others_do_not_notice(tmp_path: Path, capsys) -> None:
    platform = PlatformProcess(tmp_path / "data")
    await platform.start()
    try:
        async with AsyncExitStack() as stack:
            operator = await stack.enter_async_context(
                httpx.AsyncClient(base_url=f"{platform.url}/api/v1", headers=platform.headers, timeout=60)
            )
            greedy = await _boss(stack, platform, operator, "greedy")
            quiet = Quiet(await _boss(stack, platform, operator, "quiet"))
            told = await operator.put("/quotas/companies/greedy", json={"text": f"values_s: {RATE}"})
            assert told.status_code == 200, told.text
            spec = {"device": "press", "driver": "frontdoor"}
            made = await greedy.put("/devices/press", json=spec)
            assert made.status_code < 300, made.text
            secret = (await greedy.post("/credentials", json={"device": "press", "username": "press"})).json()
            before = await quiet.for_(4.0)

            publisher = Publisher(platform.mqtt_port, "press", secret["password"], "press/t", pause_s=0.0)
            flood = asyncio.create_task(publisher.run())
            accepted = refused = 0
            began, waits = time.monotonic(), set[str]()

            async def by_http() -> None:
                nonlocal accepted, refused
                start_us = 1_700_000_000_000_000
                while time.monotonic() - began < FLOOD_S:  # ten times the rate, whatever is answered
                    answer = await greedy.post("/ingest", json=_columns("g.x", start_us, RATE))
                    start_us += RATE
                    if answer.status_code == 200:
                        accepted += RATE
                    else:
                        assert answer.json()["code"] == "quota.exceeded", answer.text
                        waits.add(answer.headers["Retry-After"])
                        refused += RATE
                    await asyncio.sleep(0.1)

            http = asyncio.create_task(by_http())
            during = await quiet.for_(FLOOD_S)
            await http
            publisher.stop()
            await asyncio.wait_for(flood, 60)
            took_s = time.monotonic() - began
            events = (await greedy.get("/events")).json()
            slowed = (await operator.get("/usage/companies")).json()["companies"][0]
            kept = (await greedy.post("/sql", json={"sql": "select count(*) from telemetry"})).json()["rows"][0][0]
    finally:
        await platform.stop()
    sent = accepted + len(publisher.acked)
    ratio = statistics.median(during) / statistics.median(before)
    with capsys.disabled():
        print(
            f"\nflood: {accepted + refused + publisher.sent:,} offered, {sent:,} accepted in {took_s:.1f} s "
            f"at {RATE}/s; the other company: freshness {ratio:.2f} times what it was, {len(during)} accepted"
        )
    assert refused > accepted
    assert waits, "told when to come again"
    # what gathers unused, and what one request and one read of a socket take on credit
    assert sent < RATE * (took_s + 2) * 2 + 4 * RATE
    assert kept >= sent, "what was accepted is there"
    assert "quota.exceeded" in {event["kind"] for event in events}
    assert (slowed["tenant"], slowed["troubles"][0]) == ("greedy", "over"), "worst first"
    assert ratio < 4, (before, during)


@pytest.mark.timeout(120)
async def test_a_killed_platform_counts_every_accepted_value_once(tmp_path: Path) -> None:
    platform = PlatformProcess(tmp_path / "data")
    await platform.start()
    sent = 0
    try:
        for _ in range(2):
            async with httpx.AsyncClient(
                base_url=f"{platform.url}/api/v1", headers=platform.headers, timeout=60
            ) as operator:
                for _ in range(5):
                    answer = await operator.post("/ingest", json=_columns("a.x", 1_700_000_000_000_000 + sent, 100))
                    assert answer.status_code == 200, answer.text
                    sent += 100
            platform.kill()
            await platform.restart()
        async with httpx.AsyncClient(base_url=f"{platform.url}/api/v1", headers=platform.headers) as operator:
            async with asyncio.timeout(30):
                while await _counted(operator) < sent:
                    await asyncio.sleep(0.1)
            assert await _counted(operator) == sent
    finally:
        await platform.stop()


async def _counted(operator: httpx.AsyncClient) -> float:
    figures = (await operator.get("/usage")).json()["figures"]
    return float(next(f["value"] for f in figures if f["measure"] == "values"))
