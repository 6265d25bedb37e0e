"""Add a device: a wrong address, a Modbus register table, a secured OPC UA server with very many nodes."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from baigong.drivers.modbus.sim import Simulator
from baigong.drivers.opcua.machine import SimNode
from baigong.drivers.opcua.sim import OpcUaSim
from baigong.security.certificates import make_certificate
from tests.e2e.browsing import Window
from tests.e2e.running import Running

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(240)]  # a start is part of the first


async def _choose(page: Page, word: str, title: str) -> None:
    await page.get_by_role("textbox").first.fill(word)
    await page.locator(".drivers button", has_text=title).first.click()


async def _ticks(device: Simulator, *, address: str = "holding:0") -> None:
    for number in range(100, 60_000):
        await device.set(address, number)
        await asyncio.sleep(0.3)


async def test_a_modbus_device_shows_its_values_before_it_is_saved(seen: Window, demo: Running) -> None:
    page = seen.page
    async with Simulator(values={"holding:10:float32": 47.3}) as device:
        moving = asyncio.create_task(_ticks(device))
        await seen.go("/connect/add")
        await _choose(page, "modbus", "Modbus")

        # nobody answers there: which step failed, and what helps
        await page.locator("#option-host").fill("127.0.0.1")
        await page.locator("#option-port").fill("1")
        await page.get_by_role("button", name="Test the connection").click()
        verdict = page.locator(".verdict")
        await expect(verdict).to_contain_text("It does not work yet.")
        await expect(verdict).to_contain_text("driver.unreachable")
        await expect(verdict.locator(".note-advice")).to_contain_text("cable")
        await expect(page.get_by_role("button", name="Next")).to_be_disabled()

        # a name that nobody knows
        await page.locator("#option-host").fill("plc-7.invalid")
        await page.get_by_role("button", name="Test the connection").click()
        await expect(verdict).to_contain_text("plc-7.invalid")
        await expect(verdict).to_contain_text("driver.unreachable")

        await page.locator("#option-host").fill("127.0.0.1")
        await page.locator("#option-port").fill(str(device.port))
        await page.locator("#device-title").fill("Packing line")
        await expect(page.locator("#device-id")).to_have_value("packing-line")
        await page.get_by_role("button", name="Test the connection").click()
        await expect(verdict).to_contain_text("It works.")
        await page.get_by_role("button", name="Next").click()

        # typed addresses: values tick before anything is saved; a wrong one says so
        address = page.locator(".free-line input").first
        await address.fill("holding:0")
        shown = page.locator(".free-values li").first
        await expect(shown).to_contain_text(re.compile(r"\d{3}"))
        first = await shown.inner_text()
        await expect(shown).not_to_have_text(first)
        await page.locator(".free-line").get_by_role("button", name="Take").click()
        await address.fill("nowhere:0")
        await expect(page.locator(".free")).to_contain_text(re.compile("bad|nowhere|address", re.I))
        await address.fill("holding:10:float32")
        await expect(page.locator(".free-values li").first).to_contain_text("47.3")
        await page.locator(".free-line").get_by_role("button", name="Take").click()
        await expect(page.locator(".taken-row")).to_have_count(2)
        with demo.http() as http:
            assert (await asyncio.to_thread(http.get, "/devices/packing-line")).status_code == 404
        await page.get_by_role("button", name="Name 2 points").click()

        # names: proposed, checked, still ticking
        names = page.get_by_label("Name", exact=True)
        await names.nth(0).fill("packing.count")
        await names.nth(1).fill("packing.count")
        await expect(page.locator(".bad-text")).to_contain_text("cannot be saved yet")
        await expect(page.get_by_role("button", name="Save and start")).to_be_disabled()
        await names.nth(1).fill("packing.temp")
        await page.get_by_role("button", name="Save and start").click()

        # done: the chart is drawing what is read
        await expect(page.get_by_text("2 points are being read.")).to_be_visible()
        await expect(page.locator(".done .u-over")).to_be_visible()
        await expect(page.locator(".done .mark").first).to_contain_text("Connected")
        await page.get_by_role("button", name="Open device").click()
        row = page.locator(".point-row", has_text="packing.temp")
        await expect(row.locator(".reading b")).to_have_text("47.30")
        moving.cancel()

    # the device is gone: the page says so
    await expect(page.locator(".note-error")).to_contain_text("driver.", timeout=20_000)
    await page.get_by_role("button", name="More").click()
    await page.get_by_role("menuitem", name="Remove device").click()
    remove = page.get_by_role("dialog").get_by_role("button", name="Remove device")
    await expect(remove).to_be_disabled()
    await page.get_by_role("dialog").get_by_role("textbox").fill("packing-line")
    await remove.click()
    await expect(page).to_have_url(re.compile("/connect$"), timeout=20_000)  # it waits for the device
    await expect(page.get_by_text("Packing line")).to_have_count(0)


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    pair = make_certificate("their-server", datetime.now(UTC), server=True)
    certificate, key = tmp_path / "server.der", tmp_path / "server.pem"
    certificate.write_bytes(pair.certificate_der)
    key.write_bytes(pair.key_pem)
    return certificate, key


async def test_a_secured_opcua_server_with_many_nodes(seen: Window, keys: tuple[Path, Path]) -> None:
    nodes = [SimNode(f"Line{line}.Tag{tag:03d}", float(tag)) for line in range(5) for tag in range(200)]
    page = seen.page
    sim = OpcUaSim(port=0, nodes=nodes, certificate=keys[0], private_key=keys[1], accept_client=False)
    async with sim:
        await seen.go("/connect/add")
        await _choose(page, "siemens", "OPC UA")
        await page.locator("#option-url").fill(sim.url)
        await _pick(page, "#option-security_policy", re.compile("^Basic256Sha256$"))
        await page.locator("#device-title").fill("Kepware")
        await page.get_by_role("button", name="Test the connection").click()

        # two machines that do not know each other: both ways are explained
        verdict = page.locator(".verdict")
        await expect(verdict).to_contain_text("driver.certificate")
        await expect(page.locator("details.certificate")).to_have_attribute("open", "")
        await expect(page.get_by_text("KEPServerEX", exact=False).first).to_be_visible()
        async with page.expect_download() as download:
            await page.get_by_role("link", name="Our certificate (.der)").click()
        assert (await (await download.value).path()).read_bytes()[:1] == b"\x30"  # DER
        await expect(page.locator(".theirs code")).to_have_text(re.compile(r"^[0-9a-f]{64}$"))
        await page.get_by_role("button", name="They are the same: trust it").click()
        await page.get_by_role("button", name="Test the connection").click()
        await expect(verdict).to_contain_text("driver.certificate")

        # somebody trusts us over there: "try again until it is trusted" notices by itself
        await page.locator("details.certificate .ant-switch").click()
        sim.accept_client = True
        await expect(verdict).to_contain_text("It works.", timeout=20_000)
        await page.get_by_role("button", name="Next").click()

        # browse, search, values tick before saving
        await page.get_by_role("button", name="Open Line3").click()
        await expect(page.locator(".browse-row", has_text="Tag005").first).to_contain_text("5")
        await page.get_by_label("Search what it holds").fill("Tag17")
        await expect(page.locator(".browse-row", has_text="Tag170").first).to_be_visible(timeout=20_000)
        row = page.locator(".browse-row", has_text="Tag171").first
        await expect(row).to_contain_text("Line0")  # where it was found
        taken = page.locator(".taken-row")
        boxes = page.locator(".browse-row input")
        await boxes.nth(2).click()
        await boxes.nth(6).click(modifiers=["Shift"])
        await expect(page.locator(".taken .count")).to_have_text("5")
        await page.locator(".holds-browse").get_by_role("button", name="Take all", exact=True).click()
        await expect(page.locator(".taken .count")).to_have_text("50")
        await page.get_by_role("button", name="Clear").click()
        await row.get_by_role("checkbox").check()
        await expect(taken).to_have_count(1)
        await expect(taken).to_contain_text("171")
        await sim.set({f"Line{line}.Tag171": 471.5 for line in range(5)})
        await expect(taken).to_contain_text(re.compile(r"471\.5"))
        await page.get_by_role("button", name="Name 1 points").click()
        await page.get_by_label("Name", exact=True).first.fill("line.tag171")
        await page.get_by_role("button", name="Save and start").click()
        await expect(page.get_by_text("1 points are being read.")).to_be_visible()
        await page.get_by_role("button", name="Open device").click()
        await expect(page.locator(".point-row .reading b")).to_have_text(re.compile(r"471\.5"))
        answer = await seen.context.request.delete("/api/v1/devices/kepware", headers={"X-Baigong": "1"})
        assert answer.ok, await answer.text()


async def _pick(page: Page, select: str, choice: re.Pattern[str]) -> None:
    await page.locator(select).click()
    await page.locator(".ant-select-item-option", has_text=choice).first.click()
