"""Passkeys: signing in without a password, and my own list of them."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from baigong.api.opened import Session, come_from, opened
from baigong.api.proof import person_of, require_fresh, site
from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.api.witness import tell
from baigong.registry.passkeys import passkey_name
from baigong.security.passkeys import refused
from baigong.stores.records.signing import PasskeyRow
from baigong.vocab.errors import BaigongError

Title = Annotated[str, Meta(max_length=200)]
_PATH = "/my/passkeys"


class PasskeyLine(Struct, frozen=True, kw_only=True):
    """``site``: the host name it works at; ``synced``: kept on several devices; ``copied``: it opens nothing now."""

    id: str
    title: str
    site: str
    synced: bool
    copied: bool
    created_us: int
    used_us: int | None


class MyPasskeys(Struct, frozen=True, kw_only=True):
    """``here``: whether one can be made at this address; ``why``: why not."""

    keys: list[PasskeyLine]
    here: bool
    why: str = ""


class PasskeyOptions(Struct, frozen=True, kw_only=True):
    """What navigator.credentials.create or get wants (WebAuthn level 3, 5.1.8: the JSON form)."""

    options: dict[str, Any]


class ShownPasskey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    passkey: dict[str, Any]


class NewPasskey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``handle``: the user id of the options."""

    title: Title
    handle: Annotated[str, Meta(max_length=100)]
    passkey: dict[str, Any]


class MadePasskey(Struct, frozen=True, kw_only=True):
    """``codes``: recovery codes, shown this once; empty where there are some already."""

    id: str
    codes: list[str]


class PasskeyTitle(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: Title


def operations(rooms: Rooms) -> list[Operation]:
    passkeys, people = rooms.registry.passkeys, rooms.registry.people

    async def ask(call: Call) -> Any:
        return PasskeyOptions(options=passkeys.ask(site(call.request)))

    async def sign_in(call: Call) -> Any:
        # There is nothing to guess: nobody is slowed down here, and nobody can slow others down.
        row = await passkeys.show(site(call.request), call.body.passkey)
        person = await people.find(row.person)
        if person is None:
            raise refused("it opens nothing here")
        people.require_open(person, rooms.registry.tenants.require_standing)
        what = passkey_name(row.credential)
        cookie, who = await people.open(person, "passkey", come_from(call.request), what=what, factor=True)
        return await opened(rooms, call.request, cookie, who)

    path = "/session/passkey"
    return [
        Operation("POST", f"{path}/options", "Ask for a passkey", ask, answer=PasskeyOptions, everyone=True),
        Operation("POST", path, "Sign in with a passkey", sign_in, body=ShownPasskey, answer=Session, everyone=True),
        *_mine(rooms),
    ]


def _mine(rooms: Rooms) -> list[Operation]:
    passkeys, people, factors = rooms.registry.passkeys, rooms.registry.people, rooms.registry.factors

    async def listed(call: Call) -> Any:
        keys = [line(row) for row in passkeys.of(person_of(call.who))]
        try:
            site(call.request)
        except BaigongError as error:
            return MyPasskeys(keys=keys, here=False, why=error.message)
        return MyPasskeys(keys=keys, here=True)

    async def begin(call: Call) -> Any:
        return PasskeyOptions(options=passkeys.begin(require_fresh(rooms, call.who), site(call.request)))

    async def add(call: Call) -> Any:
        name, asked = require_fresh(rooms, call.who), call.body
        row = await passkeys.add(call.who.tenant, name, site(call.request), asked.title, asked.handle, asked.passkey)
        await people.proved(call.who, factor=True)
        await _told(rooms, call, after={"passkey": row.title, "site": row.site})
        codes = [] if await factors.codes_left(name) else await factors.new_codes(name)
        return MadePasskey(id=passkey_name(row.credential), codes=codes)

    async def rename(call: Call) -> Any:
        await passkeys.rename(person_of(call.who), call.part("id"), call.body.title)

    async def drop(call: Call) -> Any:
        name = require_fresh(rooms, call.who)
        row = await passkeys.drop(name, call.part("id"))
        await people.end_sessions(name, keep=call.who.session, opened_by=("passkey", passkey_name(row.credential)))
        await _told(rooms, call, before={"passkey": row.title, "site": row.site})
        if not factors.has(name):
            await people.no_factor(name)

    early, options = True, f"{_PATH}/options"
    return [
        Operation("GET", _PATH, "My passkeys", listed, answer=MyPasskeys, before_factor=early),
        Operation("POST", options, "Begin to add a passkey", begin, answer=PasskeyOptions, before_factor=early),
        Operation("POST", _PATH, "Add a passkey", add, body=NewPasskey, answer=MadePasskey, before_factor=early),
        Operation("PUT", _PATH + "/{id}", "Name a passkey", rename, body=PasskeyTitle),
        Operation("DELETE", _PATH + "/{id}", "Take a passkey away", drop),
    ]


def line(row: PasskeyRow) -> PasskeyLine:
    return PasskeyLine(
        id=passkey_name(row.credential),
        title=row.title,
        site=row.site,
        synced=row.synced,
        copied=row.copied_us is not None,
        created_us=row.created_us,
        used_us=row.used_us,
    )


async def _told(rooms: Rooms, call: Call, **what: Any) -> None:
    await tell(rooms, call.request, call.who, call.who.tenant, "sign-in", **what)
