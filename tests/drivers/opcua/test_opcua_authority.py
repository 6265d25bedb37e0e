"""Servers that trust nobody but the machines' authority: they let in what it signed, and the next one too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asyncua.crypto.truststore import TrustStore
from asyncua.crypto.validator import CertificateValidator, CertificateValidatorOptions
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from baigong.drivers.contract import Wanted
from baigong.drivers.opcua.driver import OpcUaDriver
from baigong.drivers.opcua.machine import SimNode, SimTypes
from baigong.drivers.opcua.sim import OpcUaSim
from baigong.security.authority import Authority, Made, Revoked, make_machine_authority
from baigong.security.certificates import read_certificate
from baigong.vocab.errors import FixConfiguration

URI = "urn:our-gateway:baigong"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority(*make_machine_authority("plant", datetime.now(UTC)))


def issued(authority: Authority, folder: Path, name: str) -> tuple[Made, dict[str, str]]:
    """Make a key and have it signed, as a gateway does; returns the certificate and the driver's options."""
    key, now = rsa.generate_private_key(public_exponent=65537, key_size=2048), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "anything")])
    csr = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    pem = csr.public_bytes(serialization.Encoding.PEM).decode()
    made = authority.admit_application(pem, URI, ["our-gateway"], now, now + timedelta(days=700))
    plain = serialization.NoEncryption()
    certificate, private = folder / f"{name}.der", folder / f"{name}.key"
    certificate.write_bytes(made.der)
    private.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return made, {"certificate": str(certificate), "private_key": str(private)}


async def value(options: dict[str, Any], address: str) -> float:
    async with OpcUaDriver(options) as driver:
        made: float = (await driver.read([Wanted(1, address)]))["value"][0].as_py()
        return made


def test_it_says_what_opc_ua_asks_for(authority: Authority, tmp_path: Path) -> None:
    made, _ = issued(authority, tmp_path, "first")
    facts = read_certificate(made.der)
    assert (facts.application_uri, facts.hosts) == (URI, ["our-gateway"])
    assert facts.issuer == authority.certificate.subject.rfc4514_string()
    assert isinstance(made.certificate.public_key(), rsa.RSAPublicKey)
    assert made.certificate.signature_algorithm_oid == x509.SignatureAlgorithmOID.RSA_WITH_SHA256


async def test_node_opcua_trusts_the_authority_alone(
    authority: Authority, foreign: Callable[..., Any], own: Any, tmp_path: Path
) -> None:
    for folder, name, raw in (
        ("issuers/certs", "ca.pem", authority.pem.encode()),
        ("trusted/certs", "ca.pem", authority.pem.encode()),
        ("issuers/crl", "ca.crl.pem", _crl(authority, [])),
    ):
        (tmp_path / "pki" / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / "pki" / folder / name).write_bytes(raw)
    server = foreign(strict=True)
    pin = {"security_policy": "Basic256Sha256", "server_fingerprint": _fingerprint(server.certificate)}
    secured = server.options | pin
    with pytest.raises(FixConfiguration) as caught:
        await value(secured | own.options, "ns=1;s=Machine.Temp")  # it signed itself
    assert caught.value.code == "driver.certificate"
    for name in ("first", "second"):  # the second without a hand on the server
        _, options = issued(authority, tmp_path, name)
        assert await value(secured | options, "ns=1;s=Machine.Temp") == 36.6


async def test_asyncua_trusts_the_authority_alone(authority: Authority, own: Any, theirs: Any, tmp_path: Path) -> None:
    trusted, lists = tmp_path / "trusted", tmp_path / "crl"
    trusted.mkdir()
    lists.mkdir()
    (trusted / "ca.der").write_bytes(authority.certificate.public_bytes(serialization.Encoding.DER))
    revoked, withdrawn = issued(authority, tmp_path, "revoked")
    (lists / "ca.crl.der").write_bytes(_crl(authority, [revoked], serialization.Encoding.DER))
    store = TrustStore([trusted], [lists])
    await store.load()
    strict = CertificateValidator(CertificateValidatorOptions.TRUSTED_VALIDATION, store)
    nodes = {"nodes": [SimNode("M.T", 4.5)], "types": SimTypes()}
    async with OpcUaSim(**nodes, certificate=theirs.certificate, private_key=theirs.private_key) as sim:
        sim.server.set_certificate_validator(strict)
        secured = {"url": sim.url, "security_policy": "Basic256Sha256", "server_fingerprint": theirs.sha256}
        for refused in (own.options, withdrawn):
            with pytest.raises(FixConfiguration) as caught:
                await value(secured | refused, "ns=2;s=M.T")
            assert caught.value.code == "driver.certificate"
        for name in ("first", "second"):
            _, options = issued(authority, tmp_path, name)
            assert await value(secured | options, "ns=2;s=M.T") == 4.5


def _crl(authority: Authority, revoked: list[Made], form: serialization.Encoding = serialization.Encoding.PEM) -> bytes:
    now = datetime.now(UTC)
    lines = [Revoked(m.certificate.serial_number, now, "key_compromise") for m in revoked]
    return authority.list_revoked(lines, 1, now).public_bytes(form)


def _fingerprint(path: Path) -> str:
    return read_certificate(path.read_bytes()).sha256
