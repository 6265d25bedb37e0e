"""Binding the points of a type's assets by one template: what it would do, and doing it."""

from __future__ import annotations

import asyncio
from typing import Any

from msgspec import Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.binding import Binding, BoundPoint, plan_binding
from baigong.vocab.binding import BindTemplate

_MOST_LINES = 5000


class BindRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``check``: only say what it would do."""

    bind: BindTemplate
    check: bool = False


class BindAnswer(Struct, frozen=True, kw_only=True):
    """``lines``: what hinders it first, then by asset; at most 5,000. ``wrong``: with any, nothing is written.

    ``devices``: those whose files change.
    """

    assets: int
    new: int
    changed: int
    same: int
    wrong: int
    devices: list[str]
    lines: list[BoundPoint]


def operations(rooms: Rooms) -> list[Operation]:
    registry = rooms.registry

    def plan(tenant: str, type: str, template: BindTemplate) -> Binding:
        return plan_binding(
            tenant, type, template,
            types=registry.types, assets=registry.assets, book=registry.book, devices=registry.devices,
        )  # fmt: skip

    async def bind(call: Call) -> Any:
        told: BindRequest = call.body
        made = await asyncio.to_thread(plan, call.tenant, call.part("name"), told.bind)
        if not told.check:
            made.require_whole()
            call.after = {"bind": told.bind, "points": len(made.lines)}
            for spec in made.specs:
                registry.networks.check(call.tenant, spec)
            await registry.devices.put_many(call.tenant, made.specs, call.who.user, made.revisions)
        return _answer(made)

    return [
        Operation(
            "POST",
            "/types/{name}/bind",
            "Bind the points of a type's assets by a template",
            bind,
            body=BindRequest,
            answer=BindAnswer,
        )
    ]


def _answer(made: Binding) -> BindAnswer:
    count = made.count()
    lines = sorted(made.lines, key=lambda line: line.outcome != "wrong")  # stable: by asset else
    return BindAnswer(
        assets=len({line.asset for line in made.lines}),
        new=count["new"],
        changed=count["changed"],
        same=count["same"],
        wrong=count["wrong"],
        devices=[spec.device for spec in made.specs],
        lines=lines[:_MOST_LINES],
    )
