"""``baigong write …``, ``baigong command …``, ``baigong stop …``: guarded writes to machines."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote
from uuid import uuid4

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.show import Json
from baigong.vocab.errors import FixConfiguration

command = typer.Typer(no_args_is_help=True, help="Writes to machines: what waits, what was done and refused.")
stop = typer.Typer(no_args_is_help=True, help="The emergency switch: no writes to machines while it is on.")

Id = Annotated[str, typer.Argument(help="the command's id")]
Reason = Annotated[str, typer.Option(help="why; kept in the audit log")]
Asset = Annotated[str, typer.Argument(help="an asset, with all below it; nothing: everything")]


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(write)
    app.add_typer(command, name="command")
    app.add_typer(stop, name="stop")


def write(
    point: Annotated[str, typer.Argument(help="point, like pump1.speed")],
    value: Annotated[str, typer.Argument(help="number, word of a state, or text")],
    reason: Reason = "",
    key: Annotated[str, typer.Option(help="your name for this write: sent again under it, it is not done twice")] = "",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Set a point on its machine, within the point's rule; exit code 2 when it is refused or fails."""
    with reach(data, url, token, tenant) as link:
        body = {"point": point, "value": value, "reason": reason}
        done = link.json("POST", "/commands", body=body, key=key or uuid4().hex)
    _tell(done, as_json)


@command.command("list")
def list_commands(
    state: Annotated[str, typer.Option(help="only these, with commas: pending,refused,…")] = "",
    point: Annotated[str, typer.Option(help="only this point")] = "",
    limit: Annotated[int, typer.Option(help="most rows")] = 50,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """List writes, newest first."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", "/commands", params={"state": state, "point": point, "limit": limit})
    if as_json:
        show.json(found)
        return
    rows = [
        (c["id"], _time(c["asked_us"]), c["point"], c["value"], c["state"], c["asked_by"], c["decided_by"], c["detail"])
        for c in found
    ]
    show.table(("id", "time (UTC)", "point", "value", "state", "asked by", "decided by", "why"), rows)


@command.command()
def approve(
    id: Id, as_json: Json = False, data: Data = None, url: Url = None, token: Token = None, tenant: Tenant = None
) -> None:
    """Agree to a write, as the second person; it is sent at once."""
    with reach(data, url, token, tenant) as link:
        done = link.json("POST", f"/commands/{quote(id, safe='')}/approve", body={})
    _tell(done, as_json)


@command.command()
def refuse(
    id: Id, reason: Reason = "", data: Data = None, url: Url = None, token: Token = None, tenant: Tenant = None
) -> None:
    """Refuse a write that waits, or take back one's own."""
    with reach(data, url, token, tenant) as link:
        link.json("POST", f"/commands/{quote(id, safe='')}/refuse", body={"reason": reason})
    show.tell(f"{id} is refused; nothing was written")


@stop.command()
def on(
    asset: Asset = "",
    reason: Reason = "",
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Stop every write at once."""
    _switch(True, asset, reason, data, url, token, tenant)


@stop.command()
def off(
    asset: Asset = "",
    reason: Reason = "",
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Let writes through again."""
    _switch(False, asset, reason, data, url, token, tenant)


@stop.command("list")
def list_stops(
    as_json: Json = False, data: Data = None, url: Url = None, token: Token = None, tenant: Tenant = None
) -> None:
    """List the switches that are on."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", "/stops")["stops"]
    if as_json:
        show.json(found)
        return
    rows = [(s["asset"] or "everything", s["stopped_by"], _time(s["stopped_us"]), s["reason"]) for s in found]
    show.table(("stopped", "by", "time (UTC)", "reason"), rows)


def _switch(on: bool, asset: str, reason: str, data: Any, url: Any, token: Any, tenant: Any) -> None:
    with reach(data, url, token, tenant) as link:
        link.json("PUT", "/stops", body={"on": on, "asset": asset, "reason": reason})
    show.tell(f"writes to {asset or 'everything'} are {'stopped' if on else 'let through again'}")


def _tell(done: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show.json(done)
    state, point, value = done["state"], done["point"], done["value"]
    if state == "done":
        show.tell(f"{point} = {value}: done, read back {done['read_back']} (before: {done['previous']})")
    elif state == "pending":
        show.tell(f"{point} = {value} waits for a second person: {done['id']}")
    elif state == "sent":
        show.tell(f"{point} = {value} was sent; how it ended is not known yet: baigong command list")
    else:
        raise FixConfiguration("command.failed", f"{state}: {done['detail']}", place=point)


def _time(time_us: int) -> str:
    return datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")
