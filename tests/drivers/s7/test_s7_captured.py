"""Real connections (WinCC, STEP 7, TIA, libnodave with S7-300, 400, 1200): every read, its answer, every write."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from captured import streams
from snap7.s7protocol import S7Protocol

from baigong.drivers.s7 import codec
from baigong.vocab.errors import RetryLater

SHARED = Path(os.environ.get("BAIGONG_SHARED", Path(__file__).parents[3].parent / "shared"))
FOLDER = SHARED / "data/ics_pcaps/s7comm"
FILES = sorted(FOLDER.glob("*.pcap*"))
pytestmark = pytest.mark.skipif(not FILES, reason="the captured S7 connections are not here")
AREAS = {0x81: "i", 0x82: "q", 0x83: "m", 0x84: "db", 0x1C: "c", 0x1D: "t"}


def pdus(stream: bytes) -> Iterator[bytes]:
    """The PDUs of one direction; ends where bytes are missing from the capture."""
    part = b""
    while stream:
        try:
            used, _, ends, data = codec.take(stream)
        except RetryLater:
            return
        if not used:
            return
        stream, part = stream[used:], part + data
        if ends:
            if part:
                yield part
            part = b""


def asked(job: bytes) -> list[codec.Item] | None:
    """The items of a read of bytes, None for another job."""
    if job[:2] != b"\x32\x01" or job[10] != 4:
        return None
    made = []
    for at in range(12, len(job), 12):
        kind, count, db, area = struct.unpack_from(">BHHB", job, at + 3)
        address = int.from_bytes(job[at + 9 : at + 12], "big")
        if job[at : at + 3] != b"\x12\x0a\x10" or kind not in (2, 0x1C, 0x1D) or area not in AREAS:
            return None
        made.append(codec.Item(AREAS[area], db, address // 8 if kind == 2 else address, count))
    return made


def exchanges(path: Path) -> Iterator[tuple[bytes, list[codec.Item], bytes]]:
    for to_plc, from_plc in streams(path):
        answers = {codec.sequence_of(pdu): pdu for pdu in pdus(from_plc) if pdu[:2] == b"\x32\x03"}
        for job in pdus(to_plc):
            if job[:1] == b"\x32" and (items := asked(job)) and codec.sequence_of(job) in answers:
                yield job, items, answers[codec.sequence_of(job)]


def test_every_read_is_written_and_its_answer_read() -> None:
    seen = 0
    for path in FILES:
        for job, items, answer in exchanges(path):
            assert codec.numbered(codec.read(items), codec.sequence_of(job)) == job
            told = codec.answers(answer, items)
            assert [len(raw) for code, raw in told if code == codec.OK] == [
                item.size for item, (code, _) in zip(items, told, strict=True) if code == codec.OK
            ]
            if all(code == codec.OK for code, _ in told):
                protocol = S7Protocol()
                theirs = protocol.extract_multi_read_data(protocol.parse_response(answer), len(items))
                assert [raw for _, raw in told] == [bytes(raw) for raw in theirs]
            seen += 1
    assert seen > 500


def test_every_setup_is_understood() -> None:
    sizes = set()
    for path in FILES:
        for _, from_plc in streams(path):
            for pdu in pdus(from_plc):
                if pdu[:2] == b"\x32\x03" and pdu[12:13] == b"\xf0" and pdu[10:12] == b"\0\0":
                    sizes.add(codec.agreed(pdu)[1])
    assert {240, 480} <= sizes


def test_every_write_of_one_value_is_written_so() -> None:
    seen = set()
    for path in FILES:
        for to_plc, _ in streams(path):
            for job in pdus(to_plc):
                if job[:2] != b"\x32\x01" or job[10:12] != b"\5\1":
                    continue
                kind, count, db, area = struct.unpack_from(">BHHB", job, 15)
                address = int.from_bytes(job[21:24], "big")
                if area not in AREAS or kind not in (1, 2):
                    continue
                item, raw = codec.Item(AREAS[area], db, address // 8, count), job[28 : 28 + count]
                made = codec.write(item, raw, address % 8 if kind == 1 else None)
                assert codec.numbered(made, codec.sequence_of(job)) == job[: len(made)]
                seen.add(kind)
    assert seen, "no write in the captures"
