"""``baigong doctor``, ``backup``, ``restore``, ``service`` and ``bundle``: keeping a platform well."""

from __future__ import annotations

import errno
import getpass
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from baigong.cli import show
from baigong.cli.door import DoorSettings
from baigong.cli.options import (
    Host,
    Mqtt,
    MqttCertificate,
    MqttKey,
    MqttNames,
    MqttNeed,
    Mqtts,
    Names,
    NatsHost,
    OpcUa,
    OpcUaAny,
    OpcUaHost,
    PlainHttp,
    PlainMqtt,
    Proxies,
    Tls,
    TlsCert,
    TlsKey,
    door_settings,
    opcua_arguments,
    web_settings,
)
from baigong.cli.show import Json
from baigong.vocab.errors import FixConfiguration, RetryLater

service = typer.Typer(no_args_is_help=True, help="The platform as a systemd service.")

Folder = Annotated[Path, typer.Option("--data", envvar="BAIGONG_DATA", help="data folder")]
Nats = Annotated[str, typer.Option("--nats", help="URL of the NATS cluster, when the platform uses one")]
NatsToken = Annotated[str, typer.Option("--nats-token", envvar="BAIGONG_NATS_TOKEN")]
_MARKS = {"good": "[green]ok  [/]", "uncertain": "[yellow]look[/]", "bad": "[red]bad [/]"}


def add(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command()(doctor)
    app.command()(backup)
    app.command()(restore)
    app.command()(bundle)
    app.add_typer(service, name="service")


def doctor(
    data: Folder = Path("data"),
    deep: Annotated[bool, typer.Option("--deep", help="read every row of the lake")] = False,
    support: Annotated[Path | None, typer.Option("--bundle", help="write a support archive, without secrets")] = None,
    security: Annotated[
        bool, typer.Option("--security", help="what is open and what is weak, of a running platform")
    ] = False,
    as_json: Json = False,
    nats: Nats = "",
    nats_token: NatsToken = "",
) -> None:
    """Look at everything a platform stands on; changes nothing. Exit code 1 when something is bad."""
    from baigong.cli.doctor import examine
    from baigong.cli.main import asyncio_run
    from baigong.cli.support import write_support

    data = _folder(data)
    if security:
        _weak(data, as_json=as_json)
        return
    made = []

    async def run() -> None:
        with show.say.status("looking …") as status:
            found = await examine(
                data, deep=deep, nats_url=nats, nats_token=nats_token, told=lambda what: status.update(f"{what} …")
            )
        made.append(found)

    with _disk_errors():
        asyncio_run(run())
        found = made[0]
        if support is not None:
            size = write_support(data, support, found)
            show.tell(f"wrote {support} ({size:,} bytes): no values, no records, no keys; look into it before sending")
    if as_json:
        show.json(found.verdicts)
    else:
        for verdict in found.verdicts:
            line = f"{_MARKS[verdict.state]} [bold]{escape(verdict.what)}[/]  {escape(verdict.detail)}"
            show.out().print(line, soft_wrap=True)
            if verdict.advice:
                show.out().print(f"       {verdict.advice}", markup=False, soft_wrap=True)
    raise typer.Exit(1 if found.state == "bad" else 0)


def _weak(data: Path, *, as_json: bool) -> None:
    from baigong.cli.reach import reach

    with reach(data, None, None) as link:
        told = link.json("GET", "/security")
    if as_json:
        show.json(told)
    else:
        marks = {"high": "[red]high  [/]", "medium": "[yellow]medium[/]", "low": "low   "}
        for one in told["findings"]:
            show.out().print(f"{marks[one['severity']]} {escape(one['title'])}", soft_wrap=True)
            show.out().print(f"       {one['advice']}", markup=False, soft_wrap=True)
            if one["command"]:
                show.out().print(f"       $ {one['command']}", markup=False, soft_wrap=True)
    raise typer.Exit(1 if any(one["severity"] == "high" for one in told["findings"]) else 0)


def backup(
    target: Annotated[Path, typer.Argument(help="file to write (.tar), or a folder to write one into")],
    data: Folder = Path("data"),
    nats: Nats = "",
    nats_token: NatsToken = "",
) -> None:
    """Copy a whole data folder into one file, while the platform runs or not; checked when written."""
    from baigong.cli.backup import backup as run
    from baigong.cli.main import asyncio_run

    data = _folder(data)
    if target.is_dir():
        target = target / time.strftime("baigong-%Y%m%d-%H%M%S.tar")
    if target.exists():
        raise FixConfiguration("config.conflict", "this file exists; a backup overwrites nothing", place=str(target))
    made = []

    async def work() -> None:
        with _bar() as step:
            made.append(await run(data, target, nats_url=nats, nats_token=nats_token, progress=step))

    with _disk_errors():
        asyncio_run(work())
    found = made[0]
    how = "while it ran" if found.running else "stopped"
    show.tell(f"backed up {data} ({how}): {found.files} lake files, {found.frames} frames of the stream")
    show.tell(f"{target}: {found.bytes:,} bytes, checked")
    show.tell("The key that opens the secrets in it is not in it: baigong secrets show. Keep a copy elsewhere.")


def _folder(data: Path) -> Path:
    """Return the folder meant: without --data the one that `up` made here, or else `demo`."""
    usual, demo = Path("data"), Path("data/demo")
    return demo if data == usual and not (usual / "format").exists() and (demo / "format").exists() else data


def restore(
    source: Annotated[Path, typer.Argument(help="file that `baigong backup` wrote")],
    data: Annotated[Path, typer.Option("--data", help="new data folder")],
    key: Annotated[
        Path | None, typer.Option("--key", help="key file of the platform that was backed up (its secrets.key)")
    ] = None,
    nats: Nats = "",
    nats_token: NatsToken = "",
) -> None:
    """Make a new data folder from a backup. It goes on in an epoch of its own."""
    from baigong.cli.backup import describe
    from baigong.cli.main import asyncio_run
    from baigong.cli.restore import restore as run

    made = []

    async def work() -> None:
        with _bar() as step:
            made.append(await run(source, data, step, nats_url=nats, nats_token=nats_token, key=key))

    with _disk_errors():
        asyncio_run(work())
    found = made[0]
    show.tell(f"{source}: {describe(found.facts)}")
    show.tell(f"{data}: {found.rows:,} rows in the lake, {found.frames} frames of the stream follow at the next start")
    if found.key:
        show.tell(
            f"its secrets were closed with the key {found.key}: put that key file at {data / 'secrets.key'}, or name"
        )
        show.tell("it with --key-file when starting; if it is lost for good: baigong secrets forget")
    show.tell(f"start it with: baigong up --data {data}")


def bundle(
    target: Annotated[Path, typer.Argument(help="archive to write, .tar.gz")],
) -> None:
    """Make one archive with its own Python: unpack it on a machine without a network and start it."""
    from baigong.cli.bundle import write_bundle

    with _disk_errors(), _bar() as step:
        size = write_bundle(target, step)
    show.tell(f"{target}: {size:,} bytes. Unpack it anywhere: ./baigong/bin/baigong up")


@contextmanager
def _bar() -> Iterator[show.Step]:
    with show.progress("starting", None, in_bytes=True) as (bar, task):

        def step(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total)

        yield step


@contextmanager
def _disk_errors() -> Iterator[None]:
    """Turn what a disk refuses into one clear line."""
    try:
        yield
    except OSError as error:
        place = str(error.filename or "")
        if error.errno == errno.ENOSPC:
            raise RetryLater("storage.full", "no space is left", place=place) from error
        raise FixConfiguration("config.invalid", f"{error.strerror or error}", place=place) from error


# -- service ----------------------------------------------------------------------------------------------------

System = Annotated[bool, typer.Option("--system/--user", help="for the machine (root), or for you")]
Name = Annotated[str, typer.Option(help="name of the unit")]
_AS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


@service.command()
def install(
    data: Folder = Path("data"),
    system: System = _AS_ROOT,
    name: Name = "baigong",
    run_as: Annotated[str, typer.Option(help="account of a system service; default: who owns the data folder")] = "",
    port: Annotated[int, typer.Option(help="console and API")] = 8600,
    host: Annotated[
        str, typer.Option(help="address to listen on; anything but loopback is seen by others")
    ] = "127.0.0.1",
    tls: Tls = False,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    called: Names = None,
    proxy: Proxies = None,
    plain_http_is_read_by_the_network: PlainHttp = False,
    mqtt_port: Mqtt = 1883,
    mqtt_host: Host = "127.0.0.1",
    mqtts_port: Mqtts = None,
    mqtt_certificate: MqttCertificate = None,
    mqtt_key: MqttKey = None,
    mqtt_name: MqttNames = None,
    plain_mqtt_is_read_by_the_network: PlainMqtt = False,
    mqtt_needs_client_certificates: MqttNeed = False,
    opcua_port: OpcUa = None,
    opcua_host: OpcUaHost = "127.0.0.1",
    opcua_any_client_certificate: OpcUaAny = False,
    nats_port: Annotated[int, typer.Option(help="embedded NATS server")] = 4622,
    nats_host: NatsHost = "127.0.0.1",
    start: Annotated[bool, typer.Option(help="start it now")] = True,
    only_print: Annotated[bool, typer.Option("--print", help="print the unit and change nothing")] = False,
) -> None:
    """Install, enable and start the platform as a service; it comes back after a reboot."""
    from baigong.cli.service import Service, unit_text
    from baigong.cli.service import install as run

    web = web_settings(host, port, tls, tls_cert, tls_key, called, proxy, plain_http_is_read_by_the_network)
    options = [*web.arguments(), *([] if nats_port == 4622 else ["--nats-port", str(nats_port)])]
    options += [] if nats_host == "127.0.0.1" else ["--nats-host", nats_host]
    certificate, key = (path.absolute() if path else None for path in (mqtt_certificate, mqtt_key))
    door = door_settings(
        mqtt_host,
        mqtt_port,
        mqtts_port,
        certificate,
        key,
        mqtt_name,
        plain_mqtt_is_read_by_the_network,
        mqtt_needs_client_certificates,
    )
    options += [] if door == DoorSettings() else door.arguments()
    options += opcua_arguments(opcua_port, opcua_host, opcua_any_client_certificate)
    account = (run_as or _owner(data)) if system else ""
    named = os.environ.get("BAIGONG_KEY_FILE")
    wanted = Service(
        data=data, name=name, system=system, account=account, options=options, key=Path(named) if named else None
    )
    if only_print:
        typer.echo(unit_text(wanted), nl=False)
        return
    with _disk_errors():
        for sentence in run(wanted, start=start):
            show.tell(sentence)
    show.tell(f"its console: {web.url(port)}; see how it is, and where its log is: baigong service status")
    if start:
        show.tell("at its first start the log tells the one-time password of admin")


def _owner(data: Path) -> str:
    if data.exists():
        try:
            return data.owner()
        except KeyError as error:
            raise FixConfiguration(
                "config.invalid", "its owner has no name on this machine: name one with --run-as", place=str(data)
            ) from error
    return os.environ.get("SUDO_USER") or getpass.getuser()


@service.command()
def uninstall(system: System = _AS_ROOT, name: Name = "baigong") -> None:
    """Stop and remove the service; the data stay."""
    from baigong.cli.service import Service
    from baigong.cli.service import uninstall as run

    with _disk_errors():
        for sentence in run(Service(data=Path(), name=name, system=system)):
            show.tell(sentence)


@service.command()
def status(system: System = _AS_ROOT, name: Name = "baigong") -> None:
    """Say whether the service is installed, enabled and running. Exit code 1 when it does not run."""
    from baigong.cli.service import Service
    from baigong.cli.service import status as look

    found = look(Service(data=Path(), name=name, system=system))
    show.table(("what", "state"), list(found.items()))
    raise typer.Exit(0 if found.get("state", "").startswith("active") else 1)
