from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from baigong.stores.records import engine as engines
from baigong.stores.records import migrations, open_records
from baigong.stores.records.access import ensure_tenant, list_tenants, put_setting, setting
from baigong.stores.records.happenings import add_events, list_events
from baigong.stores.records.tables import metadata
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.happenings import Event

VERSION_1 = Path(__file__).parent / "records-v1.sql"


def _schema(path: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("select name, sql from sqlite_master where sql is not null order by name").fetchall()
    connection.close()
    return [(name, " ".join(sql.split())) for name, sql in rows]


async def test_a_file_of_version_1_is_brought_to_the_present(tmp_path: Path) -> None:
    """records-v1.sql was dumped from the first version; later steps must make the present schema of it."""
    old, new = tmp_path / "old.db", tmp_path / "new.db"
    with sqlite3.connect(old) as connection:
        connection.executescript(VERSION_1.read_text())
    connection.close()
    records = open_records(old)
    assert await records.read(list_tenants) == ["main"]
    (event,) = await records.read(lambda c: list_events(c, "main"))
    assert event.kind == "device.added" and event.detail == {"by": "test"}
    await records.close()
    await open_records(new).close()
    assert _schema(old) == _schema(new)


async def test_steps_run_in_order_keep_a_copy_and_a_newer_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "records.db"
    with monkeypatch.context() as patch:
        patch.setattr(engines, "upgrade", lambda c: migrations.upgrade(c, ()))
        patch.setattr(engines, "current_version", lambda: 1)
        records = open_records(path)
    await records.write(lambda c: put_setting(c, "a", "1"))
    await records.close()

    def step_2(connection: sa.Connection) -> None:
        connection.exec_driver_sql("alter table settings add column note text")

    def step_3(connection: sa.Connection) -> None:
        connection.exec_driver_sql("update settings set note = 'kept'")

    with monkeypatch.context() as patch:
        patch.setattr(engines, "upgrade", lambda c: migrations.upgrade(c, (step_2, step_3)))
        patch.setattr(engines, "current_version", lambda: 3)
        records = open_records(path)
        assert await records.read(lambda c: c.exec_driver_sql("select note from settings").scalar()) == "kept"
        await records.close()
    assert (tmp_path / "records.db.v1").exists()
    with monkeypatch.context() as patch:
        patch.setattr(engines, "upgrade", lambda c: migrations.upgrade(c, ()))
        patch.setattr(engines, "current_version", lambda: 1)
        with pytest.raises(FixConfiguration) as caught:
            open_records(path)
    assert caught.value.code == "storage.version"


async def test_what_is_no_records_file_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    path.write_bytes(b"x" * 10_000)
    with pytest.raises(RetryLater) as caught:
        open_records(path)
    assert caught.value.code == "storage.corrupt"


async def test_a_failed_piece_of_work_leaves_nothing(tmp_path: Path) -> None:
    records = open_records(tmp_path / "records.db")

    def work(connection: sa.Connection) -> None:
        put_setting(connection, "a", "1")
        ensure_tenant(connection, "main", 1)
        connection.exec_driver_sql("insert into tenants values ('main', '', 2)")

    with pytest.raises(FixConfiguration) as caught:
        await records.write(work)
    assert caught.value.code == "config.conflict"
    assert await records.read(lambda c: setting(c, "a")) is None
    with pytest.raises(FixConfiguration, match="FOREIGN KEY"):
        await records.write(
            lambda c: c.exec_driver_sql("insert into episodes values ('no','e','a','k',1,null,'','',null,'{}',0,1)")
        )
    await records.close()


async def test_events_come_newest_first_by_subject_and_time(tmp_path: Path) -> None:
    records = open_records(tmp_path / "records.db")
    told = [Event(kind=f"k.{i}", time_us=i, tenant="t", subject=f"device:{i % 2}") for i in range(10)]
    await records.write(lambda c: add_events(c, told))
    found = await records.read(lambda c: list_events(c, "t", subjects=["device:1"], start_us=3, end_us=9, limit=2))
    assert [e.time_us for e in found] == [7, 5]
    assert await records.read(lambda c: list_events(c, "other")) == []
    await records.close()


def test_the_tables_are_said_in_words_that_postgresql_knows() -> None:
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.schema import CreateTable

    text = "".join(str(CreateTable(t).compile(dialect=postgresql.dialect())) for t in metadata.sorted_tables)
    assert "BIGSERIAL" in text and text.count("CREATE TABLE") == len(metadata.tables)
