"""The Modbus driver against its simulator: how few requests, what is learnt, what every refusal becomes."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from baigong.drivers.contract import Wanted
from baigong.drivers.manifest import read_manifest
from baigong.drivers.modbus.driver import ModbusDriver
from baigong.drivers.modbus.plan import Lessons, Plan
from baigong.drivers.modbus.settings import settings
from baigong.drivers.modbus.sim import Simulator
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.frame import times_us


def wanted(*addresses: str) -> list[Wanted]:
    return [Wanted(i, address) for i, address in enumerate(addresses)]


async def qualities(driver: ModbusDriver, points: list[Wanted]) -> list[int]:
    frame = await driver.read(points)
    assert frame["point"].to_pylist() == [w.number for w in points]
    return frame["quality"].to_pylist()  # type: ignore[no-any-return]


def blocks(*addresses: str, **options: Any) -> list[tuple[str, int, int]]:
    plan = Plan(wanted(*addresses), settings({"host": "x", **options}), Lessons())
    return [(b.area, b.start, b.count) for b in plan.blocks]


# -- planning ---------------------------------------------------------------------------------------------


def test_neighbours_share_a_request() -> None:
    assert blocks("holding:0", "holding:10:float32", "holding:1") == [("holding", 0, 12)]
    assert blocks("holding:0", "holding:10", max_gap=8) == [("holding", 0, 1), ("holding", 10, 1)]
    assert blocks("holding:0", "input:1", "coil:5", "coil:200", "discrete:9") == [
        ("coil", 5, 196),
        ("discrete", 9, 1),
        ("holding", 0, 1),
        ("input", 1, 1),
    ]


def test_telegrams_are_filled_but_never_overfilled() -> None:
    whole = blocks(*(f"holding:{i}:float32" for i in range(0, 1000, 2)))
    assert [count for _, _, count in whole] == [124] * 8 + [8]
    assert blocks(*(f"coil:{i}" for i in range(4000))) == [("coil", 0, 2000), ("coil", 2000, 2000)]
    assert [c for _, _, c in blocks(*(f"holding:{i}" for i in range(40)), max_registers=16)] == [16, 16, 8]


def test_a_value_is_never_cut_in_two() -> None:
    for _, start, count in blocks(*(f"holding:{i}:float64" for i in range(0, 400, 4)), max_registers=10):
        assert start % 4 == 0
        assert count % 4 == 0


def test_overlapping_values_and_doubles() -> None:
    assert blocks("holding:5.3", "holding:5:bits:4-7", "holding:4:float32", "holding:5") == [("holding", 4, 2)]


def test_units_do_not_share_a_request() -> None:
    plan = Plan(wanted("holding:1", "2!holding:2", "1!holding:3"), settings({"host": "x"}), Lessons())
    assert [(b.unit, b.start, b.count) for b in plan.blocks] == [(1, 1, 3), (2, 2, 1)]


def test_ten_thousand_points_are_planned_in_a_moment() -> None:
    assert len(blocks(*(f"holding:{i}" for i in range(10_000)))) == 80


# -- reading ----------------------------------------------------------------------------------------------


async def test_a_scan_costs_as_few_requests_as_planned() -> None:
    values = {f"holding:{2 * i}:float32": i / 4 for i in range(200)} | {"coil:3": 1}
    async with Simulator(values=values) as device, ModbusDriver(device.options) as driver:
        points = wanted(*values)
        for _ in range(3):
            device.requests.clear()
            frame = await driver.read(points)
            assert len(device.requests) == 1 + 4
            assert frame["value"].to_pylist() == list(values.values())
            assert len(set(times_us(frame).tolist())) == 1


async def test_new_points_mean_a_new_plan() -> None:
    async with Simulator(values={"holding:1": 11, "holding:2": 22}) as device, ModbusDriver(device.options) as driver:
        points = wanted("holding:1", "holding:2")
        assert (await driver.read(points))["value"].to_pylist() == [11, 22]
        assert (await driver.read(points[1:]))["value"].to_pylist() == [22]
        points.reverse()
        assert (await driver.read(points))["value"].to_pylist() == [22, 11]
        await device.set("holding:2", -3)
        assert (await driver.read(points))["value"].to_pylist() == [-3, 11]


async def test_values_set_together_are_read_together() -> None:
    async with Simulator() as device, ModbusDriver(device.options) as driver:
        points = wanted("holding:0:int32", "holding:10:int32")

        async def turn() -> None:
            for i in range(400):
                await device.update({"holding:0:int32": i * 70_000, "holding:10:int32": i * 70_000})
                await asyncio.sleep(0)

        turning = asyncio.create_task(turn())
        seen = set()
        while not turning.done():
            first, second = (await driver.read(points))["value"].to_pylist()
            assert first == second
            seen.add(first)
        assert len(seen) > 10


async def test_the_default_order_and_counting_from_one() -> None:
    async with Simulator(values={"holding:9:float32": 1.5, "holding:20:int32:abcd": 7}, order="cdab") as device:
        options = device.options | {"addressing": "one"}
        async with ModbusDriver(options) as driver:
            frame = await driver.read(wanted("holding:10:float32", "holding:21:int32:abcd", "40010:float32"))
            assert frame["value"].to_pylist() == [1.5, 7, 1.5]


async def test_numbers_beyond_float64() -> None:
    values = {"holding:0:int64": -(1 << 62) - 1, "holding:4:uint64": 1 << 53, "holding:8:uint64": (1 << 64) - 1}
    values |= {"holding:12:uint64": (1 << 63) - 1, "holding:16:float32": float("nan"), "holding:18:int16": 5}
    async with Simulator(values=values) as device, ModbusDriver(device.options) as driver:
        rows = (await driver.read(wanted(*values))).to_pylist()
    assert [r["whole"] for r in rows] == [-(1 << 62) - 1, None, None, (1 << 63) - 1, None, None]
    assert [r["value"] for r in rows] == [None, float(1 << 53), None, None, None, 5]
    assert [r["text"] for r in rows] == [None, None, str((1 << 64) - 1), None, None, None]
    assert [r["quality"] for r in rows] == [0, 0, 0, 0, q.BAD_NOT_A_NUMBER, 0]


async def test_a_wrong_digit_and_wrong_addresses() -> None:
    async with Simulator(values={"holding:0:uint16": 0x12A4}) as device, ModbusDriver(device.options) as driver:
        points = wanted("holding:0:bcd16", "holding:0:uint16", "holding:x", "holding:1:float17")
        assert await qualities(driver, points) == [q.BAD_TYPE_MISMATCH, 0, q.BAD_CONFIGURATION, q.BAD_CONFIGURATION]


# -- what a device refuses --------------------------------------------------------------------------------


async def test_one_missing_register_spoils_no_other_and_is_learnt() -> None:
    ranges = {"holding": [(0, 50), (51, 49)]}
    async with Simulator(ranges) as device, ModbusDriver(device.options) as driver:
        points = wanted(*(f"holding:{i}" for i in range(100)))
        expected = [q.BAD_NODE_ID_UNKNOWN if i == 50 else 0 for i in range(100)]
        assert await qualities(driver, points) == expected
        device.requests.clear()
        assert await qualities(driver, points) == expected
        assert device.requests == [("holding", 0, 50), ("holding", 51, 49)]


async def test_a_hole_between_values_is_not_bridged_again() -> None:
    async with Simulator({"holding": [(0, 5), (10, 5)]}) as device, ModbusDriver(device.options) as driver:
        points = wanted("holding:4", "holding:10")
        assert await qualities(driver, points) == [0, 0]
        device.requests.clear()
        assert await qualities(driver, points) == [0, 0]
        assert device.requests == [("holding", 4, 1), ("holding", 10, 1)]


async def test_a_device_with_a_shorter_limit_is_learnt() -> None:
    async with Simulator() as device, ModbusDriver(device.options) as driver:
        device.longest = 20
        points = wanted(*(f"holding:{i}" for i in range(100)))
        for _ in range(4):
            seen = await qualities(driver, points)
        assert seen == [0] * 100
        device.requests.clear()
        assert await qualities(driver, points) == [0] * 100
        assert len(device.requests) <= 8
        assert max(count for _, _, count in device.requests) <= 20


async def test_learning_a_thousand_refusals_is_spread_over_reads() -> None:
    async with Simulator({"holding": [(0, 10)]}) as device, ModbusDriver(device.options) as driver:
        points = wanted(*(f"holding:{i}" for i in range(300)))
        seen = set()
        for _ in range(40):
            device.requests.clear()
            now = await qualities(driver, points)
            assert len(device.requests) < 60
            assert set(now[:10]) <= {0, q.BAD_DATA_UNAVAILABLE}
            seen |= set(now[10:])
        assert now == [0] * 10 + [q.BAD_NODE_ID_UNKNOWN] * 290
        assert seen == {q.BAD_NODE_ID_UNKNOWN, q.BAD_DATA_UNAVAILABLE}
        assert device.requests == [("holding", 0, 10)]


async def test_a_refused_address_is_asked_for_again_later_and_alone() -> None:
    now_s = 0.0
    async with Simulator() as device, ModbusDriver(device.options, clock_s=lambda: now_s) as driver:
        device.refuse["holding", 3] = 2
        points = wanted("holding:3", "holding:4")
        assert await qualities(driver, points) == [q.BAD_NODE_ID_UNKNOWN, 0]
        assert await qualities(driver, points) == [q.BAD_NODE_ID_UNKNOWN, 0]
        now_s = 3600.0
        device.requests.clear()
        assert await qualities(driver, points) == [q.BAD_NODE_ID_UNKNOWN, 0]
        assert device.requests == [("holding", 4, 1), ("holding", 3, 1)]
        assert await qualities(driver, points) == [q.BAD_NODE_ID_UNKNOWN, 0]
        assert len(device.requests) == 3
        device.refuse.clear()
        now_s = 7200.0
        assert await qualities(driver, points) == [q.BAD_NODE_ID_UNKNOWN, 0]
        assert await qualities(driver, points) == [0, 0]
        assert device.requests[-1] == ("holding", 3, 2)


async def test_a_device_that_failed_as_a_whole_comes_back_soon() -> None:
    now_s = 0.0
    async with Simulator() as device, ModbusDriver(device.options, clock_s=lambda: now_s) as driver:
        device.refuse = {("holding", i): 4 for i in range(200)}
        points = wanted(*(f"holding:{i}" for i in range(200)))
        for _ in range(12):
            seen = await qualities(driver, points)
        assert seen == [q.BAD_DEVICE_FAILURE] * 200
        device.refuse = {}
        now_s = 100.0
        for _ in range(6):
            seen = await qualities(driver, points)
        assert seen == [0] * 200


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (1, q.BAD_NODE_ID_UNKNOWN),
        (2, q.BAD_NODE_ID_UNKNOWN),
        (3, q.BAD_NODE_ID_UNKNOWN),
        (4, q.BAD_DEVICE_FAILURE),
        (5, q.BAD_DATA_UNAVAILABLE),
        (6, q.BAD_DATA_UNAVAILABLE),
        (7, q.BAD_UNEXPECTED),
        (8, q.BAD_DEVICE_FAILURE),
        (10, q.BAD_NOT_CONNECTED),
        (11, q.BAD_NO_COMMUNICATION),
    ],
)
async def test_every_exception_has_its_quality(code: int, expected: int) -> None:
    async with Simulator() as device, ModbusDriver(device.options) as driver:
        device.refuse["holding", 3] = code
        points = wanted("coil:1", "holding:3", "holding:300")
        for _ in range(2):
            seen = await qualities(driver, points)
            behind_a_gateway = code in (10, 11)  # which then need not be asked for the next block
            assert seen == [0, expected, expected if behind_a_gateway else 0]
        assert (await driver.health()).counters["exceptions"] >= 1


async def test_an_area_the_device_does_not_have_costs_one_request() -> None:
    async with Simulator() as device, ModbusDriver(device.options) as driver:
        for i in range(1000):
            device.refuse["coil", i] = 1
        points = wanted(*(f"coil:{i}" for i in range(500)), "holding:1")
        assert await qualities(driver, points) == [q.BAD_NODE_ID_UNKNOWN] * 500 + [0]
        assert len(device.requests) == 2


# -- browsing ---------------------------------------------------------------------------------------------


async def test_browsing_finds_the_readable_ranges() -> None:
    ranges = {"holding": [(0, 30), (350, 10), (9900, 100)], "coil": [(16, 16)]}
    async with Simulator(ranges, values={"holding:7:int16": -5}) as device, ModbusDriver(device.options) as driver:
        assert [n.path for n in await driver.browse()] == ["coil", "discrete", "holding", "input"]
        assert [n.path for n in await driver.browse("holding")] == ["holding/0", "holding/300", "holding/9900"]
        assert await driver.browse("discrete") == []
        leaves = await driver.browse("holding/0")
        assert [n.address for n in leaves] == [f"holding:{i}:int16" for i in range(30)]
        assert leaves[7].value == -5
        assert [n.title for n in await driver.browse("holding/300")] == [str(i) for i in range(350, 360)]
        assert (await driver.browse("coil/0"))[0].address == "coil:16"


@pytest.mark.parametrize("path", ["nothing", "holding/x", "holding/-1", "holding/99999", "coil/1/2"])
async def test_browsing_a_wrong_path(path: str) -> None:
    async with Simulator() as device, ModbusDriver(device.options) as driver:
        with pytest.raises(FixConfiguration) as caught:
            await driver.browse(path)
        assert caught.value.code == "driver.address"


# -- options and several at once --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({}, "host"),
        ({"host": ""}, "host"),
        ({"host": 5}, "host"),
        ({"host": "x", "port": 0}, "port"),
        ({"host": "x", "port": "502"}, "port"),
        ({"host": "x", "unit": 256}, "unit"),
        ({"host": "x", "unit": True}, "unit"),
        ({"host": "x", "order": "dabc"}, "order"),
        ({"host": "x", "max_registers": 126}, "max_registers"),
        ({"host": "x", "timeout_s": 0}, "timeout_s"),
        ({"host": "x", "timeout_s": float("nan")}, "timeout_s"),
        ({"transport": "serial"}, "serial_port"),
        ({"transport": "serial", "serial_port": "spy:///dev/null?file=/tmp/x"}, "serial_port"),
        ({"transport": "pigeon", "host": "x"}, "transport"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], place: str) -> None:
    with pytest.raises(FixConfiguration) as caught:
        read_manifest("modbus", "baigong.drivers.modbus").open(options)
    assert (caught.value.code, caught.value.place) == ("driver.option", place)


async def test_only_judged_addresses_are_connected_to() -> None:
    async with Simulator(values={"holding:1": 7}) as device:
        claimed = read_manifest("modbus", "baigong.drivers.modbus")
        named = {"host": "plc.invalid", "port": device.port}  # nothing resolves it, the driver least of all
        async with claimed.open(named, ["127.0.0.2", "127.0.0.1"]) as driver:
            assert (await driver.read(wanted("holding:1")))["value"].to_pylist() == [7]
        with pytest.raises(RetryLater):
            async with claimed.open(device.options, ["127.0.0.2"]):
                pass
        with pytest.raises(FixConfiguration) as caught:
            claimed.open(named | {"connect_to": ["127.0.0.1"]})
        assert caught.value.place == "connect_to", "a device file cannot say it"


async def test_reads_at_once_do_not_mix() -> None:
    values = {f"holding:{i}:int16": i for i in range(900)}
    async with Simulator(values=values) as device, ModbusDriver(device.options) as driver:
        sets = [[Wanted(i, f"holding:{i}") for i in range(first, first + 90)] for first in range(0, 900, 90)]
        frames = await asyncio.gather(*(driver.read(points) for points in sets for _ in range(3)))
        for frame in frames:
            assert np.array_equal(np.array(frame["value"]), np.array(frame["point"]))
