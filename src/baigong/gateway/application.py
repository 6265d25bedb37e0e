"""Our OPC UA certificate, signed anew: the key is made here, the machines' authority signs, the links begin again."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from msgspec import Struct

from baigong.bus.contract import Bus
from baigong.gateway.fleet import Fleet
from baigong.gateway.identity import OwnCertificate
from baigong.gateway.roster import Change
from baigong.gateway.verbs import answering
from baigong.registry.serving import write_key
from baigong.security.certificates import application_uri, read_certificate
from baigong.stores.durable import replace_file
from baigong.vocab.errors import FixConfiguration

_BITS = 2048  # within the limits of all three policies, OPC 10000-7
_PEM, _DER = serialization.Encoding.PEM, serialization.Encoding.DER


class AskRequest(Struct, frozen=True, kw_only=True):
    """A question without words."""


class AskInstall(Struct, frozen=True, kw_only=True):
    certificate: str  # PEM


class Renewal:
    """One key at a time waits for its certificate; it is written when that has come."""

    def __init__(self, own: OwnCertificate) -> None:
        self._own = own
        self._key: rsa.RSAPrivateKey | None = None

    def request(self) -> dict[str, Any]:
        """Make a key and a request for it. The application keeps its URI: servers know it by that."""
        held = read_certificate(self._own.certificate.read_bytes())
        host = next(iter(held.hosts), socket.gethostname() or "localhost")
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Baigong")])
        asked = x509.CertificateSigningRequestBuilder().subject_name(name).sign(self._key, hashes.SHA256())
        uri = held.application_uri or application_uri(host)
        return {"csr": asked.public_bytes(_PEM).decode(), "uri": uri, "hosts": held.hosts or [host]}

    def install(self, certificate: str) -> None:
        """Put the pair in place; the one before is kept as ``client.before.*``."""
        key, made = self._key, x509.load_pem_x509_certificate(certificate.encode())
        if key is None or made.public_key() != key.public_key():
            raise FixConfiguration("driver.certificate", "this certificate is not for the key that was made last")
        folder = self._own.folder
        for name in ("client.der", "client.pem"):
            if (folder / name).exists():
                replace_file(folder / name.replace("client", "client.before"), (folder / name).read_bytes(), mode=0o644)
        write_key(folder / "client.before.key", self._own.key_pem(), self._own.sealed_with)
        plain = key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        write_key(self._own.key, plain, self._own.sealed_with)
        replace_file(folder / "client.pem", made.public_bytes(_PEM), mode=0o644)
        replace_file(self._own.certificate, made.public_bytes(_DER), mode=0o644)
        self._key = None


async def serve_renewal(bus: Bus, gateway: str, own: OwnCertificate, fleet: Fleet) -> None:
    """Answer ``gateway.<id>.certificate.request`` and ``.install`` until the bus closes."""
    renewal = Renewal(own)

    async def request(asked: AskRequest) -> Any:
        return await asyncio.to_thread(renewal.request)

    async def install(asked: AskInstall) -> Any:
        await asyncio.to_thread(renewal.install, asked.certificate)
        await fleet.change([Change(key=key, spec=spec, anew=True) for key, spec in fleet.showing_ours()])
        return {"ok": True}

    await bus.serve(f"gateway.{gateway}.certificate.request", answering(AskRequest, request))
    await bus.serve(f"gateway.{gateway}.certificate.install", answering(AskInstall, install))
