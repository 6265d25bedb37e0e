"""The options of one broker, checked once."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from baigong.drivers.mqtt.mapping import Rule, parse_mapping
from baigong.drivers.mqtt.topics import topic_filter
from baigong.vocab.errors import FixConfiguration


@dataclass(slots=True, frozen=True)
class Settings:
    """See ``driver.toml``. ``context``: None without TLS."""

    host: str
    connect_to: tuple[str, ...]  # given by the gateway: addresses of the host, already judged
    port: int
    username: str
    password: str
    context: ssl.SSLContext | None
    topics: tuple[str, ...]
    discover: bool
    rules: tuple[Rule, ...]
    client_id: str
    qos: int
    version: str
    keep_alive_s: int
    timeout_s: float
    listen_s: float


def wrong(place: str, message: str) -> FixConfiguration:
    return FixConfiguration("driver.option", f"{place}: {message}", place=place)


def parse_settings(options: dict[str, Any]) -> Settings:
    """Check the options; driver.option names the one that is wrong."""
    topics = _topics(options.get("topics") or "")
    version = _choice(options, "version", ("auto", "5", "3.1.1"))
    qos = _integer(options, "qos", 1, 0, 1)
    client_id = _text(options, "client_id")
    if not client_id.isascii() or len(client_id) > 200:
        raise wrong("client_id", "at most 200 ASCII characters")
    return Settings(
        host=_text(options, "host"),
        connect_to=tuple(options.get("connect_to") or ()),
        port=_integer(options, "port", 1883, 1, 65_535),
        username=_text(options, "username"),
        password=_text(options, "password"),
        context=_context(options),
        topics=topics,
        discover=bool(topics) and options.get("discover") is not False,
        rules=parse_mapping(options.get("mapping")),
        client_id=client_id or _made_up(options),
        qos=qos,
        version=version,
        keep_alive_s=_integer(options, "keep_alive_s", 30, 1, 65_535),
        timeout_s=_number(options, "timeout_s", 5.0, 600.0),
        listen_s=_number(options, "listen_s", 2.0, 60.0),
    )


def _made_up(options: dict[str, Any]) -> str:
    """Make a client id that is the same after a restart."""
    parts = [str(options.get(name) or "") for name in ("host", "port", "username", "topics", "mapping")]
    return "baigong-" + blake2b("\0".join(parts).encode(), digest_size=8).hexdigest()


def _topics(raw: Any) -> tuple[str, ...]:
    lines = raw.splitlines() if isinstance(raw, str) else raw
    if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
        raise wrong("topics", "write one topic filter per line")
    try:
        return tuple(topic_filter(line.strip().encode()) for line in lines if line.strip())
    except FixConfiguration as error:
        raise wrong("topics", error.message) from error


class _Named(ssl.SSLContext):
    """A client's context that checks the certificate for the broker's name, whichever address is connected to."""

    _host: str

    def __new__(cls, host: str) -> _Named:
        made = super().__new__(cls, ssl.PROTOCOL_TLS_CLIENT)
        made._host = host
        return made

    def wrap_bio(
        self, incoming: Any, outgoing: Any, server_side: bool = False, server_hostname: Any = None, session: Any = None
    ) -> ssl.SSLObject:
        return super().wrap_bio(incoming, outgoing, server_side, self._host, session)


def _context(options: dict[str, Any]) -> ssl.SSLContext | None:
    if not options.get("tls"):
        return None
    try:
        context = _Named(_text(options, "host"))
        ca = _text(options, "ca")
        context.load_verify_locations(cadata=ca) if ca else context.load_default_certs()
    except (ssl.SSLError, ValueError) as error:
        raise wrong("ca", f"not a certificate in PEM: {error}") from error
    if options.get("tls_without_checking_the_certificate"):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _text(options: dict[str, Any], name: str) -> str:
    value = options.get(name) or ""
    if not isinstance(value, str):
        raise wrong(name, f"{value!r} is not text")
    return value


def _choice(options: dict[str, Any], name: str, choices: tuple[str, ...]) -> str:
    value = options.get(name, choices[0])
    if value not in choices:
        raise wrong(name, f"{value!r} is not one of {', '.join(choices)}")
    return str(value)


def _integer(options: dict[str, Any], name: str, default: int, low: int, high: int) -> int:
    value = options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise wrong(name, f"{value!r} is not a whole number from {low} to {high}")
    return value


def _number(options: dict[str, Any], name: str, default: float, high: float) -> float:
    value = options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= high:
        raise wrong(name, f"{value!r} is not a number above 0 and up to {high:g}")
    return float(value)
