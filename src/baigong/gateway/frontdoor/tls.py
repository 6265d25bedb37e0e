"""The front door's certificate: made at the first start by our own small authority, or given as files."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from baigong.security.certificates import Pair, make_authority, make_server_certificate, read_certificate
from baigong.stores.durable import replace_file
from baigong.vocab.errors import FixConfiguration

_EARLY = timedelta(days=90)  # so long before its end a certificate of ours is made anew


class DoorCertificate:
    """``certificate`` and ``key`` given: these files (PEM, with the chain). Else ours, in ``folder``:
    ``mqtt-ca.pem``, which devices are given, and what it signs. Everything here blocks.
    """

    def __init__(
        self, folder: Path, hosts: Sequence[str], *, certificate: Path | None = None, key: Path | None = None
    ) -> None:
        if (certificate is None) != (key is None):
            raise FixConfiguration("config.invalid", "a certificate needs its key, and a key its certificate")
        self._folder = folder
        self._hosts = list(dict.fromkeys(hosts))
        self._is_given = certificate is not None
        self.certificate = certificate or folder / "mqtt-server.pem"
        self.key = key or folder / "mqtt-server.key"
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2

    def load(self) -> None:
        """Make what is missing or ends soon, and show it to clients that connect from now on."""
        if not self._is_given:
            self._ensure()
        try:
            self.context.load_cert_chain(self.certificate, self.key)
        except (OSError, ssl.SSLError) as error:
            raise FixConfiguration(
                "driver.certificate", f"MQTT cannot use {self.certificate}: {error}", place=str(self.certificate)
            ) from error

    def authority(self) -> str:
        """What a client has to trust, as PEM: our authority, or the file that was given."""
        return (self.certificate if self._is_given else self._folder / "mqtt-ca.pem").read_text()

    def names(self) -> list[str]:
        """The names and addresses under which a client may connect."""
        return read_certificate(self.certificate.read_bytes()).hosts

    def _ensure(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority, now = self._authority(), datetime.now(UTC)
        if self.certificate.exists() and self.key.exists():
            held = read_certificate(self.certificate.read_bytes())
            issuer = read_certificate(authority.certificate_pem).subject
            if set(self._hosts) <= set(held.hosts) and held.issuer == issuer and held.not_after - now > _EARLY:
                return
        made = make_server_certificate(authority, self._hosts, now)
        replace_file(self.key, made.key_pem, mode=0o600)
        replace_file(self.certificate, made.certificate_pem + authority.certificate_pem, mode=0o644)

    def _authority(self) -> Pair:
        certificate, key = self._folder / "mqtt-ca.pem", self._folder / "mqtt-ca.key"
        if certificate.exists() and key.exists():
            return Pair(certificate.read_bytes(), b"", key.read_bytes())
        made = make_authority(self._hosts[0], datetime.now(UTC))
        replace_file(key, made.key_pem, mode=0o600)
        replace_file(certificate, made.certificate_pem, mode=0o644)
        return made
