"""A company leaves a real platform: searched for on the whole disk afterwards; the other one untouched to the row."""

from __future__ import annotations

import asyncio
import io
import signal
import sys
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx2 as httpx
import msgspec
import numpy as np
import paho.mqtt.client as paho
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from baigong.bus.passes import KEEPER, Pass, gateway_user, new_password, pass_file, read_pass, write_pass
from baigong.cli.backup import backup
from baigong.cli.busplace import passes_of
from baigong.cli.platform import Platform
from baigong.cli.reach import Server
from baigong.cli.restore import restore
from baigong.cli.taking import check, take
from baigong.registry.audit import Proof
from baigong.registry.leaving import Departures
from baigong.registry.roles import TENANT_ADMIN
from baigong.registry.tenants import Company
from baigong.registry.topics import Topics
from baigong.security.verify import verify_lines
from baigong.stores.records.commands import StopRow, put_stop
from baigong.stores.records.leaving import count_rows
from baigong.vocab import frame as frames
from baigong.vocab.burst import burst
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.documents import DocumentSpec
from baigong.vocab.errors import BaigongError, RetryLater
from baigong.vocab.happenings import Episode
from baigong.vocab.keep import Keep
from baigong.vocab.life import LifeNote
from tests.cli.killed_leaving import PLACES
from tests.cli.plants import client, platform
from tests.docs.terminal import free_ports

LEAVING, STAYING = "leavers", "stayers"
MARK = "zq7xmark"  # in every name and text of who leaves, and nowhere else
T0 = 1_790_000_000_000_000


async def _company(made: Platform, tenant: str, mark: str) -> None:
    """Give a company one of everything."""
    registry = made.registry
    row, _ = await registry.members.first_admin(tenant, f"{mark}-admin")
    await registry.tenants.add(Company(tenant=tenant, title=mark), row)
    registry.usage.expect([tenant])
    spec = DeviceSpec(
        device=f"{mark}-m1",
        driver="frontdoor",
        points=[PointSpec(name=f"{mark}.flow", address="t:flow"), PointSpec(name=f"{mark}.word", address="t:word")],
    )
    await registry.devices.put(tenant, spec, "test")
    flow, word = (registry.book.find(tenant, f"{mark}.{what}").number for what in ("flow", "word"))
    for day in range(2):
        times = T0 + np.arange(500) * 1_000_000 + day * 86_400_000_000
        await made.bus.store("p0", tenant, frames.encode(frames.frame(np.full(500, flow), times, np.arange(500.0), 0)))
    said = frames.from_python([word], [T0], [mark], [0])
    await made.bus.store("p0", tenant, frames.encode(said))
    await made.bus.store("p0", tenant, frames.encode(burst([flow], [T0], [1000.0], [np.arange(64.0)])))
    await registry.credentials.put(tenant, spec.device, f"{mark}-login")
    await registry.certificates.enrol(tenant, spec.device)
    await registry.people.add_token(tenant, mark)
    await registry.retention.put(tenant, Keep(), mark)
    await registry.episodes.put(tenant, [Episode(id=mark, asset=mark, kind="run", start_us=T0, title=mark)], mark)
    made = {"consumed": [f"{mark}-steel"], "produced": [f"{mark}-1"], "people": [mark]}
    run = Episode(id=f"{mark}-run", asset=mark, kind="production", start_us=T0, end_us=T0 + 1, attributes=made)
    await registry.episodes.put(tenant, [run], mark)
    await registry.life.add(tenant, mark, LifeNote(kind="repaired", text=mark), mark)
    pieces = _pieces(manual(mark))
    await registry.documents.add(tenant, f"asset:{mark}", DocumentSpec(title=mark), f"{mark}.pdf", pieces, mark)
    await registry.factors.require(tenant, [TENANT_ADMIN])
    await registry.set_up.name(tenant, mark, mark)
    await registry.quotas.put("site", f"{tenant}/{mark}", "points: 10")
    await registry.records.write(lambda c: put_stop(c, StopRow(tenant, mark, mark, T0, mark)), tenant=tenant)
    text = f'permit (principal == User::"{mark}-admin", action in [Action::"read"], resource in Tenant::"{tenant}");'
    await registry.rights.grant(tenant, text, mark, mark)
    sign_in = registry.data / "config" / tenant / "sign-in"
    sign_in.mkdir(parents=True)
    (sign_in / "x.yaml").write_text(f"# {mark}\nissuer: https://x.example\nclient_id: a\n")


def manual(mark: str) -> bytes:
    return b"%PDF-1.4 " + mark.encode() + bytes(range(256)) * 5000


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(content), 1 << 16):
        yield content[at : at + (1 << 16)]


async def _in_the_lake(made: Platform, tenants: tuple[str, ...]) -> None:
    async with asyncio.timeout(20):
        while not all(len(made.owner.snapshot(t).files) >= 2 for t in tenants):
            await asyncio.sleep(0.05)


def _found(data: Path, mark: str) -> list[str]:
    return [
        str(path.relative_to(data))
        for path in data.rglob("*")
        if path.is_file() and (mark in str(path.relative_to(data)) or mark.encode() in path.read_bytes())
    ]


async def _rows(made: Platform) -> pa.Table:
    await made.owner.flush()
    number = made.registry.book.find(STAYING, "pw8ymark.flow").number
    return made.owner.series(STAYING, [number], 0, 1 << 61).select(["point", "time", "value"])


async def _until_gone(http: httpx.AsyncClient, tenant: str = LEAVING) -> Proof:
    async with asyncio.timeout(30):
        while (state := (await http.get(f"/tenants/{tenant}/leaving")).json())["state"] != "gone":
            await asyncio.sleep(0.05)
    return msgspec.convert(state["proof"], Proof)


async def _killed(data: Path, place: str, delete: bool) -> None:
    """Run a platform until it kills itself at ``place``; ``delete``: nobody has asked for the deletion yet."""
    (data / "url").unlink(missing_ok=True)
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.cli.killed_leaving", data, place)
    try:
        async with asyncio.timeout(60):
            if delete:
                while not (data / "url").exists():
                    await asyncio.sleep(0.02)
                async with client(data) as http:
                    with suppress(httpx.HTTPError):  # it may be dead before it answers
                        await http.post(
                            f"/tenants/{LEAVING}/delete", json={"typed": LEAVING, "reason": "contract ended"}
                        )
            assert await process.wait() == -signal.SIGKILL, place
    finally:
        with suppress(ProcessLookupError):
            process.kill()


async def test_killed_at_every_step_it_is_done_once_and_proven(tmp_path: Path) -> None:
    """One folder, a whole platform each time, SIGKILL at one place after the other: each start goes on from there."""
    data = tmp_path / "data"
    async with platform(data) as made, client(data) as http:
        for tenant, mark in ((LEAVING, MARK), (STAYING, "pw8ymark")):
            await _company(made, tenant, mark)
        await _in_the_lake(made, (LEAVING, STAYING))
        before = await _rows(made)
        other = await made.registry.records.read(lambda c: count_rows(c, STAYING))
        await http.post(f"/tenants/{LEAVING}/suspend")
    for at, place in enumerate(PLACES):
        await _killed(data, place, delete=at == 0)
    async with platform(data) as made, client(data) as http:
        proof = await _until_gone(http)
        told = msgspec.json.decode(proof.entry)
        assert (told["reason"], told["after"]["left"]) == ("contract ended", 0)
        assert told["after"]["deleted"]["values"] == 1001 and told["before"]["lake"]["recordings"] == 1
        entries = await made.registry.audit.entries(tenant=LEAVING, object=f"Deletion:{LEAVING}/")
        assert len(entries) == 1, "one deletion, one entry"
        assert _found(data, MARK) == []
        assert (await _rows(made)).equals(before)
        now = await made.registry.records.read(lambda c: count_rows(c, STAYING))
        assert now.pop("events").rows >= other.pop("events").rows and now == other
    assert [i for i, _ in verify_lines([msgspec.json.encode(proof).decode()], proof.key)] == [proof.index]


@asynccontextmanager
async def _edge(data: Path, by: Path, door: int) -> AsyncIterator[None]:
    """A second gateway: a process of its own, with a folder of its own."""
    arguments = ("--bus-pass", by, "--data", data, "--mqtt-port", str(door), "--reserve-mb", "0")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "baigong.cli.main", "gateway", *arguments, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


async def _listening(port: int) -> None:
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)


def _sign_in_and_stay_known(port: int, user: str, password: str, mark: str) -> None:
    """Leave a session with a subscription and a retained message at a front door."""
    machine = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=mark, clean_session=False)
    machine.username_pw_set(user, password)
    machine.connect("127.0.0.1", port)
    machine.loop_start()
    try:
        machine.subscribe(f"{mark}/#", 1)
        machine.publish(f"{mark}/say", b'{"x": 1}', qos=1, retain=True).wait_for_publish(20)
    finally:
        machine.disconnect()
        machine.loop_stop()


async def test_a_gateway_elsewhere_forgets_and_one_that_is_away_is_named(tmp_path: Path) -> None:
    """Over the real bus: what the second gateway kept on its disk of who leaves is gone, of who stays it is there."""
    data, edge, door = tmp_path / "data", tmp_path / "edge", free_ports(1)[0]
    async with platform(data) as made, client(data) as http:
        by = Pass(
            user=gateway_user("edge"), password=new_password(), url=read_pass(pass_file(passes_of(data), KEEPER)).url
        )
        passed = write_pass(passes_of(data), by)
        logins = {}
        for tenant, mark in ((LEAVING, MARK), (STAYING, "pw8ymark")):
            row, _ = await made.registry.members.first_admin(tenant, f"{mark}-admin")
            await made.registry.tenants.add(Company(tenant=tenant, title=mark), row)
            points = [PointSpec(name=f"{mark}.sine", address="sine?period=5")]
            spec = DeviceSpec(device=f"{mark}-s", driver="sim", gateway="edge", points=points)
            await made.registry.devices.put(tenant, spec, "test")
            logins[tenant] = await made.registry.credentials.put(
                tenant, f"{mark}-m", mark, topics=Topics(publish=(f"{mark}/#",), subscribe=(f"{mark}/#",))
            )
        async with asyncio.timeout(60), _edge(edge, passed, door):
            await _listening(door)
            for tenant, mark in ((LEAVING, MARK), (STAYING, "pw8ymark")):
                while not len(made.owner.latest(tenant)):
                    await asyncio.sleep(0.05)
                await asyncio.to_thread(_sign_in_and_stay_known, door, mark, logins[tenant], mark)
            assert _found(edge, MARK), "there is something to forget"
            await http.post(f"/tenants/{LEAVING}/suspend")
            await http.post(f"/tenants/{LEAVING}/delete", json={"typed": LEAVING})
            proof = msgspec.json.decode((await _until_gone(http)).entry)
            assert proof["after"]["gateways_away"] == ["local"], "this platform was started without one"
            assert _found(edge, MARK) == []
            assert _found(edge, "pw8ymark")
        await http.post(f"/tenants/{STAYING}/suspend")
        await http.post(f"/tenants/{STAYING}/delete", json={"typed": STAYING})
        proof = msgspec.json.decode((await _until_gone(http, STAYING)).entry)
        assert proof["after"]["gateways_away"] == ["edge", "local"]
        assert _found(edge, "pw8ymark"), "nobody could tell it"
        async with asyncio.timeout(60), _edge(edge, passed, door):  # back again: told by itself
            while not (later := (await http.get(f"/tenants/{STAYING}/leaving")).json()["later"]):
                await asyncio.sleep(0.05)
            assert _found(edge, "pw8ymark") == []
        second = msgspec.convert(later[0], Proof)
        told = msgspec.json.decode(second.entry)
        assert (told["object"], told["after"]) == (
            f"Deletion:{STAYING}/",
            {"gateway": "edge", "gateways_away": ["local"]},
        )
        assert [i for i, _ in verify_lines([msgspec.json.encode(second).decode()], second.key)] == [second.index]
        first = msgspec.json.decode((await _until_gone(http, STAYING)).entry)
        assert first["after"] == proof["after"], "the deletion's proof stays what it was"
        again = Departures(made.registry, made.owner, made.bus, lambda: 0)
        await again.load()
        assert {t: gone.away for t, gone in again.away.held.items()} == {LEAVING: ("local",), STAYING: ("local",)}


async def test_everything_is_taken_away_with_names_and_without_secrets(tmp_path: Path) -> None:
    data, file = tmp_path / "data", tmp_path / "all.zip"
    async with platform(data) as made, client(data) as http:
        await _company(made, LEAVING, MARK)
        await _company(made, STAYING, "pw8ymark")
        await _in_the_lake(made, (LEAVING,))
        admin = await made.registry.people.add_token(LEAVING, "admin", role=TENANT_ADMIN)
        viewer = await made.registry.people.add_token(LEAVING, "viewer", role="viewer")
        assert (await http.get("/export", params={"tenant": LEAVING})).status_code == 403, (
            "the operator reads no values"
        )
        where = Server((data / "url").read_text().strip(), admin, data)
        await asyncio.to_thread(take, file, "", True, where)
        told = check(file)
        progress = await http.get("/exports/x", headers={"Authorization": f"Bearer {admin}"})
        assert progress.status_code == 404
        await asyncio.to_thread(take, tmp_path / "folder", "", False, where._replace(token=viewer))
        with pytest.raises(BaigongError, match="overwrites nothing"):
            take(file, "", False, where)
    torn = tmp_path / "torn.zip"
    torn.write_bytes(file.read_bytes()[:-400])
    with pytest.raises(BaigongError, match="not whole"):
        check(torn)
    assert told["values"] == 1001
    seen = check_folder(tmp_path / "folder")
    assert {"records/points.csv", "values/2026-09-21.parquet"} <= seen and "records/people.csv" not in seen
    with zipfile.ZipFile(file) as archive:
        names = set(archive.namelist())
        assert {"README.md", "audit.jsonl", f"config/devices/{MARK}-m1.yaml", "records/people.csv"} <= names
        table = pq.read_table(io.BytesIO(archive.read("values/2026-09-21.parquet")))
        assert table.column("name").unique().to_pylist() == [f"{MARK}.flow", f"{MARK}.word"]
        assert MARK in table.column("text").to_pylist() and set(table.column("quality").to_pylist()) == {"good"}
        said = archive.read("values/2026-09-21.csv")
        assert said.startswith(b"\xef\xbb\xbf") and said.count(b"\r\n") == said.count(b"\n") == 502
        waves = pq.read_table(io.BytesIO(archive.read(f"recordings/{MARK}.flow.parquet")))
        assert waves.column("samples")[0].as_py() == list(range(64))
        documents = [name for name in names if name.startswith("documents/") and name.endswith(".pdf")]
        assert [archive.read(name) for name in documents] == [manual(MARK)], "the same bytes"
        assert f"{MARK}-steel".encode() in archive.read("records/lot_links.csv")
        everything = b"".join(archive.read(name) for name in names)
    assert b"pw8ymark" not in everything, "nothing of anybody else"
    assert b"$argon2" not in everything and b"sha256:" not in everything and b"bge2:" not in everything


def check_folder(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


async def test_all_of_one_company_goes_and_nothing_of_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, file = tmp_path / "data", tmp_path / "b.tar"
    async with platform(data) as made, client(data) as http:
        for tenant, mark in ((LEAVING, MARK), (STAYING, "pw8ymark")):
            await _company(made, tenant, mark)
        await _in_the_lake(made, (LEAVING, STAYING))
        before = await _rows(made)
        other = await made.registry.records.read(lambda c: count_rows(c, STAYING))
        refused = await http.post(f"/tenants/{LEAVING}/delete", json={"typed": LEAVING})
        assert refused.json()["code"] == "tenant.not_suspended"
        await http.post(f"/tenants/{LEAVING}/suspend")
        assert (await http.post(f"/tenants/{LEAVING}/delete", json={"typed": "leaver"})).status_code == 409
        assert (await http.post("/tenants/main/delete", json={"typed": "main"})).status_code == 409
        assert MARK in "".join(_found(data, MARK)), "nothing was deleted by what was refused"

        async def no_disk(self: Departures, tenant: str) -> None:
            raise RetryLater("storage.full", "no")

        with monkeypatch.context() as patch:  # the platform ends when half of it is done
            patch.setattr(Departures, "_end_files", no_disk)
            asked = await http.post(f"/tenants/{LEAVING}/delete", json={"typed": LEAVING, "reason": "contract ended"})
            assert asked.json()["state"] == "leaving", asked.text
            async with asyncio.timeout(90):
                while not (state := (await http.get(f"/tenants/{LEAVING}/leaving")).json())["trouble"]:
                    await asyncio.sleep(0.05)
            assert (state["step"], state["trouble"]["code"]) == ("files", "storage.full")
            assert (await http.post(f"/tenants/{LEAVING}/resume")).json()["code"] == "tenant.gone"
            with pytest.raises(BaigongError, match="is leaving"):
                await made.registry.devices.put(LEAVING, DeviceSpec(device="x", driver="sim"), "test")
    async with platform(data) as made, client(data) as http:
        proof = await _until_gone(http)
        told = msgspec.json.decode(proof.entry)
        assert (told["reason"], told["after"]["left"], told["after"]["deleted"]["values"]) == (
            "contract ended",
            0,
            1001,
        )
        assert told["before"]["lake"]["recordings"] == 1 and told["before"]["tables"]["people"]["rows"] == 1
        assert _found(data, MARK) == []
        assert not [p for p in _found(data, LEAVING) if not (p == "records.db" or "_delta_log" in p)]
        assert (await _rows(made)).equals(before)
        events = other.pop("events")
        now = await made.registry.records.read(lambda c: count_rows(c, STAYING))
        assert now.pop("events").rows >= events.rows and now == other
        assert LEAVING not in {c["tenant"] for c in (await http.get("/tenants")).json()}
        assert [c["state"] for c in (await http.get("/tenants", params={"state": "gone"})).json()] == ["gone"]
        again = await http.post("/tenants", json={"tenant": LEAVING, "admin": "new"})
        assert again.json()["code"] == "config.conflict", "its id is never given again"
        await made.bus.store(
            "p0", LEAVING, frames.encode(frames.frame([7], [T0], [1.0], 0))
        )  # from a gateway long away
        async with asyncio.timeout(60):
            while not made.owner.stats()["left_rows"]:
                await asyncio.sleep(0.02)
        assert made.owner.snapshot(LEAVING).files == () and not len(made.owner.latest(LEAVING))
        revoked = (await made.registry.certificates.revoked()).get_revoked_certificate_by_serial_number
        assert revoked(int(next(iter(made.registry.certificates._rows)), 16)) is not None, "it stays on the list"
    assert [i for i, _ in verify_lines([msgspec.json.encode(proof).decode()], proof.key)] == [proof.index]
    await backup(data, file)
    await restore(file, tmp_path / "new", key=data / "secrets.key")
    async with platform(tmp_path / "new") as made, client(tmp_path / "new") as http:
        assert (await _until_gone(http)).entry == proof.entry
        assert (await _rows(made)).equals(before)
