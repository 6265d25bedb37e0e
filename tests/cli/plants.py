"""Platforms for these tests: real ones, on ports the system chooses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec

from baigong.cli.door import DoorSettings
from baigong.cli.platform import Platform, PlatformSettings, running
from baigong.cli.web import WebSettings
from baigong.historian.owner import OwnerSettings

QUICK = OwnerSettings(flush_s=0.3, merge_s=0.2, trim_s=0.2)


def settings(data: Path, **more: Any) -> PlatformSettings:
    plain = PlatformSettings(
        data=data,
        web=WebSettings(port=0),
        mqtt=DoorSettings(port=0, tls_port=0),
        nats_port=0,
        with_gateway=False,
        reserve_bytes=1 << 20,
        owner=QUICK,
    )
    return replace(plain, **more)


@asynccontextmanager
async def platform(data: Path, **more: Any) -> AsyncIterator[Platform]:
    async with running(settings(data, **more), told=lambda _: None) as started:
        yield started


@asynccontextmanager
async def client(data: Path) -> AsyncIterator[httpx.AsyncClient]:
    url, key = ((data / name).read_text().strip() for name in ("url", "key"))
    headers = {"Authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=f"{url}/api/v1", headers=headers, timeout=30) as made:
        yield made


class Load:
    """Sends values for as long as it runs; knows what was accepted."""

    def __init__(self, http: httpx.AsyncClient, point: str, start_us: int = 1_700_000_000_000_000) -> None:
        self._http = http
        self._point = point
        self._next_us = start_us
        self.accepted: list[int] = []  # times

    async def send(self, rows: int = 100) -> None:
        times = [self._next_us + i * 1000 for i in range(rows)]
        self._next_us = times[-1] + 1000
        body = {"columns": {"point": [self._point] * rows, "time": times, "value": [t % 1000 for t in times]}}
        answer = await self._http.post("/ingest", json=body)
        assert answer.status_code == 200, answer.text
        self.accepted += times

    async def run(self) -> None:
        while True:
            await self.send()
            await asyncio.sleep(0)


async def sql(http: httpx.AsyncClient, statement: str) -> list[list[Any]]:
    answer = await http.post("/sql", json={"sql": statement, "limit": 1_000_000})
    assert answer.status_code == 200, answer.text
    rows: list[list[Any]] = msgspec.json.decode(answer.content)["rows"]
    return rows


async def times_of(http: httpx.AsyncClient, point: str) -> list[int]:
    """Every row's time, doubled ones too."""
    found = await sql(http, f"select epoch_us(time) from telemetry where name = '{point}' order by 1")
    return [row[0] for row in found]
