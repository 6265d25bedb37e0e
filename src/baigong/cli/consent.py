"""``baigong support …``: the platform asks a company to let it in; the company consents, refuses, ends it."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Token, Url, reach
from baigong.cli.show import Json

support = typer.Typer(no_args_is_help=True, help="Support access: only with the company's consent, and with an end.")


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(support, name="support")


Id = Annotated[str, typer.Argument(help="of the request: s_…")]
Mine = Annotated[str, typer.Option("--company", help="as the platform's operator: what was asked of this company")]


@support.command()
def ask(
    company: Annotated[str, typer.Argument(help="id of the company")],
    reason: Annotated[str, typer.Argument(help="why; the company reads it, and so does its audit log")],
    level: Annotated[str, typer.Option(help="look (no values), read, or operate (never command)")] = "read",
    hours: Annotated[float, typer.Option(help="for how long; at most 168")] = 8.0,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Ask a company to let you in; prints the request's id. Nothing opens until it consents."""
    body = {"reason": reason, "level": level, "hours": hours}
    with reach(data, url, token) as link:
        made = link.json("POST", "/support/asked", params={"tenant": company}, body=body)
    if as_json:
        show.json(made)
        return
    show.tell(f"{company} was asked; its administrators see it on their overview")
    print(made["id"])


@support.command("list")
def list_requests(
    asked: Annotated[bool, typer.Option("--asked", help="as the platform's operator: of all companies")] = False,
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """List who asked to come in, who is in, and who was."""
    with reach(data, url, token) as link:
        found: list[dict[str, Any]] = link.json("GET", "/support/asked" if asked else "/support")
    if as_json:
        show.json(found)
        return
    rows = [
        (s["id"], s["tenant"], s["asker"], s["level"], s["state"], show.when(s["ends_us"]), s["reason"])
        for s in found
    ]  # fmt: skip
    show.table(("id", "company", "who", "level", "state", "ends", "reason"), rows)


@support.command()
def allow(
    id: Id,
    hours: Annotated[float | None, typer.Option(help="shorter than what was asked for")] = None,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Consent, as an administrator of the company that was asked."""
    with reach(data, url, token) as link:
        made = link.json("POST", f"/support/{quote(id, safe='')}/allow", body={"hours": hours})
    show.tell(f"{made['asker']} may {', '.join(made['actions'])} until {show.when(made['ends_us'])}")


@support.command()
def refuse(id: Id, data: Data = None, url: Url = None, token: Token = None) -> None:
    """Refuse, as an administrator of the company that was asked."""
    with reach(data, url, token) as link:
        link.json("POST", f"/support/{quote(id, safe='')}/refuse")
    show.tell(f"{id} is refused")


@support.command()
def end(id: Id, company: Mine = "", data: Data = None, url: Url = None, token: Token = None) -> None:
    """End support access at once, or take back what you asked for (--company)."""
    path = f"/support/asked/{quote(id, safe='')}/end" if company else f"/support/{quote(id, safe='')}/end"
    with reach(data, url, token) as link:
        link.json("POST", path, params={"tenant": company} if company else None)
    show.tell(f"{id} is over")
