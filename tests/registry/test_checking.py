"""What is wrong with a device is said before it is saved: by code, place and advice, all of it at once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from baigong.drivers.manifest import manifests
from baigong.registry.checking import check_driver
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.errors import BaigongError, FixConfiguration


def refused(spec: DeviceSpec) -> FixConfiguration:
    with pytest.raises(FixConfiguration) as caught:
        check_driver(spec)
    return caught.value


def one(driver: str, address: str, **more: Any) -> DeviceSpec:
    options = {"modbus": {"host": "plc"}, "opcua": {"url": "opc.tcp://plc"}, "mqtt": {"host": "broker"}}
    good = PointSpec(name="a.good", address=manifests()[driver].address_examples[0])
    point = PointSpec(name="a.x", address=address, **more)
    return DeviceSpec(device="d", driver=driver, options=options.get(driver, {}), points=[good, point])


@pytest.mark.parametrize(
    ("driver", "address"),
    [
        ("modbus", "holding:70000"),
        ("modbus", "holding:65535:float32"),
        ("modbus", "holding:1:float31"),
        ("modbus", "register:1"),
        ("modbus", "coil:1:int16"),
        ("opcua", "Machine.Temp"),
        ("opcua", "ns=70000;i=1"),
        ("opcua", "ns=2;i=x"),
        ("mqtt", "plant/+/data#temp"),
        ("mqtt", "plant/data"),
        ("frontdoor", "plant/+/data#temp"),
        ("sim", "sinus?period=1"),
        ("sim", "sine?period=x"),
    ],
)
def test_an_address_that_cannot_be(driver: str, address: str) -> None:
    error = refused(one(driver, address))
    assert (error.code, error.place) == ("driver.address", "device.points[1].address")
    assert error.fields["address"] == address and "a.x" in error.message and error.advice


@pytest.mark.parametrize("driver", sorted(manifests()))
def test_every_example_address_passes(driver: str) -> None:
    told = manifests()[driver]
    assert told.address_check
    for address in told.address_examples:
        told.check_address(address, {})


@pytest.mark.parametrize(
    ("field", "value"), [("scale", 0.0), ("scale", float("nan")), ("offset", float("inf")), ("deadband", -1.0)]
)
def test_numbers_that_make_no_sense(field: str, value: float) -> None:
    error = refused(one("sim", "sine", **{field: value}))
    assert (error.code, error.place) == ("config.invalid", f"device.points[1].{field}")


def test_a_scan_class_that_is_not_there() -> None:
    assert refused(one("sim", "sine", scan="fast")).place == "device.points[1].scan"


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({"host": "plc", "port": 70000}, "port"),
        ({"host": "plc", "unit": 256}, "unit"),
        ({"host": "plc", "timeout_s": float("nan")}, "timeout_s"),
        ({"host": "plc", "port": True}, "port"),
        ({"host": "plc", "order": "acbd"}, "order"),
        ({"hosts": "plc"}, "hosts"),
    ],
)
def test_options_and_their_ranges(options: dict[str, Any], place: str) -> None:
    error = refused(DeviceSpec(device="d", driver="modbus", options=options))
    assert (error.code, error.place) == ("driver.option", place)


def test_all_problems_come_at_once() -> None:
    points = [PointSpec(name=f"a.p{i}", address="nonsense", scale=0.0) for i in range(60)]
    error = refused(DeviceSpec(device="d", driver="modbus", options={"port": 0}, points=points))
    assert error.code == "driver.option" and error.fields["problems_total"] == 121
    assert len(error.fields["problems"]) == 50
    assert error.fields["problems"][1]["place"] == "device.points[0].address"


def test_one_based_addresses_begin_at_one() -> None:
    spec = one("modbus", "holding:0")
    check_driver(spec)
    assert refused(
        DeviceSpec(device="d", driver="modbus", options={"addressing": "one"}, points=spec.points)
    ).place == ("device.points[1].address")


def test_checking_imports_no_protocol_library(tmp_path: Path) -> None:
    code = (
        "import sys; from baigong.drivers.manifest import manifests\n"
        "for m in manifests().values(): [m.check_address(a, {}) for a in m.address_examples]\n"
        "assert not {'asyncua', 'duckdb', 'deltalake', 'pandas'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=tmp_path)


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        ({"min": 0}, "min"),
        ({"min": 2, "max": 1}, "max"),
        ({"min": 0, "max": 1, "interlock": "pump1.state = 2"}, "interlock"),
        ({"min": 0, "max": 1, "interlock": "open('x')"}, "interlock"),
        ({"min": 0, "max": 1, "address": "holding:70000"}, "address"),
        ({"min": 0, "max": float("inf")}, "max"),
    ],
)
def test_a_wrong_write_rule_is_found_before_anybody_writes(rule: dict[str, Any], place: str) -> None:
    point = {"name": "pump1.speed", "address": "holding:1", "kind": "setpoint", "write": rule}
    spec = msgspec.convert({"device": "p", "driver": "modbus", "points": [point]}, DeviceSpec)
    with pytest.raises(BaigongError) as caught:
        check_driver(spec)
    assert caught.value.place == f"device.points[0].write.{place}"
