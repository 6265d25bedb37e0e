"""Certificates of machines over the API: enrolled, rotated, revoked; the list everybody may read; what is watched."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import pkcs12

from tests.api.world import World
from tests.gateway.frontdoor.machinery import new_key, request

_DAY_US = 86_400_000_000


async def test_a_certificate_from_its_request_to_its_revocation(plant: World) -> None:
    async with plant.client() as admin, plant.client(token="") as anybody:
        csr = request(new_key(), "whatever")
        made = (await admin.post("/certificates", json={"device": "pump", "csr": csr})).json()
        assert made["key"] is None and made["pkcs12"] is None
        certificate = x509.load_pem_x509_certificate(made["certificate"].encode())
        authority = x509.load_pem_x509_certificate(made["authority"].encode())
        certificate.verify_directly_issued_by(authority)
        assert made["sha256"] == certificate.fingerprint(hashes.SHA256()).hex()

        nxt = (await admin.post(f"/certificates/{made['serial']}/rotate", json={"overlap_days": 3})).json()
        key, packed, more = pkcs12.load_key_and_certificates(
            base64.b64decode(nxt["pkcs12"]), nxt["pkcs12_password"].encode()
        )
        assert key is not None and packed is not None and more == [authority]
        assert nxt["key"].startswith("-----BEGIN PRIVATE KEY")
        listed = (await admin.get("/certificates", params={"device": "pump"})).json()
        assert [(c["serial"], c["state"], c["key_made_here"]) for c in listed] == [
            (nxt["serial"], "good", True),
            (made["serial"], "replaced", False),
        ]
        assert listed[1]["successor"] == nxt["serial"]
        assert 0 < listed[1]["until_us"] - listed[0]["made_us"] <= 3 * _DAY_US
        again = await admin.post(f"/certificates/{made['serial']}/rotate", json={})
        assert (again.status_code, again.json()["code"]) == (409, "config.conflict")

        gone = await admin.post(f"/certificates/{nxt['serial']}/revoke", json={"reason": "key_compromise"})
        assert (gone.json()["state"], gone.json()["reason"]) == ("revoked", "key_compromise")
        for path, load in (("machine-ca.crl", x509.load_der_x509_crl), ("machine-ca.crl.pem", x509.load_pem_x509_crl)):
            told = await anybody.get(f"/{path}")
            crl = load(told.content)
            assert crl.is_signature_valid(authority.public_key())  # type: ignore[arg-type]
            (entry,) = crl
            assert entry.serial_number == int(nxt["serial"], 16)
            assert entry.extensions.get_extension_for_class(x509.CRLReason).value.reason.name == "key_compromise"
        assert (await anybody.get("/machine-ca.pem")).text == made["authority"]
        assert (await anybody.get("/certificates")).status_code == 401
        facts = (await admin.get("/machine-ca")).json()
        assert facts["revoked"] == 1 and facts["certificate"] == made["authority"]

        entries = (await admin.get("/audit", params={"limit": 50})).json()
        told = str(entries)
        assert told.count("/api/v1/certificates") >= 3 and "PRIVATE KEY" not in told
        events = (await admin.get("/devices/pump/events")).json()
        kinds = [e["kind"] for e in events if e["kind"].startswith("certificate.")]
        assert kinds == ["certificate.revoked", "certificate.rotated", "certificate.enrolled"]
        for wrong in (
            {"device": "nosuch"},
            {"device": "pump", "csr": "no request"},
            {"device": "pump", "days": 0},
            {"device": "pump", "csr": csr.replace("A", "B", 3)},
        ):
            assert (await admin.post("/certificates", json=wrong)).status_code in (400, 404, 422)
        wrong_reason = await admin.post(f"/certificates/{made['serial']}/revoke", json={"reason": "mood"})
        assert wrong_reason.status_code in (400, 422)


async def test_whose_end_is_near_is_on_the_attention_list(plant: World) -> None:
    async with plant.client() as admin:
        short = (await admin.post("/certificates", json={"device": "pump", "days": 20})).json()

        async def shown() -> list[tuple[str, str]]:
            told = (await admin.get("/overview")).json()["attention"]
            return [(a["kind"], a["link"]) for a in told if a["kind"].startswith("certificate.")]

        assert await shown() == [("certificate.ends", "/connect/pump/identity")]
        await admin.post(f"/certificates/{short['serial']}/rotate", json={})
        assert await shown() == []


async def test_another_companys_certificates_are_not_there(plant: World) -> None:
    made = await plant.registry.certificates.enrol("main", "pump", by="li")
    assert plant.registry.certificates.of_tenant("rival") == []
    async with plant.client() as admin:
        listed = await admin.get("/certificates", params={"tenant": "rival"})
        assert listed.status_code == 403
        assert (await admin.post(f"/certificates/{made.row.serial}/revoke?tenant=rival", json={})).status_code == 403
    assert plant.registry.certificates.get("main", made.row.serial).revoked_us is None


async def test_a_list_is_never_older_than_the_last_revocation(plant: World) -> None:
    certificates = plant.registry.certificates
    numbers = []
    for turn in range(3):
        made = await certificates.enrol("main", "pump")
        await certificates.revoke("main", made.row.serial, "superseded")
        crl = await certificates.revoked()
        assert len(crl) == turn + 1 and crl is await certificates.revoked()
        numbers.append(crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number)
        assert crl.next_update_utc is not None and crl.next_update_utc > datetime.now(UTC)
    assert numbers == sorted(set(numbers))
