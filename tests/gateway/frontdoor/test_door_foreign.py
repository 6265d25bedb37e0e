"""The front door and clients that others wrote: Mosquitto's, paho, gmqtt and MQTT.js."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import gmqtt
import paho.mqtt.client as paho
import pytest
import trustme
from doors import house, run, until

from baigong.gateway.frontdoor.tls import DoorCertificate
from baigong.security.certificates import Pair, make_server_certificate
from baigong.vocab.errors import FixConfiguration

PUB, SUB = shutil.which("mosquitto_pub"), shutil.which("mosquitto_sub")
needs_mosquitto = pytest.mark.skipif(not (PUB and SUB), reason="mosquitto-clients are not installed")
WHO = ("-u", "press1", "-P", "secret")


def address(port: int) -> tuple[str, ...]:
    return ("-h", "127.0.0.1", "-p", str(port), *WHO, "-V", "mqttv311")


# Mosquitto's clients


@needs_mosquitto
@pytest.mark.parametrize("qos", ["0", "1", "2"])
async def test_mosquitto_pub_publishes(qos: str) -> None:
    async with house() as home:
        lines = "".join(f'{{"n": {n}}}\n' for n in range(200)).encode()
        code, _, errors = await run(PUB, *address(home.port), "-t", "plant/data", "-q", qos, "-l", send=lines)
        assert (code, errors) == (0, b"")
        await until(lambda: sorted(home.sink.values()) == list(range(200)))


@needs_mosquitto
@pytest.mark.parametrize("qos", ["0", "1", "2"])
async def test_mosquitto_sub_gets_what_mosquitto_pub_sends(qos: str) -> None:
    async with house() as home:
        sub = asyncio.create_task(
            run(
                SUB,
                *address(home.port),
                "-t",
                "plant/+/#",
                "-t",
                "other",
                "-q",
                qos,
                "-C",
                "50",
                "-W",
                "10",
                "-F",
                "%t %q %r %p",
            )
        )
        await until(lambda: home.door.stats()["subscriptions"] == 2)
        lines = "".join(f"{n}\n" for n in range(50)).encode()
        await run(PUB, *address(home.port), "-t", "plant/press3/speed", "-q", qos, "-l", send=lines)
        code, output, _ = await sub
        assert code == 0
        assert output.decode().splitlines() == [f"plant/press3/speed {qos} 0 {n}" for n in range(50)]


@needs_mosquitto
async def test_mosquitto_clients_see_retained_and_will() -> None:
    async with house() as home:
        await run(PUB, *address(home.port), "-t", "plant/state", "-q", "1", "-r", "-m", '{"on": true}')
        code, output, _ = await run(SUB, *address(home.port), "-t", "plant/#", "-C", "1", "-W", "5", "-F", "%t %r %p")
        assert (code, output) == (0, b'plant/state 1 {"on": true}\n')
        code, output, _ = await run(
            SUB, *address(home.port), "-t", "plant/#", "--retained-only", "-W", "2", "-F", "%p", "--remove-retained"
        )
        await until(lambda: home.door.stats()["retained"] == 0)
        doomed = await asyncio.create_subprocess_exec(
            SUB, *address(home.port), "-t", "x", "--will-topic", "plant/gone", "--will-payload", "1", "--will-qos", "1"
        )
        heir = asyncio.create_task(run(SUB, *address(home.port), "-t", "plant/gone", "-C", "1", "-W", "10"))
        await until(lambda: home.door.stats()["subscriptions"] == 2)
        doomed.kill()
        await doomed.wait()
        assert (await heir)[:2] == (0, b"1\n")


@needs_mosquitto
async def test_mosquitto_persistent_session_gets_what_it_missed() -> None:
    async with house() as home:
        lasting = (SUB, *address(home.port), "-t", "cmd/#", "-q", "2", "-c", "-i", "lasting")
        await run(*lasting, "-E")
        await until(lambda: home.door.stats()["connections"] == 0)
        await run(PUB, *address(home.port), "-t", "cmd/a", "-q", "2", "-l", send=b"1\n2\n3\n")
        code, output, _ = await run(*lasting, "-C", "3", "-W", "10")
        assert (code, output) == (0, b"1\n2\n3\n")


@needs_mosquitto
async def test_mosquitto_is_refused_with_a_reason() -> None:
    async with house() as home:
        at = ("-h", "127.0.0.1", "-p", str(home.port), "-t", "x", "-m", "1")
        code, _, errors = await run(PUB, *at, "-V", "mqttv311")
        assert (code, b"not authorised" in errors) == (5, True)
        code, _, errors = await run(PUB, *at, "-V", "mqttv311", "-u", "press1", "-P", "wrong")
        assert code == 4 or b"bad user name" in errors
        code, _, errors = await run(PUB, *at, *WHO, "-V", "mqttv5")
        assert code != 0


@needs_mosquitto
async def test_mosquitto_comes_in_by_tls_trusting_our_own_authority(tmp_path: Path) -> None:
    ours = DoorCertificate(tmp_path / "certificates", ["localhost", "127.0.0.1"])
    ours.load()
    trust = ("--cafile", str(tmp_path / "certificates" / "mqtt-ca.pem"))
    assert ours.key.stat().st_mode & 0o077 == 0
    async with house(tls=ours.context, tls_port=0) as home:
        plain, tls = home.door.ports
        assert plain and tls and plain != tls
        message = ("-t", "plant/n", "-q", "1", "-m")
        code, _, errors = await run(PUB, *address(tls), *trust, *message, "7")
        assert (code, errors) == (0, b"")
        code, _, _ = await run(PUB, *address(tls), *message, "8")
        assert code != 0, "the TLS port speaks nothing but TLS"
        trustme.CA().cert_pem.write_to_path(str(tmp_path / "other.pem"))
        code, _, _ = await run(PUB, *address(tls), "--cafile", str(tmp_path / "other.pem"), *message, "9")
        assert code != 0, "mosquitto_pub checks who signed"
        code, _, _ = await run(PUB, *address(plain), *message, "10")
        assert code == 0
        assert home.sink.values() == [7, 10]


def test_a_certificate_of_ours_is_kept_until_it_ends_or_the_names_change(tmp_path: Path) -> None:
    def load(*names: str) -> tuple[bytes, str]:
        made = DoorCertificate(tmp_path, ["plant", *names])
        made.load()
        assert {"plant", *names} <= set(made.names())
        return made.certificate.read_bytes(), made.authority()

    first, authority = load()
    assert load() == (first, authority)
    second, same = load("10.0.0.9")
    assert second != first and same == authority, "devices go on trusting us"
    signing = Pair((tmp_path / "mqtt-ca.pem").read_bytes(), b"", (tmp_path / "mqtt-ca.key").read_bytes())
    ending = make_server_certificate(signing, ["plant", "10.0.0.9"], datetime.now(UTC), years=0.1)
    (tmp_path / "mqtt-server.pem").write_bytes(ending.certificate_pem)
    (tmp_path / "mqtt-server.key").write_bytes(ending.key_pem)
    assert load("10.0.0.9")[0] != ending.certificate_pem
    with pytest.raises(FixConfiguration) as caught:
        DoorCertificate(tmp_path, ["plant"], certificate=tmp_path / "none.pem", key=tmp_path / "none.key").load()
    assert caught.value.code == "tls.certificate"


# paho


@contextmanager
def paho_client(port: int, client_id: str, **more: Any) -> Iterator[paho.Client]:
    made = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id, protocol=paho.MQTTv311, **more)
    made.username_pw_set("press1", "secret")
    connected = threading.Event()
    made.on_connect = lambda *_: connected.set()
    made.connect("127.0.0.1", port, keepalive=10)
    made.loop_start()
    try:
        assert connected.wait(5)
        yield made
    finally:
        made.disconnect()
        made.loop_stop()


def publish_with_paho(port: int, count: int, qos: int) -> None:
    with paho_client(port, f"paho-pub-{qos}") as client:
        sent = [client.publish("plant/data", json.dumps({"n": n}), qos) for n in range(count)]
        for message in sent:
            message.wait_for_publish(10)


@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_paho_publishes_and_subscribes(qos: int) -> None:
    async with house() as home:
        got: list[tuple[str, int, int]] = []

        def both() -> None:
            with paho_client(home.port, "paho-sub") as sub:
                done, granted = threading.Event(), threading.Event()

                def on_message(client: Any, userdata: Any, message: paho.MQTTMessage) -> None:
                    got.append((message.topic, message.qos, json.loads(message.payload)["n"]))
                    if len(got) == 300:
                        done.set()

                sub.on_message = on_message
                sub.on_subscribe = lambda *_: granted.set()
                sub.subscribe("plant/#", qos)
                assert granted.wait(5)
                publish_with_paho(home.port, 300, qos)
                assert done.wait(10)

        await asyncio.to_thread(both)
        assert got == [("plant/data", qos, n) for n in range(300)]
        await until(lambda: sorted(home.sink.values()) == list(range(300)))


async def test_paho_sends_again_what_was_not_acknowledged() -> None:
    async with house(is_open=False) as home:

        def send() -> None:
            with paho_client(home.port, "paho-pub", clean_session=False) as client:
                client.reconnect_delay_set(1, 1)
                message = client.publish("plant/data", '{"ts": 1790000000, "n": 1}', 1)
                assert not wait(message, 0.5)
                cut.set()
                assert wait(message, 10)

        def wait(message: paho.MQTTMessageInfo, seconds: float) -> bool:
            message.wait_for_publish(seconds)
            return message.is_published()

        cut = threading.Event()
        sending = asyncio.create_task(asyncio.to_thread(send))
        await asyncio.to_thread(cut.wait, 10)
        for connection in list(home.door.rooms["demo"].connections):
            connection.close("cut by the test", flush=False)
        await asyncio.sleep(0.2)
        home.sink.open.set()
        await sending
        assert set(home.sink.values()) == {1}


# gmqtt, which begins with MQTT 5


async def test_gmqtt_falls_back_to_3_1_1() -> None:
    async with house() as home:
        client = gmqtt.Client("gmqtt")
        client.set_config({"reconnect_delay": 0.05})
        client.set_auth_credentials("press1", "secret")
        async with asyncio.timeout(10):
            await client.connect("127.0.0.1", home.port)
        for n in range(100):
            client.publish("plant/data", json.dumps({"n": n}), qos=1)
        await until(lambda: sorted(home.sink.values()) == list(range(100)))
        await client.disconnect()


# MQTT.js


def mqtt_js() -> Path | None:
    """Find an installed MQTT.js: ``BAIGONG_MQTT_JS`` names the folder that holds node_modules."""
    folder = Path(os.environ.get("BAIGONG_MQTT_JS", "/nonexistent"))
    return folder if (folder / "node_modules/mqtt").exists() else None


SCRIPT = """
const mqtt = require("mqtt");
const [port, qos] = process.argv.slice(2).map(Number);
const client = mqtt.connect(`mqtt://127.0.0.1:${port}`, {username: "press1", password: "secret", protocolVersion: 4});
const got = [];
client.on("error", (e) => { console.error(e.message); process.exit(1); });
client.on("message", (topic, payload) => {
  got.push(JSON.parse(payload).n);
  if (got.length === 200) { console.log(JSON.stringify(got)); client.end(false, () => process.exit(0)); }
});
client.on("connect", () => client.subscribe("plant/#", {qos}, () => {
  for (let n = 0; n < 200; n++) client.publish("plant/data", JSON.stringify({n}), {qos});
}));
"""


@pytest.mark.skipif(not (shutil.which("node") and mqtt_js()), reason="set BAIGONG_MQTT_JS to a folder with MQTT.js")
@pytest.mark.parametrize("qos", [0, 1, 2])
async def test_mqtt_js_publishes_and_subscribes(tmp_path: Path, qos: int) -> None:
    folder = mqtt_js()
    assert folder
    script = folder / f"door-{os.getpid()}.cjs"
    script.write_text(SCRIPT)
    try:
        async with house() as home:
            code, output, errors = await run("node", str(script), str(home.port), str(qos))
            assert (code, errors) == (0, b"")
            assert json.loads(output) == list(range(200))
            await until(lambda: sorted(home.sink.values()) == list(range(200)))
    finally:
        script.unlink()


# kill -9


async def test_kill_9_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    """The door is killed three times while paho publishes 3,000 numbers with QoS 1 or 2: every one arrives."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    total, pause = 3_000, threading.Event()

    async def door() -> asyncio.subprocess.Process:
        script = Path(__file__).with_name("door_process.py")
        child = await asyncio.create_subprocess_exec(
            sys.executable, str(script), str(tmp_path), str(port), stdout=asyncio.subprocess.PIPE
        )
        assert child.stdout
        assert await child.stdout.readline() == b"ready\n"
        return child

    def publishing() -> None:
        with paho_client(port, "lasting", clean_session=False) as client:
            client.reconnect_delay_set(1, 1)
            acknowledged: set[int] = set()
            client.on_publish = lambda client, userdata, mid, *_: acknowledged.add(mid)
            for n in range(total):
                client.publish("plant/data", json.dumps({"n": n}), 1 + n % 2)
                if n % 10 == 0:
                    pause.wait(0.01)
            for _ in range(600):
                if len(acknowledged) == total:
                    return
                pause.wait(0.05)
            raise AssertionError(f"only {len(acknowledged)} of {total} were acknowledged")

    child = await door()
    work = asyncio.create_task(asyncio.to_thread(publishing))
    for _ in range(3):
        await asyncio.sleep(0.6)
        child.kill()
        await child.wait()
        child = await door()
    await work
    child.kill()
    await child.wait()
    values = [int(line) for line in (tmp_path / "values").read_text().split()]
    assert set(values) == set(range(total))
