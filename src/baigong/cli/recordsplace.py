"""Where a data folder's records are: its own SQLite file, or a PostgreSQL server that ``records.toml`` names."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from baigong.stores.durable import replace_file
from baigong.vocab.errors import FixConfiguration

if TYPE_CHECKING:  # the engine behind it is heavy, and most commands never open the records
    from baigong.stores.records import Server

FILE, DATABASE, MOVED = "records.toml", "records.db", "records.db.moved"
_PASSWORD = "BAIGONG_RECORDS_PASSWORD"  # noqa: S105 - the variable's name

Records = Annotated[
    str,
    typer.Option(
        "--records",
        envvar="BAIGONG_RECORDS",
        help="postgresql://user@host/database for the records of a new folder; default: SQLite in the folder",
    ),
]
PasswordFile = Annotated[
    Path | None,
    typer.Option(
        "--records-password-file",
        envvar="BAIGONG_RECORDS_PASSWORD_FILE",
        help=f"file with the password of the records' database; or {_PASSWORD} in the environment",
    ),
]
Ca = Annotated[
    Path | None,
    typer.Option("--records-ca", envvar="BAIGONG_RECORDS_CA", help="who signed the database's certificate (PEM)"),
]
PlainRecords = Annotated[
    bool,
    typer.Option("--plain-records-are-read-by-the-network", help="speak to a database elsewhere without verified TLS"),
]


class Choice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What ``records.toml`` says. No password: the file that holds it, or the environment."""

    url: str
    password_file: str = ""
    ca: str = ""
    plain_records_are_read_by_the_network: bool = False

    def server(self) -> Server:
        """Read the password and check the rest. Raises config.invalid."""
        from baigong.stores.records import Server

        return Server(
            url=self.url,
            password=_read(self.password_file) if self.password_file else os.environ.get(_PASSWORD, ""),
            ca=self.ca,
            plain_records_are_read_by_the_network=self.plain_records_are_read_by_the_network,
        )


def choice(url: str, password_file: Path | None, ca: Path | None, plain: bool) -> Choice | None:
    """Take what was asked for by option or environment; None for nothing."""
    if not url:
        return None
    made = Choice(
        url=url,
        password_file=str(password_file.absolute()) if password_file else "",
        ca=str(ca.absolute()) if ca else "",
        plain_records_are_read_by_the_network=plain,
    )
    made.server()
    return made


def held_choice(data: Path) -> Choice | None:
    """Read the folder's own ``records.toml``; None where its records are its own file."""
    path = data / FILE
    if not path.is_file():
        return None
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Choice)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, UnicodeDecodeError) as error:
        raise FixConfiguration("config.invalid", str(error), place=str(path)) from error


def records_of(data: Path, asked: Choice | None = None) -> Path | Server:
    """Return where the records of a folder are; a new folder takes what is asked for, and remembers it.

    Raises config.conflict where the folder's records are elsewhere: they are moved, never begun anew by accident.
    """
    held = held_choice(data)
    if asked is None:
        return data / DATABASE if held is None else held.server()
    if held is None and (data / DATABASE).exists():
        raise FixConfiguration(
            "config.conflict",
            f"the records of this folder are in {DATABASE}: move them with `baigong records move --to {asked.url}`",
            place=str(data),
        )
    if held is not None and held.url != asked.url:
        raise FixConfiguration(
            "config.conflict", f"the records of this folder are at {held.url}; {FILE} says so", place=str(data / FILE)
        )
    return asked.server()


def remember(data: Path, chosen: Choice) -> None:
    """Write ``records.toml``: from then on the folder's records are there."""
    said = msgspec.to_builtins(chosen)
    lines = [f"{key} = {msgspec.json.encode(value).decode()}" for key, value in said.items()]
    head = "# Where the records of this folder are; `baigong records move` moves them."
    replace_file(data / FILE, "\n".join([head, *lines, ""]))


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FixConfiguration("config.invalid", f"the password cannot be read: {error}", place=path) from error
