"""Our self-signed OPC UA application certificate, and our small authority for listeners: made, read; pure, files
are the caller's.

OPC 10000-6 §6.2.2 asks for: the application URI as the one URI in subjectAltName (the session repeats it), the
host names, key usages, and client authentication as extended use. Servers refuse one that lacks any of these.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from baigong.vocab.errors import FixConfiguration

_KEY_BITS = 2048  # within the limits of all three policies: Basic256Sha256 and its successors, 2048 to 4096
_YEARS = 10  # factories do not renew certificates on Sundays; the console warns before it ends
_AUTHORITY_YEARS = 20  # it is copied into devices that nobody visits
_PEM = serialization.Encoding.PEM
_HINDSIGHT = timedelta(days=1)  # the PLC's clock may be behind ours


@dataclass(slots=True, frozen=True)
class Pair:
    """A certificate (PEM and DER) and its private key (PEM, PKCS 8, unencrypted: keep the file at mode 600)."""

    certificate_pem: bytes
    certificate_der: bytes
    key_pem: bytes


@dataclass(slots=True, frozen=True)
class CertificateFacts:
    """What the console shows of a certificate, and what a person compares with the server's screen."""

    subject: str
    issuer: str
    application_uri: str
    hosts: list[str]
    not_before: datetime
    not_after: datetime
    sha256: str
    sha1: str  # the thumbprint that Windows tools show; never used to decide anything


def application_uri(host: str) -> str:
    """Name this installation: the URI that certificate and session share.

    >>> application_uri("plant-server")
    'urn:plant-server:baigong'
    """
    return f"urn:{host}:baigong"


def make_certificate(
    host: str,
    now: datetime,
    *,
    uri: str = "",
    name: str = "Baigong",
    organisation: str = "Baigong",
    addresses: list[str] | None = None,
    server: bool = False,
    years: float = _YEARS,
) -> Pair:
    """Make a key and a self-signed certificate, valid from the day before ``now`` (aware).

    ``addresses``: further host names or IP addresses. ``server``: also good for serving (simulator).
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    subject = _subject(host, name, organisation)
    hosts = [general_name(h) for h in dict.fromkeys([host, *(addresses or [])])]
    names = [x509.UniformResourceIdentifier(uri or application_uri(host)), *hosts]
    uses = [ExtendedKeyUsageOID.CLIENT_AUTH] + ([ExtendedKeyUsageOID.SERVER_AUTH] if server else [])
    public = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _HINDSIGHT)
        .not_valid_after(now + timedelta(days=365.25 * years))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(KEY_USAGE_OF_APPLICATIONS, critical=True)
        .add_extension(x509.ExtendedKeyUsage(uses), critical=False)
        .add_extension(public, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(public), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Pair(
        made.public_bytes(_PEM),
        made.public_bytes(serialization.Encoding.DER),
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def make_authority(host: str, now: datetime) -> Pair:
    """Make our own small authority: its certificate goes to devices, its key signs what our listeners show them."""
    key = ec.generate_private_key(ec.SECP256R1())
    signs = usage(key_cert_sign=True, crl_sign=True)
    name = _subject(host, "Baigong devices", "Baigong")
    made = _builder(name, name, key.public_key(), now, _AUTHORITY_YEARS).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    return _pair(made.add_extension(signs, critical=True).sign(key, hashes.SHA256()), key)


def make_server_certificate(authority: Pair, hosts: Sequence[str], now: datetime, *, years: float = 2.0) -> Pair:
    """Make a certificate for a TLS listener with these names and addresses, signed by our authority."""
    issuer = x509.load_pem_x509_certificate(authority.certificate_pem)
    signing = serialization.load_pem_private_key(authority.key_pem, None)
    if not isinstance(signing, ec.EllipticCurvePrivateKey):
        raise FixConfiguration("driver.certificate", "the key of our authority is not one that we made")
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        _builder(_subject(hosts[0], "Baigong MQTT", "Baigong"), issuer.subject, key.public_key(), now, years)
        .add_extension(x509.SubjectAlternativeName([general_name(h) for h in dict.fromkeys(hosts)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
    )
    return _pair(made.sign(signing, hashes.SHA256()), key)


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime, years: float
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _HINDSIGHT)
        .not_valid_after(now + timedelta(days=365.25 * years))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _pair(made: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> Pair:
    return Pair(
        made.public_bytes(_PEM),
        made.public_bytes(serialization.Encoding.DER),
        key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def usage(
    *,
    digital_signature: bool = False,
    key_encipherment: bool = False,
    key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    """Say what a key is for; what is not named, it is not for."""
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=False,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _subject(host: str, name: str, organisation: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"{name}@{host}"[:64]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.DOMAIN_COMPONENT, host),
        ]
    )


# OPC 10000-6 §6.2.2: digitalSignature, nonRepudiation, keyEncipherment, dataEncipherment; keyCertSign because the
# certificate signs itself, which open62541 and OPC Foundation stacks check.
KEY_USAGE_OF_APPLICATIONS = x509.KeyUsage(
    digital_signature=True,
    content_commitment=True,
    key_encipherment=True,
    data_encipherment=True,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def general_name(host: str) -> x509.GeneralName:
    """Write a host as an address if it is one, else as a name."""
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def load_certificate(raw: bytes) -> x509.Certificate:
    """Read PEM or DER; raises driver.certificate for anything else."""
    try:
        return x509.load_pem_x509_certificate(raw) if b"-----BEGIN" in raw else x509.load_der_x509_certificate(raw)
    except ValueError as error:
        raise FixConfiguration("driver.certificate", f"this is no certificate: {error}") from error


def read_certificate(raw: bytes) -> CertificateFacts:
    """Read PEM or DER; raises driver.certificate for anything else."""
    return facts_of(load_certificate(raw))


def facts_of(made: x509.Certificate) -> CertificateFacts:
    """Say of a certificate what people compare. Raises ValueError for extensions that nobody can read."""
    try:
        names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = x509.SubjectAlternativeName([])
    der = made.public_bytes(serialization.Encoding.DER)
    uris = names.get_values_for_type(x509.UniformResourceIdentifier)
    hosts = names.get_values_for_type(x509.DNSName) + [str(a) for a in names.get_values_for_type(x509.IPAddress)]
    return CertificateFacts(
        subject=made.subject.rfc4514_string(),
        issuer=made.issuer.rfc4514_string(),
        application_uri=uris[0] if uris else "",
        hosts=hosts,
        not_before=made.not_valid_before_utc,
        not_after=made.not_valid_after_utc,
        sha256=hashlib.sha256(der).hexdigest(),
        sha1=hashlib.sha1(der).hexdigest(),  # noqa: S324 - shown, not trusted
    )
