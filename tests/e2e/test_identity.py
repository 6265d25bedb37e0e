"""A machine's identity from the console: a certificate for the key it made, tried with the command shown, revoked."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import shutil
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.browsing import Window
from tests.e2e.running import Running
from tests.gateway.frontdoor.machinery import key_pem, new_key, request, said

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.timeout(240),  # a start is part of the first
    pytest.mark.skipif(not shutil.which("mosquitto_pub"), reason="mosquitto-clients are not installed"),
]
_SHOTS = os.environ.get("BAIGONG_SHOTS")


async def test_a_certificate_is_issued_used_and_revoked(seen: Window, demo: Running, tmp_path: Path) -> None:
    page, key = seen.page, new_key()
    with demo.http() as http:
        spec = {"device": "robot7", "driver": "frontdoor"}
        (await asyncio.to_thread(http.put, "/devices/robot7", json=spec)).raise_for_status()
        try:
            await seen.go("/connect/robot7/identity")
            await page.get_by_role("button", name="Issue a certificate").click()
            await expect(page.locator("pre.command")).to_contain_text("openssl req -new -key robot7.key")
            pasted = f"$ cat robot7.csr\n{request(key, 'robot7')}$ "
            await page.get_by_label("Signing request (CSR)").fill(pasted)
            await _shot(seen, "identity-enrolling")
            await page.get_by_role("button", name="Sign the request").click()
            issued = page.locator(".certificates .token-made")
            for name in ("robot7.pem", "baigong-mqtt-ca.pem"):
                async with page.expect_download() as saved:
                    await issued.get_by_role("button", name=name).click()
                await (await saved.value).save_as(tmp_path / name)
            (tmp_path / "robot7.key").write_text(key_pem(key))
            command = shlex.split(await issued.locator("pre.command code").inner_text())
            at = [str(tmp_path / word) if (tmp_path / word).exists() else word for word in command]
            assert await said(*at) == (0, "")
            row = page.locator(".certificates tbody tr")
            await expect(row).to_contain_text("Good")
            await expect(row).not_to_contain_text("never", timeout=15_000)
            await _shot(seen, "identity")

            await row.get_by_role("button", name="Revoke").click()
            dialog = page.get_by_role("dialog")
            await expect(dialog).to_contain_text("cut off at once")
            await dialog.get_by_role("button", name="Revoke").click()
            await expect(row).to_contain_text("Revoked")
            assert (await said(*at))[0] != 0

            await page.set_viewport_size({"width": 360, "height": 740})
            await expect(row).to_contain_text(re.compile("Revoked"))
            wide = await page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0
            await _shot(seen, "identity-phone")
        finally:
            (await asyncio.to_thread(http.delete, "/devices/robot7")).raise_for_status()


async def _shot(seen: Window, name: str) -> None:
    if _SHOTS:
        await seen.page.screenshot(path=Path(_SHOTS) / f"{name}.png", full_page=True)
