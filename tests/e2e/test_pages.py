"""Every page, in both languages and themes, on a desk and on a phone."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.e2e.browsing import Window, window
from tests.e2e.running import PASSWORD, Running

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(240)]  # a start is part of the first

WORK = "/work"
PAGES = {
    "overview": "/",
    "assets": "/assets",
    "asset": "/assets/pump1",
    "asset-screen": "/assets/pump1/screen",
    "screens": "/screens",
    "screen": "/screens/cooling",
    "type-overview": "/types/pump?tab=overview",
    "asset-parts": "/assets/press1/parts",
    "asset-life": "/assets/press1/life",
    "asset-documents": "/assets/press1/documents",
    "lots": "/lots",
    "asset-about": "/assets/press1/about",
    "asset-text": "/assets/press1/text",
    "assets-import": "/assets?import",
    "connect": "/connect",
    "add": "/connect/add",
    "device": "/connect/pump-plc",
    "device-connection": "/connect/pump-plc/connection",
    "device-opcua": "/connect/press-hall/connection",
    "device-text": "/connect/pump-plc/text",
    "device-events": "/connect/pump-plc/events",
    "point": "/points/pump2.flow",
    "trends": "/trends?p=pump1.flow,pump2.flow,comp1.power,press1.state&from=-1h&to=now",
    "trends-stack": "/trends?p=pump1.flow,pump2.vibration,comp1.power&from=-2d&to=now&layout=stack",
    "trends-empty": "/trends",
    "sql": "/sql",
    "demo": "/demo",
    "system": "/system",
    "about": "/about",
    "access": "/access",
    "companies": "/companies",
    "use": "/use",
    "me": "/me",
    "types": "/types",
    "type": "/types/injection_moulding",
    "work": WORK,
    "tasks": f"{WORK}/tasks",
    "task-new": f"{WORK}/tasks/new?asset=pump1",
    "records": f"{WORK}/records",
    "sheets": "/connect/sheets",
    "templates": "/templates",
    "missing": "/nowhere",
}
# A key nobody translated shows as itself: dots or low lines between small letters.
_KEY = re.compile(
    r"\b(?:nav|common|add|trends|why|attention|overview|legend|word|signin|connect|range|tree|assets)\.[a-z]\w+"
)
_WIDEST = """() => [...document.querySelectorAll('main *')]
    .filter(e => e.getBoundingClientRect().right > innerWidth + 1)
    .slice(0, 8).map(e => `${e.tagName}.${e.className} ${(e.textContent || '').slice(0, 60)}`)"""
_SHOTS = os.environ.get("BAIGONG_SHOTS")
LONG = bool(_SHOTS or os.environ.get("BAIGONG_LONG"))
# each language, theme and width once; every pair with BAIGONG_LONG=1
LOOKS = [("zh", "dark"), ("en", "light"), ("en", "dark"), ("zh", "light")][: 4 if LONG else 1]
ON_A_PHONE = ["en", "zh"][: 2 if LONG else 1]


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = Path(_SHOTS) if _SHOTS else tmp_path_factory.mktemp("shots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


async def _overflow(here: Window) -> float:
    return float(
        await here.page.evaluate(
            """() => Math.max(0, ...[document.documentElement, ...document.querySelectorAll('main')]
                 .map(e => e.scrollWidth - e.clientWidth))"""
        )
    )


async def _walk(here: Window, shots: Path, name: str) -> None:
    wrong: list[str] = []
    await here.go("/")
    for page, path in PAGES.items():
        await here.walk(path)
        if page.startswith("trends-s") or page == "trends":
            await here.page.wait_for_selector(".u-over")
        if _SHOTS:
            await here.page.wait_for_timeout(1200)
        text = await here.page.inner_text("body")
        wrong += [f"{page}: {key}" for key in _KEY.findall(text)]
        if (over := await _overflow(here)) > 0:
            wrong.append(f"{page}: {over} px wider than the window: {await here.page.evaluate(_WIDEST)}")
        await here.page.screenshot(path=shots / f"{page}-{name}.png")
    assert wrong == []
    assert here.errors == []
    assert here.strangers == []
    assert here.broken == []


@pytest.mark.parametrize(("language", "theme"), LOOKS)
async def test_every_page_on_a_desk(browser: Browser, demo: Running, shots: Path, language: str, theme: str) -> None:
    here = await window(browser, demo, password=PASSWORD, language=language, theme=theme)
    await _walk(here, shots, f"{language}-{theme}")
    await here.context.close()


@pytest.mark.parametrize("language", ON_A_PHONE)
async def test_every_page_on_a_phone(browser: Browser, demo: Running, shots: Path, language: str) -> None:
    here = await window(browser, demo, password=PASSWORD, language=language, width=360, height=740)
    await _walk(here, shots, f"{language}-phone")
    await here.context.close()
