"""The Modbus driver against servers that are not ours: libmodbus over TCP and RTU, pymodbus over RTU."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tty
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from baigong.drivers.contract import Wanted
from baigong.drivers.modbus.driver import ModbusDriver
from baigong.drivers.modbus.sim import Simulator
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.happenings import Command

SOURCE = Path(__file__).with_name("libmodbus_server.c")
EXPECTED = {
    "holding:5": 15,
    "40006:uint16": 15,
    "holding:12:float32": pytest.approx(47.3, rel=1e-7),
    "holding:14:float32:cdab": -1.5,
    "holding:16:float32:badc": 2.25,
    "holding:18:float32:dcba": pytest.approx(1e20, rel=1e-7),
    "holding:20:int64": -9007199254740995,
    "holding:99": 297,
    "holding:5.0": 1,
    "holding:5:bits:1-3": 7,
    "input:3:uint16": 60003,
    "input:3:int16": 60003 - 65536,
    "coil:9": 1,
    "coil:10": 0,
    "discrete:10": 1,
    "discrete:11": 0,
}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the C server, once."""
    if shutil.which("gcc") is None or not Path("/usr/include/modbus/modbus.h").exists():
        pytest.skip("gcc or libmodbus is missing (Debian: gcc libmodbus-dev)")
    made = tmp_path_factory.mktemp("libmodbus") / "server"
    subprocess.run(
        ["gcc", "-O1", "-Wall", "-I/usr/include/modbus", str(SOURCE), "-lmodbus", "-o", str(made)], check=True
    )
    return made


@asynccontextmanager
async def running(program: Path, *arguments: str) -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(str(program), *arguments, stdout=subprocess.PIPE)
    assert process.stdout
    try:
        async with asyncio.timeout(10):
            yield int(await process.stdout.readline())
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def check(driver: ModbusDriver, *, missing: str) -> None:
    wanted = [Wanted(i, address) for i, address in enumerate([*EXPECTED, missing])]
    for _ in range(3):
        rows = (await driver.read(wanted)).to_pylist()
        for row, expected in zip(rows, EXPECTED.values(), strict=False):
            assert (row["value"] if row["whole"] is None else row["whole"]) == expected, wanted[row["point"]]
            assert row["quality"] == 0
        assert rows[-1]["quality"] == q.BAD_NODE_ID_UNKNOWN


async def test_libmodbus_over_tcp(program: Path) -> None:
    async with running(program, "tcp") as port:
        for _ in range(2):  # the second time: reopened
            async with ModbusDriver({"host": "127.0.0.1", "port": port}) as driver:
                await check(driver, missing="holding:100")
                assert [n.path for n in await driver.browse("holding")] == ["holding/0"]
                nodes = await driver.browse("input/0")
                assert [n.value for n in nodes] == [60000 + i - 65536 for i in range(100)]


async def written(driver: ModbusDriver) -> None:
    """Write with every function, and read it back."""
    orders = {"holding:30:uint16": 4711, "holding:32:float32:cdab": -7.5, "holding:34.3": 1, "coil:20": 1, "coil:21": 0}
    for address, value in orders.items():
        command = Command(id="c", tenant="t", point=1, address=address, value=value, asked_by="x", expires_us=1)
        assert (await driver.write(command)).ok
        (row,) = (await driver.read([Wanted(1, address)])).to_pylist()
        assert row["value"] == value, address


@pytest.mark.parametrize("functions", ["single", "multiple"])
async def test_libmodbus_is_written(program: Path, functions: str) -> None:
    async with running(program, "tcp") as port:
        options = {"host": "127.0.0.1", "port": port, "write_with": functions}
        async with ModbusDriver(options) as driver:
            await written(driver)
            command = Command(id="c", tenant="t", point=1, address="holding:100", value=1, asked_by="x", expires_us=1)
            with pytest.raises(FixConfiguration) as caught:
                await driver.write(command)
            assert caught.value.code == "driver.readonly" and caught.value.fields["exception"] == 2


async def test_killing_libmodbus_is_noticed(program: Path) -> None:
    async with running(program, "tcp") as port:
        driver = ModbusDriver({"host": "127.0.0.1", "port": port})
        await driver.__aenter__()
        await check(driver, missing="holding:150")
    with pytest.raises(RetryLater) as caught:
        await driver.read([Wanted(1, "holding:1")])
    assert caught.value.code == "driver.unreachable"
    await driver.__aexit__(None, None, None)


class NullModem:
    """Pumps bytes between the two masters while it is entered."""

    def __init__(self) -> None:
        self.pairs = [os.openpty(), os.openpty()]
        for master, slave in self.pairs:
            os.set_blocking(master, False)
            tty.setraw(slave)
        self.ports = tuple(os.ttyname(slave) for _, slave in self.pairs)

    async def __aenter__(self) -> NullModem:
        (left, _), (right, _) = self.pairs
        loop = asyncio.get_running_loop()
        loop.add_reader(left, self._pump, left, right)
        loop.add_reader(right, self._pump, right, left)
        return self

    async def __aexit__(self, *_: Any) -> None:
        loop = asyncio.get_running_loop()
        for master, slave in self.pairs:
            loop.remove_reader(master)
            os.close(master)
            os.close(slave)

    def _pump(self, source: int, sink: int) -> None:
        with suppress(OSError):
            os.write(sink, os.read(source, 4096))


def serial(port: str, **more: Any) -> dict[str, Any]:
    return {"transport": "serial", "serial_port": port, "unit": 17, "baudrate": 19200, "timeout_s": 0.5} | more


async def test_libmodbus_over_a_serial_line(program: Path) -> None:
    async with NullModem() as cable, running(program, "rtu", cable.ports[0]):
        for _ in range(2):
            async with ModbusDriver(serial(cable.ports[1])) as driver:
                await check(driver, missing="holding:100")
                await written(driver)


async def test_pymodbus_over_a_serial_line() -> None:
    values = {"holding:12:float32": 47.5, "coil:3": 1}
    async with (
        NullModem() as cable,
        Simulator(values=values, transport="serial", serial_port=cable.ports[0], unit=17),
        ModbusDriver(serial(cable.ports[1])) as driver,
    ):
        wanted = [Wanted(i, a) for i, a in enumerate(values)]
        assert (await driver.read(wanted))["value"].to_pylist() == [47.5, 1]
        assert (await driver.browse("holding/0"))[12].value == 0x423E


async def test_a_silent_unit_on_a_serial_line_times_out(program: Path) -> None:
    async with (
        NullModem() as cable,
        running(program, "rtu", cable.ports[0]),
        ModbusDriver(serial(cable.ports[1], unit=9, timeout_s=0.2)) as driver,
    ):
        with pytest.raises(RetryLater) as caught:
            await driver.read([Wanted(1, "holding:1")])
        assert caught.value.code == "driver.timeout"


async def test_a_serial_adapter_that_is_pulled_out() -> None:
    cable = NullModem()
    driver = ModbusDriver(serial(cable.ports[1]))
    async with cable:
        await driver.__aenter__()
    with pytest.raises(RetryLater) as caught:
        await driver.read([Wanted(1, "holding:1")])
    assert caught.value.code == "driver.unreachable"
    await driver.__aexit__(None, None, None)


async def test_a_serial_server_that_passes_rtu_telegrams() -> None:
    values = {"holding:12:float32": 47.5, "coil:3": 1, "input:7:string6": "PUMPE"}
    async with Simulator(values=values, transport="rtu-over-tcp") as device:
        async with ModbusDriver(device.options) as driver:
            rows = (await driver.read([Wanted(i, a) for i, a in enumerate(values)])).to_pylist()
            assert [r["value"] if r["text"] is None else r["text"] for r in rows] == list(values.values())
        await device.stop()
        await device.start()
        async with ModbusDriver(device.options) as driver:
            assert (await driver.read([Wanted(1, "coil:3")]))["value"].to_pylist() == [1]
