"""The operator's desk in the console: a company applies, is let in and signs in; support comes only as it allows."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, expect

from tests.e2e.browsing import Window, window
from tests.e2e.running import Running

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(240)]
MINE = "castings from Ninghai"


async def _apply(theirs: Window) -> None:
    page = theirs.page
    await page.goto(f"http://{theirs.host}/apply")
    wish = {"title": "Yongjiang Castings", "credit_code": "91330201MA2AB123XT", "contact": "Wang", "phone": "0574-1"}
    for name, said in (wish | {"wish": "castings"}).items():
        await page.locator(f"input[name={name}]").fill(said)
    await page.get_by_role("button", name="Send application").click()
    await expect(page.locator(".token-made code")).to_contain_text("/apply#")
    await expect(page.get_by_role("heading", name="Yongjiang Castings")).to_be_visible()


async def _let_in(seen: Window) -> str:
    page = seen.page
    await page.reload()
    await page.get_by_role("button", name="Yongjiang Castings").click()
    drawer = page.locator(".ant-drawer")
    await expect(drawer.get_by_label("Id (a–z, 0–9, -)")).to_have_value("castings")
    await drawer.get_by_role("button", name="Let in", exact=True).click()
    return await page.locator("#queue .token-made code").inner_text()


async def _first_sign_in(theirs: Window, secret: str) -> None:
    page = theirs.page
    await page.goto(f"http://{theirs.host}/")
    await page.get_by_label("User").fill("castings-admin")
    await page.locator("input[name=password]").fill(secret)
    await page.keyboard.press("Enter")
    await page.get_by_label(re.compile("^New password")).fill(MINE)
    await page.get_by_label(re.compile("^Once more")).fill(MINE)
    await page.get_by_role("button", name="Save and enter").click()
    await expect(page.locator(".rail")).to_be_visible()


async def test_a_company_applies_comes_in_and_lets_support_look(seen: Window, browser: Browser, demo: Running) -> None:
    page, theirs = seen.page, await window(browser, demo)
    await seen.go("/desk")
    await page.locator("#rules").get_by_role("switch").first.click()
    await expect(page.locator("#rules code")).to_contain_text("/apply")
    await _apply(theirs)
    await _first_sign_in(theirs, await _let_in(seen))
    await theirs.go("/connect")
    await expect(theirs.page.get_by_text("First pump (simulated)")).to_be_visible()

    await page.locator("#support").get_by_role("button").first.click()
    asking = page.locator(".ant-modal")
    await asking.locator("input").first.fill("castings")
    await asking.locator("textarea").fill("the first pump stands still")
    await asking.locator(".ant-btn-primary").click()
    await theirs.go("/access")
    await theirs.page.locator("#support").get_by_role("button", name="Let in").click()
    await expect(theirs.page.locator("#support")).to_contain_text("until")
    await page.reload()
    await page.get_by_role("button", name="Open its console").click()
    await expect(page.locator(".visit-bar")).to_contain_text("castings")
    await expect(page.locator(".top-tenant")).to_have_text("castings")
    await expect(page.locator(".rail-trends, .rail-sql, .rail-connect")).to_have_count(3)
    await expect(page.locator(".rail-access, .rail-audit, .rail-companies, .rail-system, .rail-demo")).to_have_count(0)
    await seen.go("/connect")
    await expect(page.get_by_text("First pump (simulated)")).to_be_visible()
    await page.locator(".visit-bar button").click()
    await expect(page.locator(".rail-access, .rail-companies, .rail-demo")).to_have_count(3)
    await expect(page.locator(".visit-bar")).to_have_count(0)
    assert theirs.errors == [] and theirs.strangers == []
    await theirs.context.close()
