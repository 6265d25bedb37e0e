"""What a meter can tell: data identifiers of DL/T 645-2007 and 1997 with format, unit and name. Pure.

Formats are written as in the standard: ``XXXXXX.XX`` is four bytes of decimal digits, two of them behind the point; one
with a leading ``-`` has its sign in the highest bit. ``hexN``: N bytes as a whole number, ``asciiN``: text,
``digitsN``: N bytes of digits as text; all low byte first, as everything here travels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

_DECIMAL = re.compile(r"^(-?)(X+)(?:[.](X+))?$")
_SIZED = re.compile(r"^(hex|ascii|digits)([0-9]{1,3})$")
MAX_BYTES = 200  # of one value, in one frame


@dataclass(slots=True, frozen=True)
class Form:
    """How a value is written. ``decimals`` and ``signed`` of kind number; ``size`` in bytes."""

    kind: str  # number, hex, ascii, digits
    size: int
    decimals: int = 0
    signed: bool = False

    def __str__(self) -> str:
        if self.kind != "number":
            return f"{self.kind}{self.size}"
        whole = "X" * (2 * self.size - self.decimals)
        return f"{'-' * self.signed}{whole}{'.' * bool(self.decimals)}{'X' * self.decimals}"


def form(written: str) -> Form:
    """Read a format; ValueError when it is none.

    >>> form("XXXXXX.XX"), str(form("-xx.xxxx")), form("hex2").kind
    (Form(kind='number', size=4, decimals=2, signed=False), '-XX.XXXX', 'hex')
    """
    if found := _SIZED.match(written.lower()):
        size = int(found[2])
        if 1 <= size <= MAX_BYTES:
            return Form(found[1], size)
    if found := _DECIMAL.match(written.upper()):
        whole, decimals = len(found[2]), len(found[3] or "")
        if (whole + decimals) % 2 == 0 and whole + decimals <= 16:
            return Form("number", (whole + decimals) // 2, decimals, bool(found[1]))
    raise ValueError(f"{written!r} is no format: write XXXXXX.XX, -XX.XXXX, hex2, ascii10 or digits6")


@dataclass(slots=True, frozen=True)
class Item:
    """One data identifier: its format, unit, both names; ``group``: where it is shown."""

    di: str
    form: Form
    unit: str
    en: str
    zh: str
    group: str

    @property
    def title(self) -> str:
        return f"{self.en} · {self.zh}"

    @property
    def counter(self) -> bool:
        return self.unit in ("kWh", "kvarh", "kVAh")


GROUPS = {
    "energy": "Energy · 电能量",
    "demand": "Maximum demand · 最大需量",
    "now": "Present values · 变量",
    "frozen": "Frozen · 冻结",
    "meter": "The meter · 参变量",
}
_ENERGIES = {
    0x00: ("Combined active energy", "组合有功电能", "kWh", True),
    0x01: ("Forward active energy", "正向有功电能", "kWh", False),
    0x02: ("Reverse active energy", "反向有功电能", "kWh", False),
    0x03: ("Combined reactive energy 1", "组合无功1电能", "kvarh", True),
    0x04: ("Combined reactive energy 2", "组合无功2电能", "kvarh", True),
    0x05: ("Reactive energy, quadrant 1", "第一象限无功电能", "kvarh", False),
    0x06: ("Reactive energy, quadrant 2", "第二象限无功电能", "kvarh", False),
    0x07: ("Reactive energy, quadrant 3", "第三象限无功电能", "kvarh", False),
    0x08: ("Reactive energy, quadrant 4", "第四象限无功电能", "kvarh", False),
    0x09: ("Forward apparent energy", "正向视在电能", "kVAh", False),
    0x0A: ("Reverse apparent energy", "反向视在电能", "kVAh", False),
    0x15: ("Forward active energy, phase A", "A相正向有功电能", "kWh", False),
    0x29: ("Forward active energy, phase B", "B相正向有功电能", "kWh", False),
    0x3D: ("Forward active energy, phase C", "C相正向有功电能", "kWh", False),
}
_TARIFFS = {1: ("peak", "尖"), 2: ("high", "峰"), 3: ("flat", "平"), 4: ("low", "谷")}
_PHASES = {1: ("phase A", "A相"), 2: ("phase B", "B相"), 3: ("phase C", "C相")}
_NOW = {  # second byte -> (name, unit, format, whether there is a total)
    0x01: ("Voltage", "电压", "V", "XXX.X", False),
    0x02: ("Current", "电流", "A", "-XXX.XXX", False),
    0x03: ("Active power", "有功功率", "kW", "-XX.XXXX", True),
    0x04: ("Reactive power", "无功功率", "kvar", "-XX.XXXX", True),
    0x05: ("Apparent power", "视在功率", "kVA", "-XX.XXXX", True),
    0x06: ("Power factor", "功率因数", "", "-X.XXX", True),
    0x07: ("Phase angle", "相角", "°", "XXX.X", False),
    0x08: ("Voltage distortion", "电压波形失真度", "%", "XX.XX", False),
    0x09: ("Current distortion", "电流波形失真度", "%", "XX.XX", False),
}
_SINGLE_2007 = {
    "02800001": ("Neutral current", "零线电流", "A", "XXX.XXX", "now"),
    "02800002": ("Frequency", "电网频率", "Hz", "XX.XX", "now"),
    "02800003": ("Active power, mean of a minute", "一分钟有功总平均功率", "kW", "-XX.XXXX", "now"),
    "02800004": ("Active demand", "当前有功需量", "kW", "-XX.XXXX", "now"),
    "02800005": ("Reactive demand", "当前无功需量", "kvar", "-XX.XXXX", "now"),
    "02800007": ("Temperature in the meter", "表内温度", "°C", "-XXX.X", "now"),
    "02800008": ("Clock battery", "时钟电池电压", "V", "XX.XX", "now"),
    "02800009": ("Reading battery", "停电抄表电池电压", "V", "XX.XX", "now"),
    "0280000A": ("Battery running time", "内部电池工作时间", "min", "XXXXXXXX", "now"),
    "04000101": ("Date, weekday", "日期及星期", "", "digits4", "meter"),
    "04000102": ("Time", "时间", "", "digits3", "meter"),
    "04000306": ("Current transformer ratio", "电流互感器变比", "", "XXXXXX", "meter"),
    "04000307": ("Voltage transformer ratio", "电压互感器变比", "", "XXXXXX", "meter"),
    "04000401": ("Address", "通信地址", "", "digits6", "meter"),
    "04000402": ("Meter number", "表号", "", "digits6", "meter"),
    "04000404": ("Rated voltage", "额定电压", "", "ascii6", "meter"),
    "04000405": ("Rated current", "额定电流", "", "ascii6", "meter"),
    "04000409": ("Active constant", "电表有功常数", "imp/kWh", "XXXXXX", "meter"),
    "0400040B": ("Model", "电表型号", "", "ascii10", "meter"),
    "0400040C": ("Date of production", "生产日期", "", "ascii10", "meter"),
    "05040001": ("Hourly freeze: when", "整点冻结时间", "", "digits5", "frozen"),
    "05040101": ("Hourly freeze: forward active energy", "整点冻结正向有功总电能", "kWh", "XXXXXX.XX", "frozen"),
    "05040201": ("Hourly freeze: reverse active energy", "整点冻结反向有功总电能", "kWh", "XXXXXX.XX", "frozen"),
    "05060001": ("Daily freeze: when", "日冻结时间", "", "digits5", "frozen"),
    "05060101": ("Daily freeze: forward active energy", "日冻结正向有功电能", "kWh", "XXXXXX.XX", "frozen"),
    "05060201": ("Daily freeze: reverse active energy", "日冻结反向有功电能", "kWh", "XXXXXX.XX", "frozen"),
} | {f"0400050{i}": (f"Status word {i}", f"电表运行状态字{i}", "", "hex2", "meter") for i in range(1, 8)}
_SINGLE_1997 = {
    "B630": ("Active power", "瞬时有功功率", "kW", "XX.XXXX", "now"),
    "B640": ("Reactive power", "瞬时无功功率", "kvar", "XX.XX", "now"),
    "B650": ("Power factor", "总功率因数", "", "X.XXX", "now"),
    "C010": ("Date, weekday", "日期及周次", "", "digits4", "meter"),
    "C011": ("Time", "时间", "", "digits3", "meter"),
    "C020": ("Status word", "电表运行状态字", "", "hex1", "meter"),
    "C030": ("Active constant", "电表常数(有功)", "imp/kWh", "XXXXXX", "meter"),
    "C032": ("Meter number", "表号", "", "digits6", "meter"),
}
_PHASED_1997 = {
    "B61": ("Voltage", "电压", "V", "XXXX"),
    "B62": ("Current", "电流", "A", "XX.XX"),
    "B63": ("Active power", "瞬时有功功率", "kW", "XX.XXXX"),
    "B64": ("Reactive power", "瞬时无功功率", "kvar", "XX.XX"),
    "B65": ("Power factor", "功率因数", "", "X.XXX"),
}
_ENERGIES_1997 = {
    "901": ("Forward active energy", "正向有功电能", "kWh"),
    "902": ("Reverse active energy", "反向有功电能", "kWh"),
    "911": ("Forward reactive energy", "正向无功电能", "kvarh"),
    "912": ("Reverse reactive energy", "反向无功电能", "kvarh"),
    "941": ("Last month's forward active energy", "上月正向有功电能", "kWh"),
    "942": ("Last month's reverse active energy", "上月反向有功电能", "kWh"),
}


@cache
def item(di: str) -> Item | None:
    """What a data identifier means, four bytes of 2007 or two of 1997; None: the tables do not say."""
    return _item_2007(di) if len(di) == 8 else _item_1997(di)


def _item_2007(di: str) -> Item | None:
    if di in _SINGLE_2007:
        en, zh, unit, written, group = _SINGLE_2007[di]
        return Item(di, form(written), unit, en, zh, group)
    kind, second, third, last = bytes.fromhex(di)
    if kind in (0, 1) and second in _ENERGIES and third <= 0x3F and last <= 0x0C:
        return _energy(di, kind == 1, second, third, last)
    if kind == 2 and second in _NOW and last == 0:
        en, zh, unit, written, total = _NOW[second]
        if third == 0 and total:
            return Item(di, form(written), unit, en, f"总{zh}", "now")
        if third in _PHASES:
            return Item(di, form(written), unit, f"{en}, {_PHASES[third][0]}", f"{_PHASES[third][1]}{zh}", "now")
    if kind == 2 and second in (0x0A, 0x0B) and third in _PHASES and 1 <= last <= 0x15:
        what = ("voltage", "电压") if second == 0x0A else ("current", "电流")
        phase = _PHASES[third]
        en = f"Harmonic {last} of the {what[0]}, {phase[0]}"
        return Item(di, form("XX.XX"), "%", en, f"{phase[1]}{what[1]}{last}次谐波含量", "harmonics")
    return None


def _energy(di: str, demand: bool, second: int, tariff: int, settlement: int) -> Item:
    en, zh, unit, signed = _ENERGIES[second]
    if demand:
        en, zh, unit = en.replace("energy", "demand"), zh.replace("电能", "最大需量"), unit[:-1]
    if tariff:
        words = _TARIFFS.get(tariff, (f"tariff {tariff}", f"费率{tariff}"))
        en, zh = f"{en}, {words[0]}", f"{zh}({words[1]})"
    else:
        zh = f"{zh}(总)"
    if settlement:
        en, zh = f"{en}, settlement {settlement}", f"上{settlement}结算日{zh}"
    written = ("-" if signed else "") + ("XX.XXXX" if demand else "XXXXXX.XX")
    shown = settlement == 0 and tariff <= 4
    group = ("demand" if demand else "energy") if shown else "settlement"
    return Item(di, form(written), unit, en, zh, group)


def _item_1997(di: str) -> Item | None:
    if di in _SINGLE_1997:
        en, zh, unit, written, group = _SINGLE_1997[di]
        return Item(di, form(written), unit, en, zh, group)
    head, last = di[:3], int(di[3], 16)
    if head in _ENERGIES_1997 and last <= 0xE:
        en, zh, unit = _ENERGIES_1997[head]
        words = _TARIFFS.get(last, (f"tariff {last}", f"费率{last}")) if last else ("", "总")
        return Item(di, form("XXXXXX.XX"), unit, f"{en}, {words[0]}" if last else en, f"{zh}({words[1]})", "energy")
    if head in _PHASED_1997 and last in _PHASES:
        en, zh, unit, written = _PHASED_1997[head]
        return Item(di, form(written), unit, f"{en}, {_PHASES[last][0]}", f"{_PHASES[last][1]}{zh}", "now")
    return None


@cache
def items(year: int) -> tuple[Item, ...]:
    """The items that browsing shows."""
    if year == 1997:
        told = [f"{head}{i:X}" for head in _ENERGIES_1997 for i in range(5)]
        told += [f"{head}{i}" for head in _PHASED_1997 for i in (0, 1, 2, 3)] + list(_SINGLE_1997)
    else:
        told = [f"{kind:02X}{second:02X}{i:02X}00" for kind in (0, 1) for second in _ENERGIES for i in range(5)]
        told += [f"02{second:02X}{i:02X}00" for second in _NOW for i in range(4)] + list(_SINGLE_2007)
    return tuple(found for di in dict.fromkeys(told) if (found := item(di)) is not None)


def block(di: str) -> tuple[str, int] | None:
    """The block that holds an item with its neighbours, and its place there; None: it is read alone.

    >>> block("02010200"), block("02030000"), block("00010300"), block("9012"), block("04000401")
    (('0201FF00', 1), ('0203FF00', 0), ('0001FF00', 3), ('901F', 2), None)
    """
    if len(di) == 4:
        if di[:3] in _ENERGIES_1997:
            return f"{di[:3]}F", int(di[3], 16)
        return None
    kind, second, third, last = bytes.fromhex(di)
    if kind == 0 and second in _ENERGIES and third <= 0x3F:
        return f"{di[:4]}FF{last:02X}", third
    if kind == 2 and second in _NOW and last == 0:
        first = 0 if _NOW[second][4] else 1
        return (f"{di[:4]}FF00", third - first) if first <= third <= 3 else None
    return None
