"""The first minutes: one-time password, one's own password, an empty plant; and the day the server stops."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Browser, expect

from baigong.drivers.modbus.sim import Simulator
from tests.e2e.browsing import window
from tests.e2e.running import Running

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(240)]  # a start is part of the first
SEVENTEEN = re.compile(r"^17\b")
OWN = "green pumps sing at night"


async def test_first_sign_in_an_empty_plant_and_a_server_that_goes_and_returns(
    browser: Browser, empty: Running
) -> None:
    here = await window(browser, empty)
    page = here.page
    await here.go("/")

    # a wrong password is refused, and it is said what helps
    await page.get_by_label("Password").fill("not-the-password")
    await page.get_by_role("button", name="Sign in").click()
    note = page.get_by_role("alert")
    await expect(note).to_contain_text("auth.required")
    await expect(note.locator(".note-advice")).not_to_be_empty()

    # both languages, both themes, before anybody is signed in
    await page.get_by_role("button", name="简体中文").click()
    await expect(page.get_by_role("button", name="登录")).to_be_visible()
    await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    await page.get_by_role("button", name="English").click()
    before = await page.locator("html").get_attribute("data-theme")
    await page.get_by_role("button", name="Dark or light").click()
    await expect(page.locator("html")).not_to_have_attribute("data-theme", before or "light")
    await page.get_by_role("button", name="Dark or light").click()

    # the one-time password opens, and wants to be replaced
    await page.get_by_label("Password").fill(empty.secret)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_text("Choose your password")).to_be_visible()
    save = page.get_by_role("button", name="Save and enter")
    first, again = page.get_by_label(re.compile("^New password")), page.get_by_label(re.compile("^Once more"))
    await first.fill("short")
    await again.fill("short")
    await expect(save).to_be_disabled()
    await first.fill(OWN)
    await again.fill(OWN + "!")
    await expect(page.get_by_text("The two differ.")).to_be_visible()
    await again.fill(OWN)
    await save.click()

    # the company gets its names, once; a bare address has no passkeys, and offers the phone
    await page.get_by_label("Company").fill("宁海模具")
    await page.get_by_label("Site").fill("Plant 1")
    await page.get_by_role("button", name="Continue").click()
    await expect(page.get_by_text("there are no passkeys")).to_be_visible()
    await expect(page.get_by_role("button", name="Set up")).to_be_visible()
    await page.get_by_role("button", name="Later").click()
    await expect(page.get_by_text("baigong demo --tour")).to_be_visible()
    await page.get_by_role("button", name="Into the console").click()
    with empty.http() as http:
        assert http.get("/set-up").json() == {"title": "宁海模具", "site": "Plant 1"}

    # an empty plant names the three steps
    await expect(page.locator(".steps3 li")).to_have_count(3)
    await page.locator(".steps3 a").first.click()
    await expect(page).to_have_url(re.compile("/connect/add$"))

    # the one-time password is spent
    other = await window(browser, empty)
    await other.go("/")
    await other.page.get_by_label("Password").fill(empty.secret)
    await other.page.get_by_role("button", name="Sign in").click()
    await expect(other.page.get_by_role("alert")).to_contain_text("auth.required")
    await other.context.close()

    # the server stops: last values greyed with a sentence; back again: live again, without a reload
    async with Simulator(values={"holding:0": 17}) as device:
        spec = {
            "device": "bench",
            "driver": "modbus",
            "options": device.options,
            "scan": {"default": "500ms"},
            "points": [{"name": "bench.count", "address": "holding:0"}],
        }
        with empty.http() as http:
            (await asyncio.to_thread(http.put, "/devices/bench", json=spec)).raise_for_status()
        await here.go("/connect/bench")
        value = page.locator(".point-row .reading b")
        await expect(value).to_have_text(SEVENTEEN)
        await asyncio.to_thread(empty.stop)
        await expect(page.locator(".offline")).to_contain_text("has not answered")
        await expect(page.locator(".point-row .reading")).to_have_class(re.compile("is-stale"))
        await expect(value).to_have_text(SEVENTEEN)
        await device.set("holding:0", 18)
        await asyncio.to_thread(empty.start)
        await expect(page.locator(".offline")).to_have_count(0, timeout=20_000)
        await expect(value).to_have_text(re.compile(r"^18\b"), timeout=20_000)
        await expect(page.locator(".point-row .reading")).not_to_have_class(re.compile("is-stale"))
    assert here.errors == []
    assert here.strangers == []
    await here.context.close()
