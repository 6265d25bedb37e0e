"""``baigong sheet …``: spreadsheets as people keep them: look, agree, bring in; templates as texts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

import typer

from baigong.cli import sheetfill, show
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.show import Json, Yes
from baigong.cli.textfile import bounded_text, bytes_of
from baigong.vocab.errors import FixConfiguration

sheets = typer.Typer(no_args_is_help=True, help="Spreadsheets as people keep them: look, agree, bring in.")
templates = typer.Typer(no_args_is_help=True, help="Templates: what the columns of a table mean, kept by name.")

_LONGEST = 1 << 20  # bytes of a template
_SHOWN = 20  # problems and changes one by one
_REASONS = {  # of rows; those of cells are kinds.REASONS
    "no_time": "has no time", "clock_change": "is a time that a change of the clocks makes none or two of",
    "no_name": "names no point", "no_asset": "names no asset", "twice": "says the same again: the last row counts",
    "ends_early": "ends before it starts",
}  # fmt: skip
_REFUSED = {
    "unit": "measures something else than the point does: give the right unit or another point",
    "text": "is text and the point holds numbers, or the other way round",
    "burst": "is a point of waveforms",
}
File = Annotated[Path, typer.Argument(help="xlsx, xlsm, xlsb, xls, ods, csv or tsv")]
Order = Annotated[Literal["dmy", "mdy", "ymd"] | None, typer.Option(help="of day and month, where dates do not tell")]
Decimal = Annotated[Literal[".", ","] | None, typer.Option(help="what stands before tenths, where commas do not tell")]
Name = Annotated[str, typer.Argument(help="template")]


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    sheetfill.add(sheets)
    sheets.add_typer(templates, name="template")
    app.add_typer(sheets, name="sheet")


@sheets.command()
def look(file: File, order: Order = None, decimal: Decimal = None) -> None:
    """Show the tables of a file, and every cell that is not understood; no platform is needed, nothing is stored."""
    from baigong.models.sheets import find_all, read_book
    from baigong.models.sheets.template import keys

    tables = find_all(read_book(file), order=order or "", decimal=decimal or "")
    if not tables:
        _line(f"{file}: no table was found")
    for table in tables:
        _heading(table.sheet, table.range, table.titles, len(table.rows))
        _line("  " + ", ".join(f"{f.role} {f.range}" for f in table.findings))
        rows = [
            (c.letter, key, c.written if c.unit in ("", c.written) else f"{c.written} = {c.unit}", c.kind,
             ", ".join([*c.typed.notes, *(f"{code} ×{n}" for code, n in c.typed.codes.items())]))
            for key, c in zip(keys(table), table.columns, strict=True)
        ]  # fmt: skip
        show.table(("", "column", "unit", "holds", "noticed"), rows)
        _problems([{"cell": p.cell, "shown": p.shown, "why": p.why} for p in table.problems()])


def _line(text: str) -> None:
    show.out().print(text, markup=False, highlight=False, soft_wrap=True)


def _heading(sheet: str, place: str, titles: list[str], rows: int) -> None:
    _line(f"{sheet} {place}".strip() + f": {rows:,} rows" + (f" - {' / '.join(titles)}" if titles else ""))


def _problems(problems: list[dict[str, Any]], total: int | None = None) -> None:
    from baigong.models.sheets.kinds import REASONS  # brings Arrow and NumPy: not for every command

    reasons = REASONS | _REASONS
    for one in problems[:_SHOWN]:
        shown = f" {one['shown']!r}" if one["shown"] else ""
        _line(f"  {one['cell']}{shown} {reasons.get(one['why'], one['why'])}")
    more = (len(problems) if total is None else total) - min(len(problems), _SHOWN)
    if more:
        _line(f"  and {more:,} cells more")


@sheets.command("import")
def import_sheet(
    file: File,
    template: Annotated[str, typer.Option(help="name of a kept template, or its file (.yaml)")] = "",
    table: Annotated[str, typer.Option(help="without a template: which table, by sheet or range, like A3:F90")] = "",
    asset: Annotated[str, typer.Option(help="asset of new points that are proposed")] = "sheet",
    timezone: Annotated[str, typer.Option(help="zone of the sheet's times, like Asia/Shanghai")] = "UTC",
    keep: Annotated[str, typer.Option(help="keep what was agreed to as a template of this name")] = "",
    order: Order = None,
    decimal: Decimal = None,
    check: Annotated[bool, typer.Option("--check", help="only say what would be done")] = False,
    yes: Yes = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Bring a table in: it is shown what is understood and what would change; nothing is stored before you agree.

    The same file again changes nothing; a corrected cell corrects its value. Without a template one is proposed.
    """
    query = {"name": file.name, "asset": asset, "zone": timezone, "order": order or "", "decimal": decimal or ""}
    with reach(data, url, token, tenant) as link:
        told = {name: value for name, value in query.items() if value}
        found = link.send("/sheets", bytes_of(file), "application/octet-stream", params=told)
        ask = _ask(found, template, table, query) | ({"keep": True} if keep else {})
        if keep and "template" in ask:
            ask["template"] = ask["template"] | {"template": keep}
        plan = link.json("POST", f"/sheets/{found['id']}/preview", body=ask)
        _plan(plan)
        if check:
            show.tell("nothing was stored")
            return
        if not yes and not typer.confirm("Store this?", err=True):
            raise typer.Exit(1)
        done = link.json("POST", f"/sheets/{found['id']}/import", body=ask | {"agreed": plan["agreed"]})
    stored = f"stored {done['accepted']:,} values and {done['episodes_written']:,} episodes"
    show.tell(stored if done["accepted"] or done["episodes_written"] else "everything was there already")


def _ask(found: dict[str, Any], template: str, table: str, query: dict[str, str]) -> dict[str, Any]:
    """Say what is asked for: a kept template, one from a file, or the proposal for the only table that fits."""
    if template.endswith((".yaml", ".yml")):
        import msgspec

        from baigong.models.sheets.template import parse_template

        return {"template": msgspec.to_builtins(parse_template(bounded_text(Path(template), _LONGEST, "a template")))}
    if template:
        return {"kept": template}
    tables = [t for t in found["tables"] if not table or table in (t["sheet"], t["range"])]
    if len(tables) > 1:
        usable = [t for t in tables if t["proposal"].get("points") or t["proposal"].get("episodes")]
        tables = usable or tables
    if len(tables) != 1:
        places = ", ".join(f"{t['sheet']} {t['range']}".strip() for t in found["tables"])
        raise FixConfiguration("config.invalid", f"say which table: {places or 'there is none'}", place="--table")
    options = {name: query[name] for name in ("order", "decimal") if query[name]}
    return {"template": tables[0]["proposal"] | options}


def _plan(plan: dict[str, Any]) -> None:
    _heading(plan["sheet"], plan["range"], [], plan["rows"])
    rows = [
        (p["point"], p["unit"] + (f" → {p['own']}" if p["converted"] else ""), p["values"], p["new"], p["changed"],
         _REFUSED.get(p["refused"], "" if p["exists"] else "new point"))
        for p in plan["points"]
    ]  # fmt: skip
    if rows:
        show.table(("point", "unit", "values", "new", "changed", ""), rows, right=("values", "new", "changed"))
    for one in plan["changes"][:_SHOWN]:
        _line(f"  {one['cell']}: {one['point']} {one['before'] or 'nothing'} becomes {one['after'] or 'nothing'}")
    if plan["episodes"]:
        _line(f"{plan['episodes']:,} episodes: {plan['episodes_new']:,} new, {plan['episodes_changed']:,} changed")
    _line(
        f"{plan['values']:,} values: {plan['new']:,} new, {plan['changed']:,} changed, {plan['same']:,} as they are;"
        f" {plan['bad']:,} say that there is none, {plan['empty']:,} cells are empty"
    )
    _problems(plan["problems"], sum(plan["counts"].values()))


@templates.command("list")
def list_templates(
    as_json: Json = False, data: Data = None, url: Url = None, token: Token = None, tenant: Tenant = None
) -> None:
    """List the templates that are kept."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", "/sheet-templates")
    if as_json:
        show.json(found)
        return
    rows = [(t["template"], t["title"], t["revision"], show.when(t["changed_us"]), t["changed_by"]) for t in found]
    show.table(("template", "title", "revision", "changed", "by"), rows, right=("revision",))


@templates.command("show")
def show_template(
    name: Name,
    revision: Annotated[int | None, typer.Option(help="an earlier text", min=1)] = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Print a template's text (YAML)."""
    with reach(data, url, token, tenant) as link:
        texts = link.json("GET", f"/sheet-templates/{quote(name, safe='')}")
    found = next((t for t in texts if revision in (None, t["revision"])), None)
    if found is None:
        raise FixConfiguration("http.not_found", f"{name} has no revision {revision}", place="--revision")
    sys.stdout.write(found["text"])


@templates.command("put")
def put_template(
    file: Annotated[Path, typer.Argument(help="YAML, with `template: name` in it")],
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Keep a template."""
    from baigong.models.sheets.template import parse_template

    text = bounded_text(file, _LONGEST, "a template")
    name = parse_template(text).template
    with reach(data, url, token, tenant) as link:
        told = link.json("PUT", f"/sheet-templates/{quote(name, safe='')}", body={"text": text})
    show.tell(f"{name}: revision {told['revision']}")


@templates.command("drop")
def drop_template(name: Name, data: Data = None, url: Url = None, token: Token = None, tenant: Tenant = None) -> None:
    """Take a template away; its texts stay, and what was imported by it too."""
    with reach(data, url, token, tenant) as link:
        link.json("DELETE", f"/sheet-templates/{quote(name, safe='')}")
    show.tell(f"{name} is gone")
