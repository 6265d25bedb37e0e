"""How an operator lets machines in by MQTT."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from baigong.vocab.addresses import is_loopback


@dataclass(slots=True, frozen=True, kw_only=True)
class DoorSettings:
    """How machines get in by MQTT. Ports of 0 let the system choose; ``tls_port`` None: no TLS.

    Beyond loopback plain MQTT is not spoken, unless ``plain_mqtt_is_read_by_the_network``. ``certificate`` and
    ``key``: PEM files; else our own authority signs one for this machine's names, addresses and ``names``.
    """

    host: str = "127.0.0.1"
    port: int = 1883
    tls_port: int | None = 8883
    plain_mqtt_is_read_by_the_network: bool = False
    certificate: Path | None = None
    key: Path | None = None
    names: tuple[str, ...] = ()
    needs_client_certificates: bool = False  # over TLS; what is spoken on loopback only is not asked for one

    def arguments(self) -> list[str]:
        """Write the settings as options of ``baigong gateway``."""
        words = ["--mqtt-host", self.host, "--mqtt-port", str(self.port)]
        words += ["--mqtts-port", str(-1 if self.tls_port is None else self.tls_port)]
        for name, path in (("--mqtt-certificate", self.certificate), ("--mqtt-key", self.key)):
            words += [name, str(path)] if path else []
        for name in self.names:
            words += ["--mqtt-name", name]
        words += ["--mqtt-needs-client-certificates"] if self.needs_client_certificates else []
        return [*words, *(["--plain-mqtt-is-read-by-the-network"] if self.plain_mqtt_is_read_by_the_network else [])]

    @property
    def plain_host(self) -> str:
        """Where plain MQTT listens."""
        return self.host if self.plain_mqtt_is_read_by_the_network or is_loopback(self.host) else "127.0.0.1"
