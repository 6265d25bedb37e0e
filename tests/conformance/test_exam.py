"""The exam every driver sits, in front of its own simulator (see ``subjects.py``): what it reads, tells and writes."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from examroom import LINK_CODES, check_frame, first, need, rows, sitting, within

from baigong.drivers.contract import Driver, Wanted
from baigong.drivers.manifest import BUILT_IN
from baigong.vocab import quality as q
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.frame import FRAME, times_us
from baigong.vocab.happenings import Command

pytestmark = pytest.mark.parametrize("driver_id", BUILT_IN)


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
