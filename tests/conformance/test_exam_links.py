"""The exam's questions about links: nobody there, nonsense, a device that dies, and being cancelled."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import Any

import pytest
from examroom import LINK_CODES, first, need, rows, sitting, within

from baigong.drivers.contract import Driver
from baigong.drivers.manifest import BUILT_IN
from baigong.vocab import quality as q
from baigong.vocab.errors import RetryLater

pytestmark = pytest.mark.parametrize("driver_id", BUILT_IN)


async def none_left(before: set[asyncio.Task[Any]]) -> None:
    """Nothing runs that did not run before; what is on its way out has a moment."""
    for _ in range(40):
        left = {t for t in asyncio.all_tasks() - before if not t.done()}
        if not left:
            break
        await asyncio.sleep(0.05)
    assert not left, f"still running after closing: {left}"


async def test_nobody_there_is_found_out_quickly(driver_id: str) -> None:
    async with sitting(driver_id) as (subject, claimed):
        if subject.dead is None:
            pytest.skip("no device, no link")
        began = time.monotonic()
        with pytest.raises(RetryLater) as caught:
            async with asyncio.timeout(subject.quick_s), claimed.open(subject.options | subject.dead):
                pytest.fail("it says it is connected to nobody")
        assert caught.value.code in {"driver.unreachable", "driver.timeout"}
        assert time.monotonic() - began < subject.quick_s


@pytest.mark.parametrize("nonsense", [None, b"", b"\xff" * 5000, b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 300])
async def test_a_device_that_is_silent_or_talks_nonsense(driver_id: str, nonsense: bytes | None) -> None:
    """``None``: accepts and says nothing. ``b""``: hangs up. Else: says that, whatever it is asked."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while await reader.read(4096) and nonsense != b"":
                writer.write(nonsense or b"")
        writer.close()

    async with sitting(driver_id) as (subject, claimed):
        if subject.at is None:
            pytest.skip("the subject cannot be led to a TCP port")
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        async with server:
            options = subject.options | subject.at(server.sockets[0].getsockname()[1])
            with pytest.raises(RetryLater) as caught:
                async with asyncio.timeout(subject.patience_s * 2), claimed.open(options) as driver:
                    if "read" in claimed.capabilities:
                        await driver.read(subject.wanted())
                    else:
                        await first(driver, subject.wanted())
            assert caught.value.code in LINK_CODES


async def test_a_device_that_dies_is_a_typed_error_and_reopening_works(driver_id: str) -> None:
    async with sitting(driver_id) as (subject, claimed):
        if subject.dead is None:
            pytest.skip("no device, no link")
        wanted = subject.wanted()

        async def use(driver: Driver) -> None:
            while True:
                if "read" in claimed.capabilities:
                    await driver.read(wanted)
                else:
                    await first(driver, wanted, 1_000_000)
                await asyncio.sleep(0.01)

        with pytest.raises(RetryLater) as caught:
            async with claimed.open(subject.options) as driver:
                using = asyncio.create_task(use(driver))
                await asyncio.sleep(0.3)
                await subject.kill()
                await within(subject.patience_s, using)
        assert caught.value.code in LINK_CODES
        await subject.restart()
        async with claimed.open(subject.options) as driver:
            if "read" in claimed.capabilities:
                found = rows(await within(subject.patience_s, driver.read(wanted)))
                assert all(q.severity(quality) == "good" for _, quality in found.values())


async def test_watch_ends_by_raising_when_the_device_dies(driver_id: str) -> None:
    async with sitting(driver_id) as (subject, claimed):
        need(claimed, "watch")
        if subject.dead is None:
            pytest.skip("no device, no link")
        with pytest.raises(RetryLater) as caught:
            async with claimed.open(subject.options) as driver:
                watching = asyncio.create_task(first(driver, subject.wanted(), 1_000_000))
                await asyncio.sleep(0.5)
                await subject.kill()
                await within(subject.patience_s * 2, watching)
        assert caught.value.code in LINK_CODES
        await subject.restart()


@pytest.mark.parametrize("delay_s", [0.0, 0.001, 0.01, 0.1])
async def test_cancelled_in_the_middle_it_can_still_be_closed(driver_id: str, delay_s: float) -> None:
    async with sitting(driver_id) as (subject, claimed):
        wanted = subject.wanted()
        before = asyncio.all_tasks()
        for verb in ("read", "watch", "browse"):
            if verb not in claimed.capabilities:
                continue
            driver = claimed.open(subject.options)
            await within(subject.patience_s, driver.__aenter__())
            if verb == "watch":
                doing: asyncio.Task[Any] = asyncio.create_task(first(driver, wanted, 1_000_000))
            else:
                doing = asyncio.create_task(driver.read(wanted) if verb == "read" else driver.browse(""))  # type: ignore[arg-type]
            await asyncio.sleep(delay_s)
            doing.cancel()
            await asyncio.wait({doing}, timeout=subject.patience_s)
            assert doing.done(), f"{verb} did not let itself be cancelled"
            if verb == "read":  # and is still usable
                assert len(await within(subject.patience_s, driver.read(wanted))) == len(wanted)
            await within(subject.patience_s, driver.__aexit__(None, None, None))
        await none_left(before)


async def test_opening_cancelled_leaves_nothing_behind(driver_id: str) -> None:
    async with sitting(driver_id) as (subject, claimed):
        before = asyncio.all_tasks()
        for delay_s in (0.0, 0.002, 0.02):
            opening = asyncio.create_task(claimed.open(subject.options).__aenter__())
            await asyncio.sleep(delay_s)
            opening.cancel()
            await asyncio.wait({opening}, timeout=subject.patience_s)
            assert opening.done()
            if not opening.cancelled() and opening.exception() is None:
                await opening.result().__aexit__(None, None, None)
        await none_left(before)
