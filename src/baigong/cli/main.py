"""``baigong``: the commands. Each is a thin door to its own module, which is imported only when it is used."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from baigong import __version__
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
    Port,
    Proxies,
    Tls,
    TlsCert,
    TlsKey,
    door_settings,
    opcua_door,
    web_settings,
)
from baigong.cli.parts import add_parts, wanted
from baigong.cli.recordsplace import Ca, PasswordFile, PlainRecords, Records, choice
from baigong.vocab.errors import BaigongError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
say = Console(
    stderr=True, highlight=False, emoji=False, soft_wrap=True
)  # a log has no edge; :cd: is a byte of a fingerprint

Data = Annotated[Path, typer.Option("--data", envvar="BAIGONG_DATA", help="data folder")]


@app.callback()
def everywhere(
    ca: Annotated[
        Path | None, typer.Option(help="what to trust for https: a file that `baigong ca export` wrote (BAIGONG_CA)")
    ] = None,
    certificate: Annotated[
        Path | None,
        typer.Option(help="certificate to show to a proxy that asks for one (PEM; BAIGONG_CERTIFICATE)"),
    ] = None,
    certificate_key: Annotated[
        Path | None, typer.Option(help="its private key, when it is not in the same file (BAIGONG_CERTIFICATE_KEY)")
    ] = None,
    key_file: Annotated[
        Path | None,
        typer.Option(help="key of stored secrets (BAIGONG_KEY_FILE); default: secrets.key in the data folder"),
    ] = None,
) -> None:
    """Baigong 百工: the industrial internet platform in one command."""
    if key_file is not None:
        os.environ["BAIGONG_KEY_FILE"] = str(key_file.absolute())
    for name, path in (("CA", ca), ("CERTIFICATE", certificate), ("CERTIFICATE_KEY", certificate_key)):
        if path is not None:
            os.environ[f"BAIGONG_{name}"] = str(path)


@app.command()
def up(
    data: Data = Path("data"),
    port: Port = 8600,
    host: Host = "127.0.0.1",
    tls: Tls = False,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    name: Names = None,
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
    nats: Annotated[str, typer.Option(help="URL of a NATS cluster instead of the embedded server")] = "",
    nats_token: Annotated[str, typer.Option(envvar="BAIGONG_NATS_TOKEN")] = "",
    nats_port: Annotated[int, typer.Option(help="port of the embedded NATS server")] = 4622,
    nats_host: NatsHost = "127.0.0.1",
    tenant: Annotated[str, typer.Option(help="the first company")] = "main",
    reserve_mb: Annotated[int, typer.Option(help="disk space that stays free, in MB")] = 1024,
    durability_survives_kill_only: Annotated[
        bool, typer.Option(help="acknowledge before fsync: faster, and a power cut loses what was accepted")
    ] = False,
    sql_without_landlock_reads_any_file: Annotated[
        bool, typer.Option(help="serve SQL on a kernel without Landlock; DuckDB's settings are then the only wall")
    ] = False,
    records: Records = "",
    records_password_file: PasswordFile = None,
    records_ca: Ca = None,
    plain_records: PlainRecords = False,
) -> None:
    """Start the platform on this machine."""
    from baigong.cli.platform import PlatformSettings
    from baigong.cli.run import run_platform

    settings = PlatformSettings(
        data=data, tenant=tenant, nats_url=nats,
        records=choice(records, records_password_file, records_ca, plain_records),
        web=web_settings(host, port, tls, tls_cert, tls_key, name, proxy, plain_http_is_read_by_the_network),
        mqtt=door_settings(
            mqtt_host, mqtt_port, mqtts_port, mqtt_certificate, mqtt_key, mqtt_name, plain_mqtt_is_read_by_the_network,
            mqtt_needs_client_certificates,
        ),
        opcua=opcua_door(opcua_port, opcua_host, opcua_any_client_certificate),
        nats_token=nats_token, nats_port=nats_port, nats_host=nats_host,
        reserve_bytes=reserve_mb << 20, survives_kill_only=durability_survives_kill_only,
        sql_without_landlock_reads_any_file=sql_without_landlock_reads_any_file,
    )  # fmt: skip
    asyncio_run(run_platform(settings, say))


@app.command()
def demo(
    data: Data = Path("data/demo"),
    port: Port = 8600,
    host: Host = "127.0.0.1",
    tls: Tls = False,
    tls_cert: TlsCert = None,
    tls_key: TlsKey = None,
    name: Names = None,
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
    nats_port: Annotated[int, typer.Option(help="port of the embedded NATS server")] = 4622,
    days: Annotated[float, typer.Option(help="days of simulated past on the first start")] = 30.0,
    tour: Annotated[bool, typer.Option("--tour", help="print the ten-minute tour")] = False,
    people: Annotated[
        bool, typer.Option("--people", help="print a new one-time password for each person of the demo's companies")
    ] = False,
    any_ports: Annotated[bool, typer.Option("--any-ports", help="let the system choose every port")] = False,
) -> None:
    """Start the platform with a living mould factory: machines, thirty days of past, faults to switch on."""
    from baigong.cli.platform import PlatformSettings
    from baigong.cli.run import run_demo

    if any_ports:
        port = mqtt_port = nats_port = 0
        mqtts_port = mqtts_port or 0
    settings = PlatformSettings(
        data=data,
        tenant="demo",
        web=web_settings(host, port, tls, tls_cert, tls_key, name, proxy, plain_http_is_read_by_the_network),
        mqtt=door_settings(
            mqtt_host,
            mqtt_port,
            mqtts_port,
            mqtt_certificate,
            mqtt_key,
            mqtt_name,
            plain_mqtt_is_read_by_the_network,
            mqtt_needs_client_certificates,
        ),
        opcua=opcua_door(opcua_port, opcua_host, opcua_any_client_certificate),
        nats_port=nats_port,
    )
    asyncio_run(run_demo(settings, say, days=days, show_tour=tour, any_ports=any_ports, people=people))


@app.command(hidden=True)
def gateway(
    bus: Annotated[str, typer.Option(help="NATS URL; default: the one its pass names")] = "",
    data: Data = Path("data"),
    bus_pass: Annotated[
        Path | None, typer.Option(help="who it is on the bus: a file that `baigong bus gateway` wrote")
    ] = None,
    nats_token: Annotated[str, typer.Option(envvar="BAIGONG_NATS_TOKEN")] = "",
    name: Annotated[str, typer.Option(help="this gateway's name; default: the one of its pass, else local")] = "",
    mqtt_host: Host = "127.0.0.1",
    mqtt_port: Annotated[int, typer.Option(help="MQTT front door; -1: none")] = 1883,
    mqtts_port: Mqtts = None,
    mqtt_certificate: MqttCertificate = None,
    mqtt_key: MqttKey = None,
    mqtt_name: MqttNames = None,
    plain_mqtt_is_read_by_the_network: PlainMqtt = False,
    mqtt_needs_client_certificates: MqttNeed = False,
    reserve_mb: Annotated[int, typer.Option(help="disk space that stays free; 0: the bus is elsewhere")] = 0,
) -> None:
    """Run the gateway role alone (at the edge, or as the platform's child)."""
    from baigong.cli.gateway import run, signed_in

    by, bus, name = signed_in(bus_pass, nats_token, bus, name)
    door = None
    if mqtt_port >= 0:
        door = door_settings(
            mqtt_host,
            mqtt_port,
            mqtts_port,
            mqtt_certificate,
            mqtt_key,
            mqtt_name,
            plain_mqtt_is_read_by_the_network,
            mqtt_needs_client_certificates,
        )
    asyncio_run(run(bus, by, data, name, door, reserve_mb << 20))


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def asyncio_run(work: Any) -> None:
    """Run a server on the fastest loop there is; what it writes is for its own account, wherever the folder lies."""
    before = os.umask(0o077)
    try:
        _run(work)
    finally:
        os.umask(before)


def _run(work: Any) -> None:
    try:
        import uvloop
    except ImportError:  # Windows
        asyncio.run(work)
    else:
        uvloop.run(work)


def main() -> None:
    """Run a command; an error of ours is one clear line and exit code 2."""
    own = {command.name or command.callback.__name__ for command in app.registered_commands if command.callback}
    add_parts(app, wanted(sys.argv[1:], own))
    try:
        app()
    except BaseException as caught:
        error = _ours(caught)
        if error is None:
            raise
        say.print(f"[red]error[/] {error.code}: {escape(error.message)}", soft_wrap=True)
        if error.place:
            say.print(f"  at {error.place}", markup=False, soft_wrap=True)
        say.print(f"  {error.advice}", markup=False, soft_wrap=True)
        sys.exit(2)


def _ours(caught: BaseException) -> BaigongError | None:
    """Find our error in what was raised, also where tasks wrapped it."""
    while isinstance(caught, BaseExceptionGroup) and len(caught.exceptions) == 1:
        caught = caught.exceptions[0]
    return caught if isinstance(caught, BaigongError) else None


if __name__ == "__main__":
    main()
