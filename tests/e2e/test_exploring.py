"""Trends and SQL: what is on the screen can be zoomed, shared, exported, and run as Python."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browsing import Window
from tests.e2e.running import Running

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(240)]  # a start is part of the first


async def _clipboard(page: Page) -> str:
    return str(await page.evaluate("() => navigator.clipboard.readText()"))


async def _runs(text: str, demo: Running, tmp_path: Path) -> str:
    """Run a copied piece of Python in a process of its own, with a real token in it."""
    script = tmp_path / "copied.py"
    script.write_text(text.replace('token="…"', f'token="{demo.key}"') + "print(df)\nassert len(df)\n")
    environment = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-W", "error", script],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        cwd=tmp_path,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


async def test_trends(seen: Window, demo: Running, tmp_path: Path) -> None:
    page = seen.page
    await seen.go("/trends")
    search = page.locator(".trends-tree").get_by_label("Search points")
    await search.fill("pump1.flow")
    tree = page.locator(".trends-tree")
    await tree.locator(".tree-point[title^='pump1.flow']").get_by_role("checkbox").check()
    await search.fill("pump2.flow")
    await tree.locator(".tree-point[title^='pump2.flow']").get_by_role("checkbox").check()
    await expect(page).to_have_url(re.compile("p=pump1.flow,pump2.flow"))
    plot = page.locator(".trends-plot .u-over")
    await expect(plot).to_be_visible()
    await expect(page.locator(".live-mark")).to_have_text("live")

    # a drag zooms; the address holds the view
    await page.wait_for_load_state("networkidle")  # the second curve came: the plot is no longer made anew
    box = await plot.bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    await page.mouse.move(box["x"] + box["width"] * 0.5, middle)
    await page.mouse.down()
    await page.mouse.move(box["x"] + box["width"] * 0.8, middle, steps=6)
    await page.mouse.up()
    await expect(page.locator(".live-mark")).to_have_count(0)
    asked = parse_qs(urlsplit(page.url).query)
    span_s = (int(asked["to"][0]) - int(asked["from"][0])) / 1e6
    assert span_s == pytest.approx(0.3 * 3600, rel=0.15)

    # the same address in another window shows the same
    again = await seen.context.new_page()
    await again.goto(page.url)
    await expect(again.locator(".trends-plot .u-over")).to_be_visible()
    assert (
        await again.locator(".legend-name, .trend-legend a").all_inner_texts()
        == await page.locator(".legend-name, .trend-legend a").all_inner_texts()
    )
    await again.close()

    await page.get_by_role("button", name="Export").click()
    async with page.expect_download() as download:
        await page.get_by_role("menuitem", name="CSV").click()
    path = await (await download.value).path()
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    assert {row["point"] for row in rows} == {"pump1.flow", "pump2.flow"}
    assert all(row["time"] for row in rows)
    assert sum(bool(row["value"]) for row in rows) > 10

    await page.get_by_role("button", name="Copy as").click()
    await page.get_by_role("menuitem", name="Python").click()
    said = await _runs(await _clipboard(page), demo, tmp_path)
    assert "pump1.flow" in said or "value" in said


async def test_sql(seen: Window, demo: Running, tmp_path: Path) -> None:
    page = seen.page
    await seen.go("/sql")
    editor = page.locator(".cm-content")

    async def ask(text: str) -> None:
        await editor.click()
        await page.keyboard.press("Control+A")
        await page.keyboard.insert_text(text)
        await page.keyboard.press("Control+Enter")

    await page.get_by_role("button", name="Run").click()
    await expect(page.locator(".sql-result [role=row], .sql-result tr").nth(1)).to_be_visible()

    await ask(
        "select name, count(*) as n from telemetry where name in ('pump1.flow', 'pump2.flow') group by 1 order by 1"
    )
    await expect(page.locator(".sql-result")).to_contain_text("pump2.flow")
    await expect(page.locator(".sql .bar")).to_contain_text("2 rows")
    await page.get_by_role("button", name="Export").click()
    await page.get_by_role("menuitem", name="Python").click()
    assert "pump2.flow" in await _runs(await _clipboard(page), demo, tmp_path)

    for text, code in (
        ("select valu from telemetry", "sql.invalid"),
        ("delete from telemetry", "sql.refused"),
        ("select * from read_csv('/etc/passwd')", "sql.refused"),
    ):
        await ask(text)
        note = page.locator(".sql-result [role=alert]")
        await expect(note).to_contain_text(code)
        await expect(note.locator(".note-advice")).not_to_be_empty()
