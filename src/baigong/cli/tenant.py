"""``baigong tenant …``: the companies on this platform, for its operator."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
import typer

from baigong.cli import show
from baigong.cli.reach import Data, Token, Url, find, reach
from baigong.cli.show import Json
from baigong.stores.durable import replace_file
from baigong.vocab.errors import FixConfiguration

_LOOK_S = 0.2  # between two looks at a deletion under way

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


@tenant.command()
def export(
    to: Annotated[Path, typer.Option(help="file to write (.zip), or an empty or new folder")],
    tenant: Annotated[str, typer.Argument(help="id of the company; default: one's own")] = "",
    with_csv: Annotated[bool, typer.Option("--csv", help="values for spreadsheets too (UTF-8 with BOM)")] = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Take everything of a company away, in open formats; needs the right to read all of it."""
    from baigong.cli.taking import take

    take(to, tenant, with_csv, find(data, url, token))


@tenant.command()
def delete(
    tenant: Id,
    proof: Annotated[Path | None, typer.Option(help="file to write the proof of deletion to (JSON)")] = None,
    yes: Annotated[str, typer.Option(help="the id once more; asked for when it is left out", metavar="ID")] = "",
    reason: Annotated[str, typer.Option(help="is kept in the audit log")] = "",
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Delete all of a suspended company; there is no way back. Run again, it goes on, or fetches the proof again."""
    if proof is not None and proof.exists():
        raise FixConfiguration("config.conflict", "this file exists; a proof overwrites nothing", place=str(proof))
    path = f"/tenants/{quote(tenant, safe='')}"
    with reach(data, url, token) as link:
        state: dict[str, Any] = link.json("GET", f"{path}/leaving")
        if state["state"] != "gone":
            typed = yes or typer.prompt(f"everything of {tenant} will be deleted for good; type its id", err=True)
            state = link.json("POST", f"{path}/delete", body={"typed": typed, "reason": reason})
        told = ""
        while state["state"] == "leaving":
            step = state["trouble"]["detail"] if state.get("trouble") else state["step"]
            if step != told:
                show.tell(f"deleting: {step or 'begun'}")
            told = step
            time.sleep(_LOOK_S)
            state = link.json("GET", f"{path}/leaving")
    _tell_gone(tenant, state["proof"], state["later"], proof)


def _tell_gone(tenant: str, found: dict[str, Any], later: list[dict[str, Any]], proof: Path | None) -> None:
    after = msgspec.json.decode(found["entry"])["after"]
    gone = after["deleted"]
    show.tell(f"{tenant} is gone: {gone['values']} values, {gone['recordings']} recordings, {gone['rows']} records")
    show.tell(f"left: {after['left']}; kept: {', '.join(after['kept'])}")
    since = [msgspec.json.decode(one["entry"])["after"]["gateway"] for one in later]
    if since:
        show.tell(f"away then, and have forgotten since: {', '.join(since)}")
    if away := [one for one in after["gateways_away"] if one not in since]:
        show.tell(f"away, and not told: {', '.join(away)}; told as soon as they are back")
    for name, at_us in after["older_copies"].items():
        show.tell(f"an older copy still holds it: {name}, {show.when(at_us)}")
    if proof is None:
        show.tell("write the proof down: baigong tenant delete COMPANY --proof FILE")
        return
    replace_file(proof, msgspec.json.encode(found) + b"\n")
    show.tell(f"wrote {proof}; baigong audit verify {proof} KEY checks it; the key, by another way:")
    show.tell(found["key"])
