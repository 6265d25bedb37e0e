"""Ways in, in a real browser: passkeys of its virtual authenticator, and an account at a real OpenID provider."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.async_api import Browser, CDPSession, expect

from tests.api.provider import CLIENT, SECRET, install, provider
from tests.e2e.browsing import Window, window
from tests.e2e.running import Running

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(240)]
MINE = "a press in Ninghai"


async def authenticator(here: Window) -> tuple[CDPSession, str]:
    """Give the browser a key of its own that asks for a finger, and is given one."""
    chrome = await here.context.new_cdp_session(here.page)
    await chrome.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    made: Any = await chrome.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return chrome, str(made["authenticatorId"])


def add(demo: Running, name: str) -> str:
    with demo.http() as http:
        answer = http.post("/people", json={"name": name, "roles": ["viewer"]})
        answer.raise_for_status()
        return str(answer.json()["password"])


async def fill(here: Window, user: str, password: str) -> None:
    await here.page.get_by_label("User").fill(user)
    await here.page.locator("input[name=password]").fill(password)
    await here.page.get_by_role("button", name="Sign in", exact=True).click()


async def first(here: Window, user: str, once: str) -> None:
    await here.go("/")
    await fill(here, user, once)
    await here.page.get_by_label(re.compile("^New password")).fill(MINE)
    await here.page.get_by_label(re.compile("^Once more")).fill(MINE)
    await here.page.get_by_role("button", name="Save and enter").click()
    await expect(here.page.locator(".rail")).to_be_visible()


async def leave(here: Window) -> None:
    await here.context.request.delete(f"http://{here.host}/api/v1/session", headers={"X-Baigong": "1"})
    await here.go("/")


async def test_a_passkey_is_made_opens_without_password_and_a_copy_is_found_out(
    browser: Browser, demo: Running
) -> None:
    once = add(demo, "passkey@demo")
    here = await window(browser, demo)
    here.host = here.host.replace("127.0.0.1", "localhost")
    page = here.page
    await first(here, "passkey@demo", once)
    chrome, key = await authenticator(here)

    await here.go("/me")
    await page.get_by_label("Name of the passkey").fill("Bench laptop")
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.locator(".factor-codes li")).to_have_count(10)
    await page.get_by_role("button", name="I have kept them").click()
    row = page.locator(".ways li", has_text="Bench laptop")
    await expect(row).to_contain_text("localhost")
    await expect(row).to_contain_text("not used yet")
    await page.get_by_role("button", name="Add a passkey").click()
    await expect(page.get_by_text("This device has a passkey for here already")).to_be_visible()

    # without name and password
    await leave(here)
    await page.get_by_role("button", name="A passkey").click()
    await expect(page.locator(".rail")).to_be_visible()
    await here.go("/me")
    await expect(page.locator(".sessions tr", has_text="this browser")).to_contain_text("passkey")
    await row.get_by_role("button", name="Rename Bench laptop").click()
    await page.locator(".ways input").fill("Office laptop")
    await page.keyboard.press("Enter")
    await expect(page.locator(".ways li", has_text="Office laptop")).to_contain_text("used")

    # beside the password
    await leave(here)
    await fill(here, "passkey@demo", MINE)
    await page.get_by_role("button", name="Use a passkey").click()
    await expect(page.locator(".rail")).to_be_visible()

    # nobody's finger: nothing is said wrong, nothing opens
    await leave(here)
    await chrome.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": False})
    await page.get_by_role("button", name="A passkey").click()
    await expect(page.locator(".rail")).to_have_count(0)
    await chrome.send("WebAuthn.setUserVerified", {"authenticatorId": key, "isUserVerified": True})

    # a copy of the key, made before the last uses
    held: Any = await chrome.send("WebAuthn.getCredentials", {"authenticatorId": key})
    (credential,) = held["credentials"]
    await chrome.send("WebAuthn.removeCredential", {"authenticatorId": key, "credentialId": credential["credentialId"]})
    copied = {"authenticatorId": key, "credential": credential | {"signCount": 1}}
    await chrome.send("WebAuthn.addCredential", copied)
    await here.go("/")
    await page.get_by_role("button", name="A passkey").click()
    await expect(page.get_by_role("alert")).to_contain_text("counter ran back")

    # at a bare address there is none, and it is said what helps
    bare = await window(browser, demo)
    await bare.go("/")
    await expect(bare.page.get_by_role("button", name="A passkey")).to_have_count(0)
    assert here.strangers == [] and here.errors == []
    await bare.context.close()
    await here.context.close()


async def test_a_bare_address_offers_the_phone_instead(seen: Window) -> None:
    await seen.go("/me")
    await expect(seen.page.get_by_text("there are no passkeys: browsers want a host name over https")).to_be_visible()
    await expect(seen.page.get_by_role("button", name="Set up")).to_be_visible()


async def test_a_company_account_opens_and_what_is_refused_is_said(
    browser: Browser, demo: Running, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder: Path = tmp_path_factory.mktemp("provider")
    with provider(folder, install(folder)) as issuer:
        config = demo.data / "config" / "demo" / "sign-in"
        config.mkdir(parents=True, exist_ok=True)
        (demo.data / "works.secret").write_text(SECRET)
        told = {
            "title": "Mould works", "title_zh": "模具厂账号", "issuer": issuer, "client_id": CLIENT,
            "client_secret": "file:works.secret", "people": {"make": True},
            "roles": {"claim": "groups", "map": {"shift-leaders": ["operator"]}},
        }  # fmt: skip
        (config / "works.yaml").write_text(yaml.safe_dump(told, allow_unicode=True))
        here = await window(browser, demo)
        page = here.page
        try:
            for account, refused in (("guest", True), ("wang", False)):
                await here.context.clear_cookies()
                await here.go("/")
                await page.get_by_role("button", name="Mould works").click(timeout=20_000)
                await page.get_by_label("Account").fill(account)
                await page.get_by_role("button", name="Continue").click()
                if refused:
                    await expect(page.get_by_role("alert")).to_contain_text("opens nothing here")
                    assert "refused" not in page.url
            await expect(page.locator(".rail")).to_be_visible()
            await here.go("/me")
            await expect(page.locator(".ways li", has_text="wang@mould.example")).to_contain_text("Mould works")
            await expect(page.locator(".sessions tr", has_text="this browser")).to_contain_text("company account works")
            checked = demo.cli("sign-in", "check", "works")
            assert checked.returncode == 0, checked.stdout + checked.stderr
            assert "invalid_grant" in checked.stdout
        finally:
            (config / "works.yaml").unlink()
        assert here.errors == []
        await here.context.close()
