"""Tag lists of Kepware and Ignition become points; what cannot be taken is listed with its reason."""

from __future__ import annotations

import json

import pytest

from baigong.drivers.modbus.address import parse
from baigong.drivers.s7.address import parse as parse_s7
from baigong.models.registertables import Reading, is_tag_list, read_tags, template_of
from baigong.vocab.errors import FixConfiguration

HEADS = (
    "Tag Name,Address,Data Type,Respect Data Type,Client Access,Scan Rate,Scaling,Raw Low,Raw High,Scaled Low,"
    "Scaled High,Scaled Data Type,Clamp Low,Clamp High,Eng Units,Description,Negate Value"
)
KEPWARE = f"""{HEADS}
"Oven.Temperature","400001",Short,1,R/W,100,Linear,0,4000,0,400,Double,Yes,No,"°C","炉温",
"Oven.Power","300011",Float,1,RO,100,,,,,,,,,"kW","Power",
"Oven.Running","000005",Boolean,1,RO,100,,,,,,,,,"","",
"Oven.Alarm","40010.3",Boolean,1,RO,100,,,,,,,,,"","",
"Oven.Recipe","400100.20H",String,1,RO,100,,,,,,,,,"","",
"Oven.Trend","400200 [10]",Word Array,1,RO,100,,,,,,,,,"","",
"Oven.Root","400300",Word,1,RO,100,Square Root,0,100,0,10,Double,No,No,"","",
"Oven.Power","400400",Word,1,RO,100,,,,,,,,,"furlong","",
"Other.D","D100",Word,1,RO,100,,,,,,,,,"","",
"""


def test_kepware_modbus_tags_keep_their_scaling_and_what_is_left_says_why() -> None:
    assert is_tag_list(KEPWARE)
    table = read_tags(KEPWARE, Reading())
    taken = {line.name: line for line in table.lines if line.outcome != "left"}
    assert [line.address for line in taken.values()] == [
        "holding:0:int16", "input:10:float32", "coil:4", "holding:9.3", "holding:99:string20",
    ]  # fmt: skip
    assert all(parse(line.address) for line in taken.values())
    oven = taken["Oven.Temperature"]
    assert (oven.scale, oven.offset, oven.unit, oven.title) == (0.1, 0.0, "Cel", "炉温")
    assert "clamping" in oven.remarks[0].message
    left = {line.line: line.remarks[-1].message for line in table.lines if line.outcome == "left"}
    assert "array" in left[7] and "Square Root" in left[8] and "the name of line 3" in left[9]
    assert "no address of modbus" in left[10]
    made = template_of("oven", table)
    assert made is not None and made.options == {"order": "cdab"}, "Kepware's default: low word first"
    assert (made.points["Oven.Running"].kind, made.points["Oven.Recipe"].kind) == ("state", "text")


def test_types_within_types_without_end_are_refused() -> None:
    twice = [{"name": n, "tagType": "UdtInstance", "typeId": "T"} for n in "abc"]
    types = [{"name": "_types_", "tagType": "Folder", "tags": [{"name": "T", "tagType": "UdtType", "tags": twice}]}]
    with pytest.raises(FixConfiguration, match="tags and folders"):
        read_tags(json.dumps({"tagType": "Provider", "tags": [*types, *twice]}), Reading())
    with pytest.raises(FixConfiguration, match="no JSON"):
        read_tags('{"tags": ', Reading())


def test_kepware_siemens_tags_are_of_the_s7_driver() -> None:
    text = (
        f'{HEADS}\n"Speed","DB1,REAL8",Float,1,RO,100,,,,,,,,,"","",\n"On","DB1,X0.3",Boolean,1,RO,100,,,,,,,,,"","",\n'
    )
    table = read_tags(text, Reading())
    assert table.driver == "s7" and [line.address for line in table.lines] == ["DB1,REAL8", "DB1,X0.3"]
    assert all(parse_s7(line.address) for line in table.lines)


def test_a_list_of_another_make_alone_is_not_taken_for_something_else() -> None:
    table = read_tags(f'{HEADS}\n"Press.D","D100",Word,1,RO,100,,,,,,,,,"","",\n', Reading())
    assert [(line.outcome, line.address) for line in table.lines] == [("left", "")]
    assert "other makes" in table.lines[0].remarks[-1].message
    assert table.driver == "modbus" and template_of("press", table) is None


def test_ignition_instances_of_udts_are_written_out_with_their_parameters() -> None:
    motor = {
        "name": "Motor", "tagType": "UdtType",
        "parameters": {"Device": {"dataType": "String", "value": "PLC1"}, "Base": {"dataType": "Integer", "value": 0}},
        "tags": [
            {"name": "Speed", "tagType": "AtomicTag", "valueSource": "opc", "dataType": "Float4", "engUnit": "rpm",
             "opcItemPath": {"bindType": "parameter", "binding": "ns=1;s=[{Device}]HRF{Base}"}},
            {"name": "Twice", "tagType": "AtomicTag", "valueSource": "expr", "expression": "{[.]Speed}*2"},
        ],
    }  # fmt: skip
    tree = {"name": "", "tagType": "Provider", "tags": [
        {"name": "_types_", "tagType": "Folder", "tags": [motor]},
        {"name": "Line 1", "tagType": "Folder", "tags": [
            {"name": "M1", "tagType": "UdtInstance", "typeId": "Motor", "parameters": {"Base": {"value": 100}}},
            {"name": "M2", "tagType": "UdtInstance", "typeId": "Motor",
             "parameters": {"Base": {"value": 200}, "Device": {"value": "PLC2"}}},
            {"name": "M3", "tagType": "UdtInstance", "typeId": "Nowhere"},
            {"name": "Door", "tagType": "AtomicTag", "valueSource": "opc", "dataType": "Boolean",
             "opcItemPath": "ns=1;s=[PLC1]2.DI7"},
        ]},
    ]}  # fmt: skip
    text = json.dumps(tree)
    table = read_tags(text, Reading())
    asked = table.questions[0]
    assert (asked.field, asked.taken, asked.choices) == ("device", "PLC1", ["PLC1", "PLC2"])
    told = {line.name: line for line in table.lines}
    assert (told["Line_1.M1.Speed"].address, told["Line_1.M1.Speed"].unit) == ("holding:100:float32", "/min")
    assert told["Line_1.Door"].address == "2!discrete:7"
    left = {name: line.remarks[-1].message for name, line in told.items() if line.outcome == "left"}
    assert "PLC2" in left["Line_1.M2.Speed"] and "Nowhere" in left["Line_1.M3"] and "expr" in left["Line_1.M1.Twice"]
    other = {line.name: line.address for line in read_tags(text, Reading(device="PLC2")).lines if line.address}
    assert other == {"Line_1.M2.Speed": "holding:200:float32"}
