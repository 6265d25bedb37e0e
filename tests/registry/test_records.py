from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from baigong.stores.records import Records, Server, migrations, open_records
from baigong.stores.records import engine as engines
from baigong.stores.records.access import ensure_tenant, list_tenants, put_setting, setting, settings_of
from baigong.stores.records.bills import all_bills, all_tariffs
from baigong.stores.records.happenings import add_events, list_events, put_episodes
from baigong.stores.records.topics import all_topics
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.happenings import Episode, Event
from tests.postgres import OWNER, ROLE, empty_server, place_of

BOTH_DATABASES = True

VERSION_1 = Path(__file__).parent / "records-v1.sql"


def _schema(records: Records) -> dict[str, Any]:
    """Tables, columns, keys and indexes as the database itself tells them."""
    inspector = sa.inspect(records.engine)
    return {
        table: {
            "columns": {c["name"]: (str(c["type"]), c["nullable"]) for c in inspector.get_columns(table)},
            "key": sorted(inspector.get_pk_constraint(table)["constrained_columns"]),
            "unique": sorted(u["column_names"] for u in inspector.get_unique_constraints(table)),
            "foreign": sorted(
                (k["constrained_columns"], k["referred_table"], str(k["options"].get("ondelete")))
                for k in inspector.get_foreign_keys(table)
            ),
            "indexes": sorted((str(i["name"]), i["column_names"]) for i in inspector.get_indexes(table)),
        }
        for table in inspector.get_table_names()
    }


_BILL = '{"tenant":"main","month":"2026-10","issued_us":7,"number":"2026-10-main-1"}'
_NAMED = f"""INSERT INTO settings VALUES('tariff/2','currency: CNY');
INSERT INTO settings VALUES('bill/2026-10-main-1','{_BILL}');
INSERT INTO credentials VALUES('old','main','plc','sha256:00',1);
"""  # what lay among the settings by its name, before it had tables; and a machine from before there were topics


def _version_1(database: str, folder: Path) -> Path | Server:
    """Make records as the first version made them: records-v1.sql is its dump."""
    text = VERSION_1.read_text().replace("COMMIT;", f"{_NAMED}COMMIT;")
    assert _NAMED in text
    if database == "sqlite":
        path = folder / "old.db"
        with sqlite3.connect(path) as connection:
            connection.executescript(text)
        connection.close()
        return path
    made = re.findall(r"^CREATE.*?;$|^INSERT.*?;$", text, re.MULTILINE | re.DOTALL)
    made.sort(key=lambda s: (s.startswith("CREATE INDEX"), s.startswith("INSERT"), _rank(s)))
    counted = "id BIGSERIAL NOT NULL"  # what SQLAlchemy calls an integer key there
    statements = [
        s.replace("id INTEGER NOT NULL", counted).replace("VALUES(1,'main'", "VALUES(DEFAULT,'main'") for s in made
    ]
    return empty_server([f"set role {OWNER}", *statements, f"grant select on records_version to {ROLE}"])


def _rank(statement: str) -> int:
    order = ("tenants", "people", "tokens")
    return next((i for i, name in enumerate(order) if f"TABLE {name} " in statement), len(order))


async def test_records_of_version_1_are_brought_to_the_present(tmp_path: Path, database: str) -> None:
    """Later steps must make the present schema of the first one."""
    records, fresh = open_records(_version_1(database, tmp_path)), open_records(place_of(tmp_path))
    assert await records.read(list_tenants) == ["main"]
    (event,) = await records.read(lambda c: list_events(c, "main"), tenant="main")
    assert event.kind == "device.added" and event.detail == {"by": "test"}
    assert await records.read(lambda c: list_events(c, "main"), tenant="main" if database == "sqlite" else "b") == (
        [event] if database == "sqlite" else []
    ), "the walls are up after an upgrade too"
    await records.write(lambda c: add_events(c, [event]))
    assert _schema(records) == _schema(fresh)
    assert await records.read(all_tariffs) == {2: "currency: CNY"}
    assert await records.read(all_bills, tenant="main") == [_BILL]
    assert await records.read(all_bills, tenant="b") == ([_BILL] if database == "sqlite" else []), "it is its company's"
    kept = await records.read(
        lambda c: [(t.tenant, t.kind, t.name, t.publish, t.subscribe) for t in all_topics(c)], tenant="main"
    )
    assert kept == [("main", "user", "old", ("#",), ("#",))], "no machine stops at an upgrade"
    assert await records.read(lambda c: set(settings_of(c, ""))) <= {"records.writer"}, "moved, not copied"
    await records.close()
    await fresh.close()


async def test_steps_run_in_order_keep_a_copy_and_a_newer_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, database: str
) -> None:
    place = tmp_path / "records.db" if database == "sqlite" else empty_server([])
    with monkeypatch.context() as patch:
        patch.setattr(engines, "upgrade", lambda c: migrations.upgrade(c, ()))
        patch.setattr(engines, "current_version", lambda: 1)
        records = open_records(place)
    await records.write(lambda c: put_setting(c, "a", "1"))
    await records.close()

    def step_2(connection: sa.Connection) -> None:
        connection.exec_driver_sql("alter table settings add column note text")

    def step_3(connection: sa.Connection) -> None:
        connection.exec_driver_sql("update settings set note = 'kept'")

    with monkeypatch.context() as patch:
        patch.setattr(engines, "upgrade", lambda c: migrations.upgrade(c, (step_2, step_3)))
        patch.setattr(engines, "current_version", lambda: 3)
        records = open_records(place)
        assert await records.read(lambda c: c.exec_driver_sql("select note from settings").scalar()) == "kept"
        await records.close()
    assert database != "sqlite" or (tmp_path / "records.db.v1").exists()
    with monkeypatch.context() as patch:
        patch.setattr(engines, "upgrade", lambda c: migrations.upgrade(c, ()))
        patch.setattr(engines, "current_version", lambda: 1)
        with pytest.raises(FixConfiguration) as caught:
            open_records(place)
    assert caught.value.code == "storage.version"


async def test_what_is_no_records_file_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "records.db"
    path.write_bytes(b"x" * 10_000)
    with pytest.raises(RetryLater) as caught:
        open_records(path)
    assert caught.value.code == "storage.corrupt"


async def test_a_failed_piece_of_work_leaves_nothing(tmp_path: Path) -> None:
    records = open_records(place_of(tmp_path))

    def work(connection: sa.Connection) -> None:
        put_setting(connection, "a", "1")
        ensure_tenant(connection, "main", 1)
        connection.exec_driver_sql("insert into tenants values ('main', '', 2)")

    with pytest.raises(FixConfiguration) as caught:
        await records.write(work)
    assert caught.value.code == "config.conflict"
    assert await records.read(lambda c: setting(c, "a")) is None
    with pytest.raises(FixConfiguration, match=r"(?i)foreign key"):
        await records.write(lambda c: put_episodes(c, "no", [Episode(id="e", asset="a", kind="k", start_us=1)], 1))
    await records.close()


async def test_events_come_newest_first_by_subject_and_time(tmp_path: Path) -> None:
    records = open_records(place_of(tmp_path))
    told = [Event(kind=f"k.{i}", time_us=i, tenant="t", subject=f"device:{i % 2}") for i in range(10)]
    await records.write(lambda c: add_events(c, told))
    found = await records.read(lambda c: list_events(c, "t", subjects=["device:1"], start_us=3, end_us=9, limit=2))
    assert [e.time_us for e in found] == [7, 5]
    assert await records.read(lambda c: list_events(c, "other")) == []
    await records.close()
