"""``baigong tenant …``: the companies on this platform, for its operator."""

from __future__ import annotations

import sys
from typing import Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.points import Json
from baigong.cli.reach import Data, Token, Url, reach

tenant = typer.Typer(no_args_is_help=True, help="The companies on this platform, for its operator.")


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(tenant, name="tenant")


Id = Annotated[str, typer.Argument(help="id of the company")]


@tenant.command("list")
def list_tenants(
    search: Annotated[str, typer.Option(help="a part of id, title or credit code")] = "",
    region: Annotated[str, typer.Option(help="only this region")] = "",
    state: Annotated[str, typer.Option(help="only pending, active or suspended")] = "",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """List companies; those that stand still first."""
    with reach(data, url, token) as link:
        asked = {"search": search, "region": region, "state": state}
        found: list[dict[str, Any]] = link.json("GET", "/tenants", params=asked)
    if as_json:
        show.json(found)
        return
    rows = [
        (
            c["tenant"],
            c["title_zh"] or c["title"],
            c["region"],
            c["credit_code"],
            c["state"],
            show.when(c["created_us"]),
        )
        for c in found
    ]
    show.table(("company", "title", "region", "credit code", "state", "made"), rows)


@tenant.command("add")
def add_tenant(
    tenant: Annotated[str, typer.Argument(help="its id: a-z, 0-9, - and _")],
    title: Annotated[str, typer.Option(help="its name")] = "",
    title_zh: Annotated[str, typer.Option(help="its name in Chinese")] = "",
    region: Annotated[str, typer.Option(help="the region it is in; made when it is new")] = "",
    credit_code: Annotated[str, typer.Option(help="统一社会信用代码, 18 characters (GB 32100-2015)")] = "",
    admin: Annotated[str, typer.Option(help="name of its first administrator; default: <company>-admin")] = "",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Make a company; prints its first administrator and the one-time password, shown this once."""
    with reach(data, url, token) as link:
        if region and region not in {r["region"] for r in link.json("GET", "/regions")}:
            link.json("POST", "/regions", body={"region": region})
        body = {"tenant": tenant, "title": title, "title_zh": title_zh, "region": region, "credit_code": credit_code}
        made = link.json("POST", "/tenants", body=body | {"admin": admin})
    if as_json:
        show.json(made)
        return
    show.tell(f"{tenant} is made; its first administrator and the one-time password, shown this once:")
    sys.stdout.write(f"{made['admin']}\n{made['password']}\n")


@tenant.command()
def suspend(tenant: Id, data: Data = None, url: Url = None, token: Token = None) -> None:
    """Let a company stand still: its people, programs and machines are refused at every door."""
    with reach(data, url, token) as link:
        link.json("POST", f"/tenants/{quote(tenant, safe='')}/suspend")
    show.tell(f"{tenant} stands still; nothing it stored is lost")


@tenant.command()
def resume(tenant: Id, data: Data = None, url: Url = None, token: Token = None) -> None:
    """Let a suspended company work again."""
    with reach(data, url, token) as link:
        link.json("POST", f"/tenants/{quote(tenant, safe='')}/resume")
    show.tell(f"{tenant} works again")
