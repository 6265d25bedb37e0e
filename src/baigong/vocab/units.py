"""Units as UCUM codes (https://ucum.org/ucum): what a code means, and which one was meant by what is none.

An own small table of what industry measures in: prefixes, atoms, products, quotients, exponents and annotations of the
grammar, without parentheses and without special units other than temperatures and decibels.
"""

from __future__ import annotations

import difflib
import math
import re
from dataclasses import dataclass

_PREFIXES = {
    "T": 1e12, "G": 1e9, "M": 1e6, "k": 1e3, "h": 1e2, "da": 1e1, "d": 1e-1, "c": 1e-2, "m": 1e-3, "u": 1e-6,
    "n": 1e-9, "p": 1e-12,
}  # fmt: skip
_BASES = ("m", "kg", "s", "K", "A", "mol", "cd", "rad")
# code | metric (takes prefixes) | English | Chinese | factor | in SI base units
_TABLE = f"""
m|+|metre|米|1|m
g|+|gram|克|1e-3|kg
s|+|second|秒|1|s
K|+|kelvin|开尔文|1|K
A|+|ampere|安培|1|A
mol|+|mole|摩尔|1|mol
cd|+|candela|坎德拉|1|cd
rad|+|radian|弧度|1|rad
sr|+|steradian|球面度|1|
1||one|一|1|
%||percent|百分比|1e-2|
[ppth]||parts per thousand|千分之一|1e-3|
[ppm]||parts per million|百万分之一|1e-6|
[ppb]||parts per billion|十亿分之一|1e-9|
deg||degree|度|{math.pi / 180!r}|rad
'||arc minute|角分|{math.pi / 10_800!r}|rad
''||arc second|角秒|{math.pi / 648_000!r}|rad
min||minute|分钟|60|s
h||hour|小时|3600|s
d||day|天|86400|s
wk||week|周|604800|s
mo||month|月|2629800|s
a||year|年|31557600|s
Cel|+|degree Celsius|摄氏度|1|K
[degF]||degree Fahrenheit|华氏度|{5 / 9!r}|K
Hz|+|hertz|赫兹|1|s-1
N|+|newton|牛顿|1|kg.m.s-2
Pa|+|pascal|帕斯卡|1|kg.m-1.s-2
bar|+|bar|巴|1e5|kg.m-1.s-2
[psi]||pound per square inch|磅力每平方英寸|6894.757293168361|kg.m-1.s-2
atm||standard atmosphere|标准大气压|101325|kg.m-1.s-2
m[H2O]|+|metre of water|米水柱|9806.65|kg.m-1.s-2
m[Hg]|+|metre of mercury|米汞柱|133322|kg.m-1.s-2
J|+|joule|焦耳|1|kg.m2.s-2
W|+|watt|瓦特|1|kg.m2.s-3
eV|+|electronvolt|电子伏|1.602176634e-19|kg.m2.s-2
cal|+|calorie|卡路里|4.184|kg.m2.s-2
[Btu]||British thermal unit|英热单位|1055.05585262|kg.m2.s-2
[HP]||horsepower|马力|745.6998715822702|kg.m2.s-3
V|+|volt|伏特|1|kg.m2.s-3.A-1
C|+|coulomb|库仑|1|s.A
F|+|farad|法拉|1|kg-1.m-2.s4.A2
Ohm|+|ohm|欧姆|1|kg.m2.s-3.A-2
S|+|siemens|西门子|1|kg-1.m-2.s3.A2
Wb|+|weber|韦伯|1|kg.m2.s-2.A-1
T|+|tesla|特斯拉|1|kg.s-2.A-1
H|+|henry|亨利|1|kg.m2.s-2.A-2
lm|+|lumen|流明|1|cd
lx|+|lux|勒克斯|1|cd.m-2
Bq|+|becquerel|贝可勒尔|1|s-1
Gy|+|gray|戈瑞|1|m2.s-2
Sv|+|sievert|希沃特|1|m2.s-2
l|+|litre|升|1e-3|m3
L|+|litre|升|1e-3|m3
t|+|tonne|吨|1000|kg
ar|+|are|公亩|100|m2
P|+|poise|泊|0.1|kg.m-1.s-1
St|+|stokes|斯托克斯|1e-4|m2.s-1
[in_i]||inch|英寸|0.0254|m
[ft_i]||foot|英尺|0.3048|m
[yd_i]||yard|码|0.9144|m
[mi_i]||mile|英里|1609.344|m
[mil_i]||thousandth of an inch|密耳|2.54e-5|m
[lb_av]||pound|磅|0.45359237|kg
[oz_av]||ounce|盎司|0.028349523125|kg
gf|+|gram-force|克力|9.80665e-3|kg.m.s-2
[lbf_av]||pound force|磅力|4.4482216152605|kg.m.s-2
[gal_us]||US gallon|美制加仑|0.003785411784|m3
[g]|+|acceleration of free fall|重力加速度|9.80665|m.s-2
[kn_i]||knot|节|0.5144444444444445|m.s-1
[pH]||pH|酸碱度|1|
[c]|+|velocity of light|光速|299792458|m.s-1
bit|+|bit|比特|1|
By|+|byte|字节|1|
Bd|+|baud|波特|1|s-1
B|+|bel|贝尔|1|
Np|+|neper|奈培|1|
""".strip()
_ZERO = {"Cel": 273.15, "[degF]": 459.67 * 5 / 9}  # K at 0: alone only, in a product it is a difference
# What people write, and the code for it; a scale, a blank or a superscript more is taken care of below.
_MEANT = {
    "°C": "Cel", "℃": "Cel", "degC": "Cel", "CEL": "Cel", "°F": "[degF]", "℉": "[degF]", "degF": "[degF]", "°": "deg",
    "kWh": "kW.h", "Wh": "W.h", "MWh": "MW.h", "GWh": "GW.h", "kVA": "kV.A", "VA": "V.A", "MVA": "MV.A", "Ah": "A.h",
    "mAh": "mA.h", "var": "V.A", "kvar": "kV.A", "kvarh": "kV.A.h", "Nm": "N.m", "kNm": "kN.m", "rpm": "/min",
    "RPM": "/min", "r/min": "/min", "rev/min": "/min", "1/min": "/min", "1/s": "/s", "psi": "[psi]", "ppm": "[ppm]",
    "ppb": "[ppb]", "pH": "[pH]", "ph": "[pH]", "hp": "[HP]", "in": "[in_i]", "inch": "[in_i]", "ft": "[ft_i]",
    "mil": "[mil_i]", "lb": "[lb_av]", "lbs": "[lb_av]", "gal": "[gal_us]", "gpm": "[gal_us]/min", "cfm": "[ft_i]3/min",
    "Ω": "Ohm", "ohm": "Ohm", "kΩ": "kOhm", "MΩ": "MOhm", "hr": "h", "hour": "h", "sec": "s", "Nm3/h": "m3/h",
    "Nm3": "m3", "pcs": "{pcs}", "count": "{count}", "lpm": "L/min", "LPM": "L/min", "mmH2O": "mm[H2O]",
    "mmHg": "mm[Hg]", "ton": "t", "byte": "By", "bytes": "By", "mm/sec": "mm/s", "percent": "%",
    "CFM": "[ft_i]3/min", "GPM": "[gal_us]/min", "个": "{个}", "件": "{件}", "次": "{次}", "转/分": "/min",
    "度": "deg", "千瓦时": "kW.h", "立方米": "m3", "吨": "t", "小时": "h", "秒": "s", "米": "m",
}  # fmt: skip
COMMON = (
    "Cel", "K", "[degF]", "%", "1", "deg", "Pa", "kPa", "MPa", "bar", "mbar", "[psi]", "mm", "cm", "m", "km", "um",
    "m2", "mm2", "m3", "L", "mL", "g", "kg", "t", "ms", "s", "min", "h", "d", "Hz", "kHz", "/min", "/s", "m/s", "mm/s",
    "m/min", "km/h", "m/s2", "m3/h", "m3/min", "m3/s", "L/min", "L/h", "kg/h", "t/h", "kg/s", "kg/m3", "V", "mV", "kV",
    "A", "mA", "W", "kW", "MW", "V.A", "kV.A", "kW.h", "MW.h", "J", "kJ", "MJ", "GJ", "Ohm", "kOhm", "N", "kN", "N.m",
    "uS/cm", "mS/cm", "[pH]", "[ppm]", "mg/L", "mg/m3", "ug/m3", "lx", "dB", "F", "uF", "H", "T", "C", "A.h", "W/m2",
    "By", "kBy", "MBy", "mm[H2O]", "Pa.s", "mPa.s", "mm2/s", "rad", "rad/s", "{count}",
)  # fmt: skip


@dataclass(slots=True, frozen=True)
class Unit:
    """``value * factor + zero`` is the value in SI base units; ``dimension``: exponents of
    m, kg, s, K, A, mol, cd, rad.

    Of logarithmic units (B, Np, [pH]) the factor says nothing. Names are empty for what is put together.
    """

    factor: float
    dimension: tuple[int, ...]
    zero: float = 0.0
    name: str = ""
    name_zh: str = ""


def _dimension(text: str) -> tuple[int, ...]:
    powers = dict.fromkeys(_BASES, 0)
    for part in filter(None, text.split(".")):
        base, power = re.fullmatch(r"([a-z]+|[AK])(-?\d*)", part).groups()  # type: ignore[union-attr]
        powers[base] += int(power or 1)
    return tuple(powers.values())


def _atoms() -> dict[str, tuple[Unit, bool]]:
    made = {}
    for line in _TABLE.splitlines():
        code, metric, name, name_zh, factor, base = line.split("|")
        made[code] = (Unit(float(factor), _dimension(base), 0.0, name, name_zh), metric == "+")
    return made


_ATOMS = _atoms()
_COMPONENT = re.compile(r"(?P<symbol>(?:[^\d.\-+/{}\[]|\[[^\]]*\])+|%|)(?P<power>[+-]?\d+)?(?:\{[!-z|~]*\})?")


def parse_unit(code: str) -> Unit:
    """Read a UCUM code. Raises ValueError where it is none, or none that this table knows.

    >>> parse_unit("kW.h").factor, parse_unit("m3/h").dimension[:3], parse_unit("Cel").zero
    (3600000.0, (3, 0, -1), 273.15)
    """
    if code in _ZERO:
        unit = _ATOMS[code][0]
        return Unit(unit.factor, unit.dimension, _ZERO[code], unit.name, unit.name_zh)
    if code in _ATOMS:
        return _ATOMS[code][0]
    parts = re.split(r"([./])(?![^\[]*\])(?![^{]*\})", code if code.startswith("/") else f".{code}")
    if len(parts) < 3 or parts[0]:
        raise ValueError(f"{code!r} is no unit")
    factor, dimension = 1.0, [0] * len(_BASES)
    for operator, component in zip(parts[1::2], parts[2::2], strict=True):
        one, power = _component(component, code)
        power *= -1 if operator == "/" else 1
        factor *= one.factor**power
        dimension = [have + power * more for have, more in zip(dimension, one.dimension, strict=True)]
    return Unit(factor, tuple(dimension))


def _component(text: str, code: str) -> tuple[Unit, int]:
    if re.fullmatch(r"\{[^{}]*\}", text):  # an annotation alone counts things
        return _ATOMS["1"][0], 1
    if re.fullmatch(r"\d+", text):
        return Unit(float(text), _ATOMS["1"][0].dimension), 1
    if power_of_ten := re.fullmatch(r"10[*^]([+-]?\d+)", text):
        return Unit(10.0 ** int(power_of_ten[1]), _ATOMS["1"][0].dimension), 1
    found = _COMPONENT.fullmatch(text)
    unit = _symbol(found["symbol"]) if found and found["symbol"] else None
    if found is None or unit is None:
        raise ValueError(f"{text!r} in {code!r} is no unit")
    return unit, int(found["power"] or 1)


def _symbol(symbol: str) -> Unit | None:
    if symbol in _ATOMS:
        return _ATOMS[symbol][0]
    for prefix, scale in _PREFIXES.items():
        unit, metric = (
            _ATOMS.get(symbol.removeprefix(prefix), (None, False)) if symbol.startswith(prefix) else (None, False)
        )
        if unit is not None and metric:
            return Unit(unit.factor * scale, unit.dimension)
    return None


def is_unit(code: str) -> bool:
    """Tell whether a code is known; no unit at all is."""
    try:
        return not code or bool(parse_unit(code))
    except (ValueError, OverflowError, ZeroDivisionError):
        return False


_WRITTEN = str.maketrans("²³·⋅×*µμ℃−⁻Ωℓ", "23....uu℃--Ωl", "^ ")


def meant(code: str) -> str:
    """Guess the code for what is none; "" when there is nothing near.

    >>> meant("m³/h"), meant("kWh"), meant("℃"), meant("RPM"), meant("Mpa"), meant("?")
    ('m3/h', 'kW.h', 'Cel', '/min', 'MPa', '')
    """
    plain = code.translate(_WRITTEN)
    for text in (code.strip(), plain):
        if text in _MEANT:
            return _MEANT[text]
    if plain and is_unit(plain):
        return plain
    parts = re.split(r"([./])", plain)
    if len(parts) > 1:
        swapped = "".join(_MEANT.get(part, part) for part in parts)
        if is_unit(swapped):
            return swapped
    folded = {known.casefold(): known for known in reversed(COMMON)}
    if plain.casefold() in folded:
        return folded[plain.casefold()]
    return next(iter(difflib.get_close_matches(plain, COMMON, 1, 0.6)), "")


def as_written(text: str) -> str:
    """Return the code of what is a unit as people write it, without guessing; "" for anything else.

    >>> as_written("℃"), as_written("m³/h"), as_written("kWh"), as_written("Operator")
    ('Cel', 'm3/h', 'kW.h', '')
    """
    plain = text.translate(_WRITTEN)
    for one in (text.strip(), plain):
        if one in _MEANT:
            return _MEANT[one]
    if plain and is_unit(plain):
        return plain
    swapped = "".join(_MEANT.get(part, part) for part in re.split(r"([./])", plain))
    return swapped if swapped and is_unit(swapped) else ""


def in_other_unit(value: float, unit: str, wanted: str, *, difference: bool = False) -> float:
    """Return a value in another unit of the same quantity, to twelve digits; a ``difference`` has no zero point.

    >>> in_other_unit(20.0, "Cel", "[degF]"), in_other_unit(20.0, "Cel", "[degF]", difference=True)
    (68.0, 36.0)
    """
    own, other = parse_unit(unit), parse_unit(wanted)
    own_zero, other_zero = (0.0, 0.0) if difference else (own.zero, other.zero)
    return float(f"{(value * own.factor + own_zero - other_zero) / other.factor:.12g}")


def same_quantity(one: str, other: str) -> bool:
    """Tell whether two codes measure the same thing, so that values can be converted; unknown ones have to be equal.

    >>> same_quantity("m3/h", "L/min"), same_quantity("bar", "Cel")
    (True, False)
    """
    if one == other:
        return True
    try:
        return parse_unit(one).dimension == parse_unit(other).dimension
    except (ValueError, OverflowError, ZeroDivisionError):
        return False
