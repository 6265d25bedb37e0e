"""How machines get in by MQTT: where, what they have to trust, and a command that shows it."""

from __future__ import annotations

import shlex
from typing import Any

from msgspec import Struct
from msgspec.structs import replace
from starlette.responses import Response

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.security.certificates import read_certificate
from baigong.vocab.errors import FixConfiguration, RetryLater

_PEM = "application/x-pem-file"
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


class MqttQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``device``: whose user name the commands are to show."""

    gateway: str = "local"
    device: str = ""


class MqttWay(Struct, frozen=True, kw_only=True):
    """Ports are null where nobody listens. ``plain_host``: plain MQTT is spoken only there.

    ``names``: what the certificate is for; ``host`` is one of them where that could be found out. ``commands``: what
    a person types to try it, with TLS and without, or with a certificate; the password is theirs to fill in.
    """

    host: str
    port: int | None
    plain_host: str
    tls_port: int | None
    certificates: str  # "required" or "optional": whether a client has to show one; empty: no TLS
    names: list[str]
    authority: str  # PEM, what a client has to trust; also at /mqtt/ca.pem
    authority_sha256: str
    commands: dict[str, str]


def operations(rooms: Rooms) -> list[Operation]:
    def facts(gateway: str) -> dict[str, Any]:
        if gateway not in rooms.pulse.health and gateway != "local":
            raise FixConfiguration("http.not_found", f"there is no gateway {gateway!r}", place="gateway")
        told = rooms.pulse.health.get(gateway, {}).get("mqtt") if rooms.pulse.alive(gateway) else None
        if not isinstance(told, dict) or not (told.get("port") or told.get("tls_port")):
            raise RetryLater("gateway.down", f"gateway {gateway!r} has no MQTT front door open now", place=gateway)
        return told

    async def way(call: Call) -> Any:
        told = facts(call.query.gateway)
        names = [str(name) for name in told.get("names") or []]
        host = _host(str(told.get("host") or "127.0.0.1"), call.request.url.hostname or "", names)
        held = rooms.registry.credentials.of_tenant(call.tenant, call.query.device) if call.query.device else []
        user = held[0].username if held else call.query.device or "USER"
        authority = str(told.get("authority") or "")
        made = MqttWay(
            host=host,
            port=told.get("port"),
            plain_host=str(told.get("plain_host") or host),
            tls_port=told.get("tls_port"),
            certificates=str(told.get("certificates") or ""),
            names=names,
            authority=authority,
            authority_sha256=read_certificate(authority.encode()).sha256 if authority else "",
            commands={},
        )
        return _with_commands(made, user, call.query.device or "DEVICE")

    async def pem(call: Call) -> Any:
        authority = str(facts(call.query.gateway).get("authority") or "")
        if not authority:
            raise FixConfiguration("http.not_found", "this front door speaks no TLS")
        headers = {"Content-Disposition": 'attachment; filename="baigong-mqtt-ca.pem"'}
        return Response(authority, media_type=_PEM, headers=headers)

    return [
        Operation("GET", "/mqtt", "How machines connect by MQTT", way, query=MqttQuery, answer=MqttWay),
        Operation(
            "GET", "/mqtt/ca.pem", "What machines have to trust for MQTT over TLS", pem, query=MqttQuery,
            gives=(_PEM,),
        ),
    ]  # fmt: skip


def _host(bound: str, asked: str, names: list[str]) -> str:
    """Name the machine as clients may: where it listens everywhere, as the person came here."""
    if bound not in _EVERYWHERE:
        return bound
    return asked if asked in names or not names else names[0]


def _with_commands(way: MqttWay, user: str, device: str) -> MqttWay:
    def command(host: str, port: int, *trust: str, who: tuple[str, ...] = ("-u", user, "-P", "PASSWORD")) -> str:
        words = ["mosquitto_pub", "-V", "mqttv311", "-h", host, "-p", str(port), *trust, *who]
        words += ["-q", "1", "-t", f"{device}/data", "-m", '{"temperature": 21.5}']
        return shlex.join(words)

    commands = {}
    if way.tls_port:
        trust = ("--cafile", "baigong-mqtt-ca.pem")
        commands["tls"] = command(way.host, way.tls_port, *trust)
        mine = ("--cert", f"{device}.pem", "--key", f"{device}.key")
        commands["certificate"] = command(way.host, way.tls_port, *trust, who=mine)
    if way.port:
        commands["plain"] = command(way.plain_host if way.plain_host not in _EVERYWHERE else way.host, way.port)
    return replace(way, commands=commands)
