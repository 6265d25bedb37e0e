"""Device templates that come with the platform: whole, with their sources, and read from a device that has no more."""

from __future__ import annotations

import msgspec
import pytest

from baigong.drivers.contract import Wanted
from baigong.drivers.modbus.address import parse, write
from baigong.drivers.modbus.driver import ModbusDriver
from baigong.drivers.modbus.sim import Simulator
from baigong.registry.checking import check_driver
from baigong.registry.devicetemplates import check_with_driver, sample_device, shipped
from baigong.registry.templaterows import read_rows
from baigong.registry.types import shipped as shipped_types
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.devicetemplates import device_template_yaml, parse_device_template
from baigong.vocab.quality import GOOD

TEMPLATES = [(name, version) for name, held in sorted(shipped().items()) for version in held]


def _raw(point: PointSpec) -> int:
    """Return what a register may hold: something near 230, or the last of its states."""
    return int(list(point.states)[-1]) if point.kind == "state" else round(231 / point.scale) % 32_000


def _device(spec: DeviceSpec) -> tuple[Simulator, list[int]]:
    """Make a device that has the registers of a template, and no others."""
    one_based = spec.options.get("addressing") == "one"
    ranges: dict[str, list[tuple[int, int]]] = {}
    for point in spec.points:
        register = parse(point.address, one_based=one_based)
        bits = register.area in ("coil", "discrete")
        ranges.setdefault(register.area, []).append(
            (register.start - register.start % 16, 16) if bits else (register.start, register.count)
        )
    device = Simulator({a: sorted(set(r)) for a, r in ranges.items()}, order=spec.options.get("order", "abcd"))
    return device, [_raw(point) for point in spec.points]


@pytest.mark.parametrize(("name", "version"), TEMPLATES)
async def test_a_shipped_template_is_read_from_a_device_that_has_its_registers(name: str, version: int) -> None:
    text = shipped()[name][version]
    made = parse_device_template(text, name)
    check_with_driver(made)
    assert parse_device_template(device_template_yaml(made), name) == made
    assert made.source.document and made.manufacturer and made.models
    assert made.title and made.title_zh
    assert all(point.title and point.title_zh for point in made.points.values())
    assert not made.asset_type or made.asset_type in shipped_types()
    spec = sample_device(made)
    check_driver(msgspec.structs.replace(spec, options={**spec.options, "host": "127.0.0.1"}))
    device, raw = _device(spec)
    one_based = spec.options.get("addressing") == "one"
    for point, value in zip(spec.points, raw, strict=True):
        await device.set(write(parse(point.address, one_based=one_based)), value)
    async with device:
        options = {**spec.options, "host": device.host, "port": device.port, "unit": device.unit}
        async with ModbusDriver(options) as driver:
            frame = await driver.read([Wanted(at, point.address) for at, point in enumerate(spec.points)])
    assert set(frame["quality"].to_pylist()) == {GOOD}
    columns = zip(frame["value"].to_pylist(), frame["whole"].to_pylist(), strict=True)
    assert [value if value is not None else whole for value, whole in columns] == raw


def test_a_table_typed_with_wide_marks_is_read() -> None:
    """What a Chinese keyboard writes: wide commas between the cells, wide brackets in a header."""
    template = parse_device_template(shipped()["eastron-sdm120"][1], "eastron-sdm120")
    (line,) = read_rows("device\uff0c\uff28ost\nmeter1\uff0c10.0.0.7\n", template)
    assert (line.device, line.wrong) == ("meter1", ())
    assert line.wanted is not None and line.wanted.options["host"] == "10.0.0.7"
