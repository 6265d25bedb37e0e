"""Hears whose sign-in is good no more, and ends it here: cached answers, and connections that live on them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import msgspec
from msgspec import Struct

from baigong.bus.contract import Bus
from baigong.bus.subjects import asked_by
from baigong.gateway.identity import SignIn
from baigong.vocab.errors import BaigongError

Key = tuple[str, str]
_AT_ONCE = 1_000  # keys in one question


class Beat(Struct, frozen=True, kw_only=True):
    """The revision of the registry's list of revocations; see ``registry.standing``."""

    run: str
    revision: int


class Revoked(Struct, frozen=True, kw_only=True):
    """``all``: the registry does not know what we know, so everything is looked at anew."""

    run: str
    revision: int
    all: bool
    revoked: list[Key]


class House(Protocol):
    """Where clients are signed in."""

    def sign_out(self, key: Key) -> None: ...

    def signed_in(self) -> set[Key]: ...


class Follower:
    """``follow`` listens to the registry's beat; what it missed it asks for."""

    def __init__(self, bus: Bus, gateway: str, sign_in: SignIn, house: Callable[[], House | None]) -> None:
        self._bus, self._gateway, self._sign_in, self._house = bus, gateway, sign_in, house
        self._run, self._revision = "", 0

    async def follow(self) -> None:
        """Listen until cancelled."""
        async for message in self._bus.subscribe("registry.standing"):
            with suppress(msgspec.MsgspecError):
                beat = msgspec.json.decode(message.payload, type=Beat)
                if (beat.run, beat.revision) != (self._run, self._revision):
                    with suppress(BaigongError):  # not reached: the next beat asks again
                        await self._catch_up()

    async def _catch_up(self) -> None:
        asked = msgspec.json.encode({"run": self._run, "since": self._revision})
        news = msgspec.json.decode(
            await self._bus.request(asked_by("standing.since", self._gateway), asked), type=Revoked
        )
        house = self._house()
        if not news.all:
            for key in news.revoked:
                self._sign_in.forget(key)
                if house is not None:
                    house.sign_out(key)
        else:
            self._sign_in.forget_all()
            if house is not None:
                await self._look_at_all(house)
        self._run, self._revision = news.run, news.revision

    async def _look_at_all(self, house: House) -> None:
        here = sorted(house.signed_in())
        for some in (here[at : at + _AT_ONCE] for at in range(0, len(here), _AT_ONCE)):
            asked = {
                "users": [(name, self._sign_in.made_us(name)) for kind, name in some if kind == "user"],
                "certificates": [name for kind, name in some if kind == "certificate"],
            }
            raw = await self._bus.request(asked_by("standing.fallen", self._gateway), msgspec.json.encode(asked))
            for key in msgspec.json.decode(raw, type=list[Key]):
                house.sign_out(key)
