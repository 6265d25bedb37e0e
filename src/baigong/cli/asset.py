"""``baigong asset …``: what there is in a plant, what it is a part of, and what it is called."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.tree import Tree

from baigong.cli import show
from baigong.cli.asset_documents import files
from baigong.cli.asset_file import every, export_file, import_file
from baigong.cli.asset_life import life
from baigong.cli.asset_relations import relate_asset, show_relations
from baigong.cli.asset_rows import read_cell
from baigong.cli.asset_rules import alarms_of_asset, kpis_of_asset
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.renaming import names, rename_asset, sources
from baigong.cli.show import Json, Yes
from baigong.vocab.assets import Level, State
from baigong.vocab.errors import FixConfiguration

if TYPE_CHECKING:
    from baigong.client.link import Link

asset = typer.Typer(no_args_is_help=True, help="What there is in a plant: machines, halls, lines, parts, lots, tools.")

_PAGE = 10_000
_SHOWN = 50  # points and parts of one asset

Name = Annotated[str, typer.Argument(help="asset, like pump1")]
Parent = Annotated[
    str | None, typer.Option(help="what it is a part of; /: the company itself; left out: as its name says")
]
LevelOf = Annotated[Level | None, typer.Option("--level", help="what kind of thing it is")]
Type = Annotated[str | None, typer.Option("--type", help="asset type, like pump")]
Code = Annotated[str | None, typer.Option(help="the plant's own, like an inventory number")]
Title = Annotated[str | None, typer.Option(help="what people call it")]
TitleZh = Annotated[str | None, typer.Option("--title-zh", help="the same in Chinese")]
Place = Annotated[str | None, typer.Option(help="where it stands, in words")]
StateOf = Annotated[State | None, typer.Option("--state", help="whether it is in use")]
Properties = Annotated[
    list[str] | None, typer.Option("--property", "-p", help="name=value, numbers as numbers; name= removes it; repeat")
]


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    asset.command("import")(import_file)
    asset.command("export")(export_file)
    asset.command("life")(life)
    asset.command("kpis")(kpis_of_asset)
    asset.command("alarms")(alarms_of_asset)
    asset.command("rename")(rename_asset)
    asset.command("names")(names)
    asset.command("sources")(sources)
    asset.command("relate")(relate_asset)
    asset.add_typer(files, name="files")
    app.add_typer(asset, name="asset")


@asset.command("list")
def list_assets(
    search: Annotated[str, typer.Option(help="words of name, title, code or place; pinyin too")] = "",
    under: Annotated[str, typer.Option(help="only this asset and all its parts")] = "",
    level: Annotated[Level | None, typer.Option(help="only this kind of thing")] = None,
    type: Annotated[str, typer.Option(help="only assets of this type")] = "",
    limit: Annotated[int, typer.Option(help="most rows", min=1, max=_PAGE)] = 200,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """List assets by name."""
    params = {"search": search, "under": under, "level": level or "", "type": type, "limit": limit}
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", "/assets", params=params)
    if as_json:
        show.json(found["assets"])
        return
    heads = ("asset", "title", "part of", "level", "type", "code", "place", "state", "parts", "points")
    rows = [
        (
            a["asset"], show.title(a), a["parent"], a["level"] if a["described"] else "", a["type"], a["code"],
            a["place"], a["state"] if a["described"] else "not described", a["children"] or "", a["points"] or "",
        )
        for a in found["assets"]
    ]  # fmt: skip
    show.table(heads, rows, right=("parts", "points"))
    if found["total"] > len(rows):
        show.tell(f"{found['total'] - len(rows):,} more; narrow the search, or raise --limit")


@asset.command("show")
def show_asset(
    name: Name, as_json: Json = False, data: Data = None, url: Url = None, token: Token = None, tenant: Tenant = None
) -> None:
    """Show one asset: where it is, what is known of it, its points with their newest values, its parts."""
    with reach(data, url, token, tenant) as link:
        found = _one(link, name)
        name = found["line"]["asset"]  # which may have been asked for by a name that it had before
        points = _own_points(link, name) if found["own_points"] else []
        parts = link.json("GET", "/assets", params={"parent": name, "limit": _PAGE})["assets"]
    if as_json:
        show.json(found | {"points": points, "parts": parts})
        return
    line = found["line"]
    facts = [("asset", name), ("title", line["title"]), ("title (zh)", line["title_zh"])]
    facts.append(("path", " / ".join(show.title(step) or step["asset"] for step in found["path"])))
    if line["described"]:
        facts += [(what, line[what]) for what in ("level", "type", "code", "place", "state")]
        facts.append(("changed", f"{show.when(found['changed_us'])} by {found['changed_by']}"))
    else:
        facts.append(("state", "not described: only points name it"))
    facts += [(what, show.number(value)) for what, value in found["properties"].items()]
    show.table(("", ""), [(what, told) for what, told in facts if told != ""])
    if points:
        show.out().print()
        rows = []
        for point in points[:_SHOWN]:
            held = point["latest"]
            told = ("", "", "") if held is None else (
                show.number(held["value"]), show.quality(held["quality"]), show.ago(held["time_us"])
            )  # fmt: skip
            rows.append((point["quantity"], show.title(point), told[0], point["unit"], told[1], told[2]))
        show.table(("point", "title", "value", "unit", "quality", "age"), rows, right=("value", "age"))
        _more(len(points), f"baigong point list --asset {name}")
    if found["relations"]:
        show.out().print()
        show_relations(found["relations"])
    if parts:
        show.out().print()
        lines = [(p["asset"], show.title(p), p["level"], p["type"], p["points"] or "") for p in parts[:_SHOWN]]
        show.table(("part", "title", "level", "type", "points"), lines, right=("points",))
        _more(len(parts), f"baigong asset list --under {name}")


def _more(total: int, command: str) -> None:
    if total > _SHOWN:
        show.tell(f"{total - _SHOWN:,} more: {command}")


def _own_points(link: Link, name: str) -> list[dict[str, Any]]:
    found = link.json("GET", "/points", params={"asset": name, "limit": _PAGE})["points"]
    return [point for point in found if point["asset"] == name]


@asset.command()
def tree(
    name: Annotated[str, typer.Argument(help="asset to begin at; left out: the company")] = "",
    depth: Annotated[int, typer.Option(help="so many levels; 0: all", min=0)] = 0,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Draw what is a part of what, with how many points each has, those of its parts too."""
    with reach(data, url, token, tenant) as link:
        lines = every(link, name)
        if name and not lines:
            _one(link, name)  # says that there is none
    below = defaultdict[str, list[dict[str, Any]]](list)
    for line in lines:
        below[line["parent"]].append(line)
    top = {line["asset"]: line for line in lines}.get(name)
    drawn = Tree(_label(top) if top else f"[bold]the company[/] ({len(lines):,} assets)", guide_style="dim")
    _draw(drawn, below, name, depth or -1)
    show.out().print(drawn)


def _draw(drawn: Tree, below: dict[str, list[dict[str, Any]]], name: str, depth: int) -> None:
    todo = [(drawn, name, depth)]
    while todo:
        branch, above, left = todo.pop()
        for line in below.get(above, ()):
            parts = below.get(line["asset"])
            hidden = f" [dim]… {line['children']:,} parts[/]" if parts and left == 1 else ""
            made = branch.add(_label(line) + hidden)
            if left != 1:
                todo.append((made, line["asset"], left - 1))


def _label(line: dict[str, Any]) -> str:
    facts = [one for one in (line["level"] if line["described"] else "", line["type"]) if one]
    if line["points"]:
        facts.append(f"{line['points']:,} point{'s' if line['points'] != 1 else ''}")
    told = f" [dim]({escape(', '.join(facts))})[/]" if facts else ""
    return f"[bold]{escape(line['asset'])}[/] {escape(show.title(line))}".rstrip() + told


@asset.command("add")
def add_asset(
    name: Name,
    parent: Parent = None,
    level: LevelOf = None,
    type: Type = None,
    code: Code = None,
    title: Title = None,
    title_zh: TitleZh = None,
    place: Place = None,
    state: StateOf = None,
    properties: Properties = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Describe an asset that nobody has described yet."""
    told = _told(level, type, code, title, title_zh, place, state)
    with reach(data, url, token, tenant) as link:
        held = _held(link, name)
        if held is not None and held["line"]["described"] and not held["line"]["retired"]:
            raise FixConfiguration("config.conflict", f"there is an asset {name} already: asset set", place=name)
        kept = held["properties"] if held else {}
        made = _described(link, name, held, told, parent=_parent(parent), properties=_with(kept, properties or []))
    _tell(made)


@asset.command("set")
def set_asset(
    name: Name,
    parent: Parent = None,
    level: LevelOf = None,
    type: Type = None,
    code: Code = None,
    title: Title = None,
    title_zh: TitleZh = None,
    place: Place = None,
    state: StateOf = None,
    properties: Properties = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Change what is said of an asset; what no option names stays. An empty text takes a word away."""
    told = _told(level, type, code, title, title_zh, place, state)
    with reach(data, url, token, tenant) as link:
        held = _one(link, name)
        kept = _with(held["properties"], properties or [])
        made = _described(link, name, held, told, parent=_parent(parent), properties=kept)
    _tell(made)


@asset.command()
def move(
    name: Name,
    to: Annotated[str, typer.Option(help="what it is to be a part of; /: the company itself")],
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Let an asset be a part of another one. It keeps its name, so its points, charts and past stay."""
    with reach(data, url, token, tenant) as link:
        held = _one(link, name)
        parts = link.json("GET", "/assets", params={"under": name, "limit": 1})["total"] - 1
        made = _described(link, name, held, {}, parent=_parent(to))
    with_it = f"{parts:,} parts and {made['line']['points']:,} points move with it"
    show.tell(f"{name} is a part of {_above(made)} now, before of {_above(held)}; {with_it}")
    show.tell("grants, emergency switches and quotas of either follow; names of points, and their past, stay")


@asset.command()
def retire(
    name: Name,
    yes: Yes = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Take an asset out of the tree; its history stays. Not while points or parts are its own."""
    with reach(data, url, token, tenant) as link:
        _one(link, name)
        if not yes:
            show.require_typed(name, f"{name} leaves the tree")
        link.json("DELETE", _path(name))
    show.tell(f"{name} is retired; described again, it comes back")


def _told(
    level: str | None,
    type: str | None,
    code: str | None,
    title: str | None,
    title_zh: str | None,
    place: str | None,
    state: str | None,
) -> dict[str, str]:
    given = {
        "level": level, "type": type, "code": code, "title": title, "title_zh": title_zh, "place": place,
        "state": state,
    }  # fmt: skip
    return {what: value for what, value in given.items() if value is not None}


def _one(link: Link, name: str) -> dict[str, Any]:
    from baigong.client.describing import find_asset

    return find_asset(link, name)


def _path(name: str) -> str:
    from baigong.client.describing import asset_path

    return asset_path(name)


def _described(link: Link, name: str, held: dict[str, Any] | None, told: dict[str, str], **more: Any) -> dict[str, Any]:
    from baigong.client.describing import describe

    return describe(link, name, held, told, **more)


def _held(link: Link, name: str) -> dict[str, Any] | None:
    try:
        return _one(link, name)
    except FixConfiguration as error:
        if error.code != "http.not_found":
            raise
        return None


def _parent(told: str | None) -> str | None:
    return "" if told == "/" else told


def _with(kept: dict[str, Any], properties: list[str]) -> dict[str, Any]:
    kept = dict(kept)
    for one in properties:
        what, sign, text = one.partition("=")
        if not sign or not what.strip():
            raise FixConfiguration("config.invalid", f"{one!r}: write name=value", place="--property")
        value = read_cell(text)
        if value is None:
            kept.pop(what.strip(), None)
        else:
            kept[what.strip()] = value
    return kept


def _above(found: dict[str, Any]) -> str:
    return "/".join(step["asset"] for step in found["path"][:-1]) or "the company"


def _tell(made: dict[str, Any]) -> None:
    line = made["line"]
    show.tell(f"{line['asset']}: {line['level']}, part of {_above(made)}; see: baigong asset show {line['asset']}")
