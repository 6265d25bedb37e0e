"""A NATS server that asks for TLS and a certificate: we come in with ours, not without, and trust no stranger."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest
import trustme

from baigong.bus.embedded import server_binary
from baigong.bus.nats import NatsBus
from baigong.cli.bustls import bus_tls
from baigong.vocab.errors import BaigongError


def _written(folder: Path, name: str, issued: trustme.LeafCert) -> tuple[str, str]:
    pem, key = folder / f"{name}.pem", folder / f"{name}.key"
    issued.cert_chain_pems[0].write_to_path(pem)
    issued.private_key_pem.write_to_path(key)
    return str(pem), str(key)


async def test_a_cluster_with_certificates(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    authority, other = trustme.CA(), trustme.CA()
    ca, foreign = tmp_path / "ca.pem", tmp_path / "other.pem"
    authority.cert_pem.write_to_path(ca)
    other.cert_pem.write_to_path(foreign)
    pem, key = _written(tmp_path, "server", authority.issue_cert("localhost"))
    mine, mine_key = _written(tmp_path, "gateway", authority.issue_cert("gateway.plant"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    conf = tmp_path / "nats.conf"
    conf.write_text(
        f'listen: "127.0.0.1:{port}"\n'
        f'tls {{ cert_file: "{pem}", key_file: "{key}", ca_file: "{ca}", verify_and_map: true }}\n'
        'authorization { users = [ { user: "gateway.plant", permissions: { publish: ["gateway.>", "_INBOX.>"], '
        'subscribe: ["gateway.>", "_INBOX.>"] } } ] }\n'
    )
    process = await asyncio.create_subprocess_exec(
        server_binary(), "-c", str(conf), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    url = f"tls://localhost:{port}"
    try:
        good = {"BAIGONG_NATS_CA": str(ca), "BAIGONG_NATS_CERT": mine, "BAIGONG_NATS_KEY": mine_key}
        bus = await NatsBus.connect(url, tls=bus_tls(url, None, good), wait_s=10)
        heard = bus.subscribe("gateway.x")
        listening = asyncio.ensure_future(anext(heard))
        async with asyncio.timeout(10):
            while not listening.done():
                await bus.publish("gateway.x", b"1")
                await asyncio.wait({listening}, timeout=0.05)
        assert (await listening).payload == b"1"
        await bus.close()
        for wrong in ({"BAIGONG_NATS_CA": str(ca)}, good | {"BAIGONG_NATS_CA": str(foreign)}):
            with pytest.raises(BaigongError) as caught:
                await NatsBus.connect(url, tls=bus_tls(url, None, wrong), wait_s=1)
            assert caught.value.code == "bus.down"
        with pytest.raises(BaigongError):
            bus_tls(url, None, {"BAIGONG_NATS_CERT": mine})
        assert bus_tls("nats://localhost", None, good) is None

        bus = await NatsBus.connect(url, tls=bus_tls(url, None, good), wait_s=10)
        process.terminate()
        async with asyncio.timeout(10):
            while bus.connected:
                await asyncio.sleep(0.01)
        await bus.close()
        assert "eof_received" not in caplog.text, "a server that hangs up fills no log"
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
