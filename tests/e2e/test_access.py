"""People and companies in the console: somebody is added, signs in with a phone, is shut out; a company is made."""

from __future__ import annotations

import re
import time

import pytest
from playwright.async_api import Browser, expect

from baigong.security.totp import STEP_S, code_at
from tests.e2e.browsing import Window, window
from tests.e2e.running import Running

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(240)]
MINE = "a press in Ninghai"


def phone(secret: str, ahead: int = 0) -> str:
    return code_at(secret, int(time.time() // STEP_S) + ahead)


async def _add(seen: Window, name: str, role: str) -> str:
    await seen.go("/access")
    page = seen.page
    await page.get_by_label("Name", exact=True).fill(name)
    choice = page.locator(".role-choice").first
    await choice.click()
    await page.keyboard.type(role)
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Add person").click()
    return await page.locator(".token-made code").inner_text()


async def _enter(here: Window, user: str, password: str) -> None:
    page = here.page
    await page.goto(f"http://{here.host}/")
    await page.get_by_label("User").fill(user)
    await page.locator("input[name=password]").fill(password)
    await page.keyboard.press("Enter")


async def test_a_person_is_added_sets_up_a_phone_and_is_shut_out(seen: Window, browser: Browser, demo: Running) -> None:
    secret = await _add(seen, "wang", "viewer")
    theirs = await window(browser, demo)
    page = theirs.page
    await _enter(theirs, "wang", secret)
    await expect(page.get_by_text("Choose your password")).to_be_visible()
    await page.get_by_label(re.compile("^New password")).fill(MINE)
    await page.get_by_label(re.compile("^Once more")).fill(MINE)
    await page.get_by_role("button", name="Save and enter").click()
    await expect(page.locator(".rail")).to_be_visible()
    await expect(page.locator(".rail-access, .rail-companies, .rail-system")).to_have_count(0)
    await theirs.go("/me")
    await page.get_by_role("button", name="Set up").click()
    await expect(page.locator(".factor-picture")).to_be_visible()
    begun = await page.locator(".factor code").inner_text()
    await page.locator("input[name=code]").fill(phone(begun, -1))
    await page.keyboard.press("Enter")
    await expect(page.locator(".factor-codes li")).to_have_count(10)
    await page.get_by_role("button", name="I have kept them").click()
    await expect(page.get_by_text("10 recovery codes are left")).to_be_visible()

    again = await window(browser, demo)
    await _enter(again, "wang", MINE)
    await again.page.locator("input[name=code]").fill(phone(begun, 1))
    await again.page.keyboard.press("Enter")
    await expect(again.page.locator(".rail")).to_be_visible()

    await seen.go("/access")
    await seen.page.get_by_role("button", name="wang", exact=True).click()
    await expect(seen.page.locator(".ant-drawer .sessions tr")).to_have_count(2)
    await seen.page.get_by_role("button", name="Lock").click()
    await expect(seen.page.get_by_role("button", name="Let in again")).to_be_visible()
    await page.reload()
    await expect(page.locator(".signin")).to_be_visible()
    for one in (theirs, again):
        assert one.strangers == []
        await one.context.close()


async def test_a_company_is_made_and_stands_still(seen: Window) -> None:
    page = seen.page
    await seen.go("/companies")
    await page.get_by_role("button", name="New company").click()
    await page.get_by_label("Id (a–z, 0–9, -)").fill("forge")
    await page.get_by_label("Credit code (18 characters)").fill("91350100M000100Y44")
    await page.get_by_role("button", name="Make", exact=True).click()
    await expect(page.get_by_text("check character")).to_be_visible()
    await page.get_by_label("Credit code (18 characters)").fill("91350100M000100Y43")
    await page.get_by_role("button", name="Make", exact=True).click()
    await expect(page.locator(".token-made code")).to_be_visible()
    row = page.locator(".companies tr", has_text="forge")
    await row.get_by_role("button", name="Suspend").click()
    await page.locator(".ant-modal").get_by_role("button", name="Suspend").click()
    await expect(row).to_contain_text("Suspended")
    await row.get_by_role("button", name="Resume").click()
    await expect(row).to_contain_text("Active")
