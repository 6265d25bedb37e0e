"""Certificates of our own listeners: made at the first start by this installation's authority, or given as files."""

from __future__ import annotations

import secrets
import ssl
import tempfile
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
from baigong.security.envelope import Key, close, is_closed, open_envelope
from baigong.stores.durable import replace_file
from baigong.vocab.errors import FixConfiguration

AUTHORITY = "mqtt-ca.pem"  # one for all listeners; devices have trusted it under this name since the first release
_AUTHORITY_KEY = "mqtt-ca.key"
_EARLY = timedelta(days=90)  # so long before its end a certificate of ours is made anew

Stamp = tuple[tuple[int, int], tuple[int, int]]


class ServerCertificate:
    """``certificate`` and ``key`` given: these files (PEM, with the chain). Else ours, ``<name>.pem`` in ``folder``.

    ``sealed_with`` closes the private keys that we keep; a given key is left as it is. Everything here blocks.
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        hosts: Sequence[str],
        *,
        certificate: Path | None = None,
        key: Path | None = None,
        sealed_with: Key | None = None,
    ) -> None:
        if (certificate is None) != (key is None):
            raise FixConfiguration("config.invalid", "a certificate needs its key, and a key its certificate")
        self.folder = folder
        self._hosts = list(dict.fromkeys(hosts))
        self._sealed_with = sealed_with
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
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.is_given:
            self._ensure()
        try:
            stamp = (_stamp(self.certificate), _stamp(self.key))
            if stamp == self._stamp:
                return False
            # tried apart: half of a new pair must not spoil the context that serves
            fresh = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            for context in (fresh, self.context):
                if self.is_given:
                    context.load_cert_chain(self.certificate, self.key, password=b"")
                else:
                    _load(context, self.certificate, read_key(self.key, self._sealed_with))
        except (OSError, ValueError, ssl.SSLError) as error:
            raise FixConfiguration(
                "tls.certificate", f"{self.certificate} cannot be used: {error}", place=str(self.certificate)
            ) from error
        self._stamp = stamp
        return True

    def authority(self) -> CertificateFacts:
        """Tell of what a client has to trust: our authority, or the certificate that was given."""
        path = self.certificate if self.is_given else self.folder / AUTHORITY
        return read_certificate(path.read_bytes())

    def facts(self) -> CertificateFacts:
        return read_certificate(self.certificate.read_bytes())

    def _ensure(self) -> None:
        authority, now = open_authority(self.folder, self._hosts[0], self._sealed_with), datetime.now(UTC)
        if self.certificate.exists() and self.key.exists():
            held = self.facts()
            issuer = read_certificate(authority.certificate_pem).subject
            if set(self._hosts) <= set(held.hosts) and held.issuer == issuer and held.not_after - now > _EARLY:
                return
        made = make_server_certificate(authority, self._hosts, now)
        write_key(self.key, made.key_pem, self._sealed_with)
        replace_file(self.certificate, made.certificate_pem + authority.certificate_pem, mode=0o644)


def open_authority(folder: Path, host: str, sealed_with: Key | None = None) -> Pair:
    """Return this installation's authority with its key open; made at the first use. A key kept open is closed."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    certificate, key = folder / AUTHORITY, folder / _AUTHORITY_KEY
    if certificate.exists() and key.exists():
        return Pair(certificate.read_bytes(), b"", read_key(key, sealed_with))
    made = make_authority(host, datetime.now(UTC))
    write_key(key, made.key_pem, sealed_with)
    replace_file(certificate, made.certificate_pem, mode=0o644)
    return made


def write_key(path: Path, pem: bytes, key: Key | None) -> None:
    """Write a private key for us alone; in an envelope when there is a key for it."""
    text = pem.decode() if key is None else close(pem.decode(), key, _purpose(path)) + "\n"
    replace_file(path, text, mode=0o600)


def read_key(path: Path, key: Key | None) -> bytes:
    """Return a private key (PEM); one that lay open is closed. Raises secret.closed without its key."""
    text = path.read_text("ascii").strip()
    if not is_closed(text):
        if key is not None:
            write_key(path, f"{text}\n".encode(), key)
        return f"{text}\n".encode()
    if key is None:
        raise FixConfiguration("secret.closed", "there is no key to open it with", place=str(path))
    return open_envelope(text, key, _purpose(path)).encode()


def _purpose(path: Path) -> str:
    return f"installation/{path.name}"


def _load(context: ssl.SSLContext, certificate: Path, pem: bytes) -> None:
    """Hand a key to OpenSSL, which takes files only: it lies there closed, under a word that nobody keeps."""
    word = secrets.token_bytes(32).hex().encode()
    held = serialization.load_pem_private_key(pem, None)
    closed = held.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(word)
    )
    with tempfile.TemporaryDirectory(prefix="baigong-") as folder:
        path = Path(folder) / "key"
        replace_file(path, closed, mode=0o600, durable=False)
        context.load_cert_chain(certificate, path, password=word)


def _stamp(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_mtime_ns, status.st_ino
