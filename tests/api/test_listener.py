"""The door to console and API, before any request."""

from __future__ import annotations

import asyncio
import ssl

from baigong.api.listener import Listener


async def test_who_never_ends_the_handshake_fills_only_the_places_of_one_address() -> None:
    listener = Listener("127.0.0.1", 0, tls=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), each=2)
    listener.open(asyncio.Protocol)
    silent = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(3)]
    try:
        assert await asyncio.wait_for(silent[2][0].read(), 5) == b""
        assert listener.turned_away == 1
        for _, writer in silent[:2]:
            writer.close()
        async with asyncio.timeout(5):
            while listener._coming:
                await asyncio.sleep(0.01)
    finally:
        await listener.close()
        for _, writer in silent:
            writer.close()
