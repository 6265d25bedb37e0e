"""The exam every driver sits, in front of its own simulator (see ``subjects.py``)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pyarrow as pa
import pytest
from subjects import Subject, subject_of

from baigong.drivers.contract import Delivery, Driver, Wanted
from baigong.drivers.manifest import BUILT_IN, Manifest, read_manifest
from baigong.vocab import quality as q
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater
from baigong.vocab.frame import FRAME, times_us
from baigong.vocab.happenings import Command

LINK_CODES = {"driver.unreachable", "driver.timeout", "driver.protocol"}
pytestmark = pytest.mark.parametrize("driver_id", BUILT_IN)


@asynccontextmanager
async def sitting(driver_id: str) -> AsyncIterator[tuple[Subject, Manifest]]:
    """Start the subject's simulator; a driver that is finished must have brought a subject."""
    subject = subject_of(driver_id)
    if subject is None:
        pytest.skip(f"{driver_id} has not brought a subject_{driver_id}.py")
    async with subject() as made:
        assert made.driver == driver_id
        assert len(made.good) >= 2, "a subject needs two good addresses"
        yield made, read_manifest(driver_id, f"baigong.drivers.{driver_id}")


def need(claimed: Manifest, capability: str) -> None:
    if capability not in claimed.capabilities:
        pytest.skip(f"{claimed.id} does not claim {capability}")


def rows(batch: pa.RecordBatch) -> dict[int, tuple[Any, int]]:
    """Turn a frame into number -> (value, whole or text; quality)."""
    made = {}
    for row in batch.to_pylist():
        held = [row[name] for name in ("value", "whole", "text") if row[name] is not None]
        assert len(held) <= 1, f"a row holds two values: {row}"
        made[row["point"]] = (held[0] if held else None, row["quality"])
    return made


def check_frame(batch: pa.RecordBatch) -> None:
    assert batch.schema.equals(FRAME)
    assert (times_us(batch) > 0).all()
    assert (times_us(batch) < time.time() * 1e6 + 5e6).all(), "a value from the future"
    for value, quality in rows(batch).values():
        assert value is not None or q.severity(quality) != "good", "good, and yet nothing"


async def within(seconds: float, awaited: Any) -> Any:
    try:
        return await asyncio.wait_for(awaited, seconds)
    except TimeoutError:
        pytest.fail(f"no answer within {seconds} s")


async def first(driver: Driver, wanted: list[Wanted], count: int = 1) -> list[Delivery]:
    deliveries: list[Delivery] = []
    async for delivery in driver.watch(wanted):
        deliveries.append(delivery)
        await delivery.accept()
        if len(deliveries) == count:
            break
    return deliveries


async def test_read_returns_every_point_exactly_once_and_right(driver_id: str) -> None:
    async with sitting(driver_id) as (subject, claimed):
        need(claimed, "read")
        wanted = subject.wanted()
        async with claimed.open(subject.options) as driver:
            for asked in (wanted, wanted[:1], wanted[::-1], wanted):
                frame = await within(subject.patience_s, driver.read(asked))
                check_frame(frame)
                assert sorted(frame["point"].to_pylist()) == sorted(w.number for w in asked)
        found = rows(frame)
        for address, expected in subject.good.items():
            value, quality = found[subject.numbers[address]]
            assert q.severity(quality) == "good", f"{address}: {q.describe(quality)}"
            if expected is not ...:
                same = value == expected if isinstance(expected, str) else value == pytest.approx(expected, rel=1e-6)
                assert same, f"{address}: {value!r}, not {expected!r}"


async def test_read_of_nothing_is_an_empty_frame(driver_id: str) -> None:
    async with sitting(driver_id) as (subject, claimed):
        need(claimed, "read")
        async with claimed.open(subject.options) as driver:
            assert len(await within(subject.patience_s, driver.read([]))) == 0


async def test_unknown_address_is_a_bad_row_and_spoils_no_other(driver_id: str) -> None:
    async with sitting(driver_id) as (subject, claimed):
        need(claimed, "read")
        nonsense = "\x00 ???:!"
        wanted = subject.wanted(subject.unknown, nonsense)
        async with claimed.open(subject.options) as driver:
            for _ in range(2):
                frame = await within(subject.patience_s, driver.read(wanted))
                check_frame(frame)
                assert len(frame) == len(wanted)
                found = rows(frame)
                for address in (subject.unknown, nonsense):
                    value, quality = found[subject.numbers[address]]
                    assert value is None, address
                    assert q.severity(quality) == "bad", address
                for address in subject.good:
                    assert q.severity(found[subject.numbers[address]][1]) == "good", address


async def test_watch_delivers_what_moves_and_can_be_left(driver_id: str) -> None:
    async with sitting(driver_id) as (subject, claimed):
        need(claimed, "watch")
        wanted = subject.wanted()

        async def stirring() -> None:
            while True:
                await asyncio.sleep(0.2)
                await subject.stir()

        async with asyncio.TaskGroup() as group, claimed.open(subject.options) as driver:
            spoon = group.create_task(stirring())
            deliveries = await within(subject.patience_s, first(driver, wanted, 2))
            spoon.cancel()
        numbers = {w.number for w in wanted}
        for delivery in deliveries:
            check_frame(delivery.frame)
            assert set(delivery.frame["point"].to_pylist()) <= numbers
            assert len(delivery.frame)


async def test_watch_survives_a_refusal(driver_id: str) -> None:
    async with sitting(driver_id) as (subject, claimed):
        need(claimed, "watch")

        async def refuse_then_take(driver: Driver) -> None:
            seen = 0
            async for delivery in driver.watch(subject.wanted()):
                await (delivery.refuse("no room") if seen == 0 else delivery.accept())
                await subject.stir()
                seen += 1
                if seen == 3:
                    return

        async with claimed.open(subject.options) as driver:
            await within(subject.patience_s, refuse_then_take(driver))


async def test_browse_leads_to_addresses_that_can_be_read(driver_id: str) -> None:
    async with sitting(driver_id) as (subject, claimed):
        need(claimed, "browse")
        async with claimed.open(subject.options) as driver:
            leaves, frontier, seen = [], [""], set()
            while frontier and len(leaves) < 20 and len(seen) < 40:
                path = frontier.pop(0)
                for node in await within(subject.patience_s, driver.browse(path)):
                    assert node.path not in seen, f"{node.path} twice"
                    seen.add(node.path)
                    assert node.title
                    assert node.address or node.has_children, f"{node.path} leads nowhere"
                    leaves += [node] if node.address else []
                    frontier += [node.path] if node.has_children else []
            assert leaves, "nothing to read was found"
            if "read" in claimed.capabilities:
                wanted = [Wanted(i, node.address) for i, node in enumerate(leaves, 1)]
                found = rows(await within(subject.patience_s, driver.read(wanted)))
                assert any(q.severity(quality) == "good" for _, quality in found.values())


async def test_browse_of_an_unknown_path_is_a_typed_error_or_empty(driver_id: str) -> None:
    async with sitting(driver_id) as (subject, claimed):
        need(claimed, "browse")
        async with claimed.open(subject.options) as driver:
            try:
                assert await within(subject.patience_s, driver.browse("no/such/../path ?")) == []
            except BaigongError as error:
                assert error.code in LINK_CODES | {"driver.address"}


async def test_history_stays_inside_what_was_asked(driver_id: str) -> None:
    async with sitting(driver_id) as (subject, claimed):
        need(claimed, "history")
        end = int(time.time() * 1e6)
        start = end - int(subject.remembers_s * 1e6)
        async with claimed.open(subject.options) as driver:
            total = 0

            async def walk() -> int:
                count = 0
                async for frame in driver.history(subject.wanted(), start, end):  # type: ignore[attr-defined]
                    assert frame.schema.equals(FRAME)
                    moments = times_us(frame)
                    assert ((moments >= start) & (moments < end)).all()
                    count += len(frame)
                return count

            total = await within(subject.patience_s, walk())
            assert total > 0


async def test_what_is_not_claimed_says_so(driver_id: str) -> None:
    async with sitting(driver_id) as (subject, claimed):
        wanted = subject.wanted()
        async with claimed.open(subject.options) as driver:
            asked: dict[str, Any] = {
                "read": lambda: driver.read(wanted),
                "watch": lambda: first(driver, wanted),
                "browse": lambda: driver.browse(""),
            }
            if hasattr(driver, "history"):
                asked["history"] = lambda: driver.history(wanted, 0, 1).__anext__()
            for capability, ask in asked.items():
                if capability in claimed.capabilities:
                    continue
                with pytest.raises(FixConfiguration) as caught:
                    await within(subject.patience_s, ask())
                assert caught.value.code == "driver.unsupported", capability


def command(address: str, value: Any) -> Command:
    return Command(id="c1", tenant="t", point=1, address=address, value=value, asked_by="x", expires_us=1)


async def test_what_is_written_is_there_afterwards(driver_id: str) -> None:
    async with sitting(driver_id) as (subject, claimed), claimed.open(subject.options) as driver:
        if "write" not in claimed.capabilities:
            with pytest.raises(FixConfiguration) as caught:
                await within(subject.patience_s, driver.write(command(next(iter(subject.good)), 1)))
            assert caught.value.code == "driver.readonly"
            return
        assert subject.writes, "a driver that claims to write shows it"
        for address, value in subject.writes.items():
            ack = await within(subject.patience_s, driver.write(command(address, value)))
            assert ack.ok, address
            found = await within(subject.patience_s, subject.holds(driver, address))
            assert found == value or found == pytest.approx(value), address


async def test_a_write_that_cannot_be_is_refused_and_changes_nothing(driver_id: str) -> None:
    async with sitting(driver_id) as (subject, claimed):
        need(claimed, "write")
        async with claimed.open(subject.options) as driver:
            before = {address: await subject.holds(driver, address) for address in subject.writes}
            for address, value in subject.unwritable.items():
                with pytest.raises(FixConfiguration) as caught:
                    await within(subject.patience_s, driver.write(command(address, value)))
                assert caught.value.code in {"driver.readonly", "driver.address", "config.invalid"}, address
            assert before == {address: await subject.holds(driver, address) for address in subject.writes}


async def test_health_speaks(driver_id: str) -> None:
    async with sitting(driver_id) as (subject, claimed):
        async with claimed.open(subject.options) as driver:
            before = await within(subject.patience_s, driver.health())
            if "read" in claimed.capabilities:
                await within(subject.patience_s, driver.read(subject.wanted()))
            after = await within(subject.patience_s, driver.health())
        assert before.ok
        assert after.ok
        for name, count in before.counters.items():
            assert isinstance(count, int)
            assert after.counters[name] >= count, f"{name} ran backwards"


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
        for _ in range(40):
            left = {t for t in asyncio.all_tasks() - before if not t.done()}
            if not left:
                break
            await asyncio.sleep(0.05)
        assert not left, f"still running after closing: {left}"


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
        for _ in range(40):
            left = {t for t in asyncio.all_tasks() - before if not t.done()}
            if not left:
                break
            await asyncio.sleep(0.05)
        assert not left, f"still running: {left}"
