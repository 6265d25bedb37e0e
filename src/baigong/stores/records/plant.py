"""Rows of devices, points and credentials; every function is work on one connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from baigong.stores.records.tables import credential_uses, credentials, devices, points
from baigong.stores.records.topics import drop_topics
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.errors import FixConfiguration

T = TypeVar("T")
_ASKED_AT_ONCE = 500  # names or numbers in one question: databases bound how many


@dataclass(slots=True, frozen=True)
class DeviceRow:
    """A device as it stands; ``file_digest`` is of the YAML file that says the same."""

    tenant: str
    spec: DeviceSpec
    revision: int
    file_digest: str
    changed_us: int
    changed_by: str


@dataclass(slots=True, frozen=True)
class PointRow:
    """A point and its present source. ``first_device``/``first_address`` gave the number."""

    tenant: str
    number: int
    device: str
    spec: PointSpec
    first_device: str
    first_address: str
    discovered: bool
    created_us: int
    retired_us: int | None = None

    @property
    def name(self) -> str:
        return self.spec.name


def batched(items: Sequence[T], size: int) -> Iterator[list[T]]:
    left = iter(items)
    while piece := list(islice(left, size)):
        yield piece


def devices_of(connection: sa.Connection, tenant: str) -> list[DeviceRow]:
    wanted = sa.select(devices).where(devices.c.tenant == tenant).order_by(devices.c.device)
    return [
        DeviceRow(
            tenant=tenant,
            spec=msgspec.json.decode(row.spec, type=DeviceSpec),
            revision=row.revision,
            file_digest=row.file_digest,
            changed_us=row.changed_us,
            changed_by=row.changed_by,
        )
        for row in connection.execute(wanted)
    ]


def device_keys(connection: sa.Connection) -> list[tuple[str, str, str]]:
    """Return (tenant, device, gateway) of every device there is."""
    named = sa.func.json_extract(devices.c.spec, "$.gateway")
    if connection.dialect.name == "postgresql":
        named = sa.cast(devices.c.spec, sa.JSON)["gateway"].as_string()
    wanted = sa.select(devices.c.tenant, devices.c.device, named).order_by(devices.c.tenant, devices.c.device)
    return [(tenant, device, gateway or "local") for tenant, device, gateway in connection.execute(wanted)]


def file_digests(connection: sa.Connection, tenant: str) -> dict[str, str]:
    """Return what a tenant's device files are known to hold: device -> SHA-256 of its text."""
    wanted = sa.select(devices.c.device, devices.c.file_digest).where(devices.c.tenant == tenant)
    return {device: digest for device, digest in connection.execute(wanted)}


def count_devices(connection: sa.Connection) -> dict[str, int]:
    """Return how many devices each tenant has."""
    wanted = sa.select(devices.c.tenant, sa.func.count()).group_by(devices.c.tenant)
    return {tenant: int(count) for tenant, count in connection.execute(wanted)}


def count_points(connection: sa.Connection) -> dict[str, int]:
    """Return how many points each tenant has that are not retired."""
    wanted = sa.select(points.c.tenant, sa.func.count()).where(points.c.retired_us.is_(None)).group_by(points.c.tenant)
    return {tenant: int(count) for tenant, count in connection.execute(wanted)}


def put_devices(connection: sa.Connection, rows: Sequence[DeviceRow]) -> None:
    """Write devices, new ones and changed ones."""
    known: set[tuple[str, str]] = set()
    for tenant in {row.tenant for row in rows}:
        for names in batched([row.spec.device for row in rows if row.tenant == tenant], _ASKED_AT_ONCE):
            query = sa.select(devices.c.device).where(devices.c.tenant == tenant, devices.c.device.in_(names))
            known |= {(tenant, device) for (device,) in connection.execute(query)}
    values = [
        {
            "tenant": row.tenant,
            "device": row.spec.device,
            "spec": msgspec.json.encode(row.spec).decode(),
            "revision": row.revision,
            "file_digest": row.file_digest,
            "changed_us": row.changed_us,
            "changed_by": row.changed_by,
        }
        for row in rows
    ]
    fresh = [v for v in values if (v["tenant"], v["device"]) not in known]
    changed = [{"t": v.pop("tenant"), "d": v.pop("device"), **v} for v in values if (v["tenant"], v["device"]) in known]
    if changed:
        fields: dict[str, Any] = {c.name: sa.bindparam(c.name) for c in devices.c if not c.primary_key}
        key = sa.and_(devices.c.tenant == sa.bindparam("t"), devices.c.device == sa.bindparam("d"))
        connection.execute(devices.update().where(key).values(fields), changed)
    if fresh:
        connection.execute(devices.insert(), fresh)


def drop_device(connection: sa.Connection, tenant: str, device: str) -> None:
    names = sa.select(credentials.c.username).where(credentials.c.tenant == tenant, credentials.c.device == device)
    for name in connection.execute(names).scalars().all():
        drop_topics(connection, tenant, "user", name)
    connection.execute(devices.delete().where(devices.c.tenant == tenant, devices.c.device == device))
    connection.execute(credentials.delete().where(credentials.c.tenant == tenant, credentials.c.device == device))


def point_numbers(connection: sa.Connection, tenant: str, device: str) -> dict[str, int]:
    """Return address -> number of a device's points, without reading what they are."""
    wanted = sa.select(points.c.address, points.c.number).where(points.c.tenant == tenant, points.c.device == device)
    return {address: number for address, number in connection.execute(wanted)}


def points_of(connection: sa.Connection, tenant: str) -> list[PointRow]:
    return [
        PointRow(
            tenant=tenant,
            number=row.number,
            device=row.device,
            spec=msgspec.json.decode(row.spec, type=PointSpec),
            first_device=row.first_device,
            first_address=row.first_address,
            discovered=bool(row.discovered),
            created_us=row.created_us,
            retired_us=row.retired_us,
        )
        for row in connection.execute(sa.select(points).where(points.c.tenant == tenant))
    ]


def put_points(connection: sa.Connection, rows: Sequence[PointRow]) -> None:
    """Write points by number. Names may be swapped among them: they are set aside first."""
    if not rows:
        return
    known: set[tuple[str, int]] = set()
    for tenant in {r.tenant for r in rows}:
        for numbers in batched([r.number for r in rows if r.tenant == tenant], _ASKED_AT_ONCE):
            query = sa.select(points.c.number).where(points.c.tenant == tenant, points.c.number.in_(numbers))
            known |= {(tenant, number) for (number,) in connection.execute(query)}
    fresh = [_point_values(r) for r in rows if (r.tenant, r.number) not in known]
    changed = [_point_values(r) for r in rows if (r.tenant, r.number) in known]
    if changed:
        aside = points.update().where(points.c.tenant == sa.bindparam("t"), points.c.number == sa.bindparam("n"))
        bound = [{**v, "t": v["tenant"], "n": v["number"]} for v in changed]
        connection.execute(
            aside.values(name=sa.bindparam("aside")),
            [{"t": v["t"], "n": v["n"], "aside": f"~{v['n']}"} for v in bound],
        )
        fields: dict[str, Any] = {c.name: sa.bindparam(c.name) for c in points.c if not c.primary_key}
        connection.execute(aside.values(fields), [{k: v for k, v in b.items() if k not in _KEY} for b in bound])
    if fresh:
        connection.execute(points.insert(), fresh)


_KEY = ("tenant", "number")


def _point_values(row: PointRow) -> dict[str, Any]:
    spec = row.spec
    return {
        "tenant": row.tenant,
        "number": row.number,
        "name": spec.name,
        "asset": spec.asset,
        "quantity": spec.quantity,
        "device": row.device,
        "address": spec.address,
        "kind": spec.kind,
        "unit": spec.unit,
        "title": spec.title,
        "spec": msgspec.json.encode(spec).decode(),
        "first_device": row.first_device,
        "first_address": row.first_address,
        "discovered": row.discovered,
        "created_us": row.created_us,
        "retired_us": row.retired_us,
    }


@dataclass(slots=True, frozen=True)
class CredentialRow:
    """What a machine signs in with at the front door. ``used_us``: when it last did; 0 for never."""

    username: str
    tenant: str
    device: str
    proof: str
    created_us: int
    used_us: int = 0


def all_credentials(connection: sa.Connection) -> list[CredentialRow]:
    both = credentials.outerjoin(credential_uses, credentials.c.username == credential_uses.c.username)
    query = sa.select(credentials, credential_uses.c.used_us).select_from(both).order_by(credentials.c.username)
    return [
        CredentialRow(r.username, r.tenant, r.device, r.proof, r.created_us, r.used_us or 0)
        for r in connection.execute(query)
    ]


def put_credential(connection: sa.Connection, row: CredentialRow) -> None:
    """Write or replace one; a user name of another tenant is refused."""
    held = connection.execute(sa.select(credentials.c.tenant).where(credentials.c.username == row.username)).scalar()
    if held is not None and held != row.tenant:
        raise FixConfiguration("config.conflict", f"the user name {row.username!r} is taken", place="username")
    connection.execute(credentials.delete().where(credentials.c.username == row.username))
    connection.execute(
        credentials.insert().values(
            username=row.username, tenant=row.tenant, device=row.device, proof=row.proof, created_us=row.created_us
        )
    )


def drop_credential(connection: sa.Connection, tenant: str, username: str) -> bool:
    drop_topics(connection, tenant, "user", username)
    gone = credentials.delete().where(credentials.c.tenant == tenant, credentials.c.username == username)
    return bool(connection.execute(gone).rowcount)


def put_uses(connection: sa.Connection, uses: Mapping[str, int]) -> None:
    """Write when credentials were last used; one that is gone is passed over."""
    there = credential_uses.c.username
    for username, used_us in uses.items():
        connection.execute(credential_uses.delete().where(there == username))
        row = sa.select(credentials.c.username, sa.literal(used_us)).where(credentials.c.username == username)
        connection.execute(credential_uses.insert().from_select(["username", "used_us"], row))
