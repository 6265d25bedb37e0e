"""``baigong asset rename``, ``names`` and ``sources``, ``baigong device replace``: other names, and other sources."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Tenant, Token, Url, reach
from baigong.cli.show import Json
from baigong.cli.textfile import device_in
from baigong.vocab.errors import FixConfiguration

if TYPE_CHECKING:
    from baigong.client.link import Link

DryRun = Annotated[bool, typer.Option("--dry-run", help="only say what would change")]
_SHOWN = 20  # of a list


def rename_asset(
    old: Annotated[str, typer.Argument(help="asset, like hall.press1")],
    new: Annotated[str, typer.Argument(help="its new name")],
    dry_run: DryRun = False,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Give an asset, its parts and their points another name; history stays, and the old name goes on meaning it."""
    with reach(data, url, token, tenant) as link:
        _rename(link, "assets", old, new, dry_run, as_json)


def rename_point(
    old: Annotated[str, typer.Argument(help="point, like pump1.flow")],
    new: Annotated[str, typer.Argument(help="its new name")],
    dry_run: DryRun = False,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Give a point another name; number and history stay, and the old name goes on meaning it."""
    with reach(data, url, token, tenant) as link:
        _rename(link, "points", old, new, dry_run, as_json)


def _rename(link: Link, of: str, old: str, new: str, dry_run: bool, as_json: bool) -> None:
    made = link.json("POST", f"/{of}/{quote(old, safe='')}/rename", body={"to": new, "check": dry_run})
    if as_json:
        show.json(made)
        return
    for what, pairs in (("part", [p for p in made["assets"] if p[0] != made["was"]]), ("point", made["points"])):
        if pairs:
            _table((f"{what} now", "then"), pairs)
    for head, names in (
        ("device files that change", made["devices"]),
        ("grants that follow", made["grants"]),
        ("emergency switches that follow", made["stops"]),
        ("screens that say the old name, which goes on meaning it", made["screens"]),
        ("points whose interlocks say the old name, which goes on meaning it", made["interlocks"]),
    ):
        _list(head, names)
    if made["kind"] == "asset":
        show.tell(f"it stays a part of {made['stays'] or 'the company'}; to move it: baigong asset move")
    counted = f"{len(made['assets']):,} assets and {len(made['points']):,} points"
    if dry_run:
        show.tell(f"{made['was']} would be {made['name']}, with {counted}; nothing has changed: leave --dry-run out")
    else:
        show.tell(f"{made['was']} is {made['name']} now, with {counted}; {made['was']} goes on meaning it")


def _table(heads: Sequence[str], rows: Sequence[Sequence[Any]], most: int = _SHOWN) -> None:
    show.table(heads, rows[:most])
    if len(rows) > most:
        show.tell(f"{len(rows) - most:,} more: --json lists all")


def _list(head: str, names: Sequence[str]) -> None:
    if names:
        show.tell(f"{head}: {', '.join(names[:_SHOWN])}{' …' if len(names) > _SHOWN else ''}")


def names(
    release: Annotated[
        str, typer.Option(help="let this name be given again; who still says it then means nothing")
    ] = "",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """List names that assets and points had before, and what they mean today."""
    with reach(data, url, token, tenant) as link:
        found = link.json("GET", "/names")
        if release:
            held = [one for one in found if one["name"] == release]
            if not held:
                raise FixConfiguration("http.not_found", f"{release!r} is no earlier name", place="--release")
            for one in held:
                link.json("DELETE", f"/names/{one['kind']}/{quote(release, safe='')}")
            show.tell(f"{release} may be given again; it does not mean {held[0]['now']} any more")
            return
    if as_json:
        show.json(found)
        return
    rows = [(n["name"], n["kind"], n["now"], show.when(n["given_up_us"]), n["given_up_by"]) for n in found]
    show.table(("name", "of", "now", "given up", "by"), rows)


def sources(
    name: Annotated[str, typer.Argument(help="asset, like pump1, or one of its points, like pump1.flow")],
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Show what feeds the points of an asset, and fed them from when until when."""
    with reach(data, url, token, tenant) as link:
        found = _sources(link, name)
    if as_json:
        show.json(found)
        return
    rows = [
        (
            one["point"] if at == 0 else "", told["device"], told["address"], show.number(told["scale"]),
            show.number(told["offset"]), show.when(told["from_us"]) if told["from_us"] else "?",
            show.when(told["until_us"]) if told["until_us"] else "now",
        )
        for one in found
        for at, told in enumerate(one["sources"])
    ]  # fmt: skip
    show.table(("point", "device", "address", "scale", "offset", "from", "until"), rows)


def _sources(link: Link, name: str) -> list[dict[str, Any]]:
    try:
        return [link.json("GET", f"/points/{quote(name, safe='')}/sources")]
    except FixConfiguration as error:
        if error.code != "point.unknown":
            raise
    return list(link.json("GET", f"/assets/{quote(name, safe='')}/sources"))


def replace_device(
    old: Annotated[str, typer.Argument(help="device whose points go over")],
    new: Annotated[str, typer.Argument(help="device file (YAML) of the new one, or the id of a device that there is")],
    dry_run: DryRun = False,
    leave: Annotated[
        int, typer.Option(help="so many points may be left that nothing reads then: --dry-run names them")
    ] = 0,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
    tenant: Tenant = None,
) -> None:
    """Let a new PLC take over the points of an old one, by name or by address; numbers and history stay.

    The old device stays, switched off and without points. A new one whose file lists no points takes all as they are.
    """
    path = Path(new)
    told: dict[str, Any] = {"device": new}
    if path.suffix in (".yaml", ".yml") or path.is_file():
        told = {"spec": device_in(path)}
    with reach(data, url, token, tenant) as link:
        body = told | {"check": dry_run, "leave": leave}
        made = link.json("POST", f"/devices/{quote(old, safe='')}/replace", body=body)
    if as_json:
        show.json(made)
        return
    rows = [(one["point"], one["was"], one["address"], one["by"]) for one in made["taken"]]
    _table(("point", f"in {made['old']}", f"in {made['new']}", "found by"), rows, 2 * _SHOWN)
    for head, names in (
        ("read by nothing then", made["left"]),
        ("new points", made["added"]),
        (f"points of {made['new']} that are called as in {made['old']} then", made["gone"]),
    ):
        _list(head, names)
    if not dry_run:
        show.tell(
            f"{made['new']} reads {len(made['taken']):,} points of {made['old']} now; {made['old']} is switched off"
        )
        return
    more = f", and --leave {len(made['left'])} where that is meant" if made["left"] else ""
    show.tell(f"{len(made['taken']):,} points would go over; nothing has changed: leave --dry-run out{more}")
