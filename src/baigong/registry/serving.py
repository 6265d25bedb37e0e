"""Certificates of our own listeners: made at the first start by this installation's authority, or given as files."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from baigong.security.certificates import (
    CertificateFacts,
    Pair,
    make_authority,
    make_server_certificate,
    read_certificate,
)
from baigong.stores.durable import replace_file
from baigong.vocab.errors import FixConfiguration

AUTHORITY = "mqtt-ca.pem"  # one for all listeners; devices have trusted it under this name since the first release
_AUTHORITY_KEY = "mqtt-ca.key"
_EARLY = timedelta(days=90)  # so long before its end a certificate of ours is made anew

Stamp = tuple[tuple[int, int], tuple[int, int]]


class ServerCertificate:
    """``certificate`` and ``key`` given: these files (PEM, with the chain). Else ours, ``<name>.pem`` in ``folder``.

    ``passphrase`` closes the private keys that we keep; a given key is left as it is. Everything here blocks.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        hosts: Sequence[str],
        *,
        certificate: Path | None = None,
        key: Path | None = None,
        passphrase: bytes | None = None,
    ) -> None:
        if (certificate is None) != (key is None):
            raise FixConfiguration("config.invalid", "a certificate needs its key, and a key its certificate")
        self._folder = folder
        self._hosts = list(dict.fromkeys(hosts))
        self._passphrase = passphrase
        self._stamp: Stamp | None = None
        self.is_given = certificate is not None
        self.certificate = certificate or folder / f"{name}.pem"
        self.key = key or folder / f"{name}.key"
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2

    def load(self) -> bool:
        """Make what is missing or ends soon; show what changed to clients that connect from now on, and say so.

        Raises tls.certificate for files that cannot be used: what was shown before stays.
        """
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.is_given:
            self._ensure()
        try:
            stamp = (_stamp(self.certificate), _stamp(self.key))
            if stamp == self._stamp:
                return False
            # tried apart: half of a new pair must not spoil the context that serves
            fresh = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            for context in (fresh, self.context):
                context.load_cert_chain(self.certificate, self.key, password=self._passphrase or b"")
        except (OSError, ssl.SSLError) as error:
            raise FixConfiguration(
                "tls.certificate", f"{self.certificate} cannot be used: {error}", place=str(self.certificate)
            ) from error
        self._stamp = stamp
        # programs of who may read this folder trust exactly what is shown, whatever names it is for
        replace_file(self._folder / "shown.pem", self.certificate.read_bytes(), mode=0o644)
        return True

    def authority(self) -> CertificateFacts:
        """Tell of what a client has to trust: our authority, or the certificate that was given."""
        path = self.certificate if self.is_given else self._folder / AUTHORITY
        return read_certificate(path.read_bytes())

    def facts(self) -> CertificateFacts:
        return read_certificate(self.certificate.read_bytes())

    def _ensure(self) -> None:
        authority, now = open_authority(self._folder, self._hosts[0], self._passphrase), datetime.now(UTC)
        if self.certificate.exists() and self.key.exists():
            held = self.facts()
            issuer = read_certificate(authority.certificate_pem).subject
            if set(self._hosts) <= set(held.hosts) and held.issuer == issuer and held.not_after - now > _EARLY:
                return
        made = make_server_certificate(authority, self._hosts, now)
        replace_file(self.key, close_key(made.key_pem, self._passphrase), mode=0o600)
        replace_file(self.certificate, made.certificate_pem + authority.certificate_pem, mode=0o644)


def open_authority(folder: Path, host: str, passphrase: bytes | None = None) -> Pair:
    """Return this installation's authority with its key open; made at the first use. A key kept open is closed."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    certificate, key = folder / AUTHORITY, folder / _AUTHORITY_KEY
    if certificate.exists() and key.exists():
        kept = key.read_bytes()
        plain = open_key(kept, passphrase, key)
        if passphrase and plain == kept:
            replace_file(key, close_key(plain, passphrase), mode=0o600)
        return Pair(certificate.read_bytes(), b"", plain)
    made = make_authority(host, datetime.now(UTC))
    replace_file(key, close_key(made.key_pem, passphrase), mode=0o600)
    replace_file(certificate, made.certificate_pem, mode=0o644)
    return made


def close_key(pem: bytes, passphrase: bytes | None) -> bytes:
    """Encrypt a private key (PKCS 8, PEM); None leaves it as it is."""
    if not passphrase:
        return pem
    held = serialization.load_pem_private_key(pem, None)
    closed = serialization.BestAvailableEncryption(passphrase)
    return held.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, closed)


def open_key(pem: bytes, passphrase: bytes | None, place: Path) -> bytes:
    """Return a private key as PKCS 8 without encryption; raises secret.closed when the passphrase is another's."""
    if b"ENCRYPTED" not in pem:
        return pem
    try:
        held = serialization.load_pem_private_key(pem, passphrase)
    except (TypeError, ValueError) as error:
        raise FixConfiguration(
            "secret.closed", f"{place.name} was closed with another key", place=str(place)
        ) from error
    return held.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_ino
