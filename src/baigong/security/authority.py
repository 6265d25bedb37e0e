"""The authority that says which machine is which: signs certificates for keys it never sees, and lists the revoked.

Who a certificate is for is its one URI, ``urn:baigong:TENANT:device:DEVICE``: never a name that whoever asked wrote
into the request. RSA, because OPC UA applications check chains with RSA and SHA-256 only (OPC 10000-7, Basic256Sha256);
machines' own keys are small ones. Pure: files, records and clocks are the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from baigong.security.certificates import KEY_USAGE_OF_APPLICATIONS, general_name, usage
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.ids import device_id, tenant_id

Reason = Literal[
    "unspecified",
    "key_compromise",
    "affiliation_changed",
    "superseded",
    "cessation_of_operation",
    "privilege_withdrawn",
]  # RFC 5280 §5.3.1, those that a person can mean
REASONS: tuple[Reason, ...] = get_args(Reason)
_KEY_BITS = 3072
_AUTHORITY_YEARS = 20  # it is copied into servers that nobody visits
_HINDSIGHT = timedelta(days=1)  # a machine's clock may be behind ours
_CRL_LIFE = timedelta(days=7)
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)
_PEM, _DER = serialization.Encoding.PEM, serialization.Encoding.DER
_PLAIN = serialization.NoEncryption()

MachineKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey | ed25519.Ed25519PublicKey


@dataclass(slots=True, frozen=True)
class Revoked:
    """One line of the list."""

    serial: int
    time: datetime
    reason: Reason


@dataclass(slots=True, frozen=True)
class Made:
    """A certificate, and the key if it was made here: that is in no other place."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey | None = None

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(_PEM).decode()

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(_DER)

    @property
    def key_pem(self) -> str | None:
        if self.key is None:
            return None
        return self.key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, _PLAIN).decode()


def machine_uri(tenant: str, device: str) -> str:
    """Name a machine as certificates do.

    >>> machine_uri("main", "press3")
    'urn:baigong:main:device:press3'
    """
    return f"urn:baigong:{tenant_id(tenant)}:device:{device_id(device)}"


def make_machine_authority(host: str, now: datetime) -> tuple[bytes, bytes]:
    """Make the authority of one installation: its certificate and its key, both PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=_KEY_BITS)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, f"Baigong machines@{host}"[:64]),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Baigong"),
        ]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _HINDSIGHT)
        .not_valid_after(now + timedelta(days=365.25 * _AUTHORITY_YEARS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage(key_cert_sign=True, crl_sign=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return made.public_bytes(_PEM), key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, _PLAIN)


class Authority:
    """Signs. Every call with a key costs about 2 ms of CPU."""

    def __init__(self, certificate_pem: bytes, key_pem: bytes) -> None:
        self.certificate = x509.load_pem_x509_certificate(certificate_pem)
        key = serialization.load_pem_private_key(key_pem, None)
        if not isinstance(key, rsa.RSAPrivateKey) or key.public_key() != self.certificate.public_key():
            raise FixConfiguration("driver.certificate", "the key of the machines' authority is not its own")
        self._key = key

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(_PEM).decode()

    def enrol(self, tenant: str, device: str, csr: str | None, now: datetime, until: datetime) -> Made:
        """Sign for one machine. ``csr``: its request, of which only the key is taken; None: a key is made too."""
        key = None if csr else ec.generate_private_key(ec.SECP256R1())
        public: MachineKey = key.public_key() if key else read_request(csr or "")
        names = [x509.UniformResourceIdentifier(machine_uri(tenant, device))]
        subject = x509.Name(
            [x509.NameAttribute(NameOID.COMMON_NAME, device), x509.NameAttribute(NameOID.ORGANIZATION_NAME, tenant)]
        )
        made = self._begun(subject, public, names, now, until).add_extension(
            usage(digital_signature=True, key_encipherment=isinstance(public, rsa.RSAPublicKey)), critical=True
        )
        return Made(self._signed(made), key)

    def admit_application(self, csr: str, uri: str, hosts: Sequence[str], now: datetime, until: datetime) -> Made:
        """Sign for our own OPC UA application: what OPC 10000-6 §6.2.2 asks of one, and the key that it made."""
        public = read_request(csr)
        if not isinstance(public, rsa.RSAPublicKey):
            raise FixConfiguration("driver.certificate", "an OPC UA application has an RSA key", place="csr")
        names = [x509.UniformResourceIdentifier(uri), *(general_name(h) for h in dict.fromkeys(hosts))]
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COMMON_NAME, f"Baigong@{hosts[0]}"[:64]),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Baigong"),
                x509.NameAttribute(NameOID.DOMAIN_COMPONENT, hosts[0]),
            ]
        )
        made = self._begun(subject, public, names, now, until)
        return Made(self._signed(made.add_extension(KEY_USAGE_OF_APPLICATIONS, critical=True)))

    def list_revoked(self, revoked: Iterable[Revoked], number: int, now: datetime) -> x509.CertificateRevocationList:
        """Sign the list of what is good no more. ``number``: higher with every list."""
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        made = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.certificate.subject)
            .last_update(now)
            .next_update(now + _CRL_LIFE)
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(signer, critical=False)
        )
        for one in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(one.serial).revocation_date(one.time)
            if one.reason != "unspecified":  # RFC 5280 §5.3.1: then the reason is left out
                entry = entry.add_extension(x509.CRLReason(_FLAGS[one.reason]), critical=False)
            made = made.add_revoked_certificate(entry.build())
        return made.sign(self._key, hashes.SHA256())

    def _begun(
        self, subject: x509.Name, public: MachineKey, names: Sequence[x509.GeneralName], now: datetime, until: datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.certificate.subject)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _HINDSIGHT)
            .not_valid_after(min(until, self.certificate.not_valid_after_utc))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        )

    def _signed(self, made: x509.CertificateBuilder) -> x509.Certificate:
        signer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return made.add_extension(signer, critical=False).sign(self._key, hashes.SHA256())


_FLAGS: dict[Reason, x509.ReasonFlags] = {
    "unspecified": x509.ReasonFlags.unspecified,
    "key_compromise": x509.ReasonFlags.key_compromise,
    "affiliation_changed": x509.ReasonFlags.affiliation_changed,
    "superseded": x509.ReasonFlags.superseded,
    "cessation_of_operation": x509.ReasonFlags.cessation_of_operation,
    "privilege_withdrawn": x509.ReasonFlags.privilege_withdrawn,
}


def read_request(csr: str) -> MachineKey:
    """Return the key in a signing request (PKCS 10, PEM) that proves to hold it. Raises driver.certificate."""
    try:
        asked = x509.load_pem_x509_csr(csr.encode())
        proven, public = asked.is_signature_valid, asked.public_key()
    except (ValueError, UnsupportedAlgorithm, InvalidSignature) as error:
        raise FixConfiguration("driver.certificate", f"this is no signing request: {error}", place="csr") from error
    if not proven:
        raise FixConfiguration("driver.certificate", "the request is not signed with its own key", place="csr")
    if isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, _CURVES):
        return public
    if isinstance(public, rsa.RSAPublicKey) and 2048 <= public.key_size <= 4096:
        return public
    if isinstance(public, ed25519.Ed25519PublicKey):
        return public
    raise FixConfiguration(
        "driver.certificate", "the key is none of P-256, P-384, P-521, Ed25519, RSA of 2048 to 4096 bits", place="csr"
    )


def bundle(made: Made, authority: x509.Certificate, name: str, password: str) -> bytes:
    """Pack certificate, key and authority as PKCS 12, under a password; for a key that was made here."""
    closed = serialization.BestAvailableEncryption(password.encode())
    return pkcs12.serialize_key_and_certificates(name.encode(), made.key, made.certificate, [authority], closed)
