"""Browsers for tests: signed in, with the header that changes need."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2 as httpx

from tests.api.world import World

PASSWORD = "a pump in Ningbo"


@asynccontextmanager
async def browser(plant: World, user: str, password: str, code: str = "") -> AsyncIterator[httpx.AsyncClient]:
    """Sign in; a one-time password is replaced by PASSWORD."""
    async with plant.client(token="") as client:
        client.headers["X-Baigong"] = "1"
        body = {"user": user, "password": password, "code": code}
        answer = await client.post("/session", json=body, headers={"user-agent": "Firefox on the shop floor"})
        assert answer.status_code == 200, answer.text
        if answer.json()["must_set_password"]:
            assert (await client.post("/password", json={"password": PASSWORD})).status_code == 204
        yield client


async def add(client: httpx.AsyncClient, name: str, *roles: str) -> str:
    answer = await client.post("/people", json={"name": name, "roles": list(roles)})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["password"])
