"""``baigong grant …`` and ``baigong why-may``: letting others in, and why somebody may do something."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Token, Url, reach
from baigong.cli.show import Json

grant = typer.Typer(no_args_is_help=True, help="Let others in: one machine, some actions, from when to when.")


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(grant, name="grant")
    app.command("why-may")(why_may)


Whom = Annotated[str, typer.Argument(help="a person's name, token:t_…, machine:…, flow:… or role:COMPANY/ROLE")]
Object = Annotated[str, typer.Argument(help="tenant, asset:line1, point:line1.temperature or device:plc")]


@grant.command("add")
def add_grant(
    principal: Annotated[str, typer.Argument(help=f"{Whom.__metadata__[0].help}; empty with --cedar")] = "",
    actions: Annotated[str, typer.Argument(help="see, read, … with commas between")] = "",
    thing: Annotated[str, typer.Argument(metavar="OBJECT", help=Object.__metadata__[0].help)] = "",
    title: Annotated[str, typer.Option(help="what it is for")] = "",
    starts: Annotated[str, typer.Option("--from", help="holds from then on")] = "",
    ends: Annotated[str, typer.Option("--to", help="holds until then: +30d, 2026-12-01T00:00:00Z")] = "",
    data_from: Annotated[str, typer.Option(help="opens values from then on")] = "",
    data_until: Annotated[str, typer.Option(help="opens values until then")] = "",
    cedar: Annotated[Path | None, typer.Option(help="a file with one Cedar policy, in place of the form")] = None,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Let somebody in; prints the grant's id."""
    body: dict[str, Any] = {"title": title, "data_from": data_from, "data_until": data_until}
    if cedar is None:
        wanted = [a.strip() for a in actions.split(",") if a.strip()]
        body |= {"principal": principal, "actions": wanted, "object": thing, "starts": starts, "ends": ends}
    else:
        body["text"] = cedar.read_text("utf-8")
    with reach(data, url, token) as link:
        made = link.json("POST", "/grants", body=body)
    if as_json:
        show.json(made)
        return
    show.tell(made["text"])
    print(made["id"])


@grant.command("list")
def list_grants(
    revoked: Annotated[bool, typer.Option("--revoked", help="those that are over, too")] = False,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """List whom this company lets in."""
    with reach(data, url, token) as link:
        found: list[dict[str, Any]] = link.json("GET", "/grants", params={"revoked": str(revoked).lower()})
    if as_json:
        show.json(found)
        return
    rows = [
        (g["id"], g["title"], g["principal"], ", ".join(g["actions"]), g["object"], show.when(g["made_us"]))
        for g in found
    ]
    show.table(("id", "title", "who", "may", "what", "made"), rows)


@grant.command()
def revoke(
    id: Annotated[str, typer.Argument(help="of the grant")], data: Data = None, url: Url = None, token: Token = None
) -> None:
    """End a grant, at once."""
    with reach(data, url, token) as link:
        link.json("DELETE", f"/grants/{quote(id, safe='')}")
    show.tell(f"{id} is revoked")


def why_may(
    who: Annotated[str, typer.Argument(help="a person's name or token:t_…")],
    action: Annotated[str, typer.Argument(help="see, read, annotate, configure, command, …")],
    thing: Annotated[str, typer.Argument(metavar="OBJECT", help=Object.__metadata__[0].help)] = "tenant",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Say why somebody may do something, or what they would need."""
    with reach(data, url, token) as link:
        told = link.json("GET", "/rights/explain", params={"who": who, "action": action, "object": thing})
    if as_json:
        show.json(told)
        return
    print(told["sentence"])
    print(told["sentence_zh"])
    for reason in told["because"]:
        print(reason["text"])
    for needed, needed_zh in zip(told["needed"], told["needed_zh"], strict=True):
        print(f"needed: {needed} / 需要:{needed_zh}")
