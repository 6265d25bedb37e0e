"""Points that a driver comes across: stored and registered, though nobody configured them."""

from __future__ import annotations

import asyncio
import shutil
import socket
from pathlib import Path

import gmqtt
import pytest
from rig import until
from test_service import Plant, gateway

from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.ids import point_number

MOSQUITTO = shutil.which("mosquitto") or "/usr/sbin/mosquitto"


@pytest.mark.skipif(not Path(MOSQUITTO).exists(), reason="mosquitto is not installed")
@pytest.mark.parametrize("configured", [True, False])
async def test_what_another_broker_sends_is_registered_and_stored(tmp_path: Path, configured: bool) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    (tmp_path / "broker.conf").write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\n")
    quiet = asyncio.subprocess.DEVNULL
    broker = await asyncio.create_subprocess_exec(
        MOSQUITTO, "-c", str(tmp_path / "broker.conf"), stdout=quiet, stderr=quiet
    )
    try:
        client = gmqtt.Client("publisher")
        async with asyncio.timeout(10):
            while True:
                try:
                    await client.connect("127.0.0.1", port, version=4)
                    break
                except OSError:
                    await asyncio.sleep(0.05)
        client.publish("plant/press3/data", b'{"temp": 21.5, "speed": 3, "word": "RUN"}', qos=1, retain=True)
        plant = Plant(tmp_path / "gateway")
        points = [PointSpec(name="press3.speed", address="plant/press3/data#speed")] if configured else []
        options = {"host": "127.0.0.1", "port": port, "topics": "plant/#"}
        plant.devices = [DeviceSpec(device="line1", driver="mqtt", options=options, points=points)]
        await plant.registry()
        numbers = {key: point_number("demo", "line1", f"plant/press3/data#{key}") for key in ("temp", "speed", "word")}
        async with gateway(plant):
            await until(lambda: plant.registered and plant.rows(numbers["word"]))
            assert plant.rows(numbers["temp"])[0]["value"] == 21.5
            assert plant.rows(numbers["word"])[0]["text"] == "RUN"
            assert plant.rows(numbers["speed"])[0]["value"] == 3.0
            status = (await plant.ask("status", tenant="demo", device="line1"))[0]
            assert status["state"] == "connected"
        (told,) = plant.registered
        assert (told["tenant"], told["device"]) == ("demo", "line1")
        found = {p["name"]: p["number"] for p in told["points"]}
        wanted = {f"plant.press3.data.{key}": number for key, number in numbers.items()}
        if configured:
            del wanted["plant.press3.data.speed"]
        assert found == wanted
        assert {p["kind"] for p in told["points"] if p["name"].endswith("word")} == {"text"}
        await client.disconnect()
    finally:
        broker.terminate()
        await broker.wait()
