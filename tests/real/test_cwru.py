"""Real bearings over real MQTT and HTTP into the platform's own process: every sample, and the fault each is known for.

The recordings are those of the Case Western Reserve bearing data centre: drive end, 12 kHz, 1797 rpm, bearing 6205.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx2 as httpx
import numpy as np
import paho.mqtt.client as paho
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

import baigong
from baigong.methods.describe.vibration import bearing_frequencies
from baigong.stores.lake.bursts import LAKE_BURSTS
from tests.outage.rig import PlatformProcess

RATE, SHAFT_HZ, T0 = 12_000.0, 1797 / 60, 1_763_600_000_000_000
# truth: what was seeded into the bearing, and the frequency at which it shows
SEEDED = {
    "1797_ORat6_7_DE12": "BPFO",
    "1797_ORat6_21_DE12": "BPFO",
    "1797_IR_7_DE12": "BPFI",
    "1797_IR_21_DE12": "BPFI",
}
OVER_MQTT = ("1797_ORat6_7_DE12", "1797_IR_7_DE12")


@pytest.fixture
def tapes(shared: Path) -> dict[str, np.ndarray]:
    folder = shared / "data" / "cwru"
    if not folder.is_dir():
        pytest.skip("no bearing recordings in the shared data")
    return {name: np.load(folder / f"{name}.npz")["DE"].ravel() for name in SEEDED}


def publish(platform: PlatformProcess, password: str, topic: str, payload: bytes) -> None:
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="shaker", protocol=paho.MQTTv311)
    client.username_pw_set("shaker", password)
    deadline = time.monotonic() + 30
    while True:
        try:
            client.connect("127.0.0.1", platform.mqtt_port)
            break
        except ConnectionRefusedError:  # the gateway opens its door a moment after the platform answers
            assert time.monotonic() < deadline, platform.log.read_text()[-3000:]
            time.sleep(0.05)
    client.loop_start()
    try:
        client.publish(topic, payload, qos=1).wait_for_publish(30)  # PUBACK: it is on disk
    finally:
        client.disconnect()
        client.loop_stop()


async def device(platform: PlatformProcess) -> str:
    mapping = f"- topic: '+/raw'\n  format: float32\n  rate_hz: {RATE:g}\n"
    spec = {"device": "shaker", "driver": "frontdoor", "options": {"mapping": mapping}}
    async with httpx.AsyncClient(base_url=platform.url, headers=platform.headers, timeout=30) as client:
        assert (await client.put("/api/v1/devices/shaker", json=spec)).status_code == 200
        answer = await client.post("/api/v1/credentials", json={"device": "shaker", "publish": ["+/raw"]})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["password"])


def stored(data: Path) -> list[tuple[int, bytes]]:
    """Read (point, samples) of every recording from the lake's files alone, nothing resolved."""
    parts = [
        pq.read_table(uri.removeprefix("file://"), partitioning=None).cast(LAKE_BURSTS)
        for uri in DeltaTable(str(data / "lake" / "p0" / "bursts")).file_uris()
    ]
    table = pa.concat_tables(parts)
    rows = zip(table["point"].to_pylist(), table["time"].cast("int64").to_pylist(), table["samples"], strict=True)
    return sorted((point, when, np.array(wave.values, np.float32).tobytes()) for point, when, wave in rows)


async def until(platform: PlatformProcess, count: int) -> None:
    deadline = time.monotonic() + 30
    while (await platform.sql("select count(*) from bursts")).column(0)[0].as_py() < count:
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def test_recordings_arrive_to_the_bit_and_show_the_fault_that_was_seeded(tapes, tmp_path, capsys):
    platform = PlatformProcess(tmp_path / "data")
    await platform.start()
    try:
        password = await device(platform)
        for name, tape in tapes.items():
            if name in OVER_MQTT:
                raw = tape.astype("<f4").tobytes()
                await asyncio.to_thread(publish, platform, password, f"m{name}/raw", raw)

        def over_http() -> None:
            with baigong.connect(platform.url, data=platform.data) as link:
                for name, tape in tapes.items():
                    if name not in OVER_MQTT:
                        assert link.write_burst(f"m{name}.raw", tape, RATE, T0) == 1

        await asyncio.to_thread(over_http)
        await until(platform, len(tapes))
        found, lines = await asyncio.to_thread(read, platform, tapes)
        sql = "select name, len(samples) as n, list_avg(samples) as mean, rate_hz from bursts order by name"
        table = (await platform.sql(sql)).to_pylist()
    finally:
        await platform.stop()
    for name, tape in tapes.items():
        assert found[name] == tape.tobytes(), f"{name}: not the samples that were sent"
    assert [(row["name"], row["n"], row["rate_hz"]) for row in table] == [
        (f"m{name}.raw", len(tapes[name]), RATE) for name in sorted(tapes)
    ]
    rows = stored(platform.data)
    assert len(rows) == len(tapes) and {wave for *_, wave in rows} == {tape.tobytes() for tape in tapes.values()}
    told = bearing_frequencies(SHAFT_HZ, 9, 0.3126 / 1.537)
    with capsys.disabled():
        for name, (hertz, amplitude, floor) in lines.items():
            print(f"\n| {name} | {SEEDED[name]} {told[SEEDED[name]]:.1f} Hz | found {hertz:.1f} Hz, "
                  f"{amplitude / floor:.0f} times the floor |", end="")  # fmt: skip
    for name, (hertz, amplitude, floor) in lines.items():
        assert hertz == pytest.approx(told[SEEDED[name]], rel=0.01), name
        assert amplitude > 50 * floor, name


def read(platform: PlatformProcess, tapes: dict[str, np.ndarray]) -> tuple[dict, dict]:
    """Return the samples as the SDK gives them, and the highest line of each envelope spectrum with its floor."""
    found, lines = {}, {}
    with (
        baigong.connect(platform.url, data=platform.data) as link,
        httpx.Client(base_url=f"{platform.url}/api/v1", headers=platform.headers, timeout=30) as client,
    ):
        for name in tapes:
            (burst,) = link.point(f"m{name}.raw").bursts("1970-01-01", "now")
            found[name] = burst.samples.tobytes()
            listed = client.get(f"/points/m{name}.raw/bursts", params={"start": "1970-01-01"}).json()
            asked = {"kind": "envelope", "low_hz": 2000, "high_hz": 4000}
            made = client.get(f"/bursts/{listed['bursts'][0]['id']}/spectrum", params=asked).json()
            hertz, values = np.array(made["frequencies_hz"]), np.array(made["values"])
            near = np.flatnonzero((hertz > 40) & (hertz < 500))
            top = near[np.argmax(values[near])]
            lines[name] = (hertz[top], values[top], float(np.median(values[near])))
    return found, lines
