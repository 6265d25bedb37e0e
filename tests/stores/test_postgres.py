"""The records in a PostgreSQL server: walls, clear refusals, a restart survived, one platform at a time."""

from __future__ import annotations

import ast
import asyncio
import random
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
import trustme

import baigong
from baigong.registry.audit import Entry, append, stored_node
from baigong.security import merkle
from baigong.stores.records import ALL, Records, Server, open_records, prepare_tables, walls
from baigong.stores.records.access import ensure_tenant, list_tenants, put_setting, setting
from baigong.stores.records.audit import count_entries, read_leaves
from baigong.stores.records.postgres import Postgres
from baigong.stores.records.tables import metadata
from baigong.vocab.errors import BaigongError, FixConfiguration, ReportBug, RetryLater
from tests.postgres import PASSWORD, ROLE, Cluster, cluster

PERSON = {"a": "li", "b": "wang"}


@pytest.fixture
def server(postgres: Cluster) -> Iterator[Server]:
    made = postgres.fresh()
    yield made
    postgres.drop(made)


@pytest.fixture
async def records(server: Server) -> Any:
    held = open_records(server)
    yield held
    await held.close()


def _cell(column: sa.Column[Any], tenant: str) -> Any:
    """Return a value that fits; what hangs on another table names the row of the same tenant there."""
    if column.foreign_keys:
        return _cell(next(iter(column.foreign_keys)).column, tenant)
    if isinstance(column.type, sa.LargeBinary):
        return tenant.encode()
    if isinstance(column.type, sa.Boolean):
        return False
    if isinstance(column.type, (sa.Integer, sa.Float)):
        return ord(tenant)
    return tenant if column.name == "tenant" else f"{column.table.name}-{column.name}-{tenant}"


def _fill(connection: sa.Connection) -> None:
    for table in metadata.sorted_tables:
        for tenant in ("a", "b"):
            connection.execute(table.insert().values({c.name: _cell(c, tenant) for c in table.c}))


async def test_no_table_lets_one_company_see_or_change_anothers(records: Records, server: Server) -> None:
    """Raw SQL of a connection that says it is about company a, against every table there is."""
    await records.write(_fill)
    below = {k.column.table for t in metadata.sorted_tables for k in t.foreign_keys}
    walled = [t for t in metadata.sorted_tables if walls.condition(t) is not None]
    assert {t.name for t in metadata.sorted_tables} - {t.name for t in walled} == set(walls.PLATFORM)
    for table in walled:
        at = _conninfo(server)
        with psycopg.connect(at) as connection:
            assert connection.execute(f'select count(*) from "{table.name}"').fetchone() == (0,), "says nothing"
        with psycopg.connect(at) as connection:
            connection.execute("select set_config('baigong.tenant', 'a', true)")
            mine = sa.select(*table.primary_key.columns)
            rows = connection.execute(str(mine).encode()).fetchall()
            assert rows == [tuple(_cell(c, "a") for c in table.primary_key.columns)], table.name
            kept = table.name in ("audit_entries", "audit_nodes")
            remove = [] if table in below else [f'delete from "{table.name}"']
            for change in () if kept else (_touch(table), *remove):
                with connection.transaction(force_rollback=True):
                    assert connection.execute(change.encode()).rowcount == 1, change
            theirs = {c.name: _cell(c, "b") for c in table.c}
            into = f'insert into "{table.name}" ({", ".join(map(_name, theirs))}) values ({_holes(len(theirs))})'
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(into.encode(), list(theirs.values()))
            if "tenant" in table.c and not kept:
                with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                    connection.execute(f'update "{table.name}" set tenant = %s'.encode(), ["b"])
    counted = await records.read(lambda c: [c.scalar(sa.select(sa.func.count()).select_from(t)) for t in walled])
    assert set(counted) == {2}, "whoever says that it crosses tenants sees all; nothing of b is gone"


def _conninfo(server: Server) -> str:
    options = server.options()
    return f"host={options['host']} port={options['port']} user={ROLE} dbname={server.database}"


def _name(column: str) -> str:
    return f'"{column}"'


def _holes(count: int) -> str:
    return ", ".join(["%s"] * count)


def _touch(table: sa.Table) -> str:
    column = next(iter(table.primary_key.columns)).name
    return f'update "{table.name}" set "{column}" = "{column}"'


async def test_every_table_has_its_wall_and_a_new_one_without_is_seen(
    records: Records, server: Server, postgres: Cluster
) -> None:
    assert await records.read(lambda c: walls.gaps(c, metadata.sorted_tables)) == []
    postgres.admin("create table parcels (tenant text, id text)", server.database)
    postgres.admin("alter table devices no force row level security", server.database)
    parcels = sa.Table("parcels", sa.MetaData(), sa.Column("tenant", sa.Text), sa.Column("id", sa.Text))
    nobodys = sa.Table("orphans", sa.MetaData(), sa.Column("id", sa.Text))
    asked = [*metadata.sorted_tables, parcels, nobodys]
    assert await records.read(lambda c: walls.gaps(c, asked)) == ["devices", "parcels", "orphans"]


async def test_work_for_one_company_that_reaches_for_another_is_our_fault(records: Records) -> None:
    await records.write(lambda c: ensure_tenant(c, "a", 1), tenant="a")
    with pytest.raises(ReportBug, match="another's"):
        await records.write(lambda c: ensure_tenant(c, "b", 1), tenant="a")
    with pytest.raises(FixConfiguration) as caught:
        await records.write(lambda c: c.execute(sa.text("delete from audit_entries")))
    assert caught.value.code == "storage.role", "the log is written once: the database holds us to it"


def test_what_will_not_do_is_said_at_the_start(postgres: Cluster) -> None:
    latin, name = postgres.empty("LATIN1"), postgres.empty()
    postgres.admin(f"create role mighty login superuser; create role lord login in role {ROLE}_owner")
    for server, code, said in (
        (postgres.server(latin), "storage.unfit", "LATIN1"),
        (postgres.server("nothing"), "storage.denied", "nothing"),
        (postgres.server(name, "mighty"), "storage.role", "every wall"),
        (postgres.server(name, "lord"), "storage.role", "owner"),
        (Server(url=postgres.network(name), password="wrong"), "storage.denied", "password"),
        (Server(url=f"postgresql://{ROLE}@127.0.0.1:1/{name}"), "storage.unreachable", "refused"),
        (Server(url=postgres.network(name, "?sslmode=verify-full")), "storage.untrusted", "SSL"),
    ):
        with pytest.raises(BaigongError, match=said) as caught:
            open_records(server)
        assert caught.value.code == code, server.url
        assert PASSWORD not in str(caught.value) and "wrong" not in repr(server)
    open_records(Server(url=postgres.network(name), password=PASSWORD)).engine.dispose()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://u@h/d", "postgresql://"),
        ("postgresql://u:secret@h/d", "password"),
        ("postgresql://u@h", "no database"),
        ("postgresql://u@db.plant/d?sslmode=require", "pose as the database"),
        ("postgresql://u@h/d?options=-cx=y", "'options'"),
    ],
)
def test_an_address_that_is_wrong_or_unsafe_is_refused_without_its_secrets(url: str, said: str) -> None:
    with pytest.raises(FixConfiguration, match=said) as caught:
        Server(url=url)
    assert "secret" not in str(caught.value)


def test_beyond_this_machine_the_server_is_verified() -> None:
    far = Server(url="postgresql://u@db.plant:6432/d", ca="/etc/plant-ca.pem")
    assert far.options() | {"sslmode": "verify-full", "sslrootcert": "/etc/plant-ca.pem"} == far.options()
    assert Server(url="postgresql://u@db1,db2/d").options()["sslrootcert"] == "system"
    assert "sslmode" not in Server(url="postgresql://u@[::1]:5432/d").options()


def test_tls_to_the_server(tmp_path: Path) -> None:
    with cluster("fsync=off", "shared_buffers=16MB") as made:
        authority, stranger = trustme.CA(), trustme.CA()
        leaf = authority.issue_cert("localhost")
        leaf.private_key_pem.write_to_path(str(made.folder / "data" / "server.key"))
        leaf.cert_chain_pems[0].write_to_path(str(made.folder / "data" / "server.crt"))
        made.own("data/server.key", "data/server.crt")
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        stranger.cert_pem.write_to_path(str(tmp_path / "other.pem"))
        made.admin("alter system set ssl = on")
        made.admin("select pg_reload_conf()")
        url = made.network(made.fresh().database, "?sslmode=verify-full", host="localhost")
        records = open_records(Server(url=url, password=PASSWORD, ca=str(tmp_path / "ca.pem")))
        asked = sa.text("select ssl from pg_stat_ssl where pid = pg_backend_pid()")
        assert records.read_now(lambda c: c.scalar(asked)) is True
        records.engine.dispose()
        for ca, name in (("other.pem", "localhost"), ("ca.pem", "127.0.0.1")):
            wrong = url.replace("@localhost", f"@{name}")
            with pytest.raises(FixConfiguration) as caught:
                open_records(Server(url=wrong, password=PASSWORD, ca=str(tmp_path / ca)))
            assert caught.value.code == "storage.untrusted"


def test_a_restart_of_the_server_is_survived_and_nothing_is_half_done() -> None:
    """Durability as it ships (fsync on); the server is stopped, and killed at once, between and inside transactions."""
    with cluster("shared_buffers=16MB") as made:
        records = open_records(made.fresh())
        asyncio.run(records.claim())
        records.write_now(lambda c: put_setting(c, "before", "1"))
        made.stop()
        with pytest.raises(RetryLater) as caught:
            records.write_now(lambda c: put_setting(c, "down", "1"))
        assert caught.value.code == "storage.unreachable"
        made.start()
        records.write_now(lambda c: put_setting(c, "again", "1"))
        runs: list[int] = []

        def interrupted(connection: sa.Connection) -> None:
            runs.append(1)
            put_setting(connection, "half", str(len(runs)))
            if len(runs) == 1:
                made.stop("immediate")
                made.start()
            ensure_tenant(connection, "main", 1)

        records.write_now(interrupted)
        told = records.read_now(lambda c: [setting(c, n) for n in ("before", "down", "again", "half")])
        assert told == ["1", None, "1", "2"], "the work was run again from its start, on a new connection"
        made.stop()
        (made.folder / "data" / "standby.signal").touch()
        made.start()
        with pytest.raises(FixConfiguration, match="standby") as refused:
            records.write_now(lambda c: put_setting(c, "standby", "1"))
        assert refused.value.code == "storage.unfit"
        with pytest.raises(FixConfiguration, match="standby"):
            open_records(made.server("ready"))
        records.close_now()


def test_a_connection_that_breaks_while_committing_is_asked_about(server: Server, postgres: Cluster) -> None:
    """Whether the commit came through is the server's to say: done is done, and not done is said so."""
    database = Postgres(server)
    committed = database.write(
        lambda c: c.scalar(sa.text("insert into settings values ('x','1') returning pg_current_xact_id()::text")),
        ALL,
        alone=False,
    )
    assert database._was_committed(committed)
    with database.engine.connect() as connection:
        dropped = connection.scalar(sa.text("select pg_current_xact_id()::text"))
    assert not database._was_committed(dropped) and database._was_committed(None)
    database.close()


def test_two_platforms_do_not_share_records(server: Server, postgres: Cluster) -> None:
    first, second = open_records(server), open_records(server)
    asyncio.run(first.claim())
    with pytest.raises(FixConfiguration) as caught:
        asyncio.run(second.claim())
    assert caught.value.code == "storage.locked"
    # the server loses the first one's connection, and the second is faster to come back
    holder = "select pg_terminate_backend(pid, 20000) from pg_locks where locktype = 'advisory' and granted"
    postgres.admin(holder, server.database)
    asyncio.run(second.claim())
    with pytest.raises(FixConfiguration) as caught:
        first.write_now(lambda c: put_setting(c, "a", "1"))
    assert caught.value.code == "storage.locked"
    second.close_now()
    with pytest.raises(FixConfiguration, match="taken these records over"):
        first.write_now(lambda c: put_setting(c, "a", "1"))
    first.close_now()


def test_the_audit_log_stays_in_order_with_several_writers(server: Server) -> None:
    """Four processes' worth of writers, each with connections of its own, append at the same time."""
    several = [open_records(server) for _ in range(4)]

    def note(records: Records, who: int) -> None:
        for i in range(15):
            entry = Entry(time_us=i, tenant="a", who=str(who), action="x", object="y")
            records.write_now(partial(append, entries=[entry] * random.Random(i).randint(1, 9)), alone=True)

    threads = [threading.Thread(target=note, args=(r, i)) for i, r in enumerate(several)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = several[0]
    size = records.read_now(count_entries)
    leaves = records.read_now(lambda c: read_leaves(c, 0, size))
    assert len(leaves) == size == 4 * sum(random.Random(i).randint(1, 9) for i in range(15))
    kept = records.read_now(lambda c: merkle.root(size, partial(stored_node, c)))
    assert kept == merkle.root(size, merkle.complete_nodes(leaves))
    for one in several:
        one.close_now()


def test_work_that_met_other_work_is_run_again(server: Server) -> None:
    """Two writers that each add to what they read: serializable, so that nothing is lost between them."""
    several = [open_records(server) for _ in range(2)]
    several[0].write_now(lambda c: put_setting(c, "count", "0"))
    meeting = threading.Barrier(2)
    tries: list[int] = []

    def add(connection: sa.Connection) -> None:
        tries.append(1)
        held = int(setting(connection, "count") or 0)
        if len(tries) <= 2:
            meeting.wait(10)  # both have read before either writes
        put_setting(connection, "count", str(held + 1))

    threads = [threading.Thread(target=r.write_now, args=(add,)) for r in several]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert several[0].read_now(lambda c: setting(c, "count")) == "2" and len(tries) == 3
    for one in several:
        one.close_now()


def test_tables_are_prepared_by_an_owner_for_a_role_that_may_not(postgres: Cluster) -> None:
    """The strict way: who works has no way to the tables' owner, and so cannot take a wall down."""
    name = postgres.empty()
    postgres.admin("create role worker login")
    with pytest.raises(FixConfiguration, match="may not become their owner"):
        open_records(postgres.server(name, "worker"))
    prepare_tables(postgres.server(name), "worker")
    records = open_records(postgres.server(name, "worker"))
    records.write_now(lambda c: ensure_tenant(c, "main", 1), tenant="main")
    assert records.read_now(list_tenants) == ["main"]
    records.close_now()


def test_all_work_on_the_records_says_whose_rows_it_is_about() -> None:
    """``tenant=`` in every call: a company, or ALL where the platform crosses companies and says so."""
    source = Path(baigong.__file__).parent
    calls = [
        (path.relative_to(source), node)
        for path in source.rglob("*.py")
        if path.parts[-3:-1] != ("stores", "records")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("read", "write", "read_now", "write_now")
        and ast.unparse(node.func.value).endswith("records")
    ]
    assert len(calls) > 80
    silent = [f"{path}:{node.lineno}" for path, node in calls if "tenant" not in {k.arg for k in node.keywords}]
    assert not silent, silent
