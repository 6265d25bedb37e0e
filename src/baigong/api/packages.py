"""Starter packages as text: read by reviewers, written by the platform's operator."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.packages import Held


class PackageLine(Struct, frozen=True, kw_only=True):
    """``error``: why its text cannot be used; ``shipped``: it came with the platform, no file says otherwise."""

    name: str
    title: str
    title_zh: str
    devices: int
    offered: bool
    shipped: bool
    error: str
    text: str


class PackageText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    text: Annotated[str, Meta(max_length=200_000)]


def operations(rooms: Rooms) -> list[Operation]:
    packages = rooms.registry.packages

    async def listed(call: Call) -> Any:
        return [_line(held) for held in await packages.listed()]

    async def get(call: Call) -> Any:
        return _line(await packages.held(call.part("name")))

    async def put(call: Call) -> Any:
        call.after = call.body
        await packages.put(call.part("name"), call.body.text)
        return _line(await packages.held(call.part("name")))

    async def drop(call: Call) -> Any:
        call.before = _line(await packages.held(call.part("name")))
        await packages.drop(call.part("name"))

    path = "/packages/{name}"
    return [
        Operation("GET", "/packages", "Starter packages", listed, answer=list[PackageLine]),
        Operation("GET", path, "A starter package", get, answer=PackageLine),
        Operation("PUT", path, "Keep the text of a starter package", put, body=PackageText, answer=PackageLine),
        Operation("DELETE", path, "Delete the text; a shipped package comes back", drop),
    ]


def _line(held: Held) -> PackageLine:
    made = held.package
    return PackageLine(
        name=held.name,
        title=made.title if made else "",
        title_zh=made.title_zh if made else "",
        devices=len(made.devices) if made else 0,
        offered=made.offered if made else False,
        shipped=held.shipped,
        error=held.error,
        text=held.text,
    )
