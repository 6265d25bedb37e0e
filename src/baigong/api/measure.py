"""Looks at what cannot be counted where it happens: how many there are now, of every company, once a minute."""

from __future__ import annotations

from collections import Counter
from typing import Any

from baigong.api.rooms import Rooms
from baigong.registry.usage import Levels
from baigong.stores.records import ALL, members
from baigong.stores.records.documents import bytes_of_documents
from baigong.stores.records.plant import count_devices, count_points
from baigong.stores.records.screens import bytes_of_screens
from baigong.vocab.usage import PLATFORM


async def levels(rooms: Rooms, sizes: Counter[str]) -> Levels:
    """Return every company's gauges. ``sizes``: bytes in the lake."""
    registry = rooms.registry
    people = await registry.records.read(members.count_people, tenant=ALL)
    devices = await registry.records.read(count_devices, tenant=ALL)
    documents = await registry.records.read(bytes_of_documents, tenant=ALL)
    screens = await registry.records.read(bytes_of_screens, tenant=ALL)
    points = await registry.records.read(count_points, tenant=ALL)
    connections, connected = rooms.pulse.connections(), rooms.pulse.connected()
    return {
        tenant: {
            "storage_bytes": sizes[tenant] + documents.get(tenant, 0) + screens.get(tenant, 0),
            "points": points.get(tenant, 0),
            "devices": devices.get(tenant, 0),
            "devices_connected": connected[tenant],
            "people": people.get(tenant, 0),
            "mqtt_connections": connections[tenant],
            "flows": 0,  # nobody can have one yet
            "models": 0,
            "apps": 0,
        }
        for tenant in {*registry.tenants.ids(), *registry.usage.tenants()} - {PLATFORM}
    }


def follow_gateways(rooms: Rooms) -> None:
    """Count what gateways tell of their front doors."""
    slowed: dict[tuple[str, str], int] = {}

    def heard(gateway: str, since_us: int, row: dict[str, Any]) -> None:
        tenant, times = str(row["tenant"]), int(row.get("slowed") or 0)
        rooms.registry.usage.add_door(gateway, tenant, since_us, int(row.get("messages") or 0))
        before = slowed.get((gateway, tenant), times)
        slowed[gateway, tenant] = times
        if times > before:
            rooms.registry.usage.add(tenant, "slowed", times - before)
            rooms.registry.quotas.slowed(tenant)

    rooms.pulse.on_company = heard
