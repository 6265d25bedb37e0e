"""Makers' register tables, pasted as they are: what each line is understood to say, and why one is not."""

from __future__ import annotations

from baigong.models.registertables import Reading, read_table, split, template_of
from baigong.vocab.devicetemplates import device_template_yaml, parse_device_template

CHINESE = """\
序号\t寄存器地址\t名称\t数据类型\t倍率\t单位\t读写
1\t40001\tA相电压\tUINT16\t0.1\tV\tR
2\t40002\tB相电压\tUINT16\t0.1\tV\tR
3\t40002\tC相电压\tUINT16\t0.1\tV\tR
4\t40004-40005\t总有功电能\tUINT32\t0.01\tkWh\tR
5\t40006\t频率\tFLOAT24\t\tHz\tR
6\t40007\t功率\tFLOAT\t\tkW\tR
7\t40008\t电流\tINT16\t/1000\tA\tR
8\t40020\t保留\tUINT16\t\t\tR
9\t40021\t状态(0=停止,1=运行)\tUINT16\t\t\tRW
10\t\t第二部分\t\t\t\t
11\t470000\t温度\tINT16\t0.1\t℃\tR
12\t40030\tFLOAT 一个寄存器\tINT16\t\t\tW
"""


def test_each_line_is_taken_or_left_with_its_reason() -> None:
    table = read_table(split(CHINESE), Reading())
    told = {line.line: line for line in table.lines}
    assert [(q.field, q.taken) for q in table.questions] == [("notation", "classical"), ("order", "abcd")]
    assert (told[2].outcome, told[2].address, told[2].unit, told[2].scale) == ("taken", "holding:0:uint16", "V", 0.1)
    assert (told[5].address, told[5].unit, told[5].scale) == ("holding:3:uint32", "kW.h", 0.01)
    assert told[10].states == {"0": "停止", "1": "运行"} and told[10].access == "rw"
    left = {number: line.remarks[-1].message for number, line in told.items() if line.outcome == "left"}
    assert sorted(left) == [4, 6, 9, 11, 12, 13]
    assert left[4] == "the same register as line 3" and "FLOAT24" in left[6] and "reserved" in left[9]
    assert "heading" in left[11] and "65535" in left[12] and "written" in left[13]
    assert told[8].outcome == "doubtful" and "overlaps line 7" in told[8].remarks[-1].message
    assert table.gaps == ["holding 2", "holding 5", "holding 8-19"]
    assert all(remark.message_zh for line in table.lines for remark in line.remarks)
    made = template_of("meter", table)
    assert made is not None and parse_device_template(device_template_yaml(made), "meter") == made
    assert made.points["总有功电能"].kind == "counter" and made.points["状态"].kind == "state"


def test_absurd_cells_are_left_and_break_nothing() -> None:
    many = ".".join("1" * 5000)
    text = f"Address,Name,Type,Scale,Unit\n{many},a,UINT16,1,V\n1,b,{many},1,V\n2,c,UINT16,{many},{many}\n-,,,,\n"
    told = read_table(split(text), Reading())
    assert [line.outcome for line in told.lines] == ["left", "left", "doubtful", "left"]


def test_what_a_table_leaves_open_is_asked_and_can_be_answered() -> None:
    text = """\
| Register Address | Action | Size | Type | Units | Description |
|---|---|---|---|---|---|
| 3000 | R | 2 | Float32 | A | I1: phase 1 current |
| 3204 | R | 4 | Int64 | Wh | Total Active Energy Import |
| 3210 | R | 1 | Float32 | Hz | Frequency |
"""
    plain, other = (read_table(split(text), reading) for reading in (Reading(), Reading(base="one", order="cdab")))
    assert [q.field for q in plain.questions] == ["base", "order", "area"]
    assert [line.address for line in plain.lines] == ["holding:3000:float32", "holding:3204:int64", ""]
    assert [line.address for line in other.lines][:2] == ["holding:2999:float32", "holding:3203:int64"]
    assert plain.lines[2].remarks[0].message == "float32 takes 2 registers, the table says 1"
    made = template_of("meter", other)
    assert made is not None and made.options == {"order": "cdab"}


def test_a_copy_of_a_pdf_and_hexadecimal_numbers() -> None:
    volts = "line to neutral volts Volts"
    pdf = f"30001 Phase 1 {volts}\n30003 Phase 2 {volts}\n30013 Phase 1 power Watts\n"
    table = read_table(split(pdf), Reading())
    assert [(line.address, line.name, line.unit) for line in table.lines] == [
        ("input:0:float32", "phase_1_line_to_neutral_volts", "V"),
        ("input:2:float32", "phase_2_line_to_neutral_volts", "V"),
        ("input:12:float32", "phase_1_power", "W"),
    ]
    assert {line.outcome for line in table.lines} == {"doubtful"}, "it says no types"
    heads = "Quantity   Start reg (Hex)   Size   Res.   Unit   Data type"
    hexed = f"{heads}\nActive import   5000   4   0,01   kWh   Unsigned\n"
    line = read_table(split(hexed), Reading()).lines[0]
    assert (line.address, line.scale, line.unit) == (f"holding:{0x5000}:uint64", 0.01, "kW.h")
    both = "Addr\tHex\tName\tType\n1\t0000\tFlow\tINT16\n3\t0002\tHeat\tINT16\n"
    assert [line.address for line in read_table(split(both), Reading()).lines] == ["holding:0:int16", "holding:2:int16"]
    bits = "地址,名称,类型,功能码\n10.3,报警,BIT,3\n5,启动,BOOL,1\n7,无位号,BOOL,3\n"
    assert [line.address for line in read_table(split(bits), Reading()).lines] == ["holding:10.3", "coil:5", ""]


def test_brackets_colons_and_digits_of_chinese_typing_are_understood() -> None:
    heads = "序号,寄存器地址\uff08十进制\uff09,名称,数据类型,倍率\uff08系数\uff09,单位\uff1a"
    lines = [
        "1,\uff14\uff10\uff10\uff10\uff11,电压\uff08A相\uff09,UINT16,0.1,\uff08V\uff09",
        "2,40002,状态\uff080\uff1a停止\uff1b1\uff1a运行\uff09,UINT16,,",
        "3,40003,型号,字符串\uff0816\uff09,,",
    ]
    table = read_table(split("\n".join([heads, *lines])), Reading())
    assert [meaning for _, meaning in table.columns] == ["", "address", "name", "type", "scale", "unit"]
    assert [line.address for line in table.lines] == ["holding:0:uint16", "holding:1:uint16", "holding:2:string16"]
    assert [line.name for line in table.lines] == ["电压", "状态", "型号"]
    assert (table.lines[0].unit, table.lines[1].states) == ("V", {"0": "停止", "1": "运行"})
