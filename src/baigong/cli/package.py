"""``baigong package …``: starter packages, the text of what a company has from its first minute."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Token, Url, reach
from baigong.cli.show import Json

package = typer.Typer(no_args_is_help=True, help="Starter packages: what a company has from its first minute.")


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(package, name="package")


Name = Annotated[str, typer.Argument(help="its name: a-z, 0-9 and -")]


@package.command("list")
def list_packages(as_json: Json = False, data: Data = None, url: Url = None, token: Token = None) -> None:
    """List starter packages."""
    with reach(data, url, token) as link:
        found: list[dict[str, Any]] = link.json("GET", "/packages")
    if as_json:
        show.json(found)
        return
    rows = [
        (
            p["name"],
            p["title_zh"] or p["title"],
            p["devices"],
            "yes" if p["offered"] else "no",
            "shipped" if p["shipped"] else "",
            p["error"],
        )
        for p in found
    ]
    show.table(("package", "title", "devices", "offered", "", "wrong"), rows)


@package.command("show")
def show_package(name: Name, data: Data = None, url: Url = None, token: Token = None) -> None:
    """Print a package's text."""
    with reach(data, url, token) as link:
        print(link.json("GET", f"/packages/{quote(name, safe='')}")["text"], end="")


@package.command()
def put(
    name: Name,
    file: Annotated[Path, typer.Argument(help="YAML: title, quotas, retention, devices")],
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Keep a package's text; everything in it is checked first."""
    text = file.read_text("utf-8")
    with reach(data, url, token) as link:
        link.json("PUT", f"/packages/{quote(name, safe='')}", body={"text": text})
    show.tell(f"{name} holds from now on")


@package.command()
def remove(name: Name, data: Data = None, url: Url = None, token: Token = None) -> None:
    """Delete a package's text; a shipped package comes back as it was."""
    with reach(data, url, token) as link:
        link.json("DELETE", f"/packages/{quote(name, safe='')}")
    show.tell(f"{name} is deleted")
