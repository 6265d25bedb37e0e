"""The door to console and API, before any request."""

from __future__ import annotations

import asyncio
import ssl

import pytest

from baigong.api.listener import Listener
from baigong.cli.web import WebSettings
from baigong.vocab.addresses import network_of
from baigong.vocab.errors import FixConfiguration


def test_a_subscriber_has_the_places_of_one_and_a_proxy_those_of_all() -> None:
    listener = Listener("::", 0, each=1, proxies=("10.0.0.0/24", "2001:db8::7"))
    for address in ("2001:db8:1::5", "2001:db8::7", "::ffff:10.0.0.9", "10.1.0.1"):
        listener._coming[network_of(address)] += 1
    room = {a: listener._has_room(network_of(a)) for a in ("2001:db8:1::6", "10.1.0.1", "2001:db8::7", "10.0.0.9")}
    assert room == {"2001:db8:1::6": False, "10.1.0.1": False, "2001:db8::7": True, "10.0.0.9": True}


@pytest.mark.parametrize("proxy", ["*", "", "plant.example", "10.0.0.256"])
def test_only_addresses_are_believed_where_others_come_from(proxy: str) -> None:
    with pytest.raises(FixConfiguration, match="no address or network"):
        WebSettings(proxies=(proxy,))


async def test_who_never_ends_the_handshake_fills_only_the_places_of_one_address() -> None:
    told: list[int] = []
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    listener = Listener("127.0.0.1", 0, tls=tls, each=2, told=lambda: told.append(1))
    listener.open(asyncio.Protocol)
    silent = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(3)]
    try:
        assert await asyncio.wait_for(silent[2][0].read(), 5) == b""
        assert listener.turned_away == len(told) == 1
        for _, writer in silent[:2]:
            writer.close()
        async with asyncio.timeout(5):
            while listener._coming:
                await asyncio.sleep(0.01)
    finally:
        await listener.close()
        for _, writer in silent:
            writer.close()
