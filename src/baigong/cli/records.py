"""``baigong records``: where people, devices, points, grants and the audit log are kept, and moving them."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer

from baigong.cli import show
from baigong.cli.folder import DataFolder
from baigong.cli.place import check_is_data
from baigong.cli.recordsplace import (
    DATABASE,
    FILE,
    MOVED,
    Ca,
    Choice,
    PasswordFile,
    PlainRecords,
    choice,
    held_choice,
    records_of,
    remember,
)
from baigong.registry.audit import stored_node
from baigong.security import merkle
from baigong.stores.durable import sync_folder
from baigong.stores.records import Records, Server, open_records, prepare_tables
from baigong.stores.records.audit import count_entries
from baigong.stores.records.moving import Sum, copy_records
from baigong.stores.records.tables import audit_entries
from baigong.vocab.errors import FixConfiguration, RetryLater

records = typer.Typer(no_args_is_help=True, help="Where the records are kept: SQLite in the folder, or PostgreSQL.")

Folder = Annotated[Path, typer.Option("--data", envvar="BAIGONG_DATA", help="data folder")]
Progress = Callable[[str, int, int], None]
_SQLITE, _AT_ONCE = "sqlite", 10_000
_MOVING = f"{DATABASE}.part"


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    records.command("move")(move)
    records.command("prepare")(prepare)
    app.add_typer(records, name="records")


def move(
    to: Annotated[str, typer.Option("--to", help="postgresql://user@host/database, or sqlite: back into the folder")],
    data: Folder = Path("data"),
    password_file: PasswordFile = None,
    ca: Ca = None,
    plain: PlainRecords = False,
) -> None:
    """Copy every record into another, empty database, compare, and only then go on there. The platform is stopped."""
    chosen = None if to == _SQLITE else choice(to, password_file, ca, plain)
    with show.progress("looking", None) as (bar, task):

        def step(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        sums = move_records(data, chosen, step)
    where = chosen.server().shown if chosen else f"{DATABASE} in {data}"
    rows = sum(one.rows for one in sums.values())
    show.tell(f"moved {rows:,} rows of {len(sums)} tables to {where}; each table compared, the audit log verified")


def prepare(
    role: Annotated[str, typer.Option("--for", help="the role that the platform signs in as")],
    to: Annotated[str, typer.Option("--to", help="postgresql://owner@host/database: may own tables there")],
    password_file: PasswordFile = None,
    ca: Ca = None,
    plain: PlainRecords = False,
) -> None:
    """Make or upgrade the tables as their owner, so that the platform's own role needs no way to the owner."""
    chosen = choice(to, password_file, ca, plain)
    if chosen is not None:
        prepare_tables(chosen.server(), role)
        show.tell(f"the tables are there, and {role} may work with them")


def move_records(data: Path, chosen: Choice | None, progress: Progress = lambda *_: None) -> dict[str, Sum]:
    """Move the records of a stopped platform's folder; ``chosen`` None: into the folder's own file.

    Raises storage.locked for a running platform, config.conflict for a target that holds something. When it raises,
    or is killed, the folder's records are where they were.
    """
    check_is_data(data)
    with DataFolder(data), ExitStack() as stack:
        held = held_choice(data)
        if (held is None and chosen is None) or (held is not None and chosen is not None and held.url == chosen.url):
            raise FixConfiguration("config.conflict", "the records are there already", place=str(data))
        place = chosen.server() if chosen else _fresh_file(data)
        source = _opened(stack, records_of(data))
        target = _opened(stack, place)
        sums = copy_records(source, target, progress, partial(verify_log, source))
        stack.close()  # the file is whole, without a journal beside it
        if chosen is None:
            os.replace(data / _MOVING, data / DATABASE)
            sync_folder(data)
            (data / FILE).unlink()
            sync_folder(data)
        else:
            remember(data, chosen)  # this is the switch
            _put_aside(data)
    return sums


def _opened(stack: ExitStack, place: Path | Server) -> Records:
    made = open_records(place)
    stack.callback(made.close_now)
    made.claim_now()
    return made


def _fresh_file(data: Path) -> Path:
    if (data / DATABASE).exists():
        raise FixConfiguration(
            "config.conflict",
            f"there is a {DATABASE} that is not in use: move it away first",
            place=str(data / DATABASE),
        )
    for name in (_MOVING, f"{_MOVING}-wal", f"{_MOVING}-shm"):  # of a move that was killed
        (data / name).unlink(missing_ok=True)
    return data / _MOVING


def _put_aside(data: Path) -> None:
    """Keep the old file under a name that nobody opens by accident."""
    with suppress(FileNotFoundError):
        os.replace(data / DATABASE, data / MOVED)
        sync_folder(data)


def verify_log(source: Records, target: sa.Connection) -> None:
    """Hash every entry of the copied audit log anew: its tree must be the one that is kept, and the source's."""
    leaves: list[bytes] = []
    size = count_entries(target)
    for start in range(0, size, _AT_ONCE):
        c = audit_entries.c
        wanted = sa.select(c.entry, c.leaf).where(c.seq >= start, c.seq < start + _AT_ONCE).order_by(c.seq)
        for text, leaf in target.execute(wanted):
            if merkle.leaf_hash(text.encode()) != bytes(leaf):
                raise RetryLater("storage.corrupt", f"entry {len(leaves)} of the audit log is not as it was written")
            leaves.append(bytes(leaf))
    hashed = merkle.root(len(leaves), merkle.complete_nodes(leaves))
    if len(leaves) != size or hashed != _root(target, size) or hashed != source.read_now(lambda c: _root(c, size)):
        raise RetryLater(
            "storage.corrupt", "the audit log does not verify: nothing was moved; run baigong audit verify"
        )


def _root(connection: sa.Connection, size: int) -> bytes:
    return merkle.root(size, partial(stored_node, connection))
