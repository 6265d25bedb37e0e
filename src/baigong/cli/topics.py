"""``baigong device topics``: what a machine may publish and subscribe to inside its company, beside its own topics."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Token, Url, reach
from baigong.cli.show import Json
from baigong.vocab.errors import FixConfiguration


def topics(
    name: Annotated[str, typer.Argument(help="device id")],
    user: Annotated[str, typer.Option(help="user name; default: the device id")] = "",
    serial: Annotated[str, typer.Option(help="a certificate's, or how it begins, instead of a user name")] = "",
    publish: Annotated[list[str] | None, typer.Option(help="MQTT topic filter; once for each")] = None,
    subscribe: Annotated[list[str] | None, typer.Option(help="MQTT topic filter; once for each")] = None,
    own: Annotated[bool, typer.Option("--own", help="leave it the device's own topics only")] = False,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Show what a device's machines may say and hear beside DEVICE/…, or say it anew: what is named replaces all."""
    if own and (publish or subscribe):
        raise FixConfiguration("config.invalid", "choose --own, or what it may beside its own topics")
    with reach(data, url, token) as link:
        found: list[dict[str, Any]] = [
            {"kind": kind, "name": one[field], "publish": one["publish"], "subscribe": one["subscribe"]}
            for kind, field in (("credentials", "username"), ("certificates", "serial"))
            for one in link.json("GET", f"/{kind}", params={"device": name})
            if one.get("state", "good") in ("good", "replaced")
        ]
        if own or publish or subscribe:
            one = _chosen(found, name, user, serial)
            body = {"publish": publish or [], "subscribe": subscribe or []}
            link.json("PUT", f"/{one['kind']}/{quote(one['name'], safe='')}/topics", body=body)
            show.tell(f"{one['name']}: from now on; its machine signs in anew")
        elif as_json:
            show.json(found)
        else:
            own_topics = f"{name}/#"
            show.table(
                ("signs in as", "publishes to", "subscribes to"),
                [
                    (c["name"][:40], *(", ".join([own_topics, *c[way]]) for way in ("publish", "subscribe")))
                    for c in found
                ],
            )


def _chosen(found: list[dict[str, Any]], device: str, user: str, serial: str) -> dict[str, Any]:
    kind, name = ("certificates", serial.lower()) if serial else ("credentials", user or device)
    for one in found:
        if one["kind"] == kind and (one["name"].startswith(name) if serial else one["name"] == name):
            return one
    raise FixConfiguration("http.not_found", f"device {device} does not sign in with {name!r}", place=name)
