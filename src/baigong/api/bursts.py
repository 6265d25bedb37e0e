"""Waveforms: the recordings of a point over time, one recording as a line to draw, and its spectrum."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa
from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.tables import ARROW, FORMATS, PARQUET, answer
from baigong.api.times import read_time
from baigong.api.wire import JSON, Call, Operation, offered
from baigong.methods.describe import vibration
from baigong.stores.lake.bursts import LAKE_BURSTS
from baigong.stores.lake.downsample import Raster, m4
from baigong.stores.records.plant import PointRow
from baigong.vocab.burst import Recording, recordings
from baigong.vocab.errors import FixConfiguration


class BurstsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``most``: of more recordings in the range, so many are taken, evenly spread; ``lines`` of a spectrum each."""

    start: str = "-1d"
    end: str = "now"
    most: Annotated[int, Meta(ge=1, le=1000)] = 200
    lines: Annotated[int, Meta(ge=0, le=1024)] = 0
    kind: Literal["amplitude", "envelope"] = "amplitude"
    low_hz: Annotated[float, Meta(ge=0)] = 0.0
    high_hz: Annotated[float, Meta(ge=0)] = 0.0
    format: str = ""


class WaveQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``width``: pixels of the chart; 0 gives every sample."""

    width: Annotated[int, Meta(ge=0, le=20_000)] = 1200


class SpectrumQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``segment``: samples a piece, averaged (0: all in one). ``low_hz``–``high_hz``: the band of the envelope.

    ``lines``: thin to so many, each the highest of its neighbours; 0 gives every line.
    """

    kind: Literal["amplitude", "envelope"] = "amplitude"
    window: vibration.Window = "hann"
    segment: Annotated[int, Meta(ge=0)] = 0
    low_hz: Annotated[float, Meta(ge=0)] = 0.0
    high_hz: Annotated[float, Meta(ge=0)] = 0.0
    lines: Annotated[int, Meta(ge=0, le=1_000_000)] = 0


class BurstRow(Struct, frozen=True, kw_only=True):
    """One recording. Numbers in the point's unit, its mean taken off; None where a sample is missing."""

    id: str
    time_us: int
    rate_hz: float
    samples: int
    quality: int
    rms: float | None
    peak: float | None
    crest: float | None
    kurtosis: float | None
    spectrum: list[float] = []


class BurstsAnswer(Struct, frozen=True, kw_only=True):
    """``total``: how many there are in the range. Spectra reach from 0 to ``span_hz``, each line the highest in it."""

    point: str
    unit: str
    title: str
    total: int
    span_hz: float
    bursts: list[BurstRow]


class BurstAnswer(Struct, frozen=True, kw_only=True):
    """A recording to draw: ``seconds`` since its first sample."""

    point: str
    unit: str
    title: str
    burst: BurstRow
    seconds: list[float]
    values: list[float | None]


class SpectrumAnswer(Struct, frozen=True, kw_only=True):
    """Amplitudes in the point's unit (peak); a line every ``step_hz``, those given at ``frequencies_hz``."""

    id: str
    point: str
    unit: str
    kind: str
    step_hz: float
    low_hz: float
    high_hz: float
    frequencies_hz: list[float]
    values: list[float]


def operations(rooms: Rooms) -> list[Operation]:
    return [_list(rooms), _wave(), _spectrum()]


def _list(rooms: Rooms) -> Operation:
    async def listed(call: Call) -> Any:
        query: BurstsQuery = call.query
        form = offered(call.request, {"json": JSON, "arrow": ARROW, "parquet": PARQUET}, query.format)
        row = call.book.find(call.tenant, call.part("name"))
        now = rooms.clock_us()
        start, end = read_time(query.start, now, "start"), read_time(query.end, now, "end")
        read = call.lake.bursts
        total, tables = await asyncio.to_thread(read, call.tenant, row.number, start, end, query.most)
        if form != "json":
            return answer(form, LAKE_BURSTS, tables, name="bursts", stream=True)
        rows, span = await asyncio.to_thread(_rows, tables, query)
        spec = row.spec
        return BurstsAnswer(point=spec.name, unit=spec.unit, title=spec.title, total=total, span_hz=span, bursts=rows)

    return Operation(
        "GET",
        "/points/{name}/bursts",
        "Recordings of a point in a range, with their RMS and, for a waterfall, their spectra",
        listed,
        query=BurstsQuery,
        answer=BurstsAnswer,
        gives=(JSON, FORMATS["arrow"], FORMATS["parquet"]),
    )


def _wave() -> Operation:
    async def wave(call: Call) -> Any:
        point, one = await asyncio.to_thread(_find, call, call.part("id"))
        return await asyncio.to_thread(_drawn, point, one, call.query.width)

    return Operation(
        "GET", "/bursts/{id}", "One recording, thinned to pixels", wave, query=WaveQuery, answer=BurstAnswer
    )


def _spectrum() -> Operation:
    async def spectrum(call: Call) -> Any:
        point, one = await asyncio.to_thread(_find, call, call.part("id"))
        return await asyncio.to_thread(_lines, point, one, call.query)

    return Operation(
        "GET",
        "/bursts/{id}/spectrum",
        "A recording's amplitude spectrum, or that of its envelope in a band",
        spectrum,
        query=SpectrumQuery,
        answer=SpectrumAnswer,
    )


def burst_id(one: Recording) -> str:
    """Name a recording by what it is: its point's number and its time in microseconds."""
    return f"{one.point}-{one.time_us}"


def _find(call: Call, wanted: str) -> tuple[PointRow, Recording]:
    number, _, when = wanted.partition("-")
    if not (number.isdecimal() and when.lstrip("-").isdecimal()):
        raise FixConfiguration("burst.unknown", f"{wanted!r} is no recording's id", place="id")
    point, at = call.book.find(call.tenant, number), int(when)
    for table in call.lake.bursts(call.tenant, point.number, at, at + 1, 1)[1]:
        for one in recordings(table):
            return point, one
    raise FixConfiguration("burst.unknown", f"{point.name} has no recording at {at}", place="id")


def _row(one: Recording, spectrum: list[float] | None = None) -> BurstRow:
    found = vibration.features(one.samples)
    return BurstRow(
        id=burst_id(one),
        time_us=one.time_us,
        rate_hz=one.rate_hz,
        samples=len(one.samples),
        quality=one.quality,
        rms=_number(found.rms),
        peak=_number(found.peak),
        crest=_number(found.crest),
        kurtosis=_number(found.kurtosis),
        spectrum=spectrum or [],
    )


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _rows(tables: Iterator[pa.Table], query: BurstsQuery) -> tuple[list[BurstRow], float]:
    """Read recordings one by one; spectra share the axis of the fastest, so that they stand beside each other."""
    found: list[tuple[BurstRow, vibration.Spectrum | None]] = []
    for table in tables:
        for one in recordings(table):
            usable = query.lines and len(one.samples) > 1 and np.isfinite(one.samples).all()
            made = _compute(one, query.kind, query.low_hz, query.high_hz) if usable else None
            found.append((_row(one), made))
    span = max((made.step_hz * len(made.values) for _, made in found if made is not None), default=0.0)
    if query.kind == "envelope" and span:
        span = min(span, 1000.0)  # faults repeat some hundred times a second; above is noise
    rows = []
    for row, made in found:
        lines = [] if made is None else _binned(made, span, query.lines)
        rows.append(BurstRow(**{name: getattr(row, name) for name in BurstRow.__struct_fields__} | {"spectrum": lines}))
    return rows, span


def _binned(made: vibration.Spectrum, span_hz: float, lines: int) -> list[float]:
    which = (made.frequencies / span_hz * lines).astype(np.int64)
    held = np.zeros(lines)
    inside = which < lines
    np.maximum.at(held, which[inside], made.values[inside])
    return [float(f"{value:.4g}") for value in held.tolist()]


def _compute(one: Recording, kind: str, low: float, high: float, **how: Any) -> vibration.Spectrum:
    if kind == "amplitude":
        return vibration.spectrum(one.samples, one.rate_hz, **how)
    low, high = _band(one, low, high)
    return vibration.envelope_spectrum(one.samples, one.rate_hz, low, high, **how)


def _band(one: Recording, low: float, high: float) -> tuple[float, float]:
    """Fill in what was left out: the upper half of what the recording can hold, where structures ring."""
    top = one.rate_hz / 2
    return (low or top / 4 if not high else low), min(high or top, top)


def _drawn(point: PointRow, one: Recording, width: int) -> BurstAnswer:
    values = one.samples.astype(np.float64)
    index = np.arange(len(values), dtype=np.int64)
    if width:
        picked, _ = m4(index, values, np.zeros(len(values), np.int32), Raster(0, max(len(values), 1), width))
        index, values = index[picked], values[picked]
    return BurstAnswer(
        point=point.name,
        unit=point.spec.unit,
        title=point.spec.title,
        burst=_row(one),
        seconds=(index / one.rate_hz).tolist(),
        values=[_number(value) for value in values.tolist()],
    )


def _lines(point: PointRow, one: Recording, query: SpectrumQuery) -> SpectrumAnswer:
    if len(one.samples) < 2 or not np.isfinite(one.samples).all():
        raise FixConfiguration("burst.unusable", "samples of this recording are missing or not finite", place="id")
    try:
        made = _compute(one, query.kind, query.low_hz, query.high_hz, window=query.window, segment=query.segment)
    except ValueError as error:
        raise FixConfiguration("config.invalid", str(error), place="low_hz") from error
    low, high = _band(one, query.low_hz, query.high_hz) if query.kind == "envelope" else (0.0, one.rate_hz / 2)
    index, values = vibration.peak_hold(made.values, query.lines)
    return SpectrumAnswer(
        id=burst_id(one),
        point=point.name,
        unit=point.spec.unit,
        kind=query.kind,
        step_hz=made.step_hz,
        low_hz=low,
        high_hz=high,
        frequencies_hz=(index * made.step_hz).tolist(),
        values=values.tolist(),
    )
