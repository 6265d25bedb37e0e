"""``baigong audit …``: who did what, taken away and proven."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Token, Url, reach
from baigong.vocab.errors import FixConfiguration

audit = typer.Typer(no_args_is_help=True, help="The audit log: who did what, and proof of it.")


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(audit, name="audit")


Json = Annotated[bool, typer.Option("--json", help="print JSON")]
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


@audit.command()
def export(
    target: Annotated[Path, typer.Argument(help="file to write: one proof a line (JSON)")],
    start: Annotated[str, typer.Option(help="from: 30d, 2026-11-01, …")] = "",
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Take entries away with their proofs, for somebody who need not trust this platform."""
    if target.exists():
        raise FixConfiguration("config.conflict", "this file exists; an export overwrites nothing", place=str(target))
    with reach(data, url, token) as link, target.open("wb") as file:
        key = link.json("GET", "/audit/checkpoint")["key"]
        for piece in link.stream("/audit/export", params={"start": start} if start else {}):
            file.write(piece)
    show.tell(f"wrote {target}; whoever checks it needs this key, by another way than this file:")
    show.tell(key)


@audit.command()
def verify(
    file: Annotated[Path, typer.Argument(help="an exported log", exists=True, dir_okay=False)],
    key: Annotated[str, typer.Argument(help="the log's public key, known from elsewhere")] = "",
) -> None:
    """Check an exported log; needs no platform. The same as ``python -m baigong.security.verify``."""
    from baigong.security.verify import verify_lines

    with file.open(encoding="utf-8") as lines:
        count = sum(1 for _ in verify_lines(lines, key))
    show.tell(f"{count} entries are in the log, as signed" + ("" if key else " by the key in the file itself"))


def _time(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")
