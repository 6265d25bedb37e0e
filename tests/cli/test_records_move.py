"""The records move between SQLite and PostgreSQL: all of them or nothing, and a backup holds them wherever they are."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from baigong.cli.backup import backup
from baigong.cli.doctor import records as look_at_records
from baigong.cli.folder import DataFolder
from baigong.cli.records import move_records
from baigong.cli.recordsplace import Choice, held_choice, records_of
from baigong.cli.restore import restore
from baigong.registry.audit import Entry, append
from baigong.stores.records import Server, open_records
from baigong.stores.records.happenings import add_events
from baigong.stores.records.moving import Sum
from baigong.stores.records.tables import audit_entries, events, metadata
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater
from baigong.vocab.happenings import Event
from tests.postgres import PASSWORD, Cluster
from tests.stores.test_postgres import _fill


def _told(i: int) -> Event:
    return Event(kind="k", time_us=i, tenant="a", subject="s", detail={"zh": "百工", "i": i})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder whose records have a row in every table, many events, and an audit log past its first kept hashes."""
    made = tmp_path / "data"
    with DataFolder(made):
        records = open_records(made / "records.db")
        records.write_now(_fill)
        records.write_now(
            lambda c: (c.execute(sa.delete(audit_entries)), c.execute(sa.text("delete from audit_nodes")))
        )
        entries = [Entry(time_us=i, tenant="a", who="li", action="读", object=f"Point:a/{i}") for i in range(700)]
        records.write_now(partial(append, entries=entries))
        records.write_now(lambda c: add_events(c, [_told(i) for i in range(5_000)]))
        records.close_now()
    return made


@pytest.fixture
def chosen(postgres: Cluster) -> Iterator[Choice]:
    server = postgres.fresh()
    yield Choice(url=server.url)
    postgres.drop(server)


def _contents(data: Path) -> dict[str, Sum]:
    records = open_records(records_of(data))
    found = records.read_now(
        lambda c: {t.name: Sum().plus(tuple(r) for r in c.execute(sa.select(t))) for t in metadata.sorted_tables}
    )
    records.close_now()
    return {name: one for name, one in found.items() if name != "settings"}  # a server notes there whose it is


def test_there_and_back_every_row_is_the_same_and_the_log_goes_on(data: Path, chosen: Choice) -> None:
    before, seen = _contents(data), list[tuple[str, int, int]]()
    move_records(data, chosen, lambda *at: seen.append(at))
    assert [at[1] for at in seen] == sorted(at[1] for at in seen) and seen[-1][1] == seen[-1][2]
    assert held_choice(data) == chosen and isinstance(records_of(data), Server)
    assert not (data / "records.db").exists() and (data / "records.db.moved").exists()
    assert _contents(data) == before
    records = open_records(records_of(data))
    records.write_now(partial(append, entries=[Entry(time_us=1, tenant="a", who="li", action="x", object="y")]))
    records.write_now(lambda c: add_events(c, [_told(1)]))
    assert records.read_now(lambda c: c.scalar(sa.select(sa.func.max(events.c.id)))) > 5_000
    records.close_now()
    after = _contents(data)
    (verdict,) = look_at_records(data)
    assert verdict.state == "good" and "walls standing" in verdict.detail
    move_records(data, None)
    assert records_of(data) == data / "records.db" and _contents(data) == after
    assert sorted(p.name for p in data.iterdir()) == ["format", "lock", "records.db", "records.db.moved"]
    with pytest.raises(FixConfiguration, match="not empty"):
        move_records(data, chosen)


def test_what_is_interrupted_or_different_changes_nothing(data: Path, chosen: Choice) -> None:
    before = _contents(data)

    def stop(table: str, done: int, total: int) -> None:
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move_records(data, chosen, stop)
    with DataFolder(data), pytest.raises(FixConfiguration) as caught:
        move_records(data, chosen)
    assert caught.value.code == "storage.locked", "a platform that runs keeps its records"
    assert held_choice(data) is None and _contents(data) == before
    changed = open_records(data / "records.db")
    forge = sa.update(audit_entries).where(audit_entries.c.seq == 300)
    changed.write_now(lambda c: c.execute(forge.values(entry="{}")))
    changed.close_now()
    with pytest.raises(RetryLater, match="entry 300"):
        move_records(data, chosen)
    assert held_choice(data) is None
    repaired = open_records(chosen.server())
    assert repaired.read_now(lambda c: c.scalar(sa.select(sa.func.count()).select_from(events))) == 0
    repaired.close_now()


def test_a_killed_move_leaves_the_folder_as_it_was(data: Path, chosen: Choice) -> None:
    """kill -9 in the middle of the copy, in both directions; then it is done again."""
    program = (
        "import sys, signal, os; from pathlib import Path; from baigong.cli.records import move_records;"
        "from baigong.cli.recordsplace import Choice\n"
        "def die(table, done, total):\n    if done > total // 2: os.kill(os.getpid(), signal.SIGKILL)\n"
        "move_records(Path(sys.argv[1]), Choice(url=sys.argv[2]) if sys.argv[2] else None, die)"
    )
    for target, back in ((chosen, None), (None, chosen)):
        before = _contents(data)
        url = target.url if target else ""
        ended = subprocess.run([sys.executable, "-c", program, str(data), url], timeout=60)
        assert ended.returncode == -signal.SIGKILL
        assert held_choice(data) == back and _contents(data) == before
        move_records(data, target)
        assert _contents(data) == before


async def test_a_backup_holds_the_records_of_a_server_and_needs_none_to_be_restored(
    data: Path, chosen: Choice, tmp_path: Path
) -> None:
    before = _contents(data)
    move_records(data, chosen)
    await backup(data, tmp_path / "backup.tar")
    await restore(tmp_path / "backup.tar", tmp_path / "new")
    assert records_of(tmp_path / "new") == tmp_path / "new" / "records.db"
    assert _contents(tmp_path / "new") == before
    assert not list((tmp_path / "new").glob("records.db.moved"))


def test_a_folder_keeps_to_its_records(
    data: Path, chosen: Choice, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FixConfiguration, match="records move"):
        records_of(data, chosen)
    assert records_of(tmp_path / "new", chosen) == chosen.server()
    move_records(data, chosen)
    assert records_of(data) == records_of(data, chosen)
    with pytest.raises(FixConfiguration, match="records of this folder are at"):
        records_of(data, Choice(url="postgresql://other@/other"))
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n")
    assert Choice(url="postgresql://u@/d", password_file=str(secret)).server().password == PASSWORD
    monkeypatch.setenv("BAIGONG_RECORDS_PASSWORD", "from there")
    assert Choice(url="postgresql://u@/d").server().password == "from there"
    (data / "records.toml").write_text("url = 5")
    with pytest.raises(FixConfiguration, match="url"):
        records_of(data)


def test_the_commands_say_what_they_did_and_no_secret(
    data: Path, chosen: Choice, postgres: Cluster, tmp_path: Path
) -> None:
    secret = tmp_path / "password"
    secret.write_text(PASSWORD)
    url = postgres.network(chosen.server().database)
    asked = ["records", "move", "--data", str(data), "--records-password-file", str(secret), "--to"]
    told = subprocess.run(
        [sys.executable, "-m", "baigong.cli.main", *asked, url], capture_output=True, text=True, timeout=60,
        env=os.environ | {"COLUMNS": "200"},
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    assert "moved" in told.stderr + told.stdout and "audit log verified" in told.stderr + told.stdout
    again = subprocess.run([sys.executable, "-m", "baigong.cli.main", *asked, url.replace("baigong@", "baigong:pw@")],
                           capture_output=True, text=True, timeout=60)  # fmt: skip
    assert again.returncode == 2 and "BAIGONG_RECORDS_PASSWORD" in again.stderr
    kept = (data / "records.toml").read_text()
    assert str(secret) in kept
    for text in (told.stdout, told.stderr, again.stderr, kept):
        assert PASSWORD not in text and ":pw@" not in text
    shutil.rmtree(data)


def test_a_wrong_place_is_said(tmp_path: Path) -> None:
    with pytest.raises(BaigongError):
        move_records(tmp_path, Choice(url="postgresql://u@/d"))
    assert not (tmp_path / "lock").exists()
