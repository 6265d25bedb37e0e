"""Assets in Chinese: brought in as a table, described, moved, found by pinyin, changed by two people at once."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from baigong.drivers.modbus.sim import Simulator
from baigong.models.aas import read
from tests.e2e.browsing import Window, window
from tests.e2e.running import PASSWORD, Running

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(240)]  # a start is part of the first

TABLE = "标识,上级,层级,编码,名称,面积\nhall9,,车间,H-9,九号厂房,120\nbay9,nowhere,单元,,九号工位,\n"
SEARCH = "名称、编码、拼音"
FAN = {
    "device": "fan9",
    "driver": "modbus",
    "timeout_s": 1,
    "scan": {"default": "500ms"},
    "points": [{"name": "fan9.speed", "address": "holding:0"}, {"name": "fan9.power", "address": "holding:1"}],
}


async def test_assets_from_a_table_to_a_place_of_their_own(browser: Browser, demo: Running) -> None:
    here = await window(browser, demo, password=PASSWORD, language="zh")
    async with Simulator(values={"holding:0": 5, "holding:1": 7}) as machine:
        await _put(demo, "/devices/fan9", {**FAN, "options": machine.options})
        await _brought_in_as_a_table(here)
        await _described(here)
        await _read_as_a_shell(here)
        await _moved(here)
        await _found_by_keys(here)
        await _changed_by_two(here, demo)
        await _measured_by_a_type(here, demo)
        with demo.http() as http:
            (await asyncio.to_thread(http.delete, "/devices/fan9")).raise_for_status()
    await here.context.close()
    assert here.errors == []
    assert here.strangers == []


async def _put(demo: Running, path: str, body: dict[str, Any]) -> None:
    with demo.http() as http:
        (await asyncio.to_thread(http.put, path, json=body)).raise_for_status()


async def _brought_in_as_a_table(here: Window) -> None:
    """What is wrong is said at its row, before anything is written."""
    page = here.page
    await here.go("/assets?import")
    paste = page.get_by_label("或在此粘贴表格")
    await paste.fill(TABLE)
    await expect(page.locator(".asset-why")).to_contain_text("没有资产 nowhere")
    await expect(page.get_by_role("button", name="写入", exact=True)).to_be_disabled()
    await paste.fill(TABLE.replace("nowhere", "hall9"))
    await expect(page.get_by_role("status").filter(has_text="2 行")).to_contain_text("新增 2")
    await page.get_by_role("button", name="写入", exact=True).click()


async def _described(here: Window) -> None:
    """What only points name is found, described, and refused the code of another at its field."""
    page = here.page
    await page.get_by_label(SEARCH).fill("fan9")
    await page.get_by_role("treeitem").filter(has_text="fan9").click()
    await page.get_by_role("button", name="描述此设备").click()
    await page.get_by_label("中文名称").fill("给水泵九号")
    code = page.locator("[data-field=code]")
    await code.locator("input").fill("H-9")
    await page.get_by_role("button", name="保存").click()
    await expect(code.get_by_role("alert")).to_contain_text("hall9")
    await code.locator("input").fill("F-9")
    await page.get_by_role("button", name="保存").click()
    await expect(page.locator("h1")).to_have_text("给水泵九号")
    await expect(page.locator(".point-row").first.locator(".reading b")).to_have_text(re.compile("^7"))


async def _moved(here: Window) -> None:
    """To a place found by pinyin; what goes with it is said before."""
    page = here.page
    await page.get_by_role("button", name="移动").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label(SEARCH).fill("jiuhaogongwei")
    await dialog.get_by_role("treeitem").filter(has_text="九号工位").click()
    await expect(dialog.locator(".asset-move")).to_contain_text("2 个测点")
    await expect(dialog.locator(".asset-move")).to_contain_text("九号厂房 › 九号工位")
    await dialog.get_by_role("button", name="移动").click()
    await expect(page.locator(".crumbs")).to_contain_text("九号厂房")
    await page.get_by_role("tab", name="履历").click()
    await expect(page.locator(".life-line")).to_contain_text("移动")


async def _read_as_a_shell(here: Window) -> None:
    """As partners read it: with the values of now, and as a file."""
    page = here.page
    await page.get_by_role("tab", name="管理壳").click()
    await expect(page.locator(".aas-line").filter(has_text="speed").first).to_contain_text("5")
    async with page.expect_download() as coming:
        await page.get_by_role("link", name="AASX").click()
    assert (await coming.value).suggested_filename == "fan9.aasx"
    package = read(Path(await (await coming.value).path()))
    assert [one["idShort"] for one in package.environment.submodels] == ["OperationalData"]


async def _found_by_keys(here: Window) -> None:
    """By the first letters of its pinyin; and from the hall down the tree with arrows and Enter."""
    page = here.page
    await page.get_by_label(SEARCH).fill("gsbjh")
    await expect(page.get_by_role("treeitem")).to_have_count(1)
    await expect(page.get_by_role("treeitem")).to_contain_text("给水泵九号")
    await page.get_by_label(SEARCH).fill("")
    await page.get_by_role("link", name="九号厂房").click()
    tree = page.get_by_role("tree")
    await expect(tree.locator("[aria-selected=true]")).to_contain_text("九号厂房")
    await tree.focus()
    for key in ("ArrowDown", "ArrowDown", "Enter"):  # its parts are open, since one of them was looked at
        await page.keyboard.press(key)
    await expect(page.locator("h1")).to_have_text("给水泵九号")


async def _changed_by_two(here: Window, demo: Running) -> None:
    """Somebody else is faster: nothing is overwritten in silence."""
    page = here.page
    await page.get_by_role("button", name="编辑").click()
    await page.get_by_role("textbox", name="位置").fill("我的位置")
    await _put(
        demo, "/assets/fan9", {"asset": "fan9", "parent": "bay9", "title_zh": "给水泵九号", "place": "他人的位置"}
    )
    await page.get_by_role("button", name="保存").click()
    await expect(page.locator(".conflict .diff-removed").last).to_contain_text("他人的位置")
    await page.get_by_role("button", name="继续使用我的版本").click()
    await page.get_by_role("button", name="保存").click()
    await expect(page.locator(".sub-line")).to_contain_text("我的位置")


async def _measured_by_a_type(here: Window, demo: Running) -> None:
    """A type with a mistake, mended; then one that a real asset is not, written after its number is confirmed."""
    page = here.page
    await here.go("/types/blower9?extends=machine")
    save = page.get_by_role("button", name="保存", exact=True)
    text = "type: blower9\ntitle_zh: 鼓风机\npoints:\n  speed: {unit: rpmm}\n"
    await _write(here, text)
    await expect(page.locator(".cm-wrong-line")).to_contain_text("rpmm")
    await expect(page.locator(".type-tells")).to_contain_text("转到第 4 行")
    await expect(save).to_be_disabled()
    text = text.replace("rpmm", "/min")
    await _write(here, text)
    await expect(page.locator(".type-made")).to_contain_text("每分钟")
    await save.click()
    await expect(page.locator("h1")).to_have_text("鼓风机")

    await _put(demo, "/assets/fan9", {"asset": "fan9", "parent": "bay9", "type": "blower9"})
    await _write(here, text + "  torque: {unit: N.m}\n")
    await expect(page.locator(".type-breaks")).to_contain_text("fan9torque 没有这个测点")
    await save.click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="仍要保存")).to_be_disabled()
    await dialog.get_by_role("textbox").fill("1")
    await dialog.get_by_role("button", name="仍要保存").click()
    await expect(page.locator(".sub-line")).to_contain_text("版本 2")
    await page.get_by_role("tab", name="使用者").click()
    await expect(page.locator(".type-gaps")).to_contain_text("fan9")
    await _bound_and_related(here)
    await here.go("/types/blower9")
    await page.get_by_role("tab", name="版本").click()
    await expect(page.locator(".diff-added")).to_contain_text("torque")
    await _put(demo, "/assets/fan9", {"asset": "fan9", "parent": "bay9"})
    with demo.http() as http:
        (await asyncio.to_thread(http.delete, "/types/blower9")).raise_for_status()


async def _bound_and_related(here: Window) -> None:
    """What a template would do is seen first; a relation is told from both sides."""
    page = here.page
    await page.get_by_role("button", name="批量绑定测点").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("采集连接").fill("fan9")
    await dialog.get_by_label("各测点的地址").fill("holding:{slot+1}")
    await dialog.get_by_role("combobox").fill("torque")
    await page.keyboard.press("Enter")
    await dialog.get_by_role("button", name="预览").click()
    await expect(dialog.get_by_role("row").filter(has_text="fan9.torque")).to_contain_text("缺少属性 slot")
    await expect(dialog.get_by_role("button", name="绑定", exact=True)).to_be_disabled()
    await dialog.get_by_label("各测点的地址").fill("holding:{1+1}")
    await dialog.get_by_role("button", name="预览").click()
    await expect(dialog.get_by_role("status")).to_contain_text("新增 1 个测点")
    await dialog.get_by_role("button", name="绑定", exact=True).click()
    await expect(dialog).to_be_hidden()

    await here.go("/assets/fan9")
    await page.get_by_role("tab", name="属性与权限").click()
    card = page.locator("section.card").filter(has=page.get_by_role("heading", name="关系", exact=True))
    await card.get_by_role("combobox").last.fill("hall9")
    await card.get_by_role("button").last.click()
    await expect(card.get_by_role("listitem")).to_contain_text("供给 九号厂房")
    await here.go("/assets/hall9")
    await page.get_by_role("tab", name="属性与权限").click()
    await expect(card.get_by_role("listitem")).to_contain_text("供自 fan9")


async def _write(here: Window, text: str) -> None:
    await here.page.locator(".cm-content").click()
    await here.page.keyboard.press("ControlOrMeta+a")
    await here.page.keyboard.insert_text(text)
