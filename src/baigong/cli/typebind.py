"""``baigong type bind``: the points of all assets of a type, bound to their sources by one template."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.show import Json
from baigong.cli.textfile import bounded_text
from baigong.vocab.errors import FixConfiguration

_LONGEST = 1 << 20  # bytes
_TOLD = 50  # lines


def bind_type(
    name: Annotated[str, typer.Argument(help="asset type, like pump")],
    file: Annotated[Path | None, typer.Argument(help="YAML: device, address, points; what options say counts")] = None,
    device: Annotated[str, typer.Option(help="device to read through, like plc1 or plc_{parent}")] = "",
    address: Annotated[str, typer.Option(help="address of each point, like ns=2;s={code}.{point}")] = "",
    point: Annotated[list[str] | None, typer.Option(help="only this point; left out: all required; repeat")] = None,
    under: Annotated[str, typer.Option(help="only this asset and all its parts")] = "",
    check: Annotated[bool, typer.Option("--check", help="only say what would be bound, and what hinders it")] = False,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Write the sources of the points of all assets of a type from one template: all of them, or none.

    In braces stand names (asset, name, code, parent, place, type, point, and any property) and arithmetic of whole
    numbers: holding:{base+2}:float32. Points keep their numbers, files their comments.
    """
    told: dict[str, Any] = _read(file) if file is not None else {}
    told |= {what: value for what, value in (("device", device), ("address", address), ("under", under)) if value}
    if point:
        points = told.get("points") or {}
        told["points"] = {one: points.get(one) for one in point}
    path = f"/types/{quote(name, safe='')}/bind"
    with reach(data, url, token, tenant) as link:
        found = link.json("POST", path, body={"bind": told, "check": True})
        wrong = found["wrong"]
        if not check and not wrong:
            found = link.json("POST", path, body={"bind": told})
    if as_json:
        show.json(found)
    else:
        _show(found)
    if wrong:
        raise FixConfiguration("config.invalid", f"{wrong:,} points cannot be bound; nothing was bound", place=name)
    done = "would be bound" if check else "bound"
    devices = ", ".join(found["devices"]) or "no device"
    show.tell(
        f"{found['assets']:,} assets: {found['new']:,} points {done}, {found['changed']:,} changed, "
        f"{found['same']:,} are so already; {devices} {'would be ' if check else ''}written"
    )


def _read(file: Path) -> dict[str, Any]:
    from baigong.vocab.texts import read_yaml

    raw = read_yaml(bounded_text(file, _LONGEST, "a template"), str(file))
    if isinstance(raw, dict) and isinstance(raw.get("bind"), dict):
        raw = raw["bind"]
    if not isinstance(raw, dict):
        raise FixConfiguration("config.invalid", "write device:, address: or points:", place=str(file))
    return raw


def _show(found: dict[str, Any]) -> None:
    rows = [
        (line["asset"], line["point"], line["device"], line["address"], line["unit"], _said(line))
        for line in found["lines"][:_TOLD]
    ]
    if rows:
        show.table(("asset", "point", "device", "address", "unit", ""), rows)
    total = sum(found[what] for what in ("new", "changed", "same", "wrong"))
    if total > len(rows):
        show.tell(f"{total - len(rows):,} more; --json has them")


def _said(line: dict[str, Any]) -> str:
    if line["outcome"] == "wrong":
        return show.said(line, "message")
    return f"{line['outcome']}, before {line['before']}" if line["before"] else str(line["outcome"])
