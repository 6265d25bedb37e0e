"""Bad input from every side of a running platform: a plain answer, nothing changed, nothing down, the loss counted."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx2
import numpy as np
import pyarrow as pa
import pytest

from tests.e2e.running import Running, until

pytestmark = pytest.mark.timeout(240)  # a start is part of the first test
_CONNACK_OK = b"\x20\x02\x00\x00"


@pytest.fixture(scope="module")
def http(demo: Running) -> Iterator[httpx2.Client]:
    with demo.http() as made:
        yield made


@pytest.fixture(scope="module", autouse=True)
def endless(demo: Running) -> Iterator[Future[httpx2.Response]]:
    """A query that never ends, asked before everything else: it must not hold up the others either."""
    asked = "select count(*) from range(10000000) a, range(10000000) b where a.range * b.range % 7 = 8"
    with demo.http() as own, ThreadPoolExecutor(1) as thread:
        yield thread.submit(own.post, "/sql", json={"sql": asked})


@pytest.fixture(autouse=True)
def nothing_falls_over(demo: Running, http: httpx2.Client) -> Iterator[None]:
    """Whatever a test sends: the same processes run afterwards, and values keep coming."""
    before = _running(http)
    yield
    assert _running(http) == before
    assert http.get("/health").json()["status"] == "ok"


def _running(http: httpx2.Client) -> dict[str, tuple[int, int]]:
    return {p["name"]: (p["pid"], p["restarts"]) for p in http.get("/system").json()["processes"]}


def _problem(answer: httpx2.Response, status: int, code: str, place: str | None = None) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    told: dict[str, Any] = answer.json()
    assert told["code"] == code, told
    assert told["title"] and told["advice"] and told["advice_zh"]
    assert "Traceback" not in answer.text
    if place is not None:
        assert place in told["place"], told
    return told


def _dropped(http: httpx2.Client, what: str, where: str = "") -> int:
    rows = http.get("/system").json()["dropped"]
    return sum(row["count"] for row in rows if row["what"] == what and where in row["where"])


def _devices(http: httpx2.Client) -> list[str]:
    return [row["device"] for row in http.get("/devices").json()]


def _verdict(http: httpx2.Client, driver: str, options: dict[str, Any]) -> dict[str, Any]:
    answer = http.post("/devices/test", json={"driver": driver, "options": options, "timeout_s": 5})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


# -- devices -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("driver", "options"),
    [
        ("modbus", {"host": "plc-7.invalid"}),
        ("opcua", {"url": "opc.tcp://plc-7.invalid:4840"}),
        ("mqtt", {"host": "plc-7.invalid"}),
        ("modbus", {"host": "127.0.0.1", "port": 1}),
        ("opcua", {"url": "opc.tcp://127.0.0.1:1"}),
        ("mqtt", {"host": "127.0.0.1", "port": 1}),
    ],
    ids=lambda v: v if isinstance(v, str) else "unknown" if "invalid" in str(v) else "refused",
)
def test_a_host_that_is_not_there(http: httpx2.Client, driver: str, options: dict[str, Any]) -> None:
    told = _verdict(http, driver, options)
    assert told["ok"] is False
    assert told["error"]["code"] == "driver.unreachable"
    assert told["error"]["advice"]
    assert options.get("host", "127.0.0.1" if "127" in str(options) else "plc-7.invalid") in json.dumps(told)


def test_a_wrong_register_and_a_wrong_type(http: httpx2.Client) -> None:
    ask = {"device": "meter-main", "addresses": ["input:60000", "input:0:float33", "nowhere:1", "input:0"]}
    answer = http.post("/devices/preview", json=ask)
    assert answer.status_code == 200, answer.text
    found = {one["address"]: one for one in answer.json()}
    for wrong in ask["addresses"][:3]:
        assert found[wrong]["error"]["code"] in ("driver.address", "driver.protocol"), found[wrong]
        assert found[wrong]["error"]["advice"]
        assert found[wrong]["value"] is None
    assert found["input:0"]["error"] is None, "a wrong address takes no right one with it"


def test_a_device_whose_description_is_wrong_changes_nothing(http: httpx2.Client) -> None:
    before = _devices(http)
    good = {"device": "bad1", "driver": "modbus", "options": {"host": "127.0.0.1"}, "points": []}
    _problem(http.put("/devices/bad1", json=good | {"driver": "telepathy"}), 404, "driver.unknown")
    _problem(http.put("/devices/bad1", json=good | {"options": {"host": 7}}), 422, "driver.option", "host")
    wrong = {"host": "h", "transport": "pigeon"}
    _problem(http.put("/devices/bad1", json=good | {"options": wrong}), 422, "driver.option", "transport")
    _problem(http.put("/devices/bad1", json=good | {"options": {"hots": "h"}}), 422, "driver.option", "hots")
    taken = {"name": "pump1.flow", "address": "holding:0"}
    _problem(http.put("/devices/bad1", json=good | {"points": [taken]}), 409, "point.collision")
    yaml = {"Content-Type": "application/yaml"}
    for text in (b"device: [", b"- 1\n- 2\n", b"\xff\xfe\x00", b"device: bad1\ndriver: modbus\nturbo: yes\n"):
        answer = http.put("/devices/bad1", content=text, headers=yaml)
        assert answer.status_code in (400, 422), answer.text
        _problem(answer, answer.status_code, answer.json()["code"])
    assert _devices(http) == before


# -- ingest --------------------------------------------------------------------------------------------------


def test_json_that_is_none(http: httpx2.Client) -> None:
    before = _dropped(http, "payload.malformed", "api")
    headers = {"Content-Type": "application/json"}
    bad = (b"{", b"", b"[]", b'{"values": 7}', b"\xff\xfe", b"[" * 100_000)
    for raw in bad:
        _problem(http.post("/ingest", content=raw, headers=headers), 400, "payload.malformed")
    for number in (b"NaN", b"Infinity", b"1e999"):
        raw = b'{"values": [{"point": "e2e.json", "value": ' + number + b"}]}"
        _problem(http.post("/ingest", content=raw, headers=headers), 400, "payload.malformed")
    for second in (b'{"point": "e2e json!", "value": 2}', b'{"point": "e2e.json", "value": 2, "time": "yesterday"}'):
        raw = b'{"values": [{"point": "e2e.json", "value": 1}, ' + second + b"]}"
        answer = http.post("/ingest", content=raw, headers=headers)
        _problem(answer, answer.status_code, answer.json()["code"])
    assert http.get("/points/e2e.json").status_code == 404, "of a bad request nothing is kept"
    assert _dropped(http, "payload.malformed", "api") >= before + len(bad)


def _arrow(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def test_a_frame_with_a_wrong_schema(http: httpx2.Client) -> None:
    headers = {"Content-Type": "application/vnd.apache.arrow.stream"}
    now = pa.array([int(time.time() * 1e6)], pa.timestamp("us", "UTC"))
    frames = (
        _arrow(pa.table({"name": ["e2e.arrow"], "value": [1.0]})),
        _arrow(pa.table({"name": ["e2e.arrow"], "time": now, "value": [[1.0]]})),
        _arrow(pa.table({"name": ["e2e.arrow"], "time": ["yesterday"], "value": [1.0]})),
        _arrow(pa.table({"name": [7.5], "time": now, "value": [1.0]})),
        _arrow(pa.table({"name": ["e2e.arrow"], "time": now, "value": [1.0], "turbo": [1]})),
    )
    for raw in frames:
        _problem(http.post("/ingest", content=raw, headers=headers), 422, "frame.invalid")
    whole = _arrow(pa.table({"name": ["e2e.arrow"], "time": now, "value": [1.0]}))
    for raw in (b"", b"ARROW1\0\0", whole[: len(whole) // 2], b"\xff" * 200):
        answer = http.post("/ingest", content=raw, headers=headers)
        assert answer.status_code in (400, 422)
        _problem(answer, answer.status_code, answer.json()["code"])
    unknown = _arrow(pa.table({"point": pa.array([12345], pa.int64()), "time": now, "value": [1.0]}))
    _problem(http.post("/ingest", content=unknown, headers=headers), 404, "point.unknown", "12345")
    assert http.get("/points/e2e.arrow").status_code == 404


def test_numbers_that_are_none_are_kept_as_bad_values_not_as_numbers(http: httpx2.Client) -> None:
    """Arrow can carry NaN and infinity: machines send them, and a chart must not fall over them."""
    now = int(time.time() * 1e6)
    times = pa.array([now - 3, now - 2, now - 1], pa.timestamp("us", "UTC"))
    values = pa.array(np.array([np.nan, np.inf, 4.5]))
    table = pa.table({"name": ["e2e.odd"] * 3, "time": times, "value": values})
    headers = {"Content-Type": "application/vnd.apache.arrow.stream"}
    answer = http.post("/ingest", content=_arrow(table), headers=headers)
    assert answer.json()["accepted"] == 3
    ask = {"sql": "select value, severity from telemetry where name = 'e2e.odd' order by time"}
    rows = until(lambda: len(found := http.post("/sql", json=ask).json()["rows"]) == 3 and found)
    assert rows == [[None, "bad"], [None, "bad"], [4.5, "good"]]
    shown = http.get("/series", params={"points": "e2e.odd", "start": "-1min"})
    assert json.loads(shown.text, parse_constant=pytest.fail)["series"][0]["rows"] == 3


def test_a_payload_of_a_hundred_megabytes(http: httpx2.Client) -> None:
    answer = http.post("/ingest", content=b" " * 100_000_000, headers={"Content-Type": "application/json"})
    _problem(answer, 413, "payload.too_large")
    assert _dropped(http, "payload.too_large", "api") >= 1


# -- SQL -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sql", "status", "code"),
    [
        ("select valu from telemetry", 400, "sql.invalid"),
        ("selec 1", 400, "sql.invalid"),
        ("select 1; select 2", 403, "sql.refused"),
        ("delete from telemetry", 403, "sql.refused"),
        ("create table t as select 1", 403, "sql.refused"),
        ("copy telemetry to '/tmp/stolen.csv'", 403, "sql.refused"),
        ("select * from read_csv('/etc/passwd')", 403, "sql.refused"),
        ("select * from '/etc/passwd'", 403, "sql.refused"),
        ("attach '/tmp/x.db'", 403, "sql.refused"),
        ("set memory_limit = '100GB'", 403, "sql.refused"),
        ("install httpfs", 403, "sql.refused"),
    ],
)
def test_sql_that_must_not_run(http: httpx2.Client, sql: str, status: int, code: str) -> None:
    _problem(http.post("/sql", json={"sql": sql}), status, code)


def test_sql_with_more_rows_than_one_answer_holds(http: httpx2.Client) -> None:
    """What cannot say "there is more" is refused: nobody computes with a part, thinking it is all."""
    arrow = {"Accept": "application/vnd.apache.arrow.stream"}
    all_rows, enough = {"sql": "select * from range(1000001)"}, {"sql": "select * from range(1000001)", "limit": 3}
    told = _problem(http.post("/sql", json=all_rows, headers=arrow), 413, "sql.too_large")
    assert "1,000,000" in told["title"]
    assert http.post("/sql", json=enough).json()["truncated"] is True
    with pa.ipc.open_stream(http.post("/sql", json=enough, headers=arrow).content) as reader:
        assert reader.read_all().num_rows == 3


def test_sql_that_eats_memory(http: httpx2.Client) -> None:
    eats = "select list(a.range || repeat('x', 10000)) from range(100000) a, range(1000) b"
    _problem(http.post("/sql", json={"sql": eats}), 507, "sql.memory")
    assert http.post("/sql", json={"sql": "select 1"}).json()["rows"] == [[1]]


# -- the command line ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("query", "delete from telemetry"), "sql.refused"),
        (("query", "select * from nowhere"), "sql.invalid"),
        (("device", "test", "--driver", "modbus", "-o", "host=plc-7.invalid"), "driver.unreachable"),
        (("device", "why", "no-such-device"), "device.unknown"),
    ],
)
def test_the_command_line_says_it_in_one_clear_line(demo: Running, arguments: tuple[str, ...], code: str) -> None:
    done = demo.cli(*arguments)
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert code in said
    assert "Traceback" not in said


# -- MQTT ----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _socket(demo: Running, http: httpx2.Client) -> Iterator[socket.socket]:
    port = http.get("/system").json()["mqtt"]["port"]
    with socket.create_connection((urlsplit(demo.url).hostname, port), 10) as made:
        made.settimeout(10)
        yield made


def _gone(connection: socket.socket) -> bool:
    """Read to the end of what the other side still says."""
    try:
        while connection.recv(65_536):
            pass
    except ConnectionError:
        pass
    return True


def _text(value: str) -> bytes:
    raw = value.encode()
    return len(raw).to_bytes(2, "big") + raw


def _packet(kind: int, body: bytes) -> bytes:
    length, size = b"", len(body)
    while True:
        size, digit = divmod(size, 128)
        length += bytes([digit | (0x80 if size else 0)])
        if not size:
            return bytes([kind]) + length + body


def _connect(user: str, password: str, client: str = "e2e") -> bytes:
    flags = bytes([0b1100_0010])
    head = _text("MQTT") + b"\x04" + flags + (60).to_bytes(2, "big")
    return _packet(0x10, head + _text(client) + _text(user) + _text(password))


@pytest.fixture
def credential(http: httpx2.Client) -> tuple[str, str]:
    spec = {"device": "e2e-mqtt", "driver": "frontdoor", "points": []}
    http.put("/devices/e2e-mqtt", json=spec).raise_for_status()
    asked = {"username": "e2e", "device": "e2e-mqtt", "password": "knows the way in", "replace": True}
    answer = http.post("/credentials", json=asked)
    answer.raise_for_status()
    return "e2e", "knows the way in"


@pytest.mark.parametrize(
    "raw",
    [
        b"\x10\xff\xff\xff\xff\x7f",  # a length of five bytes
        b"\x10\x80\x80\x80\x7f" + b"x" * 1000,  # a CONNECT that claims 256 MB
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x00" * 64,
        b"\xff" * 64,
    ],
    ids=["endless length", "claims 256 MB", "HTTP", "zeros", "ones"],
)
def test_a_stranger_at_the_mqtt_door_is_shown_out_and_counted(demo: Running, http: httpx2.Client, raw: bytes) -> None:
    def counted() -> int:
        return sum(r["count"] for r in http.get("/system").json()["dropped"] if r["where"].startswith("MQTT"))

    before = counted()
    with _socket(demo, http) as connection:
        connection.sendall(raw)
        assert _gone(connection)
    until(lambda: counted() > before)


def test_a_wrong_password_at_the_mqtt_door(demo: Running, http: httpx2.Client) -> None:
    with _socket(demo, http) as connection:
        connection.sendall(_connect("pump-7", "guessed"))
        assert connection.recv(4)[:2] == b"\x20\x02"
        assert _gone(connection)
    until(lambda: _dropped(http, "auth.denied", "MQTT") or any(
        row["where"].startswith("MQTT") for row in http.get("/system").json()["dropped"]))  # fmt: skip


def test_payloads_that_are_no_values_are_counted(
    demo: Running, http: httpx2.Client, credential: tuple[str, str]
) -> None:
    with _socket(demo, http) as connection:
        connection.sendall(_connect(*credential))
        assert connection.recv(4) == _CONNACK_OK
        for number, payload in enumerate((b'{"temp": ', b'{"temp": NaN}', b"\xff\xfe\x00", b"{}" * 3), 1):
            body = _text("e2e-mqtt/oven") + number.to_bytes(2, "big") + payload
            connection.sendall(_packet(0x32, body))
            assert connection.recv(4) == b"\x40\x02" + number.to_bytes(2, "big"), "a client must not send it for ever"
    until(lambda: _dropped(http, "payload.malformed", "MQTT") >= 3)


def test_a_client_that_floods_is_slowed_and_hurts_nobody(
    demo: Running, http: httpx2.Client, credential: tuple[str, str]
) -> None:
    """QoS 0 as fast as a socket takes it, for two seconds, while the others are read and asked as before."""
    one = _packet(0x30, _text("e2e-mqtt/flood") + b'{"speed": 1}')
    burst = one * 2000
    with _socket(demo, http) as connection:
        connection.sendall(_connect(*credential))
        assert connection.recv(4) == _CONNACK_OK
        connection.settimeout(0.5)
        end, slowest = time.monotonic() + 2, 0.0
        while time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                connection.sendall(burst)
            began = time.monotonic()
            http.get("/latest", params={"points": "pump1.flow"}).raise_for_status()
            slowest = max(slowest, time.monotonic() - began)
        assert slowest < 5
        assert until(lambda: http.get("/system").json()["mqtt"]["slowed"]) > 0


def test_sql_that_never_ends(http: httpx2.Client, endless: Future[httpx2.Response]) -> None:
    _problem(endless.result(60), 504, "sql.timeout")
    assert http.post("/sql", json={"sql": "select 1"}).json()["rows"] == [[1]]
