"""Secrets at rest: planted ones are nowhere in clear; the key rotates, is missed, is forgotten; old ones are closed."""

from __future__ import annotations

import asyncio
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx2 as httpx
import msgspec
import pytest
import yaml

from baigong.api.secrets import HIDDEN
from baigong.cli.backup import backup
from baigong.cli.restore import restore
from baigong.registry.sealing import open_ring
from baigong.security.envelope import is_closed
from baigong.vocab.errors import BaigongError
from tests.cli.conftest import Run
from tests.cli.plants import client, platform

PASSWORD, RETYPED = "pl4nted-Passwort", "pl4nted-by-hand"
BROKER = {
    "device": "broker",
    "driver": "mqtt",
    "enabled": True,
    "options": {"host": "127.0.0.1", "port": 1, "username": "me", "password": PASSWORD},
}


def _everything(*folders: Path) -> Iterator[tuple[str, bytes]]:
    for folder in folders:
        for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
            if not path.is_file() or path.name in ("lock",):
                continue
            yield str(path), path.read_bytes()
            if path.suffix == ".tar" or path.name.endswith(".tar.gz"):
                with tarfile.open(path) as archive:
                    for member in archive.getmembers():
                        held = archive.extractfile(member)
                        if held is not None:
                            yield f"{path}!{member.name}", held.read()


def _where(secret: str, *folders: Path) -> list[str]:
    return [name for name, raw in _everything(*folders) if secret.encode() in raw]


async def _plant(http: httpx.AsyncClient) -> str:
    """Leave a device password and a phone's secret; returns the latter."""
    answer = await http.put("/devices/broker", json=BROKER)
    assert answer.status_code == 200, answer.text
    assert PASSWORD not in answer.text
    assert answer.json()["spec"]["options"]["password"] == HIDDEN
    assert HIDDEN in answer.json()["yaml"]
    return ""


async def test_planted_secrets_are_nowhere_in_clear(tmp_path: Path, run: Run) -> None:
    data, file = tmp_path / "data", tmp_path / "b.tar"
    async with platform(data, with_gateway=True) as running, client(data) as http:
        await _plant(http)
        registry = running.registry
        phone = await registry.factors.begin("admin")
        assert registry.devices.get("main", "broker").spec.options["password"] == PASSWORD, "the gateway needs it"
        path = data / "config" / "main" / "devices" / "broker.yaml"
        assert is_closed(yaml.safe_load(path.read_text())["options"]["password"])
        path.write_text("# by hand\n" + path.read_text().replace(_closed(path), RETYPED))
        while registry.devices.get("main", "broker").spec.options["password"] != RETYPED:
            await registry.watch.look()
        assert path.read_text().startswith("# by hand\n")
        assert is_closed(_closed(path)), "what was typed into the file is closed in it"
        await http.put("/devices/other", json=BROKER | {"device": "other"})
        await http.delete("/devices/other")
        await http.post("/devices/test", json={"device": "broker", "timeout_s": 1})
        async with httpx.AsyncClient(base_url=str(http.base_url)) as stranger:
            await stranger.post("/session", json={"user": "admin", "password": PASSWORD})
        gateway = data / "gateway" / "local" / "devices.json"
        while not gateway.exists() or b"broker" not in gateway.read_bytes():
            await asyncio.sleep(0.1)
        await backup(data, file)
        support = await asyncio.to_thread(run, "doctor", "--data", data, "--bundle", tmp_path / "support.tar.gz")
        assert "support.tar.gz" in support.err
        for secret in (PASSWORD, RETYPED, phone):
            assert _where(secret, tmp_path) == []
    for secret in (PASSWORD, RETYPED, phone, "PRIVATE KEY"):
        assert _where(secret, tmp_path) == []
    assert _where((data / "secrets.key").read_text().strip(), data) == [str(data / "secrets.key")]
    assert _where((data / "secrets.key").read_text().strip(), file) == [], "the key is not in the backup"
    assert (data / "secrets.key").stat().st_mode & 0o777 == 0o600


def _closed(path: Path) -> str:
    return str(yaml.safe_load(path.read_text())["options"]["password"])


async def test_a_backup_without_its_key_says_so_and_with_it_is_whole(tmp_path: Path, run: Run) -> None:
    data, file = tmp_path / "data", tmp_path / "b.tar"
    async with platform(data), client(data) as http:
        await _plant(http)
    await backup(data, file)
    made = await restore(file, tmp_path / "new")
    assert made.key == open_ring(data).name
    with pytest.raises(BaigongError) as missed:
        async with platform(tmp_path / "new"):
            pass
    assert missed.value.code == "secret.key"
    assert "--key-file" in missed.value.advice
    other = tmp_path / "other.key"
    other.write_text("ab" * 32)
    with pytest.raises(BaigongError):
        await restore(file, tmp_path / "wrong", key=other)
    assert not (tmp_path / "wrong").exists()
    assert (await restore(file, tmp_path / "right", key=data / "secrets.key")).key == ""
    async with platform(tmp_path / "right") as running:
        assert running.registry.devices.get("main", "broker").spec.options["password"] == PASSWORD
    said = await asyncio.to_thread(run, "secrets", "forget", "--data", tmp_path / "new")
    assert said.code == 0, said.err
    async with platform(tmp_path / "new") as running:
        assert running.registry.devices.get("main", "broker").spec.options["password"] == ""
    refused = await asyncio.to_thread(run, "secrets", "forget", "--data", tmp_path / "right")
    assert refused.code == 2, "the key is there"


async def test_the_key_rotates_and_may_lie_elsewhere(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    async with platform(data) as running, client(data) as http:
        await _plant(http)
        await running.registry.factors.begin("admin")
        rows = await running.registry.audit.checkpoint()
        in_use = await asyncio.to_thread(run, "secrets", "rotate-key", "--data", data)
        assert "storage.locked" in in_use.err
    old = (data / "secrets.key").read_text()
    done = await asyncio.to_thread(run, "secrets", "rotate-key", "--data", data)
    assert done.code == 0, done.err
    assert (data / "secrets.key").read_text() != old
    assert _where(f"bge2:{open_ring(data).name}", data / "config") != []
    elsewhere = tmp_path / "safe" / "baigong.key"
    elsewhere.parent.mkdir()
    (data / "secrets.key").rename(elsewhere)
    monkeypatch.setenv("BAIGONG_KEY_FILE", str(elsewhere))
    async with platform(data) as running:
        assert running.registry.devices.get("main", "broker").spec.options["password"] == PASSWORD
        assert (await running.registry.audit.checkpoint()) is not None
        assert rows is not None
    assert not (data / "secrets.key").exists()
    monkeypatch.delenv("BAIGONG_KEY_FILE")
    monkeypatch.setenv("BAIGONG_KEY", f"{'cd' * 32}\n{elsewhere.read_text()}")
    done = await asyncio.to_thread(run, "secrets", "rotate-key", "--data", data)
    assert done.code == 0, done.err
    monkeypatch.setenv("BAIGONG_KEY", "cd" * 32)
    async with platform(data) as running:
        assert running.registry.devices.get("main", "broker").spec.options["password"] == PASSWORD


async def test_what_an_older_program_left_open_is_closed_at_the_start(tmp_path: Path) -> None:
    data = tmp_path / "data"
    async with platform(data), client(data) as http:
        await _plant(http)
    path = data / "config" / "main" / "devices" / "broker.yaml"
    path.write_text("# keep me\n" + path.read_text().replace(_closed(path), PASSWORD))
    with closing(sqlite3.connect(data / "records.db")) as connection, connection:
        connection.execute("update devices set spec = ?", (msgspec.json.encode(BROKER).decode(),))
        gone = msgspec.json.encode({"yaml": yaml.safe_dump(BROKER)}).decode()
        connection.execute(
            "insert into events (tenant, time_us, kind, subject, detail) values ('main', 1, 'device.removed', 'd', ?)",
            (gone,),
        )
    (data / "records.db.v1").write_bytes((data / "records.db").read_bytes())
    assert len(_where(PASSWORD, data)) >= 3
    async with platform(data) as running:
        assert running.registry.devices.get("main", "broker").spec.options["password"] == PASSWORD
        assert path.read_text().startswith("# keep me\n")
        assert _where(PASSWORD, data) == []
