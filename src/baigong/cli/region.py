"""``baigong region …``: regions, who runs them, and how they look to the people of their companies."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Token, Url, reach
from baigong.cli.show import Json

region = typer.Typer(no_args_is_help=True, help="Regions: who runs them, their name, logo and colour.")


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(region, name="region")


Id = Annotated[str, typer.Argument(help="id of the region")]


@region.command("list")
def list_regions(as_json: Json = False, data: Data = None, url: Url = None, token: Token = None) -> None:
    """List regions, and who runs them."""
    with reach(data, url, token) as link:
        found: list[dict[str, Any]] = link.json("GET", "/regions")
    if as_json:
        show.json(found)
        return
    show.table(("region", "title", "run by"), [(r["region"], r["title_zh"] or r["title"], r["run_by"]) for r in found])


@region.command("add")
def add_region(
    id: Id,
    title: Annotated[str, typer.Option(help="its name")] = "",
    title_zh: Annotated[str, typer.Option(help="its name in Chinese")] = "",
    run_by: Annotated[str | None, typer.Option(help="the company that runs it (a park's); empty: none")] = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Make or rename a region, or say who runs it."""
    body = {"region": id, "title": title, "title_zh": title_zh, "run_by": run_by}
    with reach(data, url, token) as link:
        held = next((r for r in link.json("GET", "/regions") if r["region"] == id), None)
        if held is not None:
            body |= {"title": title or held["title"], "title_zh": title_zh or held["title_zh"]}
        link.json("POST", "/regions", body=body)
    show.tell(f"{id} is there")


@region.command()
def look(
    id: Id,
    title: Annotated[str | None, typer.Option(help="what its people's console is called")] = None,
    title_zh: Annotated[str | None, typer.Option(help="the same in Chinese")] = None,
    accent: Annotated[str | None, typer.Option(help="#rrggbb, readable on white")] = None,
    accent_dark: Annotated[str | None, typer.Option(help="#rrggbb, readable on the dark theme")] = None,
    host: Annotated[list[str] | None, typer.Option(help="host name it is met under; several: again")] = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Show or change name and colour of a region; what is not named stays."""
    told = {"title": title, "title_zh": title_zh, "accent": accent, "accent_dark": accent_dark, "hosts": host}
    wanted = {name: value for name, value in told.items() if value is not None}
    path = f"/regions/{quote(id, safe='')}/look"
    with reach(data, url, token) as link:
        held = link.json("GET", path)
        if wanted:
            held = link.json("PUT", path, body=held["look"] | wanted)
    show.json(held)


@region.command()
def logo(
    id: Id,
    file: Annotated[Path | None, typer.Argument(help="PNG or SVG, at most 256 KiB")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="take it away")] = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Give a region a logo: a PNG is written anew, an SVG must hold shapes only."""
    path = f"/regions/{quote(id, safe='')}/logo"
    with reach(data, url, token) as link:
        if remove or file is None:
            link.json("DELETE", path)
            show.tell(f"{id} looks like the platform again")
            return
        media = "image/svg+xml" if file.suffix == ".svg" else "image/png"
        link.send(path, file.read_bytes(), media, "PUT")
    show.tell(f"{id} shows {file}")
