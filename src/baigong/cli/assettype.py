"""``baigong type …``: what every pump has, said once, in versions; what a change would break before it does."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from baigong.cli import show
from baigong.cli.asset_rules import kpis_of_type, rules_of_type
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.show import Json, Yes
from baigong.cli.textfile import bounded_text, name_in, with_line
from baigong.cli.typealarms import alarms_of_type
from baigong.cli.typebind import bind_type
from baigong.cli.typefiles import export_type, import_types
from baigong.cli.typewriting import show_gaps, type_path, write_type

types = typer.Typer(
    no_args_is_help=True, help="Asset types: points, properties, alarms and KPIs of all assets of a type."
)

_LONGEST = 1 << 20  # bytes
_JSON_HAS_THEM = "; --json has them"
Name = Annotated[str, typer.Argument(help="asset type, like pump")]


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    types.command("import")(import_types)
    types.command("export")(export_type)
    types.command("kpis")(kpis_of_type)
    types.command("alarms")(alarms_of_type)
    types.command("bind")(bind_type)
    app.add_typer(types, name="type")


@types.command("list")
def list_types(
    unused: Annotated[bool, typer.Option("--unused", help="only those of which there is no asset")] = False,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """List asset types: those of the company, and those that come with the platform."""
    with reach(data, url, token, tenant) as link:
        found = [line for line in link.json("GET", "/types") if not (unused and line["assets"])]
    if as_json:
        show.json(found)
        return
    heads = ("type", "title", "extends", "level", "points", "properties", "assets", "version", "")
    rows = [
        (
            line["type"], show.title(line), line["extends"], line["level"], line["points"] or "",
            line["properties"] or "", line["assets"] or "", line["version"] or "shipped", line["error"],
        )
        for line in found
    ]  # fmt: skip
    show.table(heads, rows, right=("points", "properties", "assets", "version"))


@types.command("show")
def show_type(
    name: Name,
    version: Annotated[int | None, typer.Option(help="an earlier version", min=1)] = None,
    text: Annotated[bool, typer.Option("--text", help="print it as it was written (YAML)")] = False,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Show one type: what it has, and from which type each of it is."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", type_path(name), params={"version": version} if version else {})
    if as_json:
        show.json(found)
    elif text:
        sys.stdout.write(found["text"])
    else:
        _describe(found)


@types.command("put")
def put_type(
    file: Annotated[Path, typer.Argument(help="YAML, with `type: name` in it or named by its file")],
    check: Annotated[bool, typer.Option("--check", help="only say what it would make and break")] = False,
    confirm: Annotated[int, typer.Option(help="so many assets it may break", min=0)] = 0,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Write a type's next version, after saying which assets would no longer be what it says, and in what."""
    text = bounded_text(file, _LONGEST, "a type")
    name = name_in(text, file, "type")
    with reach(data, url, token, tenant) as link, with_line(file):
        told, before = write_type(
            link, file, name, text, check=check, confirm=confirm, quiet=as_json, hint=_JSON_HAS_THEM
        )
    if as_json:
        show.json(told)
        return
    said = f"{name}: {len(told['whole'].get('points', ()))} points"
    if check:
        show.tell(f"{said}; nothing was written")
    elif told["version"] == before:
        show.tell(f"{said}; version {before} says so already")
    else:
        show.tell(f"{said}, version {told['version']}")


@types.command()
def drop(
    name: Name,
    yes: Yes = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Take a type away, all its versions. Not while assets or other types use it; a shipped one comes back."""
    with reach(data, url, token, tenant) as link:
        link.json("GET", type_path(name))
        if not yes:
            show.require_typed(name, f"all versions of {name} go")
        link.json("DELETE", type_path(name))
        left = [line for line in link.json("GET", "/types") if line["type"] == name]
    show.tell(f"{name} is as it came with the platform again" if left else f"{name} is gone")


@types.command()
def gaps(
    name: Name, as_json: Json = False, data: Data = None, url: Url = None, token: Token = None, tenant: Tenant = None
) -> None:
    """Say in what the assets of a type are not what it says."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", f"{type_path(name)}/gaps")
    if as_json:
        show.json(found)
        return
    show_gaps(found["gaps"], _JSON_HAS_THEM)
    fewer = len({gap["asset"] for gap in found["gaps"]})
    show.tell(f"{found['assets']:,} assets of type {name}, {fewer:,} are not all that it says")


def _describe(found: Mapping[str, Any]) -> None:
    whole, chinese = found["whole"], show.language() == "zh"
    version = "shipped" if found["shipped"] else f"{found['version']} of {found['versions'][-1]['version']}"
    facts = [
        ("type", found["type"]), ("title", show.title(whole)), ("chain", " → ".join(found["chain"])),
        ("level", whole.get("level", "")), ("semantic id", whole.get("semantic", "")), ("version", version),
        ("used by", ", ".join(found["used"][:10]) + (" …" if len(found["used"]) > 10 else "")),
    ]  # fmt: skip
    show.table(("", ""), [fact for fact in facts if fact[1]])
    for what in ("points", "properties"):
        held = whole.get(what)
        if not held:
            continue
        show.out().print()
        rows = []
        for key, one in held.items():
            code = one.get("unit", "")
            words = found["units"].get(code, ["", ""])[chinese]
            needed = one.get("required", what == "points")
            kind = one.get("kind", "gauge" if what == "points" else "text")
            rows.append(
                (key, show.title(one), kind, code, words, "yes" if needed else "", found["came"].get(f"{what}.{key}"))
            )
        show.table((what.removesuffix("s") if what == "points" else "property", "title", "kind", "unit", "in words",
                    "required", "from"), rows)  # fmt: skip
    for heads, rows in rules_of_type(whole, found["came"]):
        show.out().print()
        show.table(heads, rows)
