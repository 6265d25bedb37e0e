"""Certificates, users and trust, against the simulator with its secured endpoints."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua

from baigong.drivers.contract import Wanted
from baigong.drivers.opcua import wire
from baigong.drivers.opcua.driver import OpcUaDriver
from baigong.drivers.opcua.link import Link
from baigong.drivers.opcua.machine import SimNode, SimTypes
from baigong.drivers.opcua.settings import read_settings
from baigong.drivers.opcua.sim import OpcUaSim
from baigong.vocab.errors import BaigongError, FixConfiguration

SMALL: dict[str, Any] = {"nodes": [SimNode("M.T", 4.5)], "types": SimTypes()}
POINT = [Wanted(1, "ns=2;s=M.T")]


async def refused(options: dict[str, Any]) -> BaigongError:
    with pytest.raises(FixConfiguration) as caught:
        async with OpcUaDriver(options):
            pytest.fail("it was let in")
    return caught.value


async def value(options: dict[str, Any]) -> float:
    async with OpcUaDriver(options) as driver:
        made: float = (await driver.read(POINT))["value"][0].as_py()
        return made


async def test_every_policy_pin_and_user(own: Any, theirs: Any, tmp_path: Path) -> None:
    async with OpcUaSim(
        **SMALL, users={"op": "geheim 密码"}, certificate=theirs.certificate, private_key=theirs.private_key
    ) as sim:
        user = {"url": sim.url, "user": "op", "password": "geheim 密码"}
        pinned = user | own.options | {"server_fingerprint": theirs.sha256}
        for policy in ("Basic256Sha256", "Aes128Sha256RsaOaep", "Aes256Sha256RsaPss"):
            assert await value(pinned | {"security_policy": policy}) == 4.5
        assert await value(pinned | {"security_policy": "Basic256Sha256", "security_mode": "Sign"}) == 4.5
        named = {"url": sim.url.replace("127.0.0.1", "plc.invalid"), "connect_to": ["127.0.0.2", "127.0.0.1"]}
        assert await value(pinned | {"security_policy": "Basic256Sha256"} | named) == 4.5, (
            "GetEndpoints goes there, too"
        )
        assert await value(user) == 4.5  # no policy: the password is encrypted with the server's key all the same

        secured = pinned | {"security_policy": "Basic256Sha256"}
        assert (await refused(secured | {"password": "wrong"})).code == "driver.credentials"
        assert (await refused({"url": sim.url})).code == "driver.credentials"
        error = await refused(secured | {"security_policy": "Aes128Sha256RsaOaep", "security_mode": "Sign"})
        assert error.code == "driver.option"
        assert "Basic256Sha256/SignAndEncrypt" in error.message

        error = await refused(secured | {"server_fingerprint": "00" * 32})
        assert error.code == "driver.certificate"
        assert error.fields["sha256"] == theirs.sha256

        trust = user | own.options | {"security_policy": "Basic256Sha256", "trust_folder": str(tmp_path / "t")}
        assert (await refused(trust)).code == "driver.certificate"
        (waiting,) = (tmp_path / "t" / "waiting").iterdir()
        assert waiting.read_bytes() == theirs.certificate.read_bytes()
        assert await value(trust | {"trust_server_on_first_use": True}) == 4.5
        assert await value(trust) == 4.5  # remembered
        (kept,) = (tmp_path / "t" / "trusted").iterdir()
        kept.write_bytes(own.certificate.read_bytes())
        error = await refused(trust | {"trust_server_on_first_use": True})
        assert "changed" in error.message

        sim.accept_client = False
        error = await refused(secured)
        assert error.code == "driver.certificate"
        assert "trusted" in error.message


async def test_a_readable_password_is_not_sent_unless_told(own: Any) -> None:
    async with OpcUaSim(**SMALL, users={"op": "x"}) as sim:
        options = {"url": sim.url, "user": "op", "password": "x"}
        error = await refused(options)
        assert error.code == "driver.credentials"
        assert "sign_in_unencrypted" in error.message
        assert await value(options | {"sign_in_unencrypted": True}) == 4.5
        error = await refused(options | own.options | {"security_policy": "Basic256Sha256"})
        assert error.code == "driver.option"
        assert "it offers None" in error.message


@pytest.mark.parametrize(
    ("options", "place"),
    [
        ({}, "url"),
        ({"url": "http://x"}, "url"),
        ({"url": "opc.tcp://u:p@x:1"}, "url"),
        ({"url": "opc.tcp://x:99999"}, "url"),
        ({"url": "x", "security_policy": "Basic128Rsa15"}, "security_policy"),
        ({"url": "x", "security_policy": "Basic256Sha256"}, "certificate"),
        ({"url": "x", "timeout_s": 0}, "timeout_s"),
        ({"url": "x", "queue_size": True}, "queue_size"),
        ({"url": "x", "password": "p"}, "user"),
        ({"url": "x", "server_fingerprint": "abc"}, "server_fingerprint"),
        ({"url": "x", "trust_server_on_first_use": True}, "trust_folder"),
        ({"url": "x", "trigger": "deadband"}, "trigger"),
        ({"url": 5}, "url"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], place: str) -> None:
    with pytest.raises(FixConfiguration) as caught:
        OpcUaDriver(options)
    assert (caught.value.code, caught.value.place) == ("driver.option", place)


async def test_our_own_files_can_be_wrong(own: Any, tmp_path: Path) -> None:
    base = {"url": "opc.tcp://127.0.0.1:1", "security_policy": "Basic256Sha256"}
    missing = str(tmp_path / "nothing.der")
    junk = tmp_path / "junk.der"
    junk.write_bytes(b"junk")
    for files in (
        {"certificate": missing, "private_key": missing},
        {"certificate": str(junk), "private_key": str(own.private_key)},
        {"certificate": str(own.certificate), "private_key": str(junk)},
    ):
        assert (await refused(base | files)).code == "driver.certificate"


async def test_the_channel_is_renewed_while_values_flow(own: Any, theirs: Any) -> None:
    """A token lives an hour; here two seconds, so that several renewals happen under a subscription."""
    async with OpcUaSim(**SMALL, certificate=theirs.certificate, private_key=theirs.private_key) as sim:
        options = {"url": sim.url, "security_policy": "Basic256Sha256", "server_fingerprint": theirs.sha256}
        link = Link(read_settings(options | own.options))
        link.client.secure_channel_timeout = 2000
        await link.open()
        try:
            renewals = 0
            original = link.client.open_secure_channel

            async def counted(renew: bool = False) -> None:
                nonlocal renewals
                renewals += renew
                await original(renew)

            link.client.open_secure_channel = counted
            ends = time.monotonic() + 5.5
            while time.monotonic() < ends:
                assert (await link.read([wire.read_value_id(ua.NodeId("M.T", 2))])).number[0] == 4.5
                await asyncio.sleep(0.05)
            assert renewals >= 2
        finally:
            await link.close()
