"""Our OPC UA certificate, signed anew by the machines' authority while a device is being read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from asyncua.crypto.truststore import TrustStore
from asyncua.crypto.validator import CertificateValidator, CertificateValidatorOptions
from cryptography.hazmat.primitives import serialization

from baigong.drivers.opcua.machine import SimNode, SimTypes
from baigong.drivers.opcua.sim import OpcUaSim
from baigong.registry.sealing import open_ring
from baigong.registry.serving import read_key
from baigong.security.certificates import make_certificate, read_certificate
from baigong.vocab.devices import DeviceSpec, PointSpec
from tests.gateway.frontdoor.machinery import Machinery, machinery

pytestmark = pytest.mark.timeout(120)


async def renew(made: Machinery) -> str:
    """What ``POST /certificate/renew`` does."""
    asked = msgspec.json.decode(await made.bus.request("gateway.local.certificate.request", b"{}", timeout_s=20.0))
    signed = await made.registry.certificates.admit_application("main", asked["csr"], asked["uri"], asked["hosts"])
    told = msgspec.json.encode({"certificate": signed.made.pem})
    await made.bus.request("gateway.local.certificate.install", told, timeout_s=20.0)
    return signed.row.sha256


async def test_a_server_that_trusts_the_authority_lets_the_renewed_client_in(tmp_path: Path) -> None:
    pair = make_certificate("their-server", datetime.now(UTC), server=True)
    certificate, key = tmp_path / "server.der", tmp_path / "server.pem"
    certificate.write_bytes(pair.certificate_der)
    key.write_bytes(pair.key_pem)
    async with (
        machinery(tmp_path) as house,
        OpcUaSim(nodes=[SimNode("M.T", 4.5)], types=SimTypes(), certificate=certificate, private_key=key) as sim,
    ):
        trusted = tmp_path / "trusted"
        trusted.mkdir()
        authority = (await house.registry.certificates.authority()).certificate
        (trusted / "ca.der").write_bytes(authority.public_bytes(serialization.Encoding.DER))
        store = TrustStore([trusted], [])
        await store.load()
        strict = CertificateValidator(CertificateValidatorOptions.TRUSTED_VALIDATION, store)
        sim.server.set_certificate_validator(strict)
        options = {
            "url": sim.url,
            "security_policy": "Basic256Sha256",
            "server_fingerprint": read_certificate(pair.certificate_der).sha256,
        }
        point = PointSpec(name="cnc.temperature", address="ns=2;s=M.T")
        spec = DeviceSpec(device="cnc", driver="opcua", options=options, scan={"default": "50ms"}, points=[point])
        await house.registry.devices.put("main", spec, "test")

        def error() -> str:
            found = [d for d in house.told.get("devices", []) if d["device"] == "cnc"]
            return str((found[0].get("error") or {}).get("code", "")) if found else ""

        await house.until(lambda: error() == "driver.certificate")  # the one that it made itself is not trusted
        held = house.folder / "data" / "certificates"
        before = read_certificate((held / "client.der").read_bytes())
        for turn in range(2):
            known = len(house.values())
            sha256 = await renew(house)
            shown = read_certificate((held / "client.der").read_bytes())
            assert (shown.sha256, shown.application_uri) == (sha256, before.application_uri)
            assert b"PRIVATE KEY" not in (held / "client.key").read_bytes(), "closed at rest"
            assert turn == 0 or b"PRIVATE KEY" in read_key(held / "client.before.key", open_ring(house.folder / "data"))
            await house.until(lambda known=known: len(house.values()) > known)  # type: ignore[misc]
        first, second = (r.successor for r in reversed(house.registry.certificates.of_tenant("main", "")))
        assert first is not None and second is None
