"""Quality of a value: the upper 16 bits of an OPC UA status code, as one int32 column.

Source: OPC 10000-4 §7.39 (severity in bits 15–14 of these 16: 00 good, 01 uncertain, 10 bad) and
OPC 10000-8 §6.4.3 for the names.
"""

from __future__ import annotations

GOOD = 0x0000
GOOD_LOCAL_OVERRIDE = 0x0096  # somebody typed it in: shown as "manual"
GOOD_CLAMPED = 0x0030
UNCERTAIN = 0x4000
UNCERTAIN_LAST_USABLE = 0x4090
UNCERTAIN_SENSOR_NOT_ACCURATE = 0x4093
UNCERTAIN_SUBSTITUTE = 0x4091
UNCERTAIN_CLOCK = 0x40A0  # ours: the source's clock was outside the window, time is that of arrival
BAD = 0x8000
BAD_UNEXPECTED = 0x8001
BAD_NO_COMMUNICATION = 0x8031
BAD_WAITING_FOR_INITIAL_DATA = 0x8032
BAD_NODE_ID_UNKNOWN = 0x8034
BAD_OUT_OF_RANGE = 0x803C
BAD_CONFIGURATION = 0x8089
BAD_NOT_CONNECTED = 0x808A
BAD_DEVICE_FAILURE = 0x808B
BAD_SENSOR_FAILURE = 0x808C
BAD_DATA_UNAVAILABLE = 0x809E
BAD_TYPE_MISMATCH = 0x8074
BAD_NOT_A_NUMBER = 0x80AF  # NaN or Inf came from the source (BadAggregateInvalidInputs is the nearest standard code)
DELETED = 0x8FFF  # ours: retracts the sample with this (point, time)

# Bit 16 and up are free in the int32; simulated data carry this flag above the standard's 16 bits.
SIMULATED = 0x0001_0000
# A counter begins anew at this value (a meter was exchanged): the step from the sample before adds nothing.
RESTARTED = 0x0002_0000

_NAMES = {
    GOOD: "good",
    GOOD_LOCAL_OVERRIDE: "manual",
    GOOD_CLAMPED: "clamped",
    UNCERTAIN: "uncertain",
    UNCERTAIN_LAST_USABLE: "uncertain, last usable value",
    UNCERTAIN_SENSOR_NOT_ACCURATE: "uncertain, sensor not accurate",
    UNCERTAIN_SUBSTITUTE: "uncertain, substitute value",
    UNCERTAIN_CLOCK: "uncertain, source clock wrong",
    BAD: "bad",
    BAD_UNEXPECTED: "bad, unexpected error",
    BAD_NO_COMMUNICATION: "bad, no communication",
    BAD_WAITING_FOR_INITIAL_DATA: "bad, waiting for initial data",
    BAD_NODE_ID_UNKNOWN: "bad, address unknown",
    BAD_OUT_OF_RANGE: "bad, out of range",
    BAD_CONFIGURATION: "bad, configuration error",
    BAD_NOT_CONNECTED: "bad, not connected",
    BAD_DEVICE_FAILURE: "bad, device failure",
    BAD_SENSOR_FAILURE: "bad, sensor failure",
    BAD_DATA_UNAVAILABLE: "bad, data unavailable",
    BAD_TYPE_MISMATCH: "bad, type mismatch",
    BAD_NOT_A_NUMBER: "bad, not a number",
    DELETED: "deleted",
}


def severity(quality: int) -> str:
    """Return ``good``, ``uncertain`` or ``bad``.

    >>> severity(GOOD), severity(UNCERTAIN_CLOCK), severity(BAD_NO_COMMUNICATION | SIMULATED)
    ('good', 'uncertain', 'bad')
    """
    return ("good", "uncertain", "bad", "bad")[(quality >> 14) & 0b11]


def describe(quality: int) -> str:
    """Name a quality in English for logs and errors; the console has its own two-language table."""
    code = quality & 0xFFFF
    name = _NAMES.get(code) or f"{severity(code)} (0x{code:04X})"
    name = f"{name}, counting begins anew" if quality & RESTARTED else name
    return f"{name}, simulated" if quality & SIMULATED else name


def from_status_code(status: int) -> int:
    """Keep the upper 16 bits of a 32-bit OPC UA status code."""
    return (status >> 16) & 0xFFFF
