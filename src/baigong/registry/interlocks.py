"""Interlocks: conditions over what the gateways know of points this very moment. Unknown means no."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import msgspec

from baigong.bus.contract import Bus
from baigong.registry.book import PointBook
from baigong.registry.devices import Devices
from baigong.vocab.condition import Condition, Unknown
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.writing import Value

_ANSWER_S = 3.0


async def present_values(
    bus: Bus, book: PointBook, devices: Devices, tenant: str, names: Iterable[str]
) -> dict[str, Value]:
    """Ask the gateways for the good present values of points, by name; what no gateway knows is left out."""
    by_gateway: dict[str, list[tuple[str, int]]] = {}
    for name in dict.fromkeys(names):
        try:
            point = book.find(tenant, name)
        except FixConfiguration:
            continue
        held = devices.find(tenant, point.device)
        if held is not None:
            by_gateway.setdefault(held.spec.gateway, []).append((name, point.number))
    parts = await asyncio.gather(*(_ask(bus, gateway, tenant, wanted) for gateway, wanted in by_gateway.items()))
    return {name: value for part in parts for name, value in part.items()}


def check_interlock(condition: Condition, present: Mapping[str, Value], name: str) -> None:
    """Raise command.interlock unless the condition is known to hold."""
    shown = ", ".join(f"{p} = {present.get(p, 'unknown')}" for p in condition.points)
    try:
        if condition.holds(present.get):
            return
        why = f"{condition.text} does not hold: {shown}"
    except Unknown as error:
        why = f"{condition.text}: {error.why}"
    raise FixConfiguration("command.interlock", why, place=name)


async def _ask(bus: Bus, gateway: str, tenant: str, wanted: list[tuple[str, int]]) -> dict[str, Value]:
    asked = msgspec.json.encode({"tenant": tenant, "points": [number for _, number in wanted]})
    try:
        raw = await bus.request(f"gateway.{gateway}.values", asked, timeout_s=_ANSWER_S)
        found = msgspec.json.decode(raw, type=list[Value | None])
    except (BaigongError, msgspec.MsgspecError):
        return {}
    return {name: value for (name, _), value in zip(wanted, found, strict=False) if value is not None}
