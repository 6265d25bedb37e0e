"""Certificates of machines: enrolled, rotated, revoked; the authority, and its list of the revoked for everybody."""

from __future__ import annotations

import base64
from typing import Annotated, Any

import msgspec
from cryptography.hazmat.primitives import serialization
from msgspec import Meta, Struct
from starlette.responses import Response

from baigong.api.credentials import give_topics
from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.machines import DAYS, OVERLAP_DAYS, Enrolled
from baigong.registry.topics import Topics
from baigong.security.authority import Reason, bundle
from baigong.security.certificates import read_certificate
from baigong.security.tokens import new_token
from baigong.stores.records.machines import CertificateRow
from baigong.vocab.ids import gateway_id

_PEM, _CRL = "application/x-pem-file", "application/pkix-crl"  # RFC 2585 §4
_Csr = Annotated[str, Meta(max_length=16_384)]
_Days = Annotated[int, Meta(ge=1, le=7300)]


class CertificatesQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    device: str | None = None


class NewCertificate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``csr``: a signing request (PKCS 10, PEM), of which only the key is taken; left out: a key is made here."""

    device: str
    csr: _Csr | None = None
    days: _Days = DAYS


class NextCertificate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``overlap_days``: how long the old one stays good beside its successor."""

    csr: _Csr | None = None
    days: _Days = DAYS
    overlap_days: Annotated[float, Meta(ge=0, le=7300)] = OVERLAP_DAYS


class Revocation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Reason = "unspecified"


class MachineCertificate(Struct, frozen=True, kw_only=True):
    """``until_us``: from then on it opens nothing here: its end, or the end of the overlap with its ``successor``."""

    serial: str
    device: str
    sha256: str
    state: str  # good | replaced | ended | revoked
    made_us: int
    made_by: str
    until_us: int
    not_after_us: int
    used_us: int | None
    successor: str | None
    revoked_us: int | None
    revoked_by: str
    reason: str
    key_made_here: bool
    publish: list[str] = []  # MQTT topic filters beside its device's own topics
    subscribe: list[str] = []


class IssuedCertificate(Struct, frozen=True, kw_only=True):
    """``key`` and ``pkcs12`` (base64, under ``pkcs12_password``) are there when the key was made here: this once."""

    serial: str
    device: str
    sha256: str
    until_us: int
    certificate: str  # PEM
    authority: str  # PEM, who signed it
    key: str | None = None
    pkcs12: str | None = None
    pkcs12_password: str | None = None


class Renewal(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``gateway``: whose OPC UA client gets a new key, signed by the machines' authority."""

    gateway: str = "local"
    days: _Days = DAYS


class AuthorityFacts(Struct, frozen=True, kw_only=True):
    """The authority that signs for machines. ``revoked``: how many stand in the list of the revoked."""

    subject: str
    sha256: str
    until_us: int
    certificate: str  # PEM
    revoked: int
    listed_us: int


def operations(rooms: Rooms) -> list[Operation]:
    certificates = rooms.registry.certificates

    async def listed(call: Call) -> Any:
        now_us = rooms.clock_us()
        return [line(row, now_us) for row in certificates.of_tenant(call.tenant, call.query.device)]

    def line(row: CertificateRow, now_us: int) -> MachineCertificate:
        may = certificates.topics.of("certificate", row.sha256)
        given = {"publish": list(may.publish), "subscribe": list(may.subscribe)}
        return msgspec.structs.replace(_line(row, now_us), **given)

    async def allow(call: Call) -> Any:
        held = certificates.get(call.tenant, call.part("serial"))
        await give_topics(call, certificates.topics, held.device, ("certificate", held.sha256))

    async def enrol(call: Call) -> Any:
        asked: NewCertificate = call.body
        device = rooms.registry.devices.get(call.tenant, asked.device).spec.device
        made = await certificates.enrol(call.tenant, device, asked.csr, days=asked.days, by=call.who.user)
        return await _issued(call, made)

    async def rotate(call: Call) -> Any:
        asked: NextCertificate = call.body
        call.before = {"serial": call.part("serial")}
        made = await certificates.rotate(
            call.tenant,
            call.part("serial"),
            asked.csr,
            days=asked.days,
            overlap_days=asked.overlap_days,
            by=call.who.user,
        )
        return await _issued(call, made)

    async def revoke(call: Call) -> Any:
        row = await certificates.revoke(call.tenant, call.part("serial"), call.body.reason, by=call.who.user)
        call.after = {"serial": row.serial, "device": row.device, "reason": row.reason}
        return _line(row, rooms.clock_us())

    async def _issued(call: Call, made: Enrolled) -> IssuedCertificate:
        row, authority = made.row, await certificates.authority()
        call.after = {"serial": row.serial, "device": row.device, "until_us": row.until_us}
        password = new_token("bgp") if made.made.key is not None else None
        packed = bundle(made.made, authority.certificate, row.device, password) if password else None
        return IssuedCertificate(
            serial=row.serial,
            device=row.device,
            sha256=row.sha256,
            until_us=row.until_us,
            certificate=made.made.pem,
            authority=authority.pem,
            key=made.made.key_pem,
            pkcs12=base64.b64encode(packed).decode() if packed else None,
            pkcs12_password=password,
        )

    return [
        Operation(
            "GET",
            "/certificates",
            "Certificates of machines, newest first",
            listed,
            query=CertificatesQuery,
            answer=list[MachineCertificate],
        ),
        Operation(
            "POST",
            "/certificates",
            "Give a machine a certificate",
            enrol,
            body=NewCertificate,
            answer=IssuedCertificate,
        ),
        Operation(
            "POST",
            "/certificates/{serial}/rotate",
            "Give a machine its next certificate; the old one stays good for the overlap",
            rotate,
            body=NextCertificate,
            answer=IssuedCertificate,
        ),
        Operation(
            "POST",
            "/certificates/{serial}/revoke",
            "Revoke a certificate: whoever is signed in with it is thrown out",
            revoke,
            body=Revocation,
            answer=MachineCertificate,
        ),
        Operation(
            "PUT",
            "/certificates/{serial}/topics",
            "Say what its machine may publish and subscribe to beside its device's own topics",
            allow,
            body=Topics,
        ),
        *_of_authority(rooms),
        *_of_application(rooms),
    ]


def _of_authority(rooms: Rooms) -> list[Operation]:
    certificates = rooms.registry.certificates

    async def facts(call: Call) -> Any:
        authority, revoked = await certificates.authority(), await certificates.revoked()
        read = read_certificate(authority.pem.encode())
        return AuthorityFacts(
            subject=read.subject,
            sha256=read.sha256,
            until_us=int(read.not_after.timestamp() * 1e6),
            certificate=authority.pem,
            revoked=len(revoked),
            listed_us=int(revoked.last_update_utc.timestamp() * 1e6),
        )

    async def pem(call: Call) -> Any:
        return _file((await certificates.authority()).pem.encode(), _PEM, "baigong-machine-ca.pem")

    async def crl(call: Call) -> Any:
        raw = (await certificates.revoked()).public_bytes(serialization.Encoding.DER)
        return _file(raw, _CRL, "baigong-machine-ca.crl")

    async def crl_pem(call: Call) -> Any:
        raw = (await certificates.revoked()).public_bytes(serialization.Encoding.PEM)
        return _file(raw, _PEM, "baigong-machine-ca.crl.pem")

    return [
        Operation("GET", "/machine-ca", "Who signs for machines", facts, answer=AuthorityFacts),
        Operation("GET", "/machine-ca.pem", "Its certificate", pem, gives=(_PEM,), everyone=True),
        Operation("GET", "/machine-ca.crl", "What it has revoked (DER)", crl, gives=(_CRL,), everyone=True),
        Operation("GET", "/machine-ca.crl.pem", "The same as PEM", crl_pem, gives=(_PEM,), everyone=True),
    ]


def _of_application(rooms: Rooms) -> list[Operation]:
    registry = rooms.registry

    async def renew(call: Call) -> Any:
        asked: Renewal = call.body
        subject = f"gateway.{gateway_id(asked.gateway)}.certificate"
        told = msgspec.json.decode(await rooms.bus.request(f"{subject}.request", b"{}", timeout_s=20.0), type=_Asked)
        made = await registry.certificates.admit_application(
            registry.tenant, told.csr, told.uri, told.hosts, days=asked.days, by=call.who.user
        )
        signed = msgspec.json.encode({"certificate": made.made.pem})
        await rooms.bus.request(f"{subject}.install", signed, timeout_s=20.0)
        call.after = {"serial": made.row.serial, "gateway": asked.gateway, "until_us": made.row.until_us}
        return _line(made.row, rooms.clock_us())

    return [
        Operation(
            "POST",
            "/certificate/renew",
            "Let the machines' authority sign for our OPC UA client; its links begin again",
            renew,
            body=Renewal,
            answer=MachineCertificate,
        ),
    ]


class _Asked(Struct, frozen=True, kw_only=True):
    csr: str
    uri: str
    hosts: list[str]


def _file(raw: bytes, media: str, name: str) -> Response:
    return Response(raw, media_type=media, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _line(row: CertificateRow, now_us: int) -> MachineCertificate:
    return MachineCertificate(
        serial=row.serial,
        device=row.device,
        sha256=row.sha256,
        state=state_of(row, now_us),
        made_us=row.made_us,
        made_by=row.made_by,
        until_us=row.until_us,
        not_after_us=row.not_after_us,
        used_us=row.used_us or None,
        successor=row.successor,
        revoked_us=row.revoked_us,
        revoked_by=row.revoked_by,
        reason=row.reason,
        key_made_here=row.key_made_here,
    )


def state_of(row: CertificateRow, now_us: int) -> str:
    """``replaced``: good for a while yet, beside its successor."""
    if row.revoked_us is not None:
        return "revoked"
    if row.until_us <= now_us:
        return "ended"
    return "good" if row.successor is None else "replaced"
