"""Row 15: a screen of 200 live elements, each with a new value ten times a second, in a headless browser.

The browser's own books say what it cost: CPU of all its processes, and of that the page's own thread. Values come
from a socket inside the page, since the server tells at most five times a second; all else is of a running platform.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import time
from pathlib import Path
from typing import Any

from bench.console import _FLAGS, _PASSWORD, _set_password
from bench.ingest import names, register
from bench.processes import Baigong
from bench.report import Line

GATE = 0.30  # of a core
_ELEMENTS, _HZ, _ACROSS = 200, 10, 20
_KINDS = ("value", "value", "bar", "pump", "tank", "gauge", "value", "motor", "valve", "state")
_SLOT = {"pump": "running", "motor": "running", "tank": "level", "valve": "value"}
# In place of the console's socket: it says yes to what is asked for, then every point has a new value each time.
_SOCKET = """
window.__told = 0;
let n = 0;
const sockets = new Set();
class Told extends EventTarget {
  constructor() { super(); this.points = []; setTimeout(() => this.onopen?.({}), 0); }
  send(text) {
    this.points = JSON.parse(text).points;
    sockets.add(this);
    this.onmessage?.({ data: JSON.stringify({ points: this.points, values: [] }) });
  }
  close() {}
}
window.WebSocket = Told;
setInterval(() => {
  n += 1;
  const value = (i) => Math.round(500 + 499 * Math.sin(n / 7 + i)) / 10;
  for (const one of sockets) {
    const values = one.points.map((_, i) => [i, Date.now() * 1000, value(i), null, 0]);
    one.onmessage?.({ data: JSON.stringify({ values }) });
    window.__told += values.length;
  }
}, %d);
"""


def drawing(points: list[str]) -> dict[str, Any]:
    """Make a screen with an element for each point: numbers, bars, dials and symbols."""
    items = []
    for at, name in enumerate(points):
        what = _KINDS[at % len(_KINDS)]
        box = [20 + at % _ACROSS * 92, 20 + at // _ACROSS * 100, 80, 80 if what in ("gauge", "tank", "pump") else 36]
        shows = {_SLOT.get(what, "value"): name}
        items.append({"id": f"e{at}", "is": what, "at": box, "shows": shows, "limits": {"high": 95, "high_high": 99}})
    return {"screen": "bench", "size": [1880, 1040], "items": items}


async def watch(server: Baigong, seconds: float) -> tuple[float, float, float]:
    """Return (cores of all the browser's processes, of that the page's thread, new values a second)."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_FLAGS)
        context = await browser.new_context(viewport={"width": 1920, "height": 1080}, bypass_csp=True)
        url = f"http://127.0.0.1:{server.port}"
        await context.request.post(f"{url}/api/v1/session", data={"user": "admin", "password": _PASSWORD})
        page = await context.new_page()
        await page.add_init_script(_SOCKET % (1000 // _HZ))
        await page.goto(f"{url}/screens/bench?wall=1")
        await page.wait_for_function(f"document.querySelectorAll('.scr-item').length === {_ELEMENTS}")
        await page.wait_for_timeout(3_000)
        of_page, of_all = await context.new_cdp_session(page), await browser.new_browser_cdp_session()
        await of_page.send("Performance.enable")

        async def books() -> tuple[float, float, float]:
            told = {m["name"]: m["value"] for m in (await of_page.send("Performance.getMetrics"))["metrics"]}
            processes = (await of_all.send("SystemInfo.getProcessInfo"))["processInfo"]
            return sum(p["cpuTime"] for p in processes), told["TaskDuration"], await page.evaluate("window.__told")

        begun, before = time.monotonic(), await books()
        await page.wait_for_timeout(seconds * 1_000)
        after, took = await books(), time.monotonic() - begun
        await browser.close()
    whole, thread, told = ((b - a) / took for a, b in zip(before, after, strict=True))
    return whole, thread, told


def rows(folder: Path, seconds: float) -> list[Line]:
    with Baigong(folder / "data") as server:
        register(server, _ELEMENTS, int(time.time() * 1e6))
        http = server.http()
        http.put(
            "/api/v1/screens/bench", json.dumps({"screen": drawing(names(_ELEMENTS))}).encode(), "application/json"
        )
        http.close()
        _set_password(server)
        whole, thread, told = asyncio.run(watch(server, seconds))
    return [
        Line(
            15,
            f"console: a screen with {_ELEMENTS} live elements, each with {_HZ} new values a second, 1920×1080 (CPU)",
            f"{whole:.0%} of a core, all of the browser's processes, without a graphics card; of that the page's own "
            f"thread {thread:.0%}; {told:,.0f} values a second",
            gate=f"{GATE:.0%} of a core",
            durability="",
            passed=whole <= GATE and told >= 0.9 * _ELEMENTS * _HZ,
        )
    ]


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    return rows(folder, 10.0 if short else 30.0)
