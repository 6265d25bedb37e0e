"""Row 7: the trends page with four series of a million points, in a headless browser, from a warm server.

The gate is for one click in the loaded console until the plot is painted; a page loaded anew is shown beside it.
"""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from baigong.vocab.frame import encode, frame
from bench.data import walks
from bench.ingest import register, until_seen
from bench.processes import Baigong
from bench.queries import store
from bench.report import Line, median, spread
from bench.wire import Http

GATE_S = 0.3
_PASSWORD = "a benchmark signs in"
_SERIES, _ROWS, _EACH = 4, 1_000_000, 7_500
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
# Painted: the rows are here, the plot's canvas holds ink, and the frame after that one was shown.
# Times are of the browser's clock: since navigation began, or since __watch was called.
_WATCH = """
window.__watch = (from) => {
  window.__painted = 0;
  const look = () => {
    const rows = performance.getEntriesByType('resource')
      .find((e) => e.name.includes('/api/v1/series?') && e.startTime >= from);
    const canvas = document.querySelector('.uplot canvas');
    if (rows && rows.responseEnd && canvas && canvas.width) {
      const pixels = canvas.getContext('2d').getImageData(canvas.width >> 1, 0, 1, canvas.height).data;
      if (pixels.some((value) => value)) {
        requestAnimationFrame(() => {
          window.__painted = performance.now() - from;
          window.__asked = rows.startTime - from;
          window.__rows = rows.responseEnd - from;
        });
        return;
      }
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
};
window.__watch(0);
"""
_BACK = "() => { window.__watch(performance.now()); history.back() }"
_IDLE_MS = 1_000  # on the other page: the console has come to rest


@dataclass(slots=True)
class Paints:
    """Seconds of every turn, by what was measured."""

    of: dict[str, list[float]] = field(default_factory=dict)

    async def take(self, page: Any, way: str, keep: bool) -> None:
        await page.wait_for_function("window.__painted > 0", timeout=30_000)
        painted, asked, rows = await page.evaluate("[window.__painted, window.__asked, window.__rows]")
        if keep:
            for what, ms_ in (("painted", painted), ("asked", asked), ("rows", rows - asked)):
                self.of.setdefault(f"{way} {what}", []).append(ms_ / 1e3)


def _fill(server: Baigong, begin_us: int, rows: int) -> None:
    numbers = register(server, _SERIES, begin_us - 1_000_000)
    walked = walks(_SERIES, rows)

    def frames() -> Any:
        for s in range(0, rows, _EACH):
            values = walked.values(slice(s, s + _EACH))
            times = begin_us + (np.arange(len(values), dtype=np.int64) + s) * 1_000_000
            yield encode(frame(np.tile(numbers, len(values)), np.repeat(times, _SERIES), values.ravel()))

    asyncio.run(store(server, frames()))
    until_seen(server.count, rows * _SERIES)
    deadline, calm, last = time.monotonic() + 120, 0, -1
    while calm < 8 and time.monotonic() < deadline:  # until merging rests
        time.sleep(1)
        lake = server.lake()
        calm = calm + 1 if lake["version"] == last and not lake["hot_rows"] else 0
        last = lake["version"]


def _set_password(server: Baigong) -> None:
    log = (server.folder.parent / f"{server.folder.name}.log").read_text()
    found = re.search(r"one-time password\s+(?:\x1b\[[\d;]*m)*([a-z0-9-]{8,})", log)
    if not found:
        raise RuntimeError("no one-time password in the log")
    http = Http(server.port)
    signed = {"user": "admin", "password": found[1]}
    http.post("/api/v1/session", json.dumps(signed).encode(), "application/json")
    cookie = f"Cookie: baigong_session={http.cookie}\r\nX-Baigong: 1\r\n"
    http.post("/api/v1/password", json.dumps({"password": _PASSWORD}).encode(), "application/json", cookie)
    http.post("/api/v1/set-up", b"{}", "application/json", cookie)  # the company needs no name here
    http.close()


async def _open(server: Baigong, link: str, rounds: int) -> Paints:
    """Open the view in a page of its own, and come back to it from another page of the loaded console."""
    from playwright.async_api import async_playwright

    paints = Paints()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_FLAGS)
        context = await browser.new_context(viewport={"width": 1920, "height": 1080}, bypass_csp=True)
        page = await context.new_page()
        url = f"http://127.0.0.1:{server.port}"
        await context.request.post(f"{url}/api/v1/session", data={"user": "admin", "password": _PASSWORD})
        await page.add_init_script(_WATCH)
        for turn in range(rounds + 1):  # the first one fills the browser's cache
            await page.goto(url + link)
            await paints.take(page, "cold", turn > 0)
            await page.click(".rail-overview")
            await page.wait_for_timeout(_IDLE_MS)
            await page.evaluate(_BACK)
            await paints.take(page, "click", turn > 0)
        await browser.close()
    return paints


def rows(folder: Path, rounds: int = 9, count: int = _ROWS) -> list[Line]:
    end = int(time.time()) // 60 * 60
    begin_us = (end - count) * 1_000_000
    with Baigong(folder / "data") as server:
        _fill(server, begin_us, count)
        _set_password(server)
        points = ",".join(f"dev0000.f{k:02d}" for k in range(_SERIES))
        link = f"/trends?p={points}&from={begin_us}&to={end * 1_000_000}"
        paints = asyncio.run(_open(server, link, rounds)).of
    click, cold = (
        f"{spread(paints[f'{way} painted'])} ({spread(paints[f'{way} asked'])} until the rows are asked for, "
        f"{spread(paints[f'{way} rows'])} until they are here)"
        for way in ("click", "cold")
    )
    return [
        Line(
            7,
            f"console: {_SERIES} series × {count / 1e6:g} M points, first paint, 1920×1080",
            f"from one click (back to the view) in the loaded console {click}; beside it, without a gate, the page "
            f"loaded anew {cold}",
            gate="300 ms",
            aim="60 ms",
            passed=median(paints["click painted"]) <= GATE_S,
        )
    ]


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    return rows(folder)
