"""The OPC UA server of a whole platform: off unless asked for, and the same after a restart."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asyncua import Client, ua
from asyncua.crypto import security_policies as sp
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from baigong.cli.opcuarole import OpcUaDoor
from baigong.security.certificates import Pair, make_certificate
from tests.cli.conftest import Run
from tests.cli.plants import client, platform

URI = "urn:scada:test"
ROWS = {"columns": {"point": ["pump1.flow"], "time": [1_700_000_000_000_000], "value": [7.5]}}


async def _read(way: dict[str, Any], data: Path, pair: Pair, id: str, timeout_s: float = 10) -> Any:
    theirs = x509.load_der_x509_certificate((data / "opcua" / "own.der").read_bytes())
    own = x509.load_der_x509_certificate(pair.certificate_der)
    key = serialization.load_pem_private_key(pair.key_pem, None)
    scada = Client(way["url"], timeout=timeout_s)
    scada.application_uri = URI
    scada.set_user("scada")
    scada.set_password((data / "key").read_text().strip())
    policy = sp.SecurityPolicyBasic256Sha256(theirs, own, key, ua.MessageSecurityMode.SignAndEncrypt)
    scada.security_policy = policy
    scada.uaclient.set_security(policy)
    async with scada:
        return await scada.get_node(ua.NodeId(id, 2)).read_value()


async def test_nodes_and_certificate_stay_after_a_restart(tmp_path: Path, run: Run) -> None:
    data = tmp_path / "data"
    pair = make_certificate("scada", datetime.now(UTC), uri=URI)
    (tmp_path / "scada.der").write_bytes(pair.certificate_der)
    async with platform(data, opcua=OpcUaDoor(port=0)), client(data) as http:
        sent = await http.post("/ingest", json=ROWS)
        assert sent.is_success, sent.text
        first = (await http.get("/opcua")).json()
        with pytest.raises((ua.UaError, ConnectionError, TimeoutError)):
            await _read(first, data, pair, "point/pump1.flow", 1.0)
        assert (await http.get("/system")).json()["opcua"]["waiting"] == 1
        assert "waiting" in run("opcua", "clients", "--data", str(data)).err
        assert run("opcua", "trust", str(tmp_path / "scada.der"), "--data", str(data)).code == 0
        assert await _read(first, data, pair, "point/pump1.flow") == 7.5
    async with platform(data, opcua=OpcUaDoor(port=0)), client(data) as http:
        second = (await http.get("/opcua")).json()
        assert second["sha256"] == first["sha256"]
        assert await _read(second, data, pair, "point/pump1.flow") == 7.5
