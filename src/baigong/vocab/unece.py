"""EUInformation → UCUM: the unit id packs the UNECE Recommendation 20 code in three letters (OPC 10000-8 §5.6.3)."""

from __future__ import annotations

_UCUM = {
    "CEL": "Cel", "KEL": "K", "FAH": "[degF]", "BAR": "bar", "MBR": "mbar", "PAL": "Pa", "KPA": "kPa", "MPA": "MPa",
    "A97": "hPa", "KWT": "kW", "WTT": "W", "MAW": "MW", "KWH": "kW.h", "MWH": "MW.h", "WHR": "W.h", "JOU": "J",
    "KJO": "kJ", "AMP": "A", "4K": "mA", "VLT": "V", "2Z": "mV", "KVT": "kV", "HTZ": "Hz", "KHZ": "kHz", "RPM": "/min",
    "RPS": "/s", "MTR": "m", "MMT": "mm", "CMT": "cm", "4H": "um", "KMT": "km", "MTK": "m2", "MTQ": "m3", "LTR": "L",
    "MLT": "mL", "MQH": "m3/h", "L2": "L/min", "MQS": "m3/s", "KGM": "kg", "GRM": "g", "TNE": "t", "KGS": "kg/s",
    "E93": "kg/h", "NEW": "N", "B47": "kN", "NU": "N.m", "SEC": "s", "C26": "ms", "MIN": "min", "HUR": "h", "DAY": "d",
    "P1": "%", "59": "[ppm]", "MTS": "m/s", "2M": "cm/s", "C16": "mm/s", "MSK": "m/s2", "OHM": "Ohm", "DD": "deg",
    "C81": "rad", "KVR": "kvar", "D46": "V.A", "KVA": "kV.A", "D44": "V.A", "C62": "1", "H87": "1", "2N": "dB",
    "2A": "rad/s",
    "B98": "us", "E32": "L/h", "B10": "bit/s", "E20": "Mbit/s",
}  # fmt: skip


def ucum(unit_id: int, shown: str) -> str:
    """Return the UCUM code, or what the server shows when the id says nothing.

    >>> ucum(4408652, "°C"), ucum(0, "pcs"), ucum(-1, "")
    ('Cel', 'pcs', '')
    """
    if unit_id > 0:
        letters = bytes(b for b in unit_id.to_bytes(4, "big") if b).decode("ascii", "replace")
        if letters in _UCUM:
            return _UCUM[letters]
    return shown


def unit_id(ucum_code: str) -> int:
    """Return the unit id of a UCUM code, -1 for one that Recommendation 20 has no code for.

    >>> unit_id("Cel"), unit_id("furlong")
    (4408652, -1)
    """
    letters = next((letters for letters, code in _UCUM.items() if code == ucum_code), "")
    return int.from_bytes(letters.encode(), "big") if letters else -1
