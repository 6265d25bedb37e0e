"""Waveforms over HTTP: sent as Arrow or JSON, listed, drawn, and taken apart into frequencies."""

from __future__ import annotations

import asyncio

import numpy as np
import pyarrow as pa
import pytest

import baigong
from baigong.vocab import quality as q
from tests.api.test_series import T0, read_arrow
from tests.api.world import World

RATE = 25_600.0
NAME = "pump1.shake"


def sine(line: int, amplitude: float, count: int = 8192) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * line * np.arange(count) / count)).astype(np.float32)


async def send(plant: World, *rows: tuple[int, np.ndarray], name: str = NAME) -> None:
    def work() -> None:
        with baigong.connect(plant.url, token=plant.token) as link:
            for time_us, samples in rows:
                assert link.write_burst(name, samples, RATE, time_us) == 1

    await asyncio.to_thread(work)
    await plant.settled()


async def test_what_the_sdk_writes_comes_back_to_the_bit_and_the_point_is_of_kind_burst(plant: World) -> None:
    waves = [np.random.default_rng(i).normal(size=5000).astype(np.float32) for i in range(3)]
    await send(plant, *((T0 + i, wave) for i, wave in enumerate(waves)))

    def read() -> tuple:
        with baigong.connect(plant.url, token=plant.token) as link:
            point = link.point(NAME)
            return point.bursts(T0, T0 + 10), point.info(), link.point(NAME).bursts(T0, T0 + 10, most=2)

    found, info, few = await asyncio.to_thread(read)
    assert info["kind"] == "burst" and info["discovered"] is True
    assert [one.samples.tobytes() for one in found] == [wave.tobytes() for wave in waves]
    assert [int(one.time.astype(np.int64)) for one in found] == [T0, T0 + 1, T0 + 2]
    assert found[0].rate_hz == RATE and found[0].seconds[-1] == pytest.approx(4999 / RATE)
    assert [int(one.time.astype(np.int64)) for one in few] == [T0, T0 + 2]


async def test_the_list_has_features_and_spectra_of_one_axis(plant: World) -> None:
    await send(plant, (T0, sine(800, 2.0)), (T0 + 1, sine(80, 3.0, 4096)))
    async with plant.client() as client:
        params = {"start": T0, "end": T0 + 9, "lines": 128}
        answer = (await client.get(f"/points/{NAME}/bursts", params=params)).json()
    assert (answer["total"], answer["point"], len(answer["bursts"])) == (2, NAME, 2)
    first, second = answer["bursts"]
    assert first["rms"] == pytest.approx(2 / np.sqrt(2), rel=1e-6) and first["samples"] == 8192
    assert second["crest"] == pytest.approx(np.sqrt(2), rel=1e-3)
    assert first["kurtosis"] == pytest.approx(1.5, rel=1e-4)
    for row, hertz, amplitude in ((first, 2500.0, 2.0), (second, 500.0, 3.0)):
        assert len(row["spectrum"]) == 128 and max(row["spectrum"]) == pytest.approx(amplitude, rel=1e-3)
        assert int(np.argmax(row["spectrum"])) == int(hertz / answer["span_hz"] * 128)


async def test_a_spectrum_reads_the_amplitude_to_a_millionth_and_the_envelope_its_modulation(plant: World) -> None:
    slow = 1 + 0.5 * np.cos(2 * np.pi * 40 * np.arange(8192) / 8192)
    await send(plant, (T0, sine(2000, 1.0) * slow))
    async with plant.client() as client:
        (row,) = (await client.get(f"/points/{NAME}/bursts", params={"start": T0, "end": T0 + 1})).json()["bursts"]
        path = f"/bursts/{row['id']}/spectrum"
        plain = (await client.get(path, params={"window": "rectangular"})).json()
        thin = (await client.get(path, params={"window": "rectangular", "lines": 100})).json()
        envelope = {"kind": "envelope", "low_hz": 5000, "high_hz": 7500, "window": "rectangular"}
        demodulated = (await client.get(path, params=envelope)).json()
        wrong = await client.get(path, params={"kind": "envelope", "low_hz": 9000, "high_hz": 100})
    assert plain["step_hz"] == RATE / 8192 and len(plain["values"]) == 4097
    assert plain["frequencies_hz"][2000] == 6250.0
    assert plain["values"][2000] == pytest.approx(1.0, rel=1e-6)
    assert plain["values"][1960] == pytest.approx(0.25, rel=1e-6)
    assert len(thin["values"]) == 100 and max(thin["values"]) == max(plain["values"])
    assert int(np.argmax(demodulated["values"])) == 40
    assert demodulated["values"][40] == pytest.approx(0.5, rel=1e-6)
    assert wrong.status_code == 422 and wrong.json()["code"] == "config.invalid"


async def test_a_waveform_is_thinned_to_the_chart_and_keeps_its_extremes(plant: World) -> None:
    wave = np.random.default_rng(3).normal(size=100_000).astype(np.float32)
    await send(plant, (T0, wave))
    async with plant.client() as client:
        (row,) = (await client.get(f"/points/{NAME}/bursts", params={"start": T0, "end": T0 + 1})).json()["bursts"]
        drawn = (await client.get(f"/bursts/{row['id']}", params={"width": 300})).json()
        whole = (await client.get(f"/bursts/{row['id']}", params={"width": 0})).json()
        gone = await client.get(f"/bursts/{row['id'].partition('-')[0]}-77")
        nonsense = await client.get("/bursts/abc")
    assert len(drawn["values"]) <= 1200 and max(drawn["values"]) == float(wave.max())
    assert drawn["seconds"] == sorted(drawn["seconds"])
    assert np.array(whole["values"], np.float32).tobytes() == wave.tobytes()
    assert [(a.status_code, a.json()["code"]) for a in (gone, nonsense)] == [(404, "burst.unknown")] * 2


async def test_json_is_taken_too_and_what_is_wrong_registers_nothing(plant: World) -> None:
    good = {"point": "fan.shake", "rate_hz": 10.0, "samples": [1, 2.5, None], "time": T0}
    async with plant.client() as client:
        assert (await client.post("/ingest", json={"bursts": [good]})).json()["accepted"] == 1
        for change in ({"rate_hz": 0}, {"samples": []}, {"time": "yesterday"}, {"quality": 1 << 40}):
            bad = await client.post("/ingest", json={"bursts": [good | {"point": "fan.new"} | change]})
            assert bad.status_code in (400, 422), bad.text
        assert (await client.get("/points/fan.new")).status_code == 404
        refused = await client.post("/ingest", json={"bursts": [good | {"point": "pump1.flow"}]})
        await plant.settled()
        (row,) = (await client.get("/points/fan.shake/bursts", params={"start": T0, "end": T0 + 1})).json()["bursts"]
        spectrum = await client.get(f"/bursts/{row['id']}/spectrum")
        raw = await client.get("/points/fan.shake/bursts", params={"start": T0, "end": T0 + 1, "format": "arrow"})
    assert (refused.status_code, refused.json()["place"]) == (422, "pump1.flow")
    assert row["quality"] == q.BAD_NOT_A_NUMBER and row["rms"] is None
    assert (spectrum.status_code, spectrum.json()["code"]) == (422, "burst.unusable")
    assert read_arrow(raw.content)["samples"].to_pylist()[0][:2] == [1.0, 2.5]


async def test_a_recording_of_a_million_samples_arrives_in_pieces(plant: World) -> None:
    wave = np.arange(1_000_000, dtype=np.float32)
    await send(plant, (T0, wave))
    state = await plant.bus.stream_state("p0")
    assert (
        state is not None
        and state.last_seq == 4
        and max(len(m.payload) for m in plant.bus._streams["p0"].log) <= 1 << 20
    )
    number = plant.registry.book.find("main", NAME).number
    total, tables = plant.lake.bursts("main", number, 0, 1 << 60, 100)
    joined = np.concatenate([np.array(t["samples"].combine_chunks().flatten()) for t in tables])
    assert total == 4 and joined.tobytes() == wave.tobytes()
    assert isinstance(joined, np.ndarray) and pa.types.is_float32(pa.array(joined).type)
