"""The demo plant's devices as the platform is told of them: where to connect, and which points to read there."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from baigong.drivers.modbus.address import Register, canonical, parse
from baigong.plant.catalogue import ASSETS, DEVICES, Row, Signal, signals
from baigong.plant.setpoints import SETPOINTS
from baigong.vocab.devices import Counter, DeviceSpec, PointSpec
from baigong.vocab.ids import point_number

HOST = "127.0.0.1"
FRONT_DOOR = "frontdoor"  # not a driver that goes out: these devices come to the gateway's MQTT listener
MQTT_DEVICES = ("old-press-clamp", "room-climate")
OPCUA_DEVICES = ("cnc-cell", "press-hall")
OPCUA_URIS = {"cnc-cell": "urn:baigong:demo:cnc-cell", "press-hall": "urn:baigong:demo:press-hall"}
MODBUS_UNITS = {"meter-main": 1, "meter-press": 2, "meter-cnc": 3, "meter-utility": 4}
_BLOCK = 100  # registers reserved for each machine of a PLC
_CDAB = ("pump-plc",)  # this make of PLC sends the low word first
_TITLES = {
    "pump-plc": ("Pump station PLC (Modbus TCP)", "泵站PLC(Modbus TCP)"),
    "air-controller": ("Compressed air controller (Modbus TCP)", "空压站控制器(Modbus TCP)"),
    "furnace-plc": ("Hardening furnace PLC (Modbus TCP)", "淬火炉PLC(Modbus TCP)"),
    "meter-main": ("Main meter (Modbus gateway, unit 1)", "总电表(Modbus 网关,地址1)"),
    "meter-press": ("Moulding hall meter (Modbus gateway, unit 2)", "注塑车间电表(Modbus 网关,地址2)"),
    "meter-cnc": ("Machining hall meter (Modbus gateway, unit 3)", "机加车间电表(Modbus 网关,地址3)"),
    "meter-utility": ("Utilities meter (Modbus gateway, unit 4)", "动力站电表(Modbus 网关,地址4)"),
    "cnc-cell": ("Machining cell (OPC UA)", "加工中心单元(OPC UA)"),
    "press-hall": ("Moulding hall (OPC UA, after EUROMAP 77)", "注塑车间(OPC UA,EUROMAP 77 风格)"),
    "old-press-clamp": ("Current clamp on the old press (MQTT)", "旧压机电流钳(MQTT)"),
    "room-climate": ("Room climate sensors (MQTT)", "车间环境传感器(MQTT)"),
}
TOPICS = {"old-press-clamp": "old-press/clamp", "room-climate": "rooms/climate"}


class Ports(Struct, frozen=True, kw_only=True):
    """Where the plant's servers listen, on loopback."""

    pump: int = 8611
    air: int = 8612
    furnace: int = 8613
    meters: int = 8614
    cnc: int = 8615
    press: int = 8616

    def of(self, device: str) -> int:
        """Return the port of a Modbus or OPC UA device."""
        return int(getattr(self, "meters" if device in MODBUS_UNITS else device.partition("-")[0]))


def free_ports() -> Ports:
    """Ask the system for six free ports (somebody else may take one before it is used)."""
    sockets = [socket.socket() for _ in range(6)]
    for one in sockets:
        one.bind((HOST, 0))
    numbers = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return Ports(**dict(zip(Ports.__struct_fields__, numbers, strict=True)))


def devices(ports: Ports, host: str = HOST) -> list[DeviceSpec]:
    """Describe every way into the plant, ready to be registered."""
    return [_device(name, ports, host) for name in DEVICES]


def numbers(tenant: str) -> dict[str, int]:
    """Number every point by its address, as the registry does."""
    return {signal.name: point_number(tenant, signal.device, address(signal)) for signal in signals()}


def _device(name: str, ports: Ports, host: str) -> DeviceSpec:
    made = [_point(signal) for signal in signals(name)]
    told: dict[str, Any] = {
        "title": _TITLES[name][0],
        "title_zh": _TITLES[name][1],
        "assets": {asset: ASSETS[asset] for asset in DEVICES[name]},
    }
    if name in MQTT_DEVICES:
        return DeviceSpec(device=name, driver=FRONT_DOOR, **told, points=made, stale_after_s=60.0)
    options: dict[str, Any] = {"host": host, "port": ports.of(name), "unit": MODBUS_UNITS.get(name, 1)}
    if name in _CDAB:
        options["order"] = "cdab"
    if name in OPCUA_DEVICES:
        options = {"url": f"opc.tcp://{host}:{ports.of(name)}"}
    return DeviceSpec(
        device=name,
        driver="opcua" if name in OPCUA_DEVICES else "modbus",
        **told,
        options=options,
        scan={"default": "1s", "slow": "5s"},
        points=made,
    )


def _point(signal: Signal) -> PointSpec:
    row = signal.row
    kind, scale = ("", 1.0)
    if signal.device not in MQTT_DEVICES + OPCUA_DEVICES:
        kind, scale = modbus_type(row)
    return PointSpec(
        name=signal.name,
        address=address(signal),
        kind=row.kind,
        unit=row.unit,
        title=row.title,
        title_zh=row.title_zh,
        scale=scale,
        scan="slow" if row.every == 60 and signal.device not in MQTT_DEVICES else "",
        sloped=row.every > 0,
        states={code: word for code, (word, _) in row.states.items()},
        states_zh={code: word for code, (_, word) in row.states.items()},
        counter=_counter(row, kind, scale) if row.kind == "counter" else None,
        write=SETPOINTS[signal.name].rule if signal.name in SETPOINTS else None,
    )


def _counter(row: Row, kind: str, scale: float) -> Counter:
    bits = {"uint16": 16, "uint32": 32}.get(kind)
    natural = 2.0**bits * scale if bits else None
    return Counter(rollover=row.rollover or natural)


def modbus_type(row: Row) -> tuple[str, float]:
    """Split a row's wire into register type and scale.

    >>> modbus_type(Row("x", "", "", "", 0.1, 60, "uint16*0.1")), modbus_type(Row("x", "", "", "", 1, 0, "bit:3"))
    (('uint16', 0.1), ('bit:3', 1.0))
    """
    kind, _, scale = row.wire.partition("*")
    return kind, float(scale or 1.0)


def _modbus_addresses(device: str) -> Iterator[tuple[str, str]]:
    """Lay out a PLC: each machine's status word at its block's beginning, then its registers in order.

    A 64-bit register and a float begin where they come; meters show theirs as input registers.
    """
    area = "input" if device in MODBUS_UNITS else "holding"
    for block, (asset, rows) in enumerate(DEVICES[device].items()):
        at = block * _BLOCK + 1
        for row in rows:
            kind, _ = modbus_type(row)
            name = f"{asset}.{row.quantity}"
            if kind.startswith("bit:"):
                yield name, canonical(f"{area}:{block * _BLOCK}.{kind.removeprefix('bit:')}")
                continue
            order = ":cdab" if device in MODBUS_UNITS and kind == "uint32" else ""
            written = f"{area}:{at}:{kind}{order}"
            yield name, canonical(written)
            at += parse(written).count


_MODBUS = {
    name: where
    for device in DEVICES
    if device not in MQTT_DEVICES + OPCUA_DEVICES
    for name, where in _modbus_addresses(device)
}


def register(signal: Signal) -> Register:
    """Say where a Modbus point lies, in the word order of its device."""
    return parse(_MODBUS[signal.name], order="cdab" if signal.device in _CDAB else "abcd")


def node_path(signal: Signal) -> str:
    """Identifier of an OPC UA point's node in its server's own namespace: ``Press2.MachineStatus.State``."""
    return f"{machine_name(signal.asset)}.{signal.row.wire}"


def machine_name(asset: str) -> str:
    """Write an asset's name as a machine's display name.

    >>> machine_name("cnc1"), machine_name("press2")
    ('CNC1', 'Press2')
    """
    return asset.upper() if asset.startswith("cnc") else asset.capitalize()


def address(signal: Signal) -> str:
    """Return a point's address in the notation of its driver."""
    if signal.device in OPCUA_DEVICES:
        return f"nsu={OPCUA_URIS[signal.device]};s={node_path(signal)}"
    if signal.device in MQTT_DEVICES:
        return f"{TOPICS[signal.device]}#{signal.row.wire}"
    return _MODBUS[signal.name]
