"""``baigong bus``: who may sign in to the message bus, and as what."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from baigong.bus.configuration import authorization
from baigong.bus.passes import (
    KEEPER,
    PLATFORM,
    RESTORE,
    Pass,
    gateway_user,
    new_password,
    pass_file,
    passes_in,
    read_pass,
    write_pass,
)
from baigong.bus.roles import role_of
from baigong.cli import show
from baigong.cli.busplace import cluster_pass, passes_of
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.ids import tenant_id

bus = typer.Typer(no_args_is_help=True, help="Who may sign in to the message bus between our processes, and as what.")
Folder = Annotated[Path, typer.Option("--data", envvar="BAIGONG_DATA", help="data folder of the platform")]
_LOCAL = "local"


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(bus, name="bus")


@bus.command("list")
def list_passes(data: Folder = Path("data")) -> None:
    """List who may sign in, and for which companies; no password is shown."""
    rows = [(who.user, ", ".join(who.companies) or "all", who.url) for who in passes_in(passes_of(data))]
    show.table(("user", "companies", "server"), rows)


@bus.command()
def gateway(
    name: Annotated[str, typer.Argument(help="the gateway's name, as devices name it")],
    company: Annotated[
        list[str] | None, typer.Option(help="a company it serves, and no other; several times; default: all")
    ] = None,
    url: Annotated[
        str, typer.Option(help="where it finds the bus, such as tls://plant.example:4622; default: as on this machine")
    ] = "",
    remove: Annotated[bool, typer.Option("--remove", help="take its pass away: it is cut off at once")] = False,
    data: Folder = Path("data"),
) -> None:
    """Make a gateway's pass, or a new one in its place: a file for its machine alone. In force within seconds."""
    user, folder = gateway_user(name), passes_of(data)
    path = pass_file(folder, user)
    if name == _LOCAL:
        raise FixConfiguration("config.conflict", "the platform's own gateway gets a pass at every start", place=name)
    if remove:
        if not path.exists():
            raise FixConfiguration("http.not_found", f"there is no pass of gateway {name}", place=str(path))
        path.unlink()
        show.tell(f"{name} has no pass any more")
        return
    platform = read_pass(pass_file(folder, KEEPER))
    made = Pass(
        user=user,
        password=new_password(),
        url=url or platform.url,
        companies=tuple(map(tenant_id, company or ())),
        ca=platform.ca,
    )
    show.tell(f"{write_pass(folder, made)}: take it to the gateway's machine, readable by its account only, and start")
    show.tell(f"there: baigong gateway --bus-pass {path.name}")
    if urlsplit(made.url).scheme != "tls":
        show.tell("The bus listens on this machine only; for others start the platform with --nats-host.")


@bus.command()
def passes(
    nats: Annotated[str, typer.Option("--nats", help="URL of the NATS cluster")],
    data: Folder = Path("data"),
) -> None:
    """Make the passes of a platform on a NATS cluster, and print what its servers' configuration must include."""
    folder = passes_of(data)
    for user in (PLATFORM, KEEPER, RESTORE, gateway_user(_LOCAL)):
        if cluster_pass(data, user, nats, "") is None:
            write_pass(folder, Pass(user=user, password=new_password(), url=nats))
    mine = [who for who in passes_in(folder) if who.url == nats]
    typer.echo(authorization((who, role_of(who)) for who in mine), nl=False)
