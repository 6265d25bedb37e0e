"""One window of time, seen in every way the trends page has: x-y, histogram, compared, scaled, annotated."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Page, expect

from tests.e2e.browsing import Window

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.timeout(240)]  # a start is part of the first
TWO = "/trends?p=comp1.power,air.receiver_pressure"


def _asked(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


async def _past_window(seen: Window, hours: int) -> tuple[int, int]:
    """A window that ended an hour ago, in microseconds: its rows are all there and do not change."""
    now_s = float(await seen.page.evaluate("() => Date.now() / 1000"))
    return int((now_s - 3600 * (hours + 1)) * 1e6), int((now_s - 3600) * 1e6)


async def test_the_same_points_one_against_another_and_how_long_where(seen: Window) -> None:
    page = seen.page
    await seen.go("/")
    start, end = await _past_window(seen, 6)
    await seen.walk(f"{TWO}&from={start}&to={end}")
    await expect(page.locator(".trends-plot .u-over")).to_be_visible()

    # the legend's statistics are the server's
    answer = await seen.context.request.get(
        f"/api/v1/series/statistics?points=comp1.power,air.receiver_pressure&start={start}&end={end}&bins=10"
    )
    power, pressure = (await answer.json())["points"]
    assert power["least"] < power["mean"] < power["greatest"]
    assert sum(pressure["bins"]) == pytest.approx(pressure["good_s"])
    first = page.locator(".legend tbody tr").first
    await expect(first).to_contain_text("Compressor 1 · Power")
    shown = first.locator("td[data-label=Mean]")
    await expect(shown).to_have_text(re.compile(r"^\d"))
    assert float(await shown.inner_text()) == pytest.approx(power["mean"], rel=1e-4)

    await page.get_by_text("X–Y", exact=True).click()
    await expect(page.locator("canvas.scatter")).to_be_visible()
    await expect(page.locator(".scatter-key")).to_contain_text(re.compile(r"[\d,]{3,} pairs"))
    assert _asked(page)["view"] == "scatter"

    await page.get_by_text("Histogram", exact=True).click()
    await expect(page.locator(".histograms section")).to_have_count(2)
    await expect(page.locator(".bars rect")).to_have_count(96)
    await page.reload()
    await expect(page.locator(".bars rect")).to_have_count(96)


async def test_compared_with_the_day_before_and_moved_by_keys(seen: Window) -> None:
    page = seen.page
    await seen.go("/")
    start, end = await _past_window(seen, 4)
    await seen.walk(f"{TWO}&from={start}&to={end}")
    await page.get_by_role("button", name="Compare").click()
    await page.get_by_role("menuitem", name="1 d before").click()
    await expect(page.locator(".plot[aria-label*='comp1.power −1d']")).to_be_visible()
    assert _asked(page)["compare"] == "1d"

    await page.get_by_text("By unit", exact=True).click()
    await expect(page.locator(".trends-plot .u-over")).to_have_count(2)

    await page.get_by_role("button", name="Scales").click()
    await page.get_by_label("Lower end, bar").fill("0")
    await page.get_by_label("Upper end, bar").fill("10")
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("y=bar%3A0%3A10|y=bar:0:10"))
    await page.keyboard.press("Escape")

    await page.locator(".trends-plot .u-over").first.hover()
    await page.evaluate("() => document.activeElement?.blur()")
    await page.keyboard.press("ArrowLeft")
    await expect(page).not_to_have_url(re.compile(f"from={start}"))
    assert (start - int(_asked(page)["from"])) / 1e6 == pytest.approx(0.1 * 4 * 3600, abs=1)
    await page.keyboard.press("+")
    await _settles(page, 7200)
    await page.keyboard.press("-")
    await _settles(page, 14400)


async def _settles(page: Page, span_s: float) -> None:
    await page.wait_for_function(
        """s => {
            const q = new URLSearchParams(location.search)
            return Math.abs((q.get('to') - q.get('from')) / 1e6 - s) < 1
        }""",
        arg=span_s,
    )


async def test_a_note_is_written_between_the_marks_changed_and_taken_away(seen: Window) -> None:
    page = seen.page
    await seen.go("/")
    start, end = await _past_window(seen, 4)
    await seen.walk(f"{TWO}&from={start}&to={end}")
    plot = page.locator(".trends-plot .u-over")
    await expect(plot).to_be_visible()
    box = await plot.bounding_box()
    assert box
    for part in (0.25, 0.5):
        await plot.click(position={"x": box["width"] * part, "y": box["height"] / 2})
    await page.get_by_role("button", name="Annotate").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("What happened").fill("filter changed")
    await dialog.get_by_role("button", name="Save").click()
    chip = page.locator(".note-chip")
    await expect(chip).to_have_text("filter changed")

    async def notes() -> list[dict[str, Any]]:
        return list(await (await seen.context.request.get("/api/v1/episodes?kind=annotation")).json())

    (note,) = await notes()
    assert (note["asset"], note["attributes"]) == ("comp1", {"by": "admin"})
    quarter = (end - start) / 4
    assert note["start_us"] == pytest.approx(start + quarter, abs=quarter / 10)
    assert note["end_us"] == pytest.approx(start + 2 * quarter, abs=quarter / 10)

    # every trend of that asset shows it, also after a reload, and it can be changed there
    await seen.go(f"/trends?p=comp1.current&from={start}&to={end}")
    await chip.click()
    await dialog.get_by_label("What happened").fill("oil filter changed")
    await dialog.get_by_role("button", name="Save").click()
    await expect(chip).to_have_text("oil filter changed")
    assert [n["title"] for n in await notes()] == ["oil filter changed"]

    await chip.click()
    await dialog.get_by_role("button", name="Delete").click()
    await page.get_by_role("dialog", name="Take this annotation away?").get_by_role("button", name="Delete").click()
    await expect(chip).to_have_count(0)
    assert await notes() == []
