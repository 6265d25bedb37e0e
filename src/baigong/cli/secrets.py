"""``baigong secrets``: the key that opens what a data folder keeps closed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from baigong.cli import show

if TYPE_CHECKING:
    from baigong.stores.records import Records

secrets = typer.Typer(
    no_args_is_help=True, help="The key that opens stored passwords, second factors and private keys."
)
Folder = Annotated[Path, typer.Option("--data", envvar="BAIGONG_DATA", help="data folder of a stopped platform")]


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(secrets, name="secrets")


@secrets.command("show")
def show_key(data: Folder = Path("data")) -> None:
    """Say where the key is and which one opens this folder; never the key itself."""
    from baigong.registry.resealing import describe, is_rotating

    source, name = describe(_checked(data))
    place = str(source.file) if source.file else "given from outside (environment or systemd credential)"
    rows = [("key", place), ("beside the data", "yes" if source.beside else "no"), ("name", name)]
    if is_rotating(_checked(data)):
        rows.append(("rotation", "begun and not finished: run baigong secrets rotate-key again"))
    show.table(("what", "is"), rows)


@secrets.command("rotate-key")
def rotate_key(data: Folder = Path("data")) -> None:
    """Make a new key and close everything with it; begun and broken off, run it again.

    Backups made before need the old key: keep it as long as them.
    """
    from baigong.registry.resealing import rotate

    with _stopped(data) as (folder, records):
        count = rotate(folder, records)
    show.tell(f"{count} secrets are closed with a new key")


@secrets.command()
def forget(data: Folder = Path("data")) -> None:
    """When the key is lost for good: empty every secret it closed. Passwords and second factors are entered anew."""
    from baigong.registry.resealing import forget as run

    with _stopped(data) as (folder, records):
        count = run(folder, records)
    show.tell(f"{count} secrets are gone; enter device passwords anew, and set up second factors again")


def _checked(data: Path) -> Path:
    from baigong.cli.place import check_is_data

    usual = Path("data")
    if data == usual and not (usual / "format").exists() and (usual / "demo" / "format").exists():
        data = usual / "demo"
    check_is_data(data)
    return data


@contextmanager
def _stopped(data: Path) -> Iterator[tuple[Path, Records]]:
    """Take folder and records, wherever these are, so that no platform runs on them meanwhile."""
    from baigong.cli.folder import DataFolder
    from baigong.cli.recordsplace import records_of
    from baigong.stores.records import open_records

    data = _checked(data)
    with DataFolder(data) as folder:
        records = open_records(records_of(folder.path))
        try:
            records.claim_now()
            yield folder.path, records
        finally:
            records.close_now()
