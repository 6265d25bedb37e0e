"""Security of the channel: our certificate, the choice of endpoint, and whether theirs is to be trusted.

Nothing is trusted silently. Theirs is accepted when its SHA-256 is the option ``server_fingerprint``, or when
it lies in ``trust_folder/trusted``, or on first use when the longer-named option says so. Otherwise it is put
into ``trust_folder/waiting`` and the error tells the fingerprint.
"""

from __future__ import annotations

import asyncio
import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asyncua import Client, ua
from asyncua.client.client import _first_cert_from_chain
from asyncua.crypto import security_policies as sp
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from baigong.drivers.opcua.faults import translated
from baigong.drivers.opcua.settings import Settings
from baigong.vocab.errors import FixConfiguration

_POLICIES = {
    "Basic256Sha256": sp.SecurityPolicyBasic256Sha256,
    "Aes128Sha256RsaOaep": sp.SecurityPolicyAes128Sha256RsaOaep,
    "Aes256Sha256RsaPss": sp.SecurityPolicyAes256Sha256RsaPss,
}
_NONE_URI = sp.SecurityPolicyNone.URI


async def secure(client: Client, settings: Settings) -> None:
    """Give the client its application URI, policy and keys; asks the server for its endpoints when secured.

    Raises driver.certificate (theirs unknown, ours unreadable or expired) or driver.option (not offered).
    """
    if settings.policy == "None":
        return
    own, key = await asyncio.to_thread(_own, settings)
    client.application_uri = application_uri(own)
    with translated(settings.place, "asking for the server's endpoints"):
        endpoints = await client.connect_and_get_server_endpoints()
    chosen = _choose(endpoints, settings)
    theirs = _first_cert_from_chain(chosen.ServerCertificate or b"")
    if not theirs:
        raise FixConfiguration("driver.certificate", "the server shows no certificate", place=settings.place)
    await asyncio.to_thread(check_trust, theirs, settings)
    with translated(settings.place, "reading the server's certificate"):
        policy = _POLICIES[settings.policy](
            x509.load_der_x509_certificate(theirs), own, key, ua.MessageSecurityMode[settings.mode]
        )
    client.security_policy = policy
    client.uaclient.set_security(policy)


def _own(settings: Settings) -> tuple[x509.Certificate, RSAPrivateKey]:
    """Read our certificate and key, PEM or DER."""
    try:
        raw = Path(settings.certificate).read_bytes()
        certificate = x509.load_pem_x509_certificate(raw) if b"-----" in raw else x509.load_der_x509_certificate(raw)
        given = settings.private_key
        raw = given.encode() if given.startswith("-----") else Path(given).read_bytes()
        load = serialization.load_pem_private_key if b"-----" in raw else serialization.load_der_private_key
        key = load(raw, password=None)
    except OSError as error:
        raise FixConfiguration("driver.certificate", f"our certificate cannot be read: {error}") from error
    except (ValueError, TypeError) as error:
        raise FixConfiguration("driver.certificate", f"our certificate or key is broken: {error}") from error
    if not isinstance(key, RSAPrivateKey):
        raise FixConfiguration("driver.certificate", "our key is not RSA, which these policies need")
    if certificate.not_valid_after_utc < datetime.now(UTC):
        raise FixConfiguration("driver.certificate", f"our certificate expired on {certificate.not_valid_after_utc:%F}")
    return certificate, key


def application_uri(certificate: x509.Certificate) -> str:
    """Return the URI in the certificate, which the session must repeat (OPC 10000-4 §6.1.3)."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        names = None
    uris = names.get_values_for_type(x509.UniformResourceIdentifier) if names else []
    if not uris:
        raise FixConfiguration("driver.certificate", "our certificate names no application URI (subjectAltName)")
    return str(uris[0])


def _choose(endpoints: list[ua.EndpointDescription], settings: Settings) -> ua.EndpointDescription:
    uri = _POLICIES[settings.policy].URI
    mode = ua.MessageSecurityMode[settings.mode]
    for endpoint in endpoints:
        if endpoint.SecurityMode == mode and endpoint.SecurityPolicyUri == uri:
            return endpoint
    offered = sorted(
        {
            "None"
            if e.SecurityPolicyUri == _NONE_URI
            else f"{str(e.SecurityPolicyUri).rpartition('#')[2]}/{e.SecurityMode.name}"
            for e in endpoints
        }
    )
    raise FixConfiguration(
        "driver.option",
        f"the server does not offer {settings.policy}/{settings.mode}; it offers {', '.join(offered) or 'nothing'}",
        place="security_policy",
    )


def describe(der: bytes) -> dict[str, Any]:
    """Say what a person needs to compare a certificate with the one on the server's screen."""
    made: dict[str, Any] = {"sha256": hashlib.sha256(der).hexdigest(), "sha1": hashlib.sha1(der).hexdigest()}  # noqa: S324 - shown, not trusted
    try:
        certificate = x509.load_der_x509_certificate(der)
        made |= {
            "subject": certificate.subject.rfc4514_string(),
            "issuer": certificate.issuer.rfc4514_string(),
            "valid_until": f"{certificate.not_valid_after_utc:%F}",
        }
    except ValueError:
        made["subject"] = "unreadable"
    return made


def check_trust(der: bytes, settings: Settings) -> None:
    """Raise driver.certificate unless the server's certificate is pinned, trusted, or the first and allowed to be."""
    found = describe(der)
    if settings.server_fingerprint:
        if found["sha256"] == settings.server_fingerprint:
            return
        raise _untrusted(
            found, settings, f"the server shows another certificate than the pinned {settings.server_fingerprint}"
        )
    if not settings.trust_folder:
        raise _untrusted(found, settings, "the server's certificate is not trusted yet")
    name = settings.place.translate(str.maketrans(":/\\[]", "_____"))
    pinned = Path(settings.trust_folder, "trusted", f"{name}.der")
    if pinned.exists():
        if pinned.read_bytes() == der:
            return
        _keep(Path(settings.trust_folder, "waiting", f"{name}.der"), der)
        raise _untrusted(found, settings, "the server's certificate has changed since it was trusted")
    if settings.trust_first_use:
        _keep(pinned, der)
        return
    _keep(Path(settings.trust_folder, "waiting", f"{name}.der"), der)
    raise _untrusted(found, settings, "the server's certificate is not trusted yet")


def _keep(path: Path, der: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(der)
    except OSError as error:
        raise FixConfiguration(
            "driver.option", f"the trust folder cannot be written: {error}", place="trust_folder"
        ) from error


def _untrusted(found: dict[str, Any], settings: Settings, why: str) -> FixConfiguration:
    waits = " It waits in the company's folder on the gateway (servers/waiting)." if settings.trust_folder else ""
    return FixConfiguration(
        "driver.certificate",
        f"{why}: {found['subject']}, SHA-256 {found['sha256']}.{waits} Compare it with the server's own screen, "
        f"then set server_fingerprint to this SHA-256",
        place=settings.place,
        **found,
    )


def check_password(client: Client, settings: Settings) -> None:
    """Refuse to send a password that anyone on the network could read, unless the long option says so.

    Called between CreateSession, which tells how the server wants it, and ActivateSession.
    """
    if not settings.password or settings.password_in_clear:
        return
    if client.security_policy.Mode == ua.MessageSecurityMode.SignAndEncrypt:
        return
    wanted = client.server_policy(ua.UserTokenType.UserName).SecurityPolicyUri
    if not wanted or wanted == _NONE_URI:
        raise FixConfiguration(
            "driver.credentials",
            "the server would take the password unencrypted: choose a security policy with SignAndEncrypt, or set "
            "sign_in_unencrypted",
            place=settings.place,
        )
