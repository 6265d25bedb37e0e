"""A backup taken while values pour in, restored into a new folder: all that was accepted before, once."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest
from deltalake import DeltaTable

from baigong.cli.archive import read_archive
from baigong.cli.backup import backup
from baigong.cli.lakecheck import check_lake
from baigong.cli.restore import restore
from baigong.historian.owner import OwnerSettings
from baigong.vocab.errors import FixConfiguration, RetryLater
from tests.cli.plants import Load, client, platform, sql, times_of


async def test_backup_under_load_restores_everything_accepted_before_it_began(tmp_path: Path) -> None:
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "b.tar"
    async with platform(old) as running, client(old) as http:
        load = Load(http, "pump1.flow")
        await load.send(5000)
        await running.owner.flush()
        pouring = asyncio.create_task(load.run())
        await asyncio.sleep(1.0)  # flushes, merges and trims happen meanwhile
        before = list(load.accepted)
        taken = await backup(old, file)
        at_end = list(load.accepted)
        await asyncio.sleep(0.5)
        pouring.cancel()
        await asyncio.gather(pouring, return_exceptions=True)
        assert taken.running
        assert not running.owner.backups.active, "released"
        assert len(at_end) > len(before), "the load went on while the backup was taken"
        kept = set(load.accepted)
    made = await restore(file, new, key=old / "secrets.key")
    assert made.frames > 0, "some of it was only in the stream"
    async with platform(new) as running, client(new) as http:
        await caught_up(running)
        found = await times_of(http, "pump1.flow")
        assert len(found) == len(set(found)), "nothing doubled"
        assert set(before) <= set(found) <= kept
        stats = running.owner.stats()
        assert stats["epoch"] >= 2, "an epoch of its own"
        books = stats["rows"] - len(found)
        assert 0 <= books < 100, "nothing was replayed that the lake had already, beside the platform's own books"
        later = Load(http, "pump1.flow", start_us=1_800_000_000_000_000)
        await later.send(10)
        await caught_up(running)
        assert set(later.accepted) <= set(await times_of(http, "pump1.flow"))
    async with platform(new) as running, client(new) as http:  # and once more, from its own lake
        await caught_up(running)
        assert len(await times_of(http, "pump1.flow")) == len(found) + 10


async def test_waveforms_are_in_a_backup_whether_in_the_lake_or_still_in_the_stream(tmp_path: Path) -> None:
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "b.tar"
    calm = OwnerSettings(flush_s=3600, merge_s=3600)
    async with platform(old, owner=calm) as running, client(old) as http:
        for at in range(6):
            one = {"point": "fan.shake", "rate_hz": 10.0, "samples": [at, 0.5], "time": 1_763_600_000_000_000 + at}
            assert (await http.post("/ingest", json={"bursts": [one]})).status_code == 200
            if at == 3:
                await caught_up(running)
                await running.owner.flush()
        await caught_up(running)
        await backup(old, file)
    verdicts, _ = check_lake(old / "lake" / "p0", "p0", deep=True)
    assert [(v.what, v.state) for v in verdicts] == [("lake p0", "good"), ("lake p0, bursts", "good")]
    made = await restore(file, new, key=old / "secrets.key")
    assert made.frames in {2, 3}, "two waveforms, and what the platform wrote of its own use when it began late"
    async with platform(new) as running, client(new) as http:
        await caught_up(running)
        rows = await sql(http, "select epoch_us(time) - 1763600000000000, samples from bursts order by time")
        assert rows == [[at, [at, 0.5]] for at in range(6)]
    first = Path(DeltaTable(str(new / "lake" / "p0" / "bursts")).file_uris()[0])  # not one that a merge replaced
    first.write_bytes(first.read_bytes()[:-9])
    verdicts, _ = check_lake(new / "lake" / "p0", "p0", deep=True)
    assert [v.state for v in verdicts] == ["good", "bad"]


async def caught_up(running: object) -> None:
    async with asyncio.timeout(10):
        while True:
            state = await running.bus.stream_state("p0")  # type: ignore[attr-defined]
            stats = running.owner.stats()  # type: ignore[attr-defined]
            if max(stats["position"], stats["watermark"]) >= state.last_seq:
                return
            await asyncio.sleep(0.02)


async def test_backup_of_a_stopped_platform(tmp_path: Path) -> None:
    old, new, file = tmp_path / "old", tmp_path / "new", tmp_path / "b.tar"
    manual = b"%PDF-1.4 " + bytes(range(256)) * 9000  # 2.3 MB: in pieces
    run = {"consumed": ["H13-7"], "produced": ["SN-1"], "people": ["wang"]}
    made = {"id": "run", "asset": "pump1", "kind": "production", "start_us": 1, "end_us": 2, "attributes": run}
    async with platform(old) as _, client(old) as http:
        load = Load(http, "pump1.flow")
        await load.send(1000)
        added = await http.post("/documents", params={"asset": "pump1", "file": "m.pdf"}, content=manual)
        assert added.status_code == 200, added.text
        assert (await http.put("/episodes/run", json=made)).status_code == 200
        assert (await http.post("/assets/pump1/life", json={"kind": "repaired"})).status_code == 200
    taken = await backup(old, file)
    assert not taken.running
    assert taken.files > 0
    assert file.stat().st_mode & 0o077 == 0, "secrets are in it"
    steps: list[str] = []
    await restore(file, new, lambda what, done, total: steps.append(what), key=old / "secrets.key")
    assert "unpacking" in steps
    async with platform(new) as _, client(new) as http:
        assert await times_of(http, "pump1.flow") == load.accepted
        (document,) = (await http.get("/documents", params={"asset": "pump1"})).json()["documents"]
        assert document["sha256"] == hashlib.sha256(manual).hexdigest()
        assert (await http.get(f"/documents/{document['id']}/content")).content == manual
        assert await sql(http, "select consumed, produced, episode from genealogy") == [["H13-7", "SN-1", "run"]]
        assert (await http.get("/lots/trace", params={"lot": "SN-1"})).json()["episodes"][0]["people"] == ["wang"]
        life = (await http.get("/assets/pump1/life")).json()["entries"]
        assert {"repaired", "document_added"} <= {entry["kind"] for entry in life}
    async with platform(old) as _, client(old) as http:  # the backup did the folder no harm
        assert await times_of(http, "pump1.flow") == load.accepted


async def test_restore_refuses_what_is_not_whole(tmp_path: Path) -> None:
    old, file = tmp_path / "old", tmp_path / "b.tar"
    async with platform(old) as _, client(old) as http:
        await Load(http, "pump1.flow").send(1000)
    await backup(old, file)
    raw = bytearray(file.read_bytes())
    assert read_archive(file, None)["format"] == 1

    (tmp_path / "cut.tar").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(RetryLater, match=r"cannot be read|cut off"):
        await restore(tmp_path / "cut.tar", tmp_path / "new")
    at = raw.index(b"PAR1") + 10
    raw[at] ^= 0xFF
    (tmp_path / "rotten.tar").write_bytes(raw)
    with pytest.raises(RetryLater, match="members differ"):
        await restore(tmp_path / "rotten.tar", tmp_path / "new")
    (tmp_path / "else.tar").write_bytes(b"hello")
    with pytest.raises(FixConfiguration, match="no backup"):
        await restore(tmp_path / "else.tar", tmp_path / "new")
    with pytest.raises(FixConfiguration, match="exists"):
        await restore(file, old)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b.tar", "cut.tar", "else.tar", "old", "rotten.tar"]


async def test_backup_of_what_is_no_data_folder(tmp_path: Path) -> None:
    with pytest.raises(FixConfiguration, match="no data folder"):
        await backup(tmp_path, tmp_path / "b.tar")
    assert not list(tmp_path.iterdir()), "nothing was made"
