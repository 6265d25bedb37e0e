"""``baigong point …``: what is measured, what it was last, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.show import Json

if TYPE_CHECKING:
    from baigong.client.link import Link

point = typer.Typer(no_args_is_help=True, help="Measured quantities and their newest values.")


Search = Annotated[str, typer.Argument(help="only points that hold these words")]
Asset = Annotated[str, typer.Option(help="only points of this asset")]
OfDevice = Annotated[str, typer.Option("--device", help="only points of this device")]


def _points(link: Link, search: str, asset: str, of_device: str, limit: int) -> tuple[list[dict[str, Any]], int]:
    params = {"search": search, "asset": asset, "device": of_device, "limit": limit}
    found = link.json("GET", "/points", params=params)
    return found["points"], found["total"]


@point.command("list")
def list_points(
    search: Search = "",
    asset: Asset = "",
    of_device: OfDevice = "",
    limit: Annotated[int, typer.Option(help="most rows")] = 200,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """List points."""
    with reach(data, url, token, tenant) as link:
        found, total = _points(link, search, asset, of_device, limit)
    if as_json:
        show.json(found)
        return
    rows = [(p["name"], p["unit"], p["kind"], show.title(p), p["device"], p["address"], p["number"]) for p in found]
    show.table(("point", "unit", "kind", "title", "device", "address", "number"), rows)
    _more(total, len(rows))


def _more(total: int, shown: int) -> None:
    if total > shown:
        show.say.print(f"{total - shown:,} more; narrow the search, or raise --limit")


@point.command()
def latest(
    search: Search = "",
    asset: Asset = "",
    of_device: OfDevice = "",
    limit: Annotated[int, typer.Option(help="most rows")] = 200,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Show newest values."""
    with reach(data, url, token, tenant) as link:
        found, total = _points(link, search, asset, of_device, limit)
    if as_json:
        show.json([{"name": p["name"], "unit": p["unit"], "latest": p["latest"]} for p in found])
        return
    rows = []
    for p in found:
        held = p["latest"]
        told = ("", "", "") if held is None else (
            _worded(p, held["value"]), show.quality(held["quality"]), show.ago(held["time_us"])
        )  # fmt: skip
        rows.append((p["name"], told[0], p["unit"], told[1], told[2]))
    show.table(("point", "value", "unit", "quality", "age"), rows, right=("value", "age"))
    _more(total, len(rows))


def _worded(point: dict[str, Any], value: Any) -> str:
    text = show.number(value)
    return str(point["states"].get(text, text))


@point.command("why")
def why_point(
    name: Annotated[str, typer.Argument(help="point, like pump1.flow")],
    at: Annotated[str, typer.Option(help="a past time: ISO 8601, or like -2h")] = "",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Say why a value is what it is, or was: from the register to the lake."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", f"/points/{quote(name, safe='')}/why", params={"at": at})
    if as_json:
        show.json(found)
        return
    verdict = found["verdict"]
    show.out().print(verdict["sentence"], markup=False)
    if found["last_good_us"]:
        age = show.ago(found["last_good_us"])
        show.out().print(
            f"last good value {show.when(found['last_good_us'])} ({age}{'' if age.endswith('ahead') else ' ago'})"
        )
    rows = [(s["step"], s["state"], s["title"], s["detail"], show.problem(s["error"])) for s in found["chain"]]
    show.table(("step", "state", "what", "detail", "error"), rows)
    if found["events"]:
        show.out().print()
        show.table(
            ("time", "what", "detail"),
            [(show.when(e["time_us"]), e["kind"], show.event_detail(e)) for e in found["events"]],
        )
