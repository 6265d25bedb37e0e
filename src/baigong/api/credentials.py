"""What machines sign in with at the MQTT front door: made, shown once, replaced, revoked."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.topics import Key, MachineTopics, Topics

UserName = Annotated[str, Meta(max_length=200)]
Filters = Annotated[list[Annotated[str, Meta(max_length=1000)]], Meta(max_length=100)]


class CredentialsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    device: str = ""


class NewCredential(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``username`` left out: the device's name. ``password`` left out: one is made, which is the better choice.

    A user name that exists is config.conflict, unless ``replace`` is set: then its machine has to sign in anew.
    ``publish``, ``subscribe``: MQTT topic filters beside the device's own topics; left out: those it had, or none.
    """

    device: str
    username: UserName = ""
    password: Annotated[str, Meta(max_length=1024)] | None = None
    replace: bool = False
    publish: Filters | None = None
    subscribe: Filters | None = None


class MadeCredential(Struct, frozen=True, kw_only=True):
    """``password`` is shown this once."""

    username: str
    password: str
    device: str


class Credential(Struct, frozen=True, kw_only=True):
    """``used_us``: when a machine last signed in with it; null for never. ``publish``, ``subscribe``: see Topics."""

    username: str
    device: str
    created_us: int
    used_us: int | None
    publish: list[str] = []
    subscribe: list[str] = []


async def give_topics(call: Call, topics: MachineTopics, device: str, key: Key) -> None:
    """Do what a call asks of a machine's topics; the audit log has them before and after."""
    call.before = msgspec.structs.asdict(topics.of(*key)) | {"device": device}
    await topics.put(call.tenant, device, key, call.body, by=call.who.user)
    call.after = msgspec.structs.asdict(topics.of(*key)) | {"device": device}


def operations(rooms: Rooms) -> list[Operation]:
    credentials = rooms.registry.credentials

    async def listed(call: Call) -> Any:
        return [
            Credential(
                username=c.username,
                device=c.device,
                created_us=c.created_us,
                used_us=c.used_us or None,
                publish=list((may := credentials.topics.of("user", c.username)).publish),
                subscribe=list(may.subscribe),
            )
            for c in credentials.of_tenant(call.tenant, call.query.device)
        ]

    async def put(call: Call) -> Any:
        asked: NewCredential = call.body
        device = rooms.registry.devices.get(call.tenant, asked.device).spec.device
        name = asked.username or device
        wanted = None
        if asked.publish is not None or asked.subscribe is not None:
            wanted = Topics(publish=tuple(asked.publish or ()), subscribe=tuple(asked.subscribe or ()))
            call.after = {"username": name, "device": device, **msgspec.structs.asdict(wanted)}
        secret = await credentials.put(
            call.tenant, device, name, asked.password, by=call.who.user, instead=asked.replace, topics=wanted
        )
        return MadeCredential(username=name, password=secret, device=device)

    async def rotate(call: Call) -> Any:
        held = credentials.get(call.tenant, call.part("username"))
        secret = await credentials.put(call.tenant, held.device, held.username, by=call.who.user)
        return MadeCredential(username=held.username, password=secret, device=held.device)

    async def allow(call: Call) -> Any:
        held = credentials.get(call.tenant, call.part("username"))
        await give_topics(call, credentials.topics, held.device, ("user", held.username))

    async def drop(call: Call) -> Any:
        await credentials.drop(call.tenant, call.part("username"), by=call.who.user)

    return [
        Operation(
            "GET",
            "/credentials",
            "What machines sign in with",
            listed,
            query=CredentialsQuery,
            answer=list[Credential],
        ),
        Operation("POST", "/credentials", "Give a machine a secret", put, body=NewCredential, answer=MadeCredential),
        Operation(
            "POST", "/credentials/{username}/rotate", "Give a machine a new secret", rotate, answer=MadeCredential
        ),
        Operation(
            "PUT",
            "/credentials/{username}/topics",
            "Say what its machine may publish and subscribe to beside its device's own topics",
            allow,
            body=Topics,
        ),
        Operation("DELETE", "/credentials/{username}", "Revoke a machine's secret", drop),
    ]
