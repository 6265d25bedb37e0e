"""Options that several commands take: how people get in by HTTP, and machines by MQTT."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from baigong.cli.door import DoorSettings
from baigong.cli.web import WebSettings
from baigong.vocab.errors import FixConfiguration

if TYPE_CHECKING:
    from baigong.cli.opcuarole import OpcUaDoor

Mqtt = Annotated[int, typer.Option(help="MQTT front door; 0 lets the system choose")]
Mqtts = Annotated[
    int | None, typer.Option(help="MQTT over TLS; 0 lets the system choose, -1: none; default 8883, beside 1883 only")
]
PlainMqtt = Annotated[
    bool, typer.Option(help="speak MQTT without TLS beyond loopback too: passwords and values cross the network openly")
]
MqttCertificate = Annotated[
    Path | None, typer.Option(help="certificate of MQTT over TLS, with its chain (PEM); default: one of our own")
]
MqttKey = Annotated[Path | None, typer.Option(help="its private key (PEM)")]
MqttNames = Annotated[
    list[str] | None,
    typer.Option("--mqtt-name", help="a name devices know this machine by, for our own certificate"),
]
MqttNeed = Annotated[bool, typer.Option(help="over TLS nobody signs in to MQTT without a certificate of ours")]
Port = Annotated[int, typer.Option(help="console and API; 0 lets the system choose")]
Tls = Annotated[bool, typer.Option("--tls", help="HTTPS on loopback too; beyond loopback it is always on")]
TlsCert = Annotated[
    Path | None, typer.Option("--tls-cert", help="certificate of HTTPS, with its chain (PEM); default: one of our own")
]
TlsKey = Annotated[Path | None, typer.Option("--tls-key", help="its private key (PEM)")]
Names = Annotated[
    list[str] | None, typer.Option("--name", help="a name people know this machine by: for certificate and Host header")
]
Proxies = Annotated[
    list[str] | None, typer.Option("--proxy", help="address of a reverse proxy whose X-Forwarded headers are believed")
]
PlainHttp = Annotated[
    bool, typer.Option(help="speak HTTP without TLS beyond loopback: passwords and values cross the network openly")
]
OpcUa = Annotated[
    int | None,
    typer.Option(
        "--opcua-port",
        help="serve the assets by OPC UA here, usually 4840; 0 lets the system choose; default: not at all",
    ),
]
OpcUaHost = Annotated[str, typer.Option("--opcua-host", help="address of the OPC UA server")]
OpcUaAny = Annotated[
    bool,
    typer.Option(
        "--opcua-any-client-certificate",
        help="let OPC UA applications in that nobody trusted; people and programs still sign in",
    ),
]
NatsHost = Annotated[
    str, typer.Option(help="address of the embedded NATS server; beyond loopback it speaks TLS, for gateways elsewhere")
]
Host = Annotated[str, typer.Option(help="address to listen on; anything but loopback is seen by others")]


def opcua_door(port: int | None, host: str, any_client_certificate: bool) -> OpcUaDoor | None:
    """Read the options of our OPC UA server; None: there is none."""
    if port is None:
        return None
    from baigong.cli.opcuarole import OpcUaDoor

    return OpcUaDoor(port=port, host=host, any_client_certificate=any_client_certificate)


def opcua_arguments(port: int | None, host: str, any_client_certificate: bool) -> list[str]:
    """Write them as options of ``up``."""
    if port is None:
        return []
    words = ["--opcua-port", str(port), "--opcua-host", host]
    return [*words, *(["--opcua-any-client-certificate"] if any_client_certificate else [])]


def door_settings(
    host: str,
    port: int,
    tls_port: int | None,
    certificate: Path | None = None,
    key: Path | None = None,
    names: list[str] | None = None,
    plain_mqtt_is_read_by_the_network: bool = False,
    mqtt_needs_client_certificates: bool = False,
) -> DoorSettings:
    """Read the options of MQTT."""
    if mqtt_needs_client_certificates and plain_mqtt_is_read_by_the_network:
        raise FixConfiguration(
            "config.invalid", "plain MQTT knows no certificates: leave one of the two options away", place="mqtt"
        )
    if tls_port is None:  # beside a port somebody chose, 8883 may be another platform's
        tls_port = 8883 if port == 1883 else 0
    return DoorSettings(
        host=host,
        port=port,
        tls_port=None if tls_port < 0 else tls_port,
        certificate=certificate,
        key=key,
        names=tuple(names or ()),
        plain_mqtt_is_read_by_the_network=plain_mqtt_is_read_by_the_network,
        needs_client_certificates=mqtt_needs_client_certificates,
    )


def web_settings(
    host: str,
    port: int,
    tls: bool,
    certificate: Path | None,
    key: Path | None,
    names: list[str] | None,
    proxies: list[str] | None,
    plain_http_is_read_by_the_network: bool,
) -> WebSettings:
    """Read the options of console and API."""
    return WebSettings(
        host=host,
        port=port,
        tls=tls,
        certificate=certificate,
        key=key,
        names=tuple(names or ()),
        proxies=tuple(proxies or ()),
        plain_http_is_read_by_the_network=plain_http_is_read_by_the_network,
    )
