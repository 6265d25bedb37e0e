"""The S7 driver against python-snap7's server: how few requests, what is learnt, and PLCs that answer wrongly."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from snap7.client import Client

from baigong.drivers.contract import Wanted
from baigong.drivers.plan import Lessons, Plan
from baigong.drivers.s7 import codec
from baigong.drivers.s7.driver import S7Driver
from baigong.drivers.s7.plan import memory
from baigong.drivers.s7.settings import settings
from baigong.drivers.s7.sim import Simulator
from baigong.vocab import quality as q
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.happenings import Command


def wanted(*addresses: str) -> list[Wanted]:
    return [Wanted(i, address) for i, address in enumerate(addresses)]


def planned(*addresses: str, max_gap: int = 16, pdu: int = 240) -> list[list[tuple[str, int, int, int]]]:
    plan = Plan(wanted(*addresses), memory(max_gap, pdu, "gb18030"), Lessons())
    packed = codec.packed([block.item for block in plan.blocks], pdu)
    places = [[(i.area, i.db, i.start, i.count) for i in items] for items in packed]
    assert plan.size == sum(block.item.size for block in plan.blocks)
    return places


# -- planning ---------------------------------------------------------------------------------------------


def test_neighbours_are_asked_for_together_and_the_rest_in_one_request() -> None:
    assert planned("db1.0:int", "db1.10:real", "db2.4:int", "m3.1", "m3.7") == [
        [("db", 1, 0, 14), ("db", 2, 4, 2), ("m", 0, 3, 1)]
    ]
    assert planned("db1.0:int", "db1.10:int", max_gap=4) == [[("db", 1, 0, 2), ("db", 1, 10, 2)]]


def test_requests_are_filled_but_never_overfilled() -> None:
    for pdu in (112, 240, 480, 960):
        addresses = [f"db{1 + i % 7}.{i * 13 % 4000}:real" for i in range(1000)]
        covered = 0
        for request in planned(*addresses, max_gap=0, pdu=pdu):
            answer = 14 + sum(4 + count + count % 2 for *_, count in request)
            assert answer <= pdu
            assert 12 + 2 + 12 * len(request) <= pdu
            assert len(request) <= 20
            covered += sum(count for *_, count in request)
        assert covered >= 4 * len({a.lower() for a in addresses}) * 0.5


def test_a_text_longer_than_a_request_is_read_in_parts() -> None:
    (first,), (second,) = planned("db1.0:string254")
    assert first == ("db", 1, 0, 222)
    assert second == ("db", 1, 222, 34)


# -- reading ----------------------------------------------------------------------------------------------


async def test_two_hundred_scattered_values_cost_few_requests() -> None:
    values = {f"db1.{20 * i}:real": i / 4 for i in range(200)}
    async with Simulator({"db1": 4004}, values=values) as plc, S7Driver(plc.options | {"max_gap": 0}) as driver:
        frame = await driver.read(wanted(*values))
        assert frame["value"].to_pylist() == list(values.values())
        before = (await driver.health()).counters["requests"]
        await driver.read(wanted(*values))
        assert (await driver.health()).counters["requests"] - before == 10


async def test_a_long_text_and_its_neighbour() -> None:
    text = "百工" * 60
    values = {"db1.0:string254": text, "db1.256:int": -3}
    async with Simulator(values=values) as plc, S7Driver(plc.options | {"pdu": 240}) as driver:
        frame = await driver.read(wanted(*values))
        assert frame["text"].to_pylist() == [text, None]
        assert frame["value"].to_pylist() == [None, -3]


async def test_what_is_refused_is_found_left_out_and_asked_for_again() -> None:
    now_s = 0.0
    async with Simulator({"db1": 50}, values={"db1.0:int": 1, "db1.46:int": 2}) as plc:
        driver = S7Driver(plc.options, clock_s=lambda: now_s)
        points = wanted("db1.0:int", "db1.46:int", "db1.48:dint", "db1.52:int", "db9.0:int", "q5.0")
        async with driver:
            for asked in (6, 1, 1):  # the halves; then what is known to be there
                before = (await driver.health()).counters["requests"]
                frame = await driver.read(points)
                assert frame["value"].to_pylist() == [1, 2, None, None, None, None]
                assert frame["quality"].to_pylist() == [0, 0] + [q.BAD_NODE_ID_UNKNOWN] * 4
                assert (await driver.health()).counters["requests"] - before <= asked
            await plc.stop()
        plc._memory["db1"] += bytes(10)
        await plc.start()
        async with driver:
            assert (await driver.read(points))["quality"].to_pylist()[:4] == [0] * 4
            now_s = 100.0
            assert (await driver.read(points))["quality"].to_pylist() == [0] * 4 + [q.BAD_NODE_ID_UNKNOWN] * 2


async def test_a_foreign_client_sees_what_was_written_and_writes_what_is_seen() -> None:
    def command(address: str, value: Any) -> Command:
        return Command(id="1", tenant="t", point=1, address=address, value=value, asked_by="test", expires_us=1 << 60)

    async with Simulator() as plc, S7Driver(plc.options) as driver:
        client = Client()
        await asyncio.to_thread(client.connect, plc.host, 0, 1, plc.port)
        await driver.write(command("DB1.DBD4:real", 47.25))
        await driver.write(command("DB1.DBX9.3", True))
        assert bytes(await asyncio.to_thread(client.db_read, 1, 4, 6)) == struct.pack(">f", 47.25) + b"\0\x08"
        await asyncio.to_thread(client.db_write, 1, 4, bytearray(struct.pack(">f", -1.5)))
        assert (await driver.read(wanted("db1.4:real")))["value"].to_pylist() == [-1.5]
        await asyncio.to_thread(client.disconnect)
        await plc.set("db1.20:string8", "P")
        await driver.write(command("db1.20:string254", "PUMP-778"))
        assert plc.held("db1.20:string8") == b"\x08\x08PUMP-778"
        with pytest.raises(FixConfiguration, match="room for 8"):
            await driver.write(command("db1.20:string254", "PUMP-7788"))


async def test_browsing_shows_blocks_pages_and_words() -> None:
    plc = Simulator({"db3": 250, "m": 16}, values={"db3.200:int": -7})
    async with plc, S7Driver(plc.options | {"pdu": 112}) as driver:
        assert [n.path for n in await driver.browse()] == ["db", "i", "q", "m"]
        assert [n.path for n in await driver.browse("db")] == ["db3"]
        assert [n.title for n in await driver.browse("db3")] == ["0 – 99", "100 – 199", "200 – 249"]
        words = await driver.browse("db3/200")
        assert len(words) == 25 and len(await driver.browse("db3/0")) == 50
        assert (words[0].address, words[0].value, words[0].title) == ("db3.200:int", -7, "DB3.DBW200")
        assert await driver.browse("i") == []
        with pytest.raises(FixConfiguration, match=r"driver\.address"):
            await driver.browse("nowhere")


def test_options_are_checked() -> None:
    assert settings({"host": "x", "rack": 1, "slot": 3}).tsaps == (0x0100, 0x0223)
    assert settings({"host": "x", "local_tsap": "10.00", "remote_tsap": "4D57"}).tsaps == (0x1000, 0x4D57)
    for wrong in (
        {"slot": 32},
        {"rack": True},
        {"connection": "hmi"},
        {"remote_tsap": "far"},
        {"host": " "},
        {"pdu": 1},
    ):
        with pytest.raises(FixConfiguration, match=r"driver\.option"):
            settings({"host": "x", **wrong})


# -- PLCs that answer wrongly -------------------------------------------------------------------------------

CONFIRM = bytes.fromhex("0300001611d00001000100c0010ac1020100c2020102")
Answer = Callable[[bytes], bytes]


def acked(job: bytes, parameters: bytes, data: bytes = b"", error: int = 0) -> bytes:
    head = struct.pack(">BBHHHHH", 0x32, 3, 0, codec.sequence_of(job), len(parameters), len(data), error)
    return codec.wrap(head + parameters + data)


def agreed(job: bytes) -> bytes:
    return acked(job, bytes.fromhex("f0000004000400f0"))


@asynccontextmanager
async def wrong(confirm: bytes, setup: Answer, read: Answer) -> AsyncIterator[dict[str, Any]]:
    serving: set[asyncio.Task[Any] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        try:
            while True:
                head = await reader.readexactly(4)
                body = await reader.readexactly(int.from_bytes(head[2:], "big") - 4)
                if body[1] & 0xF0 == 0xE0:
                    writer.write(confirm)
                else:
                    job = body[3:]
                    writer.write(setup(job) if job[10] == 0xF0 else read(job))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield {"host": "127.0.0.1", "port": server.sockets[0].getsockname()[1], "timeout_s": 0.25}
        await asyncio.wait([task for task in serving if task], timeout=5)


async def outcome(options: dict[str, Any]) -> str:
    try:
        async with asyncio.timeout(3), S7Driver(options) as driver:
            await driver.read(wanted("db1.0:int"))
    except BaigongError as error:
        assert error.place, "which PLC was it?"
        return error.code
    return "fine"


RIGHT: Answer = lambda job: acked(job, b"\4\1", b"\xff\4\0\x10\0\7")  # noqa: E731


async def test_the_wrong_plc_would_be_right_if_it_answered_right() -> None:
    async with wrong(CONFIRM, agreed, RIGHT) as options, S7Driver(options) as driver:
        assert (await driver.read(wanted("db1.0:int")))["value"].to_pylist() == [7]


@pytest.mark.parametrize(
    ("confirm", "setup", "read", "code"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", agreed, RIGHT, "driver.protocol"),
        (b"\0" * 50, agreed, RIGHT, "driver.protocol"),
        (bytes.fromhex("0300000b0680000000010102"[:22]), agreed, RIGHT, "driver.unreachable"),
        (b"", agreed, RIGHT, "driver.unreachable"),
        (CONFIRM, lambda j: acked(j, b"", error=0x8104), RIGHT, "driver.protocol"),
        (CONFIRM, lambda j: acked(j, b"\xf0\0\0\1\0\1\0\x10"), RIGHT, "driver.protocol"),
        (CONFIRM, lambda j: acked(j, b"\xf0\0"), RIGHT, "driver.protocol"),
        (CONFIRM, agreed, lambda j: b"", "driver.timeout"),
        (
            CONFIRM,
            agreed,
            lambda j: acked(b"\x32" + bytes(5) + bytes(9), b"\4\1", b"\xff\4\0\x10\0\7"),
            "driver.timeout",
        ),
        (CONFIRM, agreed, lambda j: acked(j, b"", error=0x8404), "driver.protocol"),
        (CONFIRM, agreed, lambda j: acked(j, b"\5\1", b"\xff\4\0\x10\0\7"), "driver.protocol"),
        (CONFIRM, agreed, lambda j: acked(j, b"\4\2", b"\xff\4\0\x10\0\7"), "driver.protocol"),
        (CONFIRM, agreed, lambda j: acked(j, b"\4\1", b"\xff\4\0\x20\0\7\0\0"), "driver.protocol"),
        (CONFIRM, agreed, lambda j: acked(j, b"\4\1", b"\xff\4\0\x10\0"), "driver.protocol"),
        (CONFIRM, agreed, lambda j: acked(j, b"\4\1", b"\xff"), "driver.protocol"),
        (CONFIRM, agreed, lambda j: codec.wrap(b"\x32\3\0\0"), "driver.protocol"),
        (CONFIRM, agreed, lambda j: b"\3\0\0\5\xff", "driver.protocol"),
        (CONFIRM, agreed, lambda j: b"\3\0\0\x40\2\xf0\0" * 40000, "driver.protocol"),
    ],
)
async def test_a_wrong_answer_is_a_typed_error_in_time(confirm: bytes, setup: Answer, read: Answer, code: str) -> None:
    async with wrong(confirm, setup, read) as options:
        assert await outcome(options) == code


async def test_cancelling_a_read_leaves_the_connection_in_step() -> None:
    async with Simulator(values={"db1.0:int": 1, "db1.100:int": 2}) as plc, S7Driver(plc.options) as driver:
        for _ in range(20):
            task = asyncio.ensure_future(driver.read(wanted("db1.0:int")))
            await asyncio.sleep(0.0005)
            task.cancel()
            await asyncio.wait([task])
            assert (await driver.read(wanted("db1.100:int")))["value"].to_pylist() == [2]
