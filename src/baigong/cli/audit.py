"""``baigong audit …``: who did what, taken away and proven."""

from __future__ import annotations

from base64 import b64decode
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Token, Url, reach
from baigong.cli.show import Json
from baigong.cli.textfile import whole_file
from baigong.stores.durable import replace_file
from baigong.vocab.errors import FixConfiguration

if TYPE_CHECKING:
    from baigong.client.link import Link
    from baigong.security.checkpoint import Checkpoint

audit = typer.Typer(no_args_is_help=True, help="The audit log: who did what, and proof of it.")


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(audit, name="audit")


Who = Annotated[str, typer.Option(help="only this person or token (company/name)")]
Action = Annotated[str, typer.Option(help="only this action, like configure or people")]


@audit.command("list")
def list_entries(
    who: Who = "",
    action: Action = "",
    refused: Annotated[bool, typer.Option("--refused", help="only what was refused")] = False,
    start: Annotated[str, typer.Option(help="from: 24h, 2026-11-01, …")] = "",
    limit: Annotated[int, typer.Option(help="most rows")] = 100,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """List what was done and refused, newest first."""
    params = {"who": who, "action": action, "start": start, "limit": limit}
    if refused:
        params["allowed"] = "false"
    with reach(data, url, token) as link:
        found = link.json("GET", "/audit", params=params)
    if as_json:
        show.json(found)
        return
    rows = [
        (line["seq"], _time(e["time_us"]), e["who"], e["action"], e["object"], e.get("reason", ""), e.get("origin", ""))
        for line in found
        for e in [line["entry"]]
    ]
    show.table(("number", "time (UTC)", "who", "action", "object", "refused", "from"), rows)


Known = Annotated[
    Path | None,
    typer.Option(help="a checkpoint kept earlier (baigong audit checkpoint)", exists=True, dir_okay=False),
]


@audit.command()
def checkpoint(
    file: Annotated[
        Path | None, typer.Argument(help="keep it here; one kept here before has to be its past", dir_okay=False)
    ] = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Keep what the log says today, signed: what is changed or cut before this point can be seen from now on.

    Keep it where whoever runs the platform cannot change it.
    """
    from baigong.security.checkpoint import Verifier, read_checkpoint

    with reach(data, url, token) as link:
        head = link.json("GET", "/audit/checkpoint")
        verifier = Verifier.parse(head["key"])
        new = read_checkpoint(head["checkpoint"], verifier)
        if file is not None and file.exists():
            old = read_checkpoint(_read(file), verifier)
            _must_continue(link, old, new, file)
    if file is None:
        print(head["checkpoint"], end="")
        return
    replace_file(file, head["checkpoint"])
    show.tell(f"{file}: the log has {new.size} entries")


@audit.command()
def export(
    target: Annotated[Path, typer.Argument(help="file to write: one proof a line (JSON)")],
    start: Annotated[str, typer.Option(help="from: 30d, 2026-11-01, …")] = "",
    known: Known = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Take entries away with their proofs, for somebody who need not trust this platform."""
    from baigong.security.checkpoint import Verifier, read_checkpoint

    if target.exists():
        raise FixConfiguration("config.conflict", "this file exists; an export overwrites nothing", place=str(target))
    params = {"start": start} if start else {}
    with reach(data, url, token) as link:
        key = link.json("GET", "/audit/checkpoint")["key"]
        if known is not None:
            params["known"] = str(read_checkpoint(_read(known), Verifier.parse(key)).size)
        with whole_file(target) as file:
            for piece in link.stream("/audit/export", params=params):
                file.write(piece)
    show.tell(f"wrote {target}; whoever checks it needs this key, by another way than this file:")
    show.tell(key)


@audit.command()
def verify(
    file: Annotated[Path, typer.Argument(help="an exported log", exists=True, dir_okay=False)],
    key: Annotated[str, typer.Argument(help="the log's public key, known from elsewhere")] = "",
    known: Known = None,
) -> None:
    """Check an exported log; needs no platform. The same as ``python -m baigong.security.verify``.

    With a checkpoint kept earlier it is also proven that nothing before it was changed or cut since.
    """
    from baigong.security.verify import said, verify_lines

    note = "" if known is None else _read(known)
    with file.open(encoding="utf-8") as lines:
        count = sum(1 for _ in verify_lines(lines, key, note))
    show.tell(said(count, key, note))


def _must_continue(link: Link, old: Checkpoint, new: Checkpoint, place: Path) -> None:
    """Raise audit.invalid unless the log of ``new`` begins with the one of ``old``."""
    from baigong.security.verify import not_grown

    path: list[bytes] = []
    if 0 < old.size <= new.size:
        told = link.json("GET", "/audit/consistency", params={"old": old.size, "new": new.size})
        path = [b64decode(p) for p in told["path"]]
    if wrong := not_grown(old, new, path):
        raise FixConfiguration("audit.invalid", wrong, place=str(place))


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise FixConfiguration("audit.invalid", "this is no checkpoint: no text", place=str(file)) from error


def _time(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")
