from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.e2e.browsing import FLAGS, Window, window
from tests.e2e.running import PASSWORD, Running
from tests.e2e.seeing import chromium

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def console() -> None:
    """The console as it is in the sources now."""
    done = subprocess.run([sys.executable, ROOT / "tools" / "console.py"], capture_output=True, text=True, check=False)
    if done.returncode or not (ROOT / "src" / "baigong" / "api" / "console" / "index.html").exists():
        pytest.fail(f"the console cannot be built here: {(done.stdout + done.stderr)[-400:]}")


@pytest.fixture(scope="package")
def demo(console: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`baigong demo` with two days of past; its one-time password is already replaced."""
    platform = Running(tmp_path_factory.mktemp("demo") / "data", ["demo", "--any-ports", "--days", "2"])
    try:
        platform.start()
        with httpx2.Client(base_url=f"{platform.url}/api/v1", trust_env=False) as http:
            http.post("/session", json={"user": "admin", "password": platform.secret}).raise_for_status()
            http.post("/password", json={"password": PASSWORD}, headers={"X-Baigong": "1"}).raise_for_status()
        yield platform
    finally:
        platform.stop()


@pytest.fixture(scope="module")
def empty(console: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`baigong up` for the first time: nobody signed in, nothing connected."""
    arguments = ["up", "--port", "0", "--mqtt-port", "0", "--nats-port", "0"]
    platform = Running(tmp_path_factory.mktemp("up") / "data", arguments)
    try:
        platform.start()
        yield platform
    finally:
        platform.stop()


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        made = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        yield made
        await made.close()


@pytest_asyncio.fixture(loop_scope="package")
async def seen(browser: Browser, demo: Running) -> AsyncIterator[Window]:
    """A window signed in to the demo; afterwards it must not have erred nor asked another machine."""
    made = await window(browser, demo, password=PASSWORD)
    yield made
    await made.context.close()
    assert made.errors == []
    assert made.strangers == []
