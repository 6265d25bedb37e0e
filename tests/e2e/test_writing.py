"""Writes from the console: the dialog, a refusal with its reason, the second person, the emergency switch."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from baigong.drivers.modbus.sim import Simulator
from tests.e2e.browsing import Window
from tests.e2e.running import Running

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(240)]  # a start is part of the first


async def test_a_set_point_is_written_refused_and_stopped(seen: Window, demo: Running) -> None:
    page = seen.page
    async with Simulator(values={"holding:0": 5, "holding:1": 20}) as device:
        points = [
            {"name": "mixer.speed", "address": "holding:0", "unit": "Hz", "kind": "setpoint", "title": "Speed",
             "title_zh": "转速", "write": {"min": 0, "max": 50}},
            {"name": "mixer.heat", "address": "holding:1", "unit": "Cel", "kind": "setpoint",
             "write": {"min": 0, "max": 90, "approval": True}},
        ]  # fmt: skip
        spec = {"device": "mixer", "driver": "modbus", "options": device.options, "scan": {"default": "200ms"}}
        with demo.http() as http:
            (await asyncio.to_thread(http.put, "/devices/mixer", json=spec | {"points": points})).raise_for_status()
            try:
                await seen.go("/points/mixer.speed")
                await expect(page.locator(".reading b").first).to_have_text(re.compile(r"^5\b"))
                await page.get_by_role("button", name="Write").click()
                dialog = page.get_by_role("dialog")
                await expect(dialog).to_contain_text("From 0 to 50")
                await dialog.get_by_label("New value").fill("51")
                await dialog.get_by_role("button", name="Write to the machine").click()
                await expect(dialog).to_contain_text("51 is outside 0 to 50")
                assert device.writes == []
                await dialog.get_by_label("New value").fill("42")
                await dialog.get_by_label("Reason").fill("more flow")
                await dialog.get_by_role("button", name="Write to the machine").click()
                await expect(dialog).to_contain_text("read back 42")
                assert device.writes == [("holding", 0, [42])]
                await seen.go("/commands")
                await page.get_by_text(re.compile("^Done")).click()
                await expect(page.locator("tr", has_text="more flow")).to_contain_text("5 → 42")
                await page.get_by_text(re.compile("^Not done")).click()
                await expect(page.locator("tr", has_text="Speed").first).to_contain_text("Outside its range")

                # whoever asked cannot approve, only take it back
                asked = await asyncio.to_thread(http.post, "/commands", json={"point": "mixer.heat", "value": 25})
                assert asked.json()["state"] == "pending", asked.text
                await page.get_by_text(re.compile("^Under way")).click()
                waiting = page.locator("tr", has_text="mixer.heat")
                await expect(waiting).to_contain_text("Waits for a second person")

                # the switch, on a phone
                await page.set_viewport_size({"width": 390, "height": 800})
                await page.get_by_role("button", name="Stop all writes").click()
                await page.get_by_role("dialog").get_by_role("button", name="Stop all writes").click()
                await expect(page.get_by_text("Writes are stopped")).to_be_visible()
                refused = await asyncio.to_thread(http.post, "/commands", json={"point": "mixer.speed", "value": 1})
                assert refused.json()["code"] == "command.stopped"
                await page.get_by_role("button", name="Release").click()
                await page.get_by_role("dialog").get_by_role("button", name="Release").click()
                await expect(page.get_by_text("Writes are let through")).to_be_visible()
                assert len(device.writes) == 1
            finally:
                (await asyncio.to_thread(http.delete, "/devices/mixer")).raise_for_status()
