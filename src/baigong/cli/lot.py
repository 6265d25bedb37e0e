"""``baigong lot …``: what a product is made of, and where a lot went."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.markup import escape
from rich.tree import Tree

from baigong.cli import show
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.show import Json
from baigong.cli.textfile import whole_file
from baigong.vocab.errors import FixConfiguration

lot = typer.Typer(no_args_is_help=True, help="Lots and serial numbers: what is in one, and where one went.")

LotId = Annotated[str, typer.Argument(help="lot or serial number")]
Parameters = Annotated[bool, typer.Option("--parameters", help="what the machines' points said meanwhile")]
Limit = Annotated[int, typer.Option(help="most links", min=1, max=100_000)]


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(lot, name="lot")


@lot.command("list")
def list_lots(
    search: Annotated[str, typer.Argument(help="how it begins")] = "",
    material: Annotated[str, typer.Option(help="only of this material")] = "",
    limit: Annotated[int, typer.Option(help="most rows", min=1, max=1000)] = 100,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """List lots and serial numbers that production episodes name."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", "/lots", params={"search": search, "material": material, "limit": limit})
    show.table(("lot",), [(one,) for one in found["lots"]])


@lot.command()
def trace(
    id: LotId,
    parameters: Parameters = False,
    limit: Limit = 10_000,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Say what is in a lot or a serial number: parts, machines, people, parameters."""
    asked = {"lot": id, "direction": "back", "limit": limit} | ({"parameters": "true"} if parameters else {})
    with reach(data, url, token, tenant) as link:
        _print(link.json("GET", "/lots/trace", params=asked), as_json)


@lot.command()
def recall(
    id: LotId,
    parameters: Parameters = False,
    out: Annotated[Path | None, typer.Option(help="write a table there: .csv or .xlsx")] = None,
    limit: Limit = 10_000,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Say where a lot went: everything that was made of it."""
    asked = {"lot": id, "direction": "forward", "limit": limit} | ({"parameters": "true"} if parameters else {})
    with reach(data, url, token, tenant) as link:
        if out is None:
            _print(link.json("GET", "/lots/trace", params=asked), as_json)
            return
        form = out.suffix.lower().removeprefix(".")
        if form not in ("csv", "xlsx"):
            raise FixConfiguration(
                "config.invalid", f"{out.name}: write a name that ends in .csv or .xlsx", place="--out"
            )
        with whole_file(out) as file:
            file.writelines(link.stream("/lots/trace", params=asked | {"format": form}))
    show.tell(f"wrote {out}")


@lot.command()
def record(
    id: Annotated[str, typer.Argument(help="the episode: an order, a run, a step; again: corrects it")],
    asset: Annotated[str, typer.Option(help="machine that did it")],
    start: Annotated[str, typer.Option(help="when it began: -2h, 2026-11-22T08:00Z")],
    end: Annotated[str, typer.Option(help="when it ended; left out: it goes on")] = "",
    produced: Annotated[list[str] | None, typer.Option(help="lot[:material[=12.5 kg]]; repeat")] = None,
    consumed: Annotated[list[str] | None, typer.Option(help="the same of what went in; repeat")] = None,
    people: Annotated[list[str] | None, typer.Option(help="who did it; repeat")] = None,
    tools: Annotated[list[str] | None, typer.Option(help="tool or mould it was done with; repeat")] = None,
    kind: Annotated[Literal["production", "aggregation", "shipping"], typer.Option(help="what it was")] = "production",
    title: Annotated[str, typer.Option(help="in words")] = "",
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Record one step of production: what went in, what came out."""
    from urllib.parse import quote

    from baigong.client.times import moment_us

    attributes = {"produced": [_use(one) for one in produced or []], "consumed": [_use(one) for one in consumed or []]}
    told: dict[str, Any] = {
        "id": id, "asset": asset, "kind": kind, "title": title, "start_us": moment_us(start),
        "attributes": attributes | ({"people": people} if people else {}) | ({"tools": tools} if tools else {}),
    } | ({"end_us": moment_us(end)} if end else {})  # fmt: skip
    with reach(data, url, token, tenant) as link:
        link.json("PUT", f"/episodes/{quote(id, safe='')}", body=told)
    show.tell(f"{id}: {len(consumed or [])} lots went in, {len(produced or [])} came out")


def _use(text: str) -> dict[str, Any]:
    """Read ``H13-77:steel=12.5 kg``."""
    name, _, rest = text.partition(":")
    material, _, amount = rest.partition("=")
    quantity, _, unit = amount.strip().partition(" ")
    try:
        number = {"quantity": float(quantity)} if quantity else {}
    except ValueError:
        raise FixConfiguration("config.invalid", f"{text!r}: write lot:material=12.5 kg", place="--produced") from None
    return {"lot": name, "material": material, "unit": unit.strip()} | number


def _print(found: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show.json(found)
        return
    lots = {one["lot"]: one for one in found["lots"]}
    after = defaultdict[str, dict[str, list[str]]](lambda: defaultdict(list))
    here, there = ("produced", "consumed") if found["direction"] == "back" else ("consumed", "produced")
    for link in found["links"]:
        after[link[here]][link[there]].append(link["episode"])
    drawn = Tree(_label(lots[found["lot"]]), guide_style="dim")
    todo = [(drawn, other, episodes) for other, episodes in sorted(after[found["lot"]].items(), reverse=True)]
    shown = {found["lot"]}
    while todo:  # a lot that is reached in two ways is drawn in both places, and followed in the first
        branch, name, episodes = todo.pop()
        again = " …" if name in shown and name in after else ""
        made = branch.add(f"{_label(lots[name])} [dim]{escape(', '.join(episodes))}{again}[/]")
        if name not in shown and name in after:
            todo += [(made, other, there) for other, there in sorted(after[name].items(), reverse=True)]
        shown.add(name)
    show.out().print(drawn)
    show.out().print()
    heads = ("episode", "kind", "machine", "from", "to", "people", "tools")
    rows = [
        (
            e["id"], e["kind"], e["asset"], show.when(e["start_us"]), show.when(e["end_us"]), ", ".join(e["people"]),
            ", ".join(e["tools"]),
        )
        for e in found["episodes"]
    ]  # fmt: skip
    show.table(heads, rows)
    lacking = [(e["id"], one) for e in found["episodes"] for one in e["qualifications"] if one["state"] != "held"]
    if lacking:
        show.out().print()
        judged = [(e, q["person"], q["qualification"], q["state"], q["until"]) for e, q in lacking]
        show.table(("episode", "person", "qualification", "state", "until"), judged)
    said = [(e["id"], p) for e in found["episodes"] for p in e["parameters"]]
    if said:
        show.out().print()
        values = ("min", "mean", "max")
        told = [(e, p["point"], *(show.number(p[v]) for v in values), p["unit"], p["count"]) for e, p in said]
        show.table(("episode", "point", *values, "unit", "samples"), told, right=(*values, "samples"))
    if not found["whole"]:
        show.tell("there is more: raise --limit")


def _label(one: dict[str, Any]) -> str:
    amount = f"{one['quantity']:g} {one['unit']}".strip() if one["quantity"] is not None else ""
    facts = ", ".join(fact for fact in (one["material"], amount) if fact)
    return f"[bold]{escape(one['lot'])}[/]" + (f" ({escape(facts)})" if facts else "")
