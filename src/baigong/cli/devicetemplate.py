"""``baigong device template …``: the points of a kind of device, said once; devices from a table; upgrades."""

from __future__ import annotations

import base64
import csv
import io
import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.show import Json, Yes
from baigong.cli.textfile import bounded_text, bytes_of, name_in, table_text, text_of, with_line
from baigong.vocab.errors import FixConfiguration

template = typer.Typer(
    no_args_is_help=True, help="Device templates (点表): registers of a kind of device, once for many devices."
)
_LONGEST = 4 << 20  # bytes
_TOLD = 60  # lines
Name = Annotated[str, typer.Argument(help="device template, like eastron-sdm630")]
Version = Annotated[int | None, typer.Option(help="an earlier version", min=1)]
Check = Annotated[bool, typer.Option("--check", help="only say what it would do")]


def _path(name: str, rest: str = "") -> str:
    return f"/device-templates/{quote(name, safe='')}{rest}"


@template.command("list")
def list_templates(
    as_json: Json = False, data: Data = None, url: Url = None, token: Token = None, tenant: Tenant = None
) -> None:
    """List device templates: those of the company, and those that come with the platform."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", "/device-templates")
    if as_json:
        show.json(found)
        return
    heads = ("template", "title", "manufacturer", "driver", "points", "devices", "behind", "version", "")
    rows = [
        (
            line["template"], show.title(line), line["manufacturer"], line["driver"], line["points"] or "",
            line["devices"] or "", line["behind"] or "", f"{line['version']}{' shipped' if line['shipped'] else ''}",
            line["error"],
        )
        for line in found
    ]  # fmt: skip
    show.table(heads, rows, right=("points", "devices", "behind"))


@template.command("show")
def show_template(
    name: Name, version: Version = None, as_json: Json = False, data: Data = None, url: Url = None,
    token: Token = None, tenant: Tenant = None,
) -> None:  # fmt: skip
    """Show one template: its register table, where it is from, and who uses it."""
    found = _one(name, version, data, url, token, tenant)
    if as_json:
        show.json(found)
        return
    whole = found["whole"]
    source = whole.get("source", {})
    facts = [
        ("template", f"{found['template']}@{found['version']}{' (shipped)' if found['shipped'] else ''}"),
        ("title", show.title(whole)), ("manufacturer", whole.get("manufacturer", "")),
        ("models", ", ".join(whole.get("models", []))), ("driver", whole["driver"]),
        ("options", ", ".join(f"{k}={v}" for k, v in whole.get("options", {}).items())),
        ("parameters", ", ".join(whole.get("parameters", {}))), ("asset type", whole.get("asset_type", "")),
        ("source", " · ".join(filter(None, (source.get("document"), source.get("revision"), source.get("url"))))),
        ("notes", show.said(whole, "notes")),
        ("used by", ", ".join(f"{u['device']}@{u['version']}" for u in found["used"][:10])),
    ]  # fmt: skip
    show.table(("", ""), [fact for fact in facts if fact[1]])
    show.out().print()
    rows = [
        (key, show.title(one), one["address"], one.get("kind", "gauge"), one.get("unit", ""), one.get("scale", 1),
         one.get("offset", 0), "yes" if one.get("write") else "")
        for key, one in whole["points"].items()
    ]  # fmt: skip
    show.table(("point", "title", "address", "kind", "unit", "scale", "offset", "writable"), rows)


@template.command("export")
def export_template(
    name: Name, version: Version = None, data: Data = None, url: Url = None, token: Token = None, tenant: Tenant = None
) -> None:
    """Print a template as it was written (YAML): copy it, change it, and add it under another name."""
    sys.stdout.write(_one(name, version, data, url, token, tenant)["text"])


@template.command("add")
def add_template(
    file: Annotated[Path, typer.Argument(help="YAML, with `template: name` in it or named by its file")],
    check: Check = False,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Write a template's next version; what is wrong in it is said with its line."""
    text = bounded_text(file, _LONGEST, "a template")
    name = name_in(text, file, "template")
    with reach(data, url, token, tenant) as link, with_line(file):
        told = link.json("PUT", _path(name), body={"text": text, "check": check})
    if as_json:
        show.json(told)
        return
    done = "nothing was written" if check else f"version {told['version']}"
    show.tell(f"{name}: {len(told['whole']['points'])} points; {done}")


@template.command("read")
def read_register_table(
    file: Annotated[Path, typer.Argument(help="a maker's register table: text, CSV, XLSX …; - reads stdin")],
    name: Annotated[str, typer.Option(help="what the template is to be called")] = "template",
    base: Annotated[str, typer.Option(help="numbers count from: zero or one")] = "",
    notation: Annotated[str, typer.Option(help="40001 is: classical (register 0) or plain (itself)")] = "",
    order: Annotated[str, typer.Option(help="abcd, cdab, badc or dcba")] = "",
    area: Annotated[str, typer.Option(help="holding, input, coil or discrete, where no line says one")] = "",
    kind: Annotated[str, typer.Option("--type", help="of lines that say none: uint16, int16, float32 …")] = "",
    out: Annotated[Path | None, typer.Option(help="write the template there; nothing is kept on the platform")] = None,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Read a maker's register table: what each line was understood to say, what was left and why, and the template."""
    reading = {"base": base, "notation": notation, "order": order, "area": area, "type": kind}
    body: dict[str, Any] = {"name": name, "reading": {key: value for key, value in reading.items() if value}}
    if file.suffix.lower() in (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods"):
        body |= {"content": base64.b64encode(bytes_of(file)).decode(), "file": file.name}
    else:
        body["text"] = text_of(file) if str(file) == "-" else _table(file)
    with reach(data, url, token, tenant) as link:
        found = link.json("POST", "/device-templates/read", body=body)
    if as_json:
        show.json(found)
        return
    rows = [
        (line["line"], line["outcome"], line["name"], line["address"], line["unit"], line["scale"],
         "; ".join(show.said(one, "message") for one in line["remarks"]))
        for line in found["lines"]
    ]  # fmt: skip
    show.table(("line", "", "point", "address", "unit", "scale", ""), rows, right=("line", "scale"))
    for asked in found["questions"]:
        show.tell(f"--{asked['field']} {asked['taken']}: {show.said(asked, 'why')}")
    if found["gaps"]:
        show.tell(f"not in the table: {', '.join(found['gaps'][:10])}")
    if out is not None:
        out.write_text(found["template"], "utf-8")
    show.tell(f"{found['taken']:,} taken, {found['doubtful']:,} to look at, {found['left']:,} left; nothing was kept")


@template.command("apply")
def apply_template(
    name: Name,
    file: Annotated[Path, typer.Argument(help="table of devices (CSV, XLSX): device, host, unit, asset …")],
    check: Check = False,
    version: Version = None,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Make devices of a template, one of each line of a table: all of them, or none. Again is harmless.

    Columns: device, asset, title, title_zh, gateway, any option of the driver (host, port, unit …) and any parameter
    of the template; their words in English and Chinese work too.
    """
    body: dict[str, Any] = {"text": _table(file), "version": version}
    _carry_out(_path(name, "/devices"), body, name, check, as_json, reach(data, url, token, tenant))


@template.command("upgrade")
def upgrade_devices(
    name: Name,
    device: Annotated[list[str] | None, typer.Option(help="only this device; repeat; left out: all")] = None,
    check: Check = False,
    version: Version = None,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Make devices what the newest version of their template says; what was changed on a device by hand stays."""
    body: dict[str, Any] = {"devices": device or None, "version": version}
    _carry_out(_path(name, "/upgrade"), body, name, check, as_json, reach(data, url, token, tenant))


@template.command("drop")
def drop_template(
    name: Name,
    yes: Yes = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Take a template away, all its versions. Not while devices are made of it."""
    with reach(data, url, token, tenant) as link:
        link.json("GET", _path(name))
        if not yes:
            show.require_typed(name, f"all versions of {name} go")
        link.json("DELETE", _path(name))
    show.tell(f"{name} is gone")


def _table(file: Path) -> str:
    """Read a table as CSV text, whatever it is in."""
    if file.suffix.lower() != ".xlsx":
        raw = file.read_bytes() if file.is_file() else b""
        if not raw:
            raise FixConfiguration("config.invalid", "there is no such file, or it is empty", place=str(file))
        try:
            return table_text(raw)
        except UnicodeDecodeError as error:
            told = "its letters cannot be read: save it as UTF-8"
            raise FixConfiguration("config.invalid", told, place=str(file)) from error
    from baigong.cli.xlsx import rows

    out = io.StringIO()
    csv.writer(out).writerows([cell or "" for cell in cells] for _, cells in rows(file))
    return out.getvalue()


def _one(name: str, version: int | None, data: Any, url: Any, token: Any, tenant: Any) -> dict[str, Any]:
    with reach(data, url, token, tenant) as link:
        return dict(link.json("GET", _path(name), params={"version": version} if version else {}))


def _carry_out(path: str, body: dict[str, Any], name: str, check: bool, as_json: bool, opened: Any) -> None:
    """Say what it would do, then do it where nothing hinders it."""
    body = {key: value for key, value in body.items() if value is not None}
    with opened as link:
        found = link.json("POST", path, body=body | {"check": True})
        if not check and not found["wrong"]:
            found = link.json("POST", path, body=body)
    if as_json:
        show.json(found)
    else:
        _show(found)
    if found["wrong"]:
        raise FixConfiguration(
            "config.invalid", f"{found['wrong']:,} devices are wrong; nothing was written", place=name
        )
    show.tell(
        f"{found['new']:,} devices new, {found['changed']:,} changed, {found['same']:,} are so already, of {name}@"
        f"{found['version']}{'; nothing was written' if check else ''}"
    )


def _show(found: dict[str, Any]) -> None:
    rows: list[tuple[Any, ...]] = []
    for line in found["lines"][:_TOLD]:
        said = [_mistake(one) for one in line["wrong"]]
        said += [_change(one) for one in line["changes"]] + [f"kept: {_change(one)}" for one in line["kept"]]
        first = (line["line"] or "", line["device"], line["outcome"], line["version"], line["points"] or "")
        rows += [(*first, said[0] if said else "")] + [("", "", "", "", "", one) for one in said[1:]]
    show.table(("line", "device", "", "is of", "points", ""), rows, right=("line", "points"))
    if len(found["lines"]) > _TOLD:
        show.tell(f"{len(found['lines']) - _TOLD:,} more; --json has them")


def _mistake(one: dict[str, Any]) -> str:
    message = show.said(one, "message")
    return f"{one['field']}: {message}" if one["field"] else message


def _change(one: dict[str, Any]) -> str:
    if one["outcome"] in ("added", "removed"):
        return f"{one['what']} {one['outcome']}"
    told = ", ".join(f"{f['field']} {f['before']} → {f['after']}" for f in one["fields"])
    return f"{one['what']}: {told}"
