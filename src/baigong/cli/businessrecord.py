"""``baigong record …``: orders, items, stock … of business systems; ``records`` is where all the platform keeps is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.show import Json
from baigong.vocab.errors import FixConfiguration

_MOST = 200_000  # rows of one file

record = typer.Typer(no_args_is_help=True, help="Orders, items, bills of material, stock … of business systems.")

Kind = Annotated[str, typer.Argument(help="kind of record, such as order")]


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(record, name="record")


@record.command()
def kinds(data: Data = None, url: Url = None, token: Token = None, tenant: Tenant = None) -> None:
    """List kinds of records, their fields, and how many there are."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", "/business")
    many = {
        kind["name"]: sum(c["there"] for c in found["counts"] if c["kind"] == kind["name"]) for kind in found["kinds"]
    }
    rows = [(k["name"], k["table"], many[k["name"]], ", ".join(f["name"] for f in k["fields"])) for k in found["kinds"]]
    show.table(("kind", "SQL table", "there", "fields"), rows, right=("there",))
    for run in found["held"]:
        show.tell(f"{run['source']}: {run['told']['held']} {run['kind']} are missing; agree: "
                  f"baigong record agree {run['run']} --gone {run['told']['held']}")  # fmt: skip


@record.command("list")
def list_records(
    kind: Kind,
    search: Annotated[str, typer.Option(help="anywhere in key or content")] = "",
    gone: Annotated[bool, typer.Option("--gone", help="only what its source no longer has")] = False,
    limit: Annotated[int, typer.Option(help="most rows", min=1, max=1000)] = 100,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """List records of a kind, by key."""
    asked = {"kind": kind, "search": search, "limit": limit, "gone": "only" if gone else ""}
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", "/business/records", params=asked)
    if as_json:
        show.json(found)
        return
    names = list(dict.fromkeys(name for one in found for name in one["fields"]))[:7]
    rows = [
        (r["key"], r["source"], *(str(r["fields"].get(n, "")) for n in names), show.when(r["gone_us"])) for r in found
    ]
    show.table(("key", "source", *names, "gone"), rows)


@record.command("show")
def show_record(
    kind: Kind,
    key: Annotated[str, typer.Argument(help="its key")],
    source: Annotated[str, typer.Option(help="the device or file that told it")],
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Show one record, what it refers to, and what became of it."""
    with reach(data, url, token, tenant) as link:
        show.json(link.json("GET", "/business/record", params={"kind": kind, "key": key, "source": source}))


@record.command("import")
def import_records(
    file: Annotated[Path, typer.Argument(help="CSV, XLSX, Parquet or Arrow", exists=True, dir_okay=False)],
    kind: Annotated[str, typer.Option(help="kind of record, such as order")],
    source: Annotated[str, typer.Option(help="who tells it; left out: the file's name")] = "",
    field: Annotated[list[str] | None, typer.Option(help="field=column; repeat; left out: by the names")] = None,
    key: Annotated[list[str] | None, typer.Option(help="column that is part of the key; repeat")] = None,
    zone: Annotated[str, typer.Option(help="of times without one")] = "UTC",
    whole: Annotated[bool, typer.Option("--whole", help="these are all there are; others are gone")] = False,
    agree: Annotated[bool, typer.Option("--agree", help="store what is understood; without, it is only shown")] = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Show how a file would be understood, and store it when you agree; again changes nothing."""
    asked: dict[str, Any] = {"kind": kind, "source": source or file.name, "columns": _columns(file), "whole": whole,
                             "zone": zone}  # fmt: skip
    with reach(data, url, token, tenant) as link:
        shown = link.json("POST", "/business/preview", body=asked)
        if field or key:
            fields = {**shown["map"]["fields"], **dict(_pair(one) for one in field or [])}
            asked["map"] = {**shown["map"], "fields": fields, "key": key or shown["map"]["key"]}
            shown = link.json("POST", "/business/preview", body=asked)
        _print(shown)
        if shown["problem"]:
            raise FixConfiguration("payload.malformed", shown["problem"], place=str(file))
        if not agree:
            show.tell("nothing is stored; add --agree")
            return
        told = link.json("POST", "/business/records", body=asked | {"map": shown["map"]})["run"]["told"]
    counts = told["counts"]
    show.tell(f"{counts['inserted']} new, {counts['changed']} changed, {counts['unchanged']} as they were, "
              f"{counts['refused']} refused, {told['gone']} gone")  # fmt: skip
    if told["held"]:
        show.tell(f"{told['held']} would be gone, which is too much to believe: baigong record runs --state held")


@record.command()
def runs(
    state: Annotated[str, typer.Option(help="open, done, held, agreed, replaced")] = "",
    limit: Annotated[int, typer.Option(help="most rows", min=1, max=1000)] = 50,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """List what was told when, and what of it was not understood."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", "/business/runs", params={"state": state, "limit": limit})
    heads = ("run", "kind", "source", "state", "when", "new", "changed", "gone", "missing", "refused")
    rows = [
        (
            r["run"], r["kind"], r["source"], r["state"], show.when(r["began_us"]), r["told"]["counts"]["inserted"],
            r["told"]["counts"]["changed"], r["told"]["gone"], r["told"]["held"], r["told"]["counts"]["refused"],
        )
        for r in found
    ]  # fmt: skip
    show.table(heads, rows, right=heads[5:])


@record.command()
def agree(
    run: Annotated[str, typer.Argument(help="the run that is held")],
    gone: Annotated[int, typer.Option(help="how many records it misses, as it was shown", min=1)],
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Mark as gone what a held run misses."""
    with reach(data, url, token, tenant) as link:
        made = link.json("POST", f"/business/runs/{quote(run, safe='')}/agree", body={"gone": gone})
    show.tell(f"{made['told']['gone']} {made['kind']} of {made['source']} are marked as gone")


def _pair(text: str) -> tuple[str, str]:
    name, sign, column = text.partition("=")
    if not sign:
        raise FixConfiguration("config.invalid", f"{text!r}: write field=column", place="--field")
    return name.strip(), column.strip()


def _columns(file: Path) -> dict[str, list[Any]]:
    from baigong.api.tables import column_values
    from baigong.cli.tabular import pieces

    found: dict[str, list[Any]] = {}
    for piece in pieces(file):
        for name in piece.table.column_names:
            found.setdefault(name, []).extend(column_values(piece.table.column(name)))
        if len(found) and len(next(iter(found.values()))) > _MOST:
            raise FixConfiguration("payload.too_large", f"a file has at most {_MOST:,} rows", place=str(file))
    return found


def _print(shown: dict[str, Any]) -> None:
    told = shown["understood"]
    rows = [(column, field, there) for field, column, there in told["fields"]]
    rows += [(column, "(kept as attribute)", "") for column in told["kept"]]
    show.table(("column", "field", "values"), rows, right=("values",))
    show.tell(f"key: {' + '.join(shown['map']['key'])}; {told['taken']} of {told['rows']} rows understood")
    for one in told["wrong"]:
        show.tell(f"row {one['row']}, {one['column']} {one['value']!r} {one['why']}: refused")
