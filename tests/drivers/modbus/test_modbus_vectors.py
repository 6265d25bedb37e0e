"""Apache PLC4X' Modbus test suites against our codec: framing, addresses, every data type in both byte orders."""

from __future__ import annotations

import os
import re
import struct
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baigong.drivers.modbus import codec
from baigong.drivers.modbus.address import BIT_AREAS, Register, parse

SHARED = Path(os.environ.get("BAIGONG_SHARED", Path(__file__).parents[3].parent / "shared"))
FOLDER = next(
    (
        found
        for root in (SHARED, SHARED / "data")
        if (found := root / "vectors/plc4x/protocols/modbus/src/test/resources/protocols/modbus").is_dir()
    ),
    None,
)
pytestmark = pytest.mark.skipif(FOLDER is None, reason="the PLC4X vectors are not here")

# IEC 61131-3 names -> our types. BOOL is the lowest bit of its register.
TYPES = {
    "BOOL": "bits:0-0",
    "BYTE": "uint8",
    "USINT": "uint8",
    "SINT": "int8",
    "WORD": "uint16",
    "UINT": "uint16",
    "INT": "int16",
    "DWORD": "uint32",
    "UDINT": "uint32",
    "DINT": "int32",
    "ULINT": "uint64",
    "LINT": "int64",
    "REAL": "float32",
    "LREAL": "float64",
}
_TAG = re.compile(r"^holding-register:(\d+):([A-Z]+)(?:\[(\d+)\])?$")
_READ, _WRITE = "ModbusPDUReadHoldingRegistersResponse", "ModbusPDUWriteMultipleHoldingRegistersRequest"


def suites(pattern: str) -> list[Path]:
    return sorted(FOLDER.glob(pattern)) if FOLDER else []


def registers(address: str, order: str) -> list[Register]:
    """Translate PLC4X' one-based tag, an array into its elements."""
    found = _TAG.match(address)
    assert found, address
    start, kind, length = int(found[1]), TYPES[found[2]], int(found[3] or 1)
    first = parse(f"holding:{start}:{kind}", one_based=True, order=order)
    made = [parse(f"holding:{first.start + i * first.count}:{kind}", order=order) for i in range(length)]
    assert made[0] == first
    return made


def cases() -> Iterator[Any]:
    for path in suites("tcp/*ata*ypes*.xml") + suites("tcp/DriverTestsuite*.xml"):
        root = ET.parse(path).getroot()
        little = root.findtext("driver-parameters/parameter/value") == "LITTLE_ENDIAN"
        for case in root.iter("testcase"):
            yield pytest.param(case, "dcba" if little else "abcd", id=f"{path.stem}: {case.findtext('name')}")


def decoded(register: Register, base: int, raw: bytes) -> float | int:
    made = codec.Decoder(1, [(0, register, base)]).decode(np.frombuffer(raw, np.uint8))
    if made.whole is not None:
        return int(made.whole[0])
    return float(made.value[0])


def number(text: str) -> float | int:
    if text in ("true", "false"):
        return int(text == "true")
    return int(text) if re.fullmatch(r"-?\d+", text) else float(text)


@pytest.mark.parametrize(("case", "order"), list(cases()))
def test_values(case: ET.Element, order: str) -> None:
    """Each tag's registers, out of the telegrams of the case, against the values the case expects."""
    tags = [a.text for a in case.iter("address") if a.text and a.text.startswith("holding-register:")]
    wanted = [r for tag in tags for r in registers(tag, order)]
    held: dict[int, bytes] = {}
    asked = [int(e.text or "") for e in case.iter("startingAddress")]
    wires = [bytes.fromhex((e.findtext("value") or "")[2:]) for name in (_READ, _WRITE) for e in case.iter(name)]
    starts = asked[: len(wires)]
    for start, wire in zip(starts, wires, strict=True):
        held |= {start + i: wire[2 * i : 2 * i + 2] for i in range(len(wire) // 2)}
    shown = [number(e.text or "") for e in case.iter() if re.fullmatch("Plc(?!List)[A-Z]+", e.tag) and e.text]
    request = case.find(".//TestWriteRequest")
    sent = [] if request is None else [number(e.text or "") for e in request.iter("value")]
    expected = sent or shown
    assert wanted
    assert len(expected) == len(wanted)
    for register, value in zip(wanted, expected, strict=True):
        wire = b"".join(held[register.start + i] for i in range(register.count))
        found = decoded(register, 0, wire)
        # PLC4X writes some REALs rounded to fewer digits than the register holds
        assert found == (pytest.approx(value, rel=1e-7) if isinstance(value, float) else value)
        assert codec.encode(register, value) == wire


def framings() -> Iterator[Any]:
    for path in suites("tcp/Parser*.xml") + suites("rtu/Parser*.xml"):
        for case in ET.parse(path).getroot().iter("testcase"):
            yield pytest.param(path.parent.name, case, id=f"{path.parent.name}: {case.findtext('name')}")


@pytest.mark.parametrize(("transport", "case"), list(framings()))
def test_framing(transport: str, case: ET.Element) -> None:
    raw = bytes.fromhex("".join((case.findtext("raw") or "").split()))
    function = int(case.findtext(".//functionFlag") or "")
    if transport == "tcp":
        used, transaction, unit, pdu = codec.take_tcp(raw)
        assert used == len(raw)
        assert transaction == int(case.findtext(".//transactionIdentifier") or "")
        assert unit == int(case.findtext(".//unitIdentifier") or "")
        assert codec.wrap_tcp(transaction, unit, pdu) == raw
    else:
        unit = int(case.findtext(".//address") or "")
        assert codec.crc(raw[:-2]) == raw[-2:] == int(case.findtext(".//crc") or "").to_bytes(2, "big")
        pdu = raw[1:-2]
        assert codec.wrap_rtu(unit, pdu) == raw
    assert pdu[0] == function
    area = {n: a for a, n in codec.FUNCTIONS.items()}.get(function)
    if area is None:  # file records, which we do not read: the frame around them is ours all the same
        return
    if (start := case.findtext(".//startingAddress")) is not None:
        assert codec.request(area, int(start), int(case.findtext(".//quantity") or "")) == pdu
    else:
        value = bytes.fromhex((case.findtext(".//value") or "")[2:])
        if transport == "rtu":
            assert codec.find_rtu(raw, unit, function) == pdu
        assert codec.payload(pdu, area, len(value) // 2).tobytes() == value


def segments(path: Path) -> Iterator[tuple[bool, bytes]]:
    """Yield (from the device, TCP payload) of a pcapng file of Ethernet, IPv4, TCP frames."""
    raw, at = path.read_bytes(), 0
    while at < len(raw):
        kind, length = struct.unpack_from("<II", raw, at)
        if kind == 6:  # enhanced packet block
            (captured,) = struct.unpack_from("<I", raw, at + 20)
            packet = raw[at + 28 : at + 28 + captured]
            internet = packet[14 : 14 + struct.unpack_from(">H", packet, 16)[0]]
            transport = internet[4 * (internet[0] & 15) :]
            yield transport[:2] == (502).to_bytes(2, "big"), transport[4 * (transport[12] >> 4) :]
        at += length


def test_a_recorded_conversation() -> None:
    """Every telegram of a real PLC's capture: our requests are byte for byte those sent, every answer is read."""
    path = suites("tcp/manual-test-capture.pcapng")[0]
    areas = {n: a for a, n in codec.FUNCTIONS.items()}
    asked: dict[int, tuple[str, int]] = {}
    answered = refused = 0
    for answer, held in segments(path):
        while held:
            used, transaction, unit, pdu = codec.take_tcp(held)
            assert used, held.hex()
            assert codec.wrap_tcp(transaction, unit, pdu) == held[:used]
            held = held[used:]
            if not answer and pdu[0] in areas:
                area, (start, count) = areas[pdu[0]], struct.unpack(">HH", pdu[1:])
                assert codec.request(area, start, count) == pdu
                asked[transaction] = (area, count)
            elif answer and transaction in asked:
                area, count = asked.pop(transaction)
                try:
                    assert len(codec.payload(pdu, area, count)) == (count if area in BIT_AREAS else 2 * count)
                    answered += 1
                except codec.Refused:
                    refused += 1
    assert not asked
    assert answered > 500


def test_the_suites_are_all_here() -> None:
    assert len(list(cases())) >= 60
    assert len(list(framings())) >= 8
