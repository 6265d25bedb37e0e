"""``baigong sign-in …``: the company accounts that open here, tried on their provider."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from baigong.cli import show
from baigong.cli.reach import Data, Token, Url, reach
from baigong.cli.show import Json
from baigong.vocab.errors import FixConfiguration

sign_in = typer.Typer(no_args_is_help=True, help="Company accounts that open here (OpenID Connect).")


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(sign_in, name="sign-in")


@sign_in.command("list")
def list_providers(as_json: Json = False, data: Data = None, url: Url = None, token: Token = None) -> None:
    """List the company's providers, what is wrong with their files, and why the newest sign-in failed that did."""
    with reach(data, url, token) as link:
        found: list[dict[str, Any]] = link.json("GET", "/providers")
    if as_json:
        show.json(found)
        return
    rows = [
        (p["provider"], p["issuer"], p["client_id"], p["error"] or p["failed"], show.when(p["failed_us"]))
        for p in found
    ]
    show.table(("provider", "issuer", "client", "trouble", "last failure"), rows)


@sign_in.command()
def check(
    provider: Annotated[str, typer.Argument(help="the file's name in config/<company>/sign-in; left out: all")] = "",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    token: Token = None,
) -> None:
    """Talk to the provider and say what is wrong; exit code 2 when something is."""
    told: dict[str, list[dict[str, Any]]] = {}
    with reach(data, url, token) as link:
        names = [provider] if provider else [p["provider"] for p in link.json("GET", "/providers")]
        for name in names:
            told[name] = link.json("POST", f"/providers/{quote(name, safe='')}/check")
    if as_json:
        show.json(told)
    else:
        rows = [
            (name, "ok" if f["ok"] else "WRONG", f["what"], f["said"], f["advice"])
            for name, findings in told.items()
            for f in findings
        ]
        show.table(("provider", "", "tried", "result", "what helps"), rows)
    wrong = next((f for findings in told.values() for f in findings if not f["ok"]), None)
    if wrong is not None:
        raise FixConfiguration("config.invalid", f"{wrong['what']}: {wrong['said']}", place=provider)
