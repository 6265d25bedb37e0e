"""doctor, backup and restore as commands, service units, the support archive."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import socket
import subprocess
import tarfile
import tempfile
from pathlib import Path

import pytest
import typer

from baigong.bus.contract import StreamState
from baigong.bus.passes import read_pass
from baigong.cli.doctor import examine, stream
from baigong.cli.main import app
from baigong.cli.place import owner_kept
from baigong.cli.readiness import tell_systemd
from baigong.cli.service import Service, unit_text
from baigong.cli.service_account import prepare
from baigong.stores.lake.table import position
from baigong.vocab.errors import FixConfiguration
from tests.cli.conftest import Run
from tests.cli.plants import Load, client, platform

_SECRET = "hunter2-very-secret"  # the password of a device
_DEVICE = f"""device: plc1
driver: opcua
enabled: false
options: {{url: "opc.tcp://127.0.0.1:9", user: fitter, password: {_SECRET}}}
"""


def test_doctor_of_a_running_platform(up: Path, run: Run) -> None:
    said = run("doctor", "--data", up, "--json")
    found = {v["what"]: v for v in json.loads(said.out)}
    assert {"NATS server", "clock", "data folder", "permissions", "disk", "records", "lake p0", "stream p0"} <= set(
        found
    )
    assert found["platform"]["state"] != "bad"
    assert "its platform runs" in found["data folder"]["detail"]
    assert found["records"]["state"] == found["lake p0"]["state"] == found["stream p0"]["state"] == "good"
    assert [v for v in found.values() if v["state"] == "bad"] == []
    assert said.code == 0
    assert "ok" in run("doctor", "--data", up).out


def test_the_support_archive_holds_no_secret(up: Path, run: Run, tmp_path: Path) -> None:
    device = tmp_path / "plc1.yaml"
    device.write_text(_DEVICE)
    assert run("device", "add", "--data", up, device).code == 0
    (up / "logs" / "extra.log").write_text(f'signing in with {_SECRET}, {{"token": "abcdef123456"}}\n')
    target = tmp_path / "support.tar.gz"
    assert run("doctor", "--data", up, "--bundle", target).code == 0
    with tarfile.open(target) as tar:
        files = {m.name: tar.extractfile(m).read().decode() for m in tar.getmembers()}  # type: ignore[union-attr]
    whole = "\n".join(files.values())
    assert "baigong-support/doctor.json" in files
    assert any(name.endswith("plc1.yaml") for name in files)
    assert any("opc.tcp" in text for text in files.values())
    for secret in (
        _SECRET,
        (up / "key").read_text().strip(),
        read_pass(up / "nats" / "passes" / "platform.json").password,
        "abcdef123456",
    ):
        assert secret not in whole


async def test_doctor_finds_what_is_broken(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with platform(data) as running, client(data) as http:
        await Load(http, "a.b").send(500)
        await running.owner.flush()

    async def states(folder: Path, *, deep: bool = False) -> dict[str, str]:
        found = await examine(folder, deep=deep, told=lambda _: None)
        return {v.what: v.state for v in found.verdicts}

    healthy = await states(data, deep=True)
    assert healthy["lake p0"] == healthy["records"] == healthy["stream p0"] == healthy["permissions"] == "good"

    broken = shutil.copytree(data, tmp_path / "broken")
    (broken / "key").chmod(0o644)
    files = list((broken / "lake" / "p0" / "telemetry").glob("tenant=*/*/*.parquet"))
    for file in files:  # merged ones and those they replaced
        file.write_bytes(file.read_bytes()[:-5])
    records = bytearray((broken / "records.db").read_bytes())
    records[4096:8192] = b"\xff" * 4096
    (broken / "records.db").write_bytes(records)
    shutil.rmtree(broken / "nats" / "jetstream")
    found = await states(broken)
    assert found["permissions"] == found["lake p0"] == found["records"] == found["stream p0"] == "bad"

    for file in files:
        file.unlink()
    assert (await states(broken))["lake p0"] == "bad"
    commit = sorted((broken / "lake" / "p0" / "telemetry" / "_delta_log").glob("*.json"))[-1]
    commit.write_bytes(b"")
    assert (await states(broken))["lake p0"] == "bad"
    assert (await states(tmp_path / "nothing"))["data folder"] == "bad"
    assert not (tmp_path / "nothing").exists()
    (broken / "format").write_text("99\n")
    assert (await states(broken))["data folder"] == "bad"


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (StreamState(1, 11, 20, 10, 100, 1000), "good"),
        (StreamState(1, 12, 20, 9, 100, 1000), "bad"),  # 11 is missing
        (StreamState(1, 1, 5, 5, 100, 1000), "uncertain"),  # it has forgotten
        (StreamState(2, 1, 5, 5, 100, 1000), "good"),  # a new epoch
        (StreamState(1, 11, 20, 10, 900, 1000), "uncertain"),  # nearly full
        (None, "bad"),
    ],
)
def test_stream_against_lake(state: StreamState | None, expected: str) -> None:
    assert stream("p0", state, position(1, 10)).state == expected


def test_backup_and_restore_as_commands(up: Path, run: Run, tmp_path: Path) -> None:
    assert run("query", "--data", up, "select 1").code == 0
    said = run("backup", tmp_path, "--data", up)
    assert said.code == 0, said.err
    assert "while it ran" in said.err
    file = next(tmp_path.glob("baigong-*.tar"))
    again = run("backup", file, "--data", up)
    assert (again.code, "overwrites nothing" in again.err) == (2, True)
    said = run("restore", file, "--data", tmp_path / "new")
    assert said.code == 0, said.err
    assert "start it with" in said.err
    assert (tmp_path / "new" / "records.db").is_file()
    assert not (tmp_path / "new" / "stream").exists()
    missing = run("restore", tmp_path / "none.tar", "--data", tmp_path / "other")
    assert "no such backup" in missing.err
    full = run("backup", "/dev/full/x.tar", "--data", up)
    assert (full.code, "error config.invalid" in full.err) == (2, True)


@pytest.mark.parametrize("system", [True, False])
def test_the_unit_is_one_that_systemd_takes(tmp_path: Path, system: bool) -> None:
    data = tmp_path / "with space & 100% $HOME"
    account, key = "root" if system else "", tmp_path / "a key"
    service = Service(data=data, system=system, account=account, options=["--port", "8700"], key=key)
    text = unit_text(service)
    assert "Restart=always" in text
    assert '/with space & 100%% $$HOME" --port 8700' in text
    assert system == ('/with space & 100%% $HOME"' in text), "$ means something in commands only"
    assert ("multi-user.target" in text) == system
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    unit = tmp_path / service.unit
    unit.write_text(text)
    manager = [] if system else ["--user"]
    checked = subprocess.run(
        ["systemd-analyze", *manager, "verify", str(unit)], capture_output=True, text=True, timeout=30, check=False
    )
    complaints = [line for line in checked.stderr.splitlines() if service.unit in line or "Unknown" in line]
    assert complaints == []


def test_service_prints_its_unit_and_needs_systemd(run: Run, tmp_path: Path) -> None:
    asked = ["service", "install", "--data", tmp_path / "d", "--user", "--print", "--port", "8700"]
    said = run(*asked)
    assert "--port 8700" in said.out and "--mqtt" not in said.out and "--nats" not in said.out
    assert " --opcua-port 4840 --opcua-host 127.0.0.1\n" in run(*asked, "--opcua-port", "4840").out
    assert " --nats-host 0.0.0.0\n" in run(*asked, "--nats-host", "0.0.0.0").out
    assert "LoadCredential" not in said.out
    said = run("--key-file", tmp_path / "own.key", *asked)
    assert f"Environment=BAIGONG_KEY_FILE={tmp_path / 'own.key'}\n" in said.out
    assert not (tmp_path / "d").exists()
    assert run("service", "uninstall", "--name", "no-such-unit").code == 2
    assert run("service", "status", "--name", "no-such-unit").code == 1


def test_systemd_hears_when_the_platform_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.settimeout(10)
        ear.bind("\0baigong-test-" + tmp_path.name)
        monkeypatch.setenv("NOTIFY_SOCKET", "@baigong-test-" + tmp_path.name)
        tell_systemd("READY=1", "STATUS=console http://127.0.0.1:8600")
        assert ear.recv(1000) == b"READY=1\nSTATUS=console http://127.0.0.1:8600"
    tell_systemd("STOPPING=1")  # nobody listens any more: no matter


@pytest.mark.skipif(os.geteuid() != 0, reason="accounts are root's")
def test_a_service_needs_an_account_that_can_reach_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(FixConfiguration, match="cannot reach the data folder"):
        prepare("nobody", tmp_path / "data", ["/bin/true"])
    data = Path(tempfile.mkdtemp())  # where others may go
    try:
        (data / "left").write_text("by root")
        with pytest.raises(FixConfiguration, match="cannot run this program"):
            prepare("nobody", data, [str(tmp_path / "python"), "-m", "baigong"])
        assert prepare("nobody", data, ["/bin/true"]) == []
        assert {path.owner() for path in (data, data / "left")} == {"nobody"}
        with pytest.raises(FixConfiguration, match="none can be made"):
            prepare("no such: account", data, ["/bin/true"])
    finally:
        shutil.rmtree(data)


@pytest.mark.skipif(os.geteuid() != 0, reason="accounts are root's")
def test_what_root_looks_at_stays_its_owners(tmp_path: Path) -> None:
    """As root on a stopped service's folder: what a look starts leaves no file that the service may not write."""
    shutil.chown(tmp_path, "nobody")
    with owner_kept(tmp_path):
        (tmp_path / "nats").mkdir()
        (tmp_path / "nats" / "meta.inf").write_text("")
    assert {path.owner() for path in tmp_path.rglob("*")} == {"nobody"}


def test_the_service_and_the_demo_take_what_up_takes_of_mqtt(run: Run, tmp_path: Path) -> None:
    """What ``service install`` writes, ``up`` reads to the same settings; the demo has the same options."""
    door = [
        "--mqtt-host",
        "0.0.0.0",
        "--mqtts-port",
        "18883",
        "--mqtt-name",
        "plant.example",
        "--mqtt-name",
        "10.0.0.9",
    ]
    door += ["--mqtt-certificate", "own.pem", "--mqtt-key", "own.key", "--plain-mqtt-is-read-by-the-network"]
    said = run("service", "install", "--data", tmp_path / "d", "--user", "--print", *door)
    command = next(line for line in said.out.splitlines() if line.startswith("ExecStart="))
    words = shlex.split(command)
    written = words[words.index("--mqtt-host") :]
    assert written == [
        *("--mqtt-host", "0.0.0.0", "--mqtt-port", "1883", "--mqtts-port", "18883"),
        *("--mqtt-certificate", str(Path("own.pem").absolute()), "--mqtt-key", str(Path("own.key").absolute())),
        *("--mqtt-name", "plant.example", "--mqtt-name", "10.0.0.9", "--plain-mqtt-is-read-by-the-network"),
    ]
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    of_mqtt = {
        name: {o for p in commands[name].params for o in p.opts if "mqtt" in o} for name in ("up", "demo", "gateway")
    }
    assert of_mqtt["demo"] == of_mqtt["up"] == of_mqtt["gateway"]
