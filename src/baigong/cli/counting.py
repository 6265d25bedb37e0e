"""``baigong point increase`` and ``exchange``, and ``baigong retention``: what counters counted, what history stays."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.prompt import Confirm

from baigong.cli import show
from baigong.cli.points import point
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.show import Json
from baigong.vocab.errors import FixConfiguration

retention = typer.Typer(no_args_is_help=True, help="How long history is kept.")

Name = Annotated[str, typer.Argument(help="counter, like meter1.energy")]
RawDays = Annotated[int, typer.Option(min=0, help="days that samples stay; 0: for ever")]
MinuteDays = Annotated[int, typer.Option(min=0, help="days that minutes stay; 0: for ever")]
HourDays = Annotated[int, typer.Option(min=0, help="days that hours stay; 0: for ever")]


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    point.command()(increase)
    point.command()(exchange)
    app.add_typer(retention, name="retention")


def increase(
    name: Name,
    start: Annotated[str, typer.Option(help="ISO 8601, or like -30d")] = "-7d",
    end: Annotated[str, typer.Option(help="ISO 8601, or now")] = "now",
    every: Annotated[str, typer.Option(help="whole minutes: 15min, 1h, 1d, 1w; or 1mo, 1y")] = "1d",
    timezone: Annotated[str, typer.Option(help="whose midnight days begin at, like Asia/Shanghai")] = "UTC",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Show how much a counter counted, interval by interval."""
    with reach(data, url, token, tenant) as link:
        params = {"start": start, "end": end, "every": every, "tz": timezone}
        found = link.json("GET", f"/points/{quote(name, safe='')}/increase", params=params)
    if as_json:
        show.json(found)
        return
    columns = ("time", "increase", "unit", "rollovers", "resets", "exchanges", "unexplained")
    rows = [
        (show.when(r["time_us"]), show.number(r["increase"]), found["unit"], *(r[c] for c in columns[3:]))
        for r in found["rows"]
    ]
    rows.append(("total", show.number(found["total"]), found["unit"], "", "", "", ""))
    show.table(columns, rows, right=("increase", *columns[3:]))


def exchange(
    name: Name,
    at: Annotated[str, typer.Option(help="when: ISO 8601, now, or like -2h")] = "now",
    old_end: Annotated[float | None, typer.Option(help="what the old meter showed last")] = None,
    new_start: Annotated[float, typer.Option(help="what the new meter showed first")] = 0.0,
    note: Annotated[str, typer.Option(help="why, by whom")] = "",
    cancel: Annotated[bool, typer.Option("--cancel", help="take back the one recorded at --at")] = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Record that a meter was exchanged, so that its two ends are not taken for what it counted."""
    path = f"/points/{quote(name, safe='')}/exchanges"
    with reach(data, url, token, tenant) as link:
        if cancel:
            link.json("DELETE", f"{path}/{quote(at, safe='')}")
            show.tell(f"{name}: the exchange of {at} is taken back")
            return
        body = {"time": at, "old_end": old_end, "new_start": new_start, "note": note}
        made = link.json("POST", path, body=body)
    ended = "unread" if old_end is None else show.number(old_end)
    show.tell(f"{name}: exchanged at {show.when(made['time_us'])}, old {ended}, new {show.number(new_start)}")


@retention.command("show")
def show_retention(
    as_json: Json = False, data: Data = None, url: Url = None, token: Token = None, tenant: Tenant = None
) -> None:
    """Show how long history is kept, and what there is."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", "/retention")
    if as_json:
        show.json(found)
        return
    _stock("there is", found["has"])
    _kept(found["keep"])


@retention.command("set")
def set_retention(
    raw_days: RawDays = 0,
    minute_days: MinuteDays = 0,
    hour_days: HourDays = 0,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask; delete what is older")] = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Set how long history is kept; shows what would go, and asks."""
    asked = {"raw_days": raw_days, "minute_days": minute_days, "hour_days": hour_days}
    with reach(data, url, token, tenant) as link:
        seen = link.json("GET", "/retention", params=asked)
        would = seen["would_go"]
        most = max(would["days"], would["minute_rollups"], would["hour_rollups"])
        if most:
            _stock("would go", would)
            if not yes and not Confirm.ask("Delete that for ever?", console=show.say, default=False):
                raise FixConfiguration("config.conflict", "nothing was changed", place="retention")
        body: dict[str, Any] = {k: v or None for k, v in asked.items()}
        made = link.json("PUT", "/retention", body=body | {"confirm_days": most})
    _kept(made["keep"])


def _stock(words: str, stock: dict[str, Any]) -> None:
    span = f"{stock['first_day']} to {stock['last_day']}" if stock["days"] else "nothing"
    show.tell(f"{words}: {stock['days']:,} days of samples ({span}), {stock['rows']:,} rows, {stock['bytes']:,} bytes")
    show.tell(f"  of {stock['minute_rollups']:,} days minutes, of {stock['hour_rollups']:,} days hours")


def _kept(keep: dict[str, Any]) -> None:
    for words, name in (("samples", "raw_days"), ("minutes", "minute_days"), ("hours", "hour_days")):
        days = keep[name]
        longest = "for ever" if days is None or keep["raw_days"] is None else f"{max(days, keep['raw_days'])} days"
        show.tell(f"{words} are kept {longest}")
