"""Screens drawn by hand: laid, joined, bound, saved beside somebody else's change; and a photo with a value."""

from __future__ import annotations

import asyncio
import struct
import zlib
from typing import Any

import httpx2
import pytest
from playwright.async_api import expect

from tests.e2e.browsing import Window
from tests.e2e.running import Running

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(240)]  # a start is part of the first


async def test_a_screen_is_drawn_and_a_photo_gets_its_value(seen: Window, demo: Running) -> None:
    await _there_from_the_first_minute(seen)
    await _drawn(seen)
    with demo.http() as http:
        kept = await _asked(http, "GET", "/screens/journey")
        [pipe] = [item for item in kept["screen"]["items"] if item["is"] == "pipe"]
        assert pipe["path"][0] == [136, 152]  # the tank's outlet; the other end is where the pump went afterwards
        assert pipe["path"][-1] == [208, 344], pipe
        await _changed_by_two(seen, http, kept)
        await _photographed(seen, http)
        for name in ("journey", "pump2"):
            await _asked(http, "DELETE", f"/screens/{name}")


async def _asked(http: httpx2.Client, method: str, path: str, **more: Any) -> Any:
    answer = await asyncio.to_thread(http.request, method, path, **more)
    answer.raise_for_status()
    return answer.json() if answer.content else None


async def _there_from_the_first_minute(here: Window) -> None:
    await here.go("/screens")
    await here.page.locator(".scr-card", has_text="Cooling water").click()
    await expect(here.page.locator("[data-item=pump1] .sym-mark.is-running")).to_be_visible()
    await expect(here.page.get_by_role("img", name="Pump · running")).to_be_visible()
    await expect(here.page.locator("[data-item=level]")).to_contain_text("%")


async def _drawn(here: Window) -> None:
    page = here.page
    await here.go("/screens/journey/new")
    find = page.get_by_label("Find a symbol")
    await find.fill("tan")
    await page.get_by_role("button", name="Tank", exact=True).click()
    await find.fill("pump")
    await page.get_by_role("button", name="Pump", exact=True).click()
    pump = page.locator(".draw-item[data-item=pump1]")
    await _pull(here, ".draw-item[data-item=pump1] .draw-grip", (0.5, 0.5), to=(0, 200))
    await page.get_by_role("button", name="Draw pipes").click()
    tank, box = (
        await _box(here, ".draw-item[data-item=tank1] .draw-grip"),
        await _box(here, "[data-item=pump1] .draw-grip"),
    )
    reach = (box["x"] - tank["x"] - tank["width"], box["y"] + box["height"] / 2 - tank["y"] - tank["height"] * 0.8)
    await _pull(here, ".draw-item[data-item=tank1] .draw-grip", (1, 0.8), to=reach)
    await page.get_by_role("button", name="Draw pipes").click()
    await pump.click()
    await page.get_by_label("Point for: Running").fill("pump1.running")
    await page.locator(".ant-select-item-option", has_text="pump1.running").click()
    await expect(pump.locator(".sym-mark.is-running")).to_be_visible()  # live while it is drawn
    await page.locator(".draw-canvas").focus()
    for key in ("ArrowRight", "Delete", "Control+z"):
        await page.keyboard.press(key)
    at = await page.get_by_label("From the left").input_value()
    await page.locator(".draw-canvas").focus()
    while int(at) < 208:
        await page.keyboard.press("ArrowRight")
        at = str(int(at) + 8)
    await expect(page.get_by_label("From the left")).to_have_value("208")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("link", name="Show")).to_be_visible()


async def _box(here: Window, what: str) -> Any:
    box = await here.page.locator(what).bounding_box()
    assert box is not None
    return box


async def _pull(here: Window, what: str, part: tuple[float, float], to: tuple[float, float]) -> None:
    box, mouse = await _box(here, what), here.page.mouse
    x, y = box["x"] + box["width"] * part[0], box["y"] + box["height"] * part[1]
    await mouse.move(x, y)
    await mouse.down()
    await mouse.move(x + to[0], y + to[1], steps=4)
    await mouse.up()


async def _changed_by_two(here: Window, http: httpx2.Client, kept: Any) -> None:
    """What somebody else saved meanwhile is shown beside what is drawn here, and nothing is overwritten in silence."""
    page = here.page
    theirs = {"screen": {**kept["screen"], "title": "Theirs"}, "revision": kept["revision"]}
    await _asked(http, "PUT", "/screens/journey", json=theirs)
    await page.locator(".draw-item[data-item=pump1]").click()
    await page.keyboard.press("r")
    await page.get_by_role("button", name="Save").click()
    conflict = page.locator(".conflict")
    await expect(conflict.locator(".diff-removed")).to_contain_text(["title: Theirs"])
    await expect(conflict.locator(".diff-added").first).to_contain_text("turn: 90")
    await conflict.get_by_role("button", name="Take theirs").click()
    await expect(page.get_by_role("heading", name="Theirs")).to_be_visible()


async def _photographed(here: Window, http: httpx2.Client) -> None:
    page = here.page
    await here.go("/screens?photo=1&asset=pump2")
    picture = {"name": "pump.png", "mimeType": "image/png", "buffer": _png(2400, 1200)}
    await page.locator("input[type=file]").last.set_input_files(files=[picture])  # type: ignore[list-item]
    sheet = page.locator(".photo-sheet")
    await sheet.click(position={"x": 300, "y": 200})
    await page.get_by_role("dialog").get_by_role("button", name="Bearing temperature").click()
    await expect(sheet.locator(".scr-number")).not_to_have_text("–")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".scr-sheet .scr-number")).not_to_have_text("–")
    kept = (await _asked(http, "GET", "/screens/pump2"))["screen"]
    assert kept["size"] == [1920, 960] and kept["items"][0]["shows"] == {"value": "pump2.bearing_temp"}
    [photo] = await _asked(http, "GET", "/screens/pump2/files")
    assert photo["media"] == "image/jpeg" and photo["size"] < 2 << 20


def _png(width: int, height: int) -> bytes:
    """A grey picture without a library."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\x90" * width) * height
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
