"""``baigong networks``: where gateways may connect to, for which company; the operator's text."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Token, Url, reach
from baigong.cli.show import Json
from baigong.cli.textfile import text_of

networks = typer.Typer(no_args_is_help=True, help="Where gateways may connect to, for which company, as text.")


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(networks, name="networks")


@networks.command("show")
def show_networks(as_json: Json = False, data: Data = None, url: Url = None, token: Token = None) -> None:
    """Show each gateway's text, the companies it belongs to, and how often it refused a connection."""
    with reach(data, url, token) as link:
        found: list[dict[str, Any]] = link.json("GET", "/gateways/networks")
    if as_json:
        show.json(found)
        return
    rows = [
        (one["gateway"], ", ".join(one["own"]), ", ".join(f"{who} {n}" for who, n in sorted(one["refused"].items())))
        for one in found
    ]
    show.table(("gateway", "belongs to", "refused"), rows)
    for one in found:
        if one["text"].strip():
            show.tell(f"\n{one['gateway']}")
            sys.stdout.write(one["text"].rstrip() + "\n")


@networks.command("set")
def set_networks(
    gateway: Annotated[str, typer.Argument(help="the gateway's name, as devices name it")],
    file: Annotated[Path, typer.Argument(help="the text; - reads standard input")],
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Set a gateway's text; it replaces what was there, and is in force within seconds."""
    text = text_of(file)
    with reach(data, url, token) as link:
        link.json("PUT", f"/gateways/{quote(gateway, safe='')}/networks", body={"text": text})
    show.tell(f"where {gateway} may connect to is set; it follows within seconds")
