"""The daily round: overview, why, a device's text, faults of the demo plant, the keyboard, the system page."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import expect

from baigong.drivers.modbus.sim import Simulator
from tests.e2e.browsing import Window
from tests.e2e.running import Running

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(240)]  # a start is part of the first

_FOCUSED = """() => {
    const e = document.activeElement
    return (e.getAttribute('aria-label') || e.innerText || e.placeholder || '').trim()
}"""


async def test_the_overview_lives_and_names_what_needs_attention(seen: Window, demo: Running) -> None:
    page = seen.page
    async with Simulator(values={"holding:0": 5}) as device:
        spec = {
            "device": "mixer",
            "driver": "modbus",
            "title": "Mixer",
            "options": device.options,
            "timeout_s": 1,
            "scan": {"default": "500ms"},
            "points": [{"name": "mixer.level", "address": "holding:0", "unit": "%"}],
        }
        with demo.http() as http:
            (await asyncio.to_thread(http.put, "/devices/mixer", json=spec)).raise_for_status()
        await seen.go("/")
        tile = page.get_by_role("article", name="mixer")
        await expect(tile.locator(".reading b")).to_have_text(re.compile(r"^5\b"))
        await device.set("holding:0", 6)
        await expect(tile.locator(".reading b")).to_have_text(re.compile(r"^6\b"))
        await expect(tile).to_contain_text("Good")
    listed = page.locator(".attention li", has_text="Mixer")
    await expect(listed).to_contain_text("down", timeout=20_000)
    await expect(listed.locator(".attention-advice")).not_to_be_empty()
    await expect(tile).not_to_contain_text("Good")
    await listed.get_by_role("link").click()
    await expect(page).to_have_url(re.compile("/connect/mixer$"))

    # why: the chain from the register to the lake, with the step that broke
    await page.get_by_role("button", name="Why mixer.level").click()
    chain = page.locator(".why-chain")
    await expect(chain.locator("li")).to_have_count(6)
    await expect(chain).to_contain_text(re.compile("driver\\.(unreachable|timeout)"))
    await expect(page.locator(".why-verdict")).not_to_be_empty()
    await page.keyboard.press("Escape")
    with demo.http() as http:
        (await asyncio.to_thread(http.delete, "/devices/mixer")).raise_for_status()


async def test_a_devices_text_is_edited_with_its_differences_shown(seen: Window) -> None:
    page = seen.page
    await seen.go("/connect/meter-main/text")
    editor = page.locator(".cm-content")
    await expect(editor).to_contain_text("driver: modbus")
    before = await page.evaluate("async () => (await (await fetch('/api/v1/devices/meter-main')).json()).yaml")

    async def write(text: str) -> None:
        await editor.click()
        await page.keyboard.press("Control+A")
        await page.keyboard.insert_text(text)
        await page.get_by_role("button", name="Review changes").click()

    # nonsense is refused at its place, and nothing is changed
    await write(before + "\nturbo: yes\n")
    await page.get_by_role("button", name="Save changes").click()
    await expect(page.get_by_role("alert")).to_contain_text("turbo")
    await page.get_by_role("button", name="Edit on").click()

    title = re.search(r"^title: .*$", before, re.M)
    assert title
    await write(before.replace(title[0], "title: Main meter, checked"))
    diff = page.locator(".diff")
    await expect(diff).to_contain_text("Main meter, checked")
    await expect(diff).to_contain_text(title[0].removeprefix("title: ").strip("'\""))
    await page.get_by_role("button", name="Save changes").click()
    await expect(page.locator("h1")).to_have_text("Main meter, checked")
    await write(before)
    await page.get_by_role("button", name="Save changes").click()
    await expect(page.locator("h1")).not_to_have_text("Main meter, checked")
    await page.get_by_role("tab", name="Events").click()
    await expect(page.locator(".events, .event-list, [role=tabpanel]").last).to_contain_text("Device changed")


async def test_two_people_edit_one_device_and_nothing_is_overwritten_in_silence(seen: Window, demo: Running) -> None:
    page = seen.page
    await seen.go("/connect/meter-cnc/text")
    editor = page.locator(".cm-content")
    await expect(editor).to_contain_text("driver: modbus")
    read = "async () => (await (await fetch('/api/v1/devices/meter-cnc')).json()).yaml"
    before = str(await page.evaluate(read))
    title = re.search(r"^title: .*$", before, re.M)
    assert title

    async def save(text: str) -> None:
        await editor.click()
        await page.keyboard.press("Control+A")
        await page.keyboard.insert_text(text)
        await page.get_by_role("button", name="Review changes").click()
        with demo.http() as http:  # somebody else is faster
            spec = (await asyncio.to_thread(http.get, "/devices/meter-cnc")).json()["spec"]
            theirs = {**spec, "title": "Theirs"}
            (await asyncio.to_thread(http.put, "/devices/meter-cnc", json=theirs)).raise_for_status()
        await page.get_by_role("button", name="Save changes").click()

    mine = before.replace(title[0], "title: Mine")
    await save(mine)
    conflict = page.locator(".conflict")
    await expect(conflict).to_contain_text("Somebody else saved this device meanwhile.")
    await expect(conflict.locator(".diff-removed")).to_contain_text(["title: Theirs"])
    await expect(conflict.locator(".diff-added")).to_contain_text(["title: Mine"])
    assert "title: Theirs" in str(await page.evaluate(read))

    await conflict.get_by_role("button", name="Go on with mine").click()
    await page.get_by_role("button", name="Save changes").click()
    await expect(page.locator("h1")).to_have_text("Mine")

    await save(before)
    await conflict.get_by_role("button", name="Take theirs, drop mine").click()
    await expect(editor).to_contain_text("title: Theirs")
    await expect(page.locator("h1")).to_have_text("Theirs")


async def test_a_machines_password_is_made_renewed_and_revoked(seen: Window) -> None:
    page = seen.page
    await seen.go("/connect/room-climate/identity")
    card = page.locator(".credentials")
    await card.get_by_label("User name").fill("climate-spare")
    await card.get_by_role("button", name="Make a password").click()
    made = card.locator(".token-made code")
    await expect(made).to_have_count(2)
    name, first = await made.all_inner_texts()
    assert name == "climate-spare" and len(first) >= 16
    row = card.get_by_role("row", name="climate-spare")
    await expect(row).to_contain_text("never")

    await row.get_by_role("button", name="New password").click()
    await page.get_by_role("dialog").get_by_role("button", name="New password").click()
    await expect(made.last).not_to_have_text(first)
    await page.reload()
    await expect(card.get_by_role("row", name="climate-spare")).to_be_visible()
    await expect(made).to_have_count(0)  # shown once

    await card.get_by_role("row", name="climate-spare").get_by_role("button", name="Revoke").click()
    await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    await expect(card.get_by_role("row", name="climate-spare")).to_have_count(0)


async def test_the_language_stays_with_the_person(seen: Window, demo: Running) -> None:
    page = seen.page
    await seen.go("/points/pump2.flow")
    await expect(page.locator("h1")).to_have_text("Cooling pump 2 · Flow")
    await page.get_by_role("button", name="中文").click()
    await expect(page.locator("h1")).to_have_text("冷却泵2 · 流量")
    await page.evaluate("() => localStorage.clear()")  # as on another machine
    await seen.go("/points/pump2.flow")
    await expect(page.locator("h1")).to_have_text("冷却泵2 · 流量")
    await page.get_by_role("button", name="EN").click()
    await expect(page.locator("h1")).to_have_text("Cooling pump 2 · Flow")


async def test_a_fault_of_the_demo_plant_is_switched_on(seen: Window) -> None:
    page = seen.page
    await seen.go("/demo")
    await page.get_by_role("switch", name="Network cable of the compressor controller pulled").click()
    await expect(page.locator(".fault-on")).to_contain_text("active")
    await page.get_by_role("link", name="Overview").last.click()
    listed = page.locator(".attention li a[href='/connect/air-controller']")
    await expect(listed.first).to_be_visible(timeout=30_000)
    await seen.go("/demo")
    await page.get_by_role("switch", name="Network cable of the compressor controller pulled").click()
    await expect(page.locator(".fault-on")).to_have_count(0)


async def test_the_keyboard_reaches_search_and_every_entry(seen: Window) -> None:
    page = seen.page
    await seen.go("/")
    await page.keyboard.press("/")
    box = page.get_by_role("combobox")
    await expect(box).to_be_focused()
    await page.keyboard.type("pump1.flow")
    await expect(page.get_by_role("option", name=re.compile("pump1.flow"))).to_be_visible()
    await expect(page.get_by_role("option").first).to_contain_text("pump1.flow")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/points/pump1.flow$"))
    await page.keyboard.press("Control+k")
    await page.keyboard.press("Escape")
    await expect(box).to_have_count(0)

    await seen.go("/connect")
    reached: list[str] = []
    for _ in range(40):
        await page.keyboard.press("Tab")
        reached.append(await page.evaluate(_FOCUSED))
    assert reached[0] == "Skip to content"
    for wanted in (
        "Search assets, points, devices, pages",
        "Trends",
        "SQL",
        "System",
        "Search devices",
        "Add a device",
    ):
        assert any(wanted in one for one in reached), (wanted, reached)


async def test_the_system_page_tells_numbers(seen: Window) -> None:
    page = seen.page
    await seen.go("/system")
    for tile in ("Network", "Platform", "Data", "Security"):
        await expect(page.get_by_text(tile, exact=True).first).to_be_visible()
    for process in ("nats-server", "platform", "gateway", "demo plant"):
        await expect(page.get_by_role("cell", name=re.compile(f"^{process} \\d+$"))).to_be_visible()
    answer = await (await seen.context.request.get("/api/v1/system")).json()
    assert answer["throughput"]["accepted_values_s"] > 0
    assert answer["throughput"]["visible_values_s"] > 0
    assert answer["throughput"]["latency_ms_p99"] is not None
    assert answer["lake"]["rows"] > 10_000
    assert answer["mqtt"]["connections"] >= 2  # the demo's MQTT devices

    # a token: shown once, works for programs, refused once revoked
    await page.get_by_label("What it is for").fill("notebook")
    await page.get_by_role("button", name="Make a token").click()
    token = await page.locator("#tokens .token-made code").inner_text()
    headers = {"Authorization": f"Bearer {token}"}
    assert (await seen.context.request.get("/api/v1/points?limit=1", headers=headers)).ok
