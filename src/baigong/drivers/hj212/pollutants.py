"""What the codes of HJ 212 mean: the usual ones of annex B (2017), and those of 2005 still sent. Units are UCUM's."""

from __future__ import annotations

from dataclasses import dataclass

_CODES = """
w00000|Waste water flow|污水流量|L/s
w01001|pH|pH 值|[pH]
w01002|Colour|色度|
w01003|Turbidity|浑浊度|
w01009|Dissolved oxygen|溶解氧|mg/L
w01010|Water temperature|水温|Cel
w01012|Suspended solids|悬浮物|mg/L
w01014|Conductivity|电导率|uS/cm
w01017|Biochemical oxygen demand|五日生化需氧量|mg/L
w01018|Chemical oxygen demand|化学需氧量|mg/L
w01019|Permanganate index|高锰酸盐指数|mg/L
w01020|Total organic carbon|总有机碳|mg/L
w20111|Total mercury|总汞|mg/L
w20115|Total cadmium|总镉|mg/L
w20116|Total chromium|总铬|mg/L
w20117|Hexavalent chromium|六价铬|mg/L
w20119|Total arsenic|总砷|mg/L
w20120|Total lead|总铅|mg/L
w20121|Total nickel|总镍|mg/L
w20122|Total copper|总铜|mg/L
w20123|Total zinc|总锌|mg/L
w20124|Total manganese|总锰|mg/L
w20125|Total iron|总铁|mg/L
w21001|Total nitrogen|总氮|mg/L
w21003|Ammonia nitrogen|氨氮|mg/L
w21011|Total phosphorus|总磷|mg/L
w21016|Cyanide|氰化物|mg/L
w21017|Fluoride|氟化物|mg/L
w21019|Sulfide|硫化物|mg/L
w22001|Petroleum oils|石油类|mg/L
w23002|Volatile phenol|挥发酚|mg/L
a00000|Waste gas flow|废气流量|m3/s
a01001|Air temperature|温度|Cel
a01002|Relative humidity|湿度|%
a01006|Air pressure|气压|kPa
a01007|Wind speed|风速|m/s
a01008|Wind direction|风向|deg
a01010|Ringelmann blackness|林格曼黑度|
a01011|Flue gas velocity|烟气流速|m/s
a01012|Flue gas temperature|烟气温度|Cel
a01013|Flue gas pressure|烟气压力|kPa
a01014|Flue gas humidity|烟气湿度|%
a05001|Carbon dioxide|二氧化碳|mg/m3
a05024|Ozone|臭氧|mg/m3
a19001|Oxygen content|氧气含量|%
a21001|Ammonia|氨|mg/m3
a21002|Nitrogen oxides|氮氧化物|mg/m3
a21003|Nitric oxide|一氧化氮|mg/m3
a21004|Nitrogen dioxide|二氧化氮|mg/m3
a21005|Carbon monoxide|一氧化碳|mg/m3
a21024|Hydrogen chloride|氯化氢|mg/m3
a21026|Sulfur dioxide|二氧化硫|mg/m3
a21028|Hydrogen sulfide|硫化氢|mg/m3
a24088|Non-methane hydrocarbons|非甲烷总烃|mg/m3
a25002|Benzene|苯|mg/m3
a25003|Toluene|甲苯|mg/m3
a25005|Xylene|二甲苯|mg/m3
a34001|Total suspended particulates|总悬浮颗粒物|mg/m3
a34002|PM10|可吸入颗粒物|mg/m3
a34004|PM2.5|细微颗粒物|mg/m3
a34013|Particulates (smoke and dust)|烟尘|mg/m3
011|Chemical oxygen demand (2005)|化学需氧量(2005)|mg/L
001|pH (2005)|pH 值(2005)|[pH]
060|Ammonia nitrogen (2005)|氨氮(2005)|mg/L
065|Total nitrogen (2005)|总氮(2005)|mg/L
101|Total phosphorus (2005)|总磷(2005)|mg/L
b01|Waste water flow (2005)|污水流量(2005)|L/s
b02|Waste gas flow (2005)|废气流量(2005)|m3/s
01|Smoke and dust (2005)|烟尘(2005)|mg/m3
02|Sulfur dioxide (2005)|二氧化硫(2005)|mg/m3
03|Nitrogen oxides (2005)|氮氧化物(2005)|mg/m3
s01|Oxygen content (2005)|氧气含量(2005)|%
s02|Flue gas velocity (2005)|烟气流速(2005)|m/s
s03|Flue gas temperature (2005)|烟气温度(2005)|Cel
s05|Flue gas humidity (2005)|烟气湿度(2005)|%
s08|Flue gas pressure (2005)|烟气压力(2005)|kPa
"""
_SAID = {
    "Rtd": ("now", "实时值"),
    "Min": ("minimum", "最小值"),
    "Avg": ("average", "平均值"),
    "Max": ("maximum", "最大值"),
    "Cou": ("total", "累计值"),
    "Flag": ("mark", "数据标记"),
    "EFlag": ("mark of the device", "设备标志"),
}


@dataclass(slots=True, frozen=True)
class Pollutant:
    code: str
    en: str
    zh: str
    unit: str  # of concentrations and other present values; totals have another, which no packet tells


POLLUTANTS = {
    code: Pollutant(code, en, zh, unit)
    for code, en, zh, unit in (line.split("|") for line in _CODES.split("\n") if line)
}


def title(field: str) -> str:
    """Say in both languages what a field is.

    >>> title("w01018-Rtd"), title("a21026-ZsAvg")
    ('化学需氧量实时值 Chemical oxygen demand, now', '二氧化硫折算平均值 Sulfur dioxide, corrected average')
    """
    code, _, said = field.partition("-")
    known = POLLUTANTS.get(code)
    corrected = said.startswith("Zs")
    en, zh = _SAID.get(said.removeprefix("Zs") if corrected else said, ("", ""))
    if known is None or not en:
        return field
    return f"{known.zh}{'折算' if corrected else ''}{zh} {known.en}, {'corrected ' if corrected else ''}{en}"


def unit(field: str) -> str:
    """Return the unit of a field; empty: nobody knows."""
    code, _, said = field.partition("-")
    known = POLLUTANTS.get(code)
    return known.unit if known is not None and said.removeprefix("Zs") in ("Rtd", "Min", "Avg", "Max") else ""
