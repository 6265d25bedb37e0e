"""``baigong device secret``: what a machine signs in with at the MQTT front door."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Token, Url, reach
from baigong.cli.show import Json
from baigong.vocab.errors import BaigongError, FixConfiguration

if TYPE_CHECKING:
    from baigong.client.link import Link


def secret(
    name: Annotated[str, typer.Argument(help="device id")],
    user: Annotated[str, typer.Option(help="user name; default: the device id")] = "",
    rotate: Annotated[bool, typer.Option("--rotate", help="replace it: the old one opens nothing more")] = False,
    revoke: Annotated[bool, typer.Option("--revoke", help="take the secret away; its machine is thrown out")] = False,
    listed: Annotated[bool, typer.Option("--list", help="list user names and when they were last used")] = False,
    cafile: Annotated[Path, typer.Option(help="where to write what the machine has to trust for TLS")] = Path(
        "baigong-mqtt-ca.pem"
    ),
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Make a secret for a machine that connects by MQTT, shown this once; or list, replace, revoke it."""
    if rotate + revoke + listed > 1:
        raise FixConfiguration("config.invalid", "choose one of --rotate, --revoke and --list")
    with reach(data, url, token) as link:
        if listed:
            _list(link, name, as_json)
        elif revoke:
            link.json("DELETE", f"/credentials/{quote(user or name, safe='')}")
            show.tell(f"{user or name} opens nothing more")
        else:
            body = {"device": name, "username": user, "replace": rotate}
            made = link.json("POST", "/credentials", body=body)
            if as_json:
                show.json(made)
                return
            show.tell(f"user name and password for device {name}; the password is shown this once:")
            sys.stdout.write(f"{made['username']}\n{made['password']}\n")
            _tell_how(link, name, made["password"], cafile)


def _list(link: Link, name: str, as_json: bool) -> None:
    found: list[dict[str, Any]] = link.json("GET", "/credentials", params={"device": name})
    if as_json:
        show.json(found)
        return
    rows = [(c["username"], show.when(c["created_us"]), show.when(c["used_us"]) or "never") for c in found]
    show.table(("user name", "made", "last used"), rows)


def _tell_how(link: Link, device: str, password: str, cafile: Path) -> None:
    """Show a command that works; where the front door is not open now, say so."""
    try:
        way = link.json("GET", "/mqtt", params={"device": device})
    except BaigongError as error:
        show.tell(f"how to connect cannot be told now: {error.message}")
        return
    command = way["commands"].get("tls") or way["commands"].get("plain", "")
    if "tls" in way["commands"]:
        try:
            cafile.write_text(way["authority"])
        except OSError as error:
            show.tell(f"{cafile} cannot be written: {error.strerror}; get it from /api/v1/mqtt/ca.pem")
        command = command.replace("baigong-mqtt-ca.pem", str(cafile))
    show.tell("try it:")
    show.tell(f"  {command.replace('PASSWORD', password)}")
