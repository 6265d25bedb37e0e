"""Device templates: what there is, writing one, devices of it from a table, what other versions change on devices."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from itertools import islice
from typing import Annotated, Any

from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.checking import check_driver
from baigong.registry.devicetemplates import Version, sample_device
from baigong.registry.templatefleet import FleetPlanner, Plan, PlannedDevice
from baigong.registry.templaterows import read_rows
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.devicetemplates import DeviceTemplate
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.unitwords import unit_words

_MOST_LINES = 5_000


class DeviceTemplateLine(Struct, frozen=True, kw_only=True):
    """``error``: why it cannot be read any more. ``behind``: devices of an earlier version than the newest."""

    template: str
    version: int
    shipped: bool
    title: str
    title_zh: str
    manufacturer: str
    models: list[str]
    driver: str
    points: int
    devices: int
    behind: int
    error: str


class TemplateVersion(Struct, frozen=True, kw_only=True):
    version: int
    changed_us: int
    changed_by: str


class TemplateUser(Struct, frozen=True, kw_only=True):
    """A device made of it, and of which version."""

    device: str
    version: int


class TemplateAnswer(Struct, frozen=True, kw_only=True):
    """``text``: of this version as written; ``whole``: read. ``units``: of each UCUM code the words, en and zh."""

    template: str
    version: int
    shipped: bool
    text: str
    whole: DeviceTemplate
    versions: list[TemplateVersion]
    used: list[TemplateUser]
    units: dict[str, list[str]]


class DeviceTemplateQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: Annotated[int, Meta(ge=1)] | None = None


class TemplateText(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``check``: only read it. ``base``: the version that it was made from; another one meanwhile: config.conflict."""

    text: str
    check: bool = False
    base: Annotated[int, Meta(ge=0)] | None = None


class TemplateKept(Struct, frozen=True, kw_only=True):
    """``example``: a device of it, with addresses and scales filled in."""

    version: int
    whole: DeviceTemplate
    example: DeviceSpec
    units: dict[str, list[str]]


class DevicesOf(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``text``: a table with a header, commas, semicolons or tabs. ``version``: left out: the newest."""

    text: Annotated[str, Meta(max_length=4_000_000)]
    version: Annotated[int, Meta(ge=1)] | None = None
    check: bool = False


class Upgrade(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``devices``: only these; left out: all that are made of the template. ``version``: left out: the newest."""

    devices: Annotated[list[str], Meta(max_length=5_000)] | None = None
    version: Annotated[int, Meta(ge=1)] | None = None
    check: bool = False


class PlannedDevices(Struct, frozen=True, kw_only=True):
    """``lines``: at most 5,000, those that are wrong first. ``wrong``: with any, nothing is written."""

    version: int
    new: int
    changed: int
    same: int
    wrong: int
    lines: list[PlannedDevice]


def operations(rooms: Rooms) -> list[Operation]:
    templates = rooms.registry.device_templates

    async def listed(call: Call) -> Any:
        users = templates.users(call.tenant)
        return [_line(rooms, call.tenant, name, users.get(name, {})) for name in templates.names(call.tenant)]

    async def one(call: Call) -> Any:
        name = call.part("name")
        found = templates.get(call.tenant, _ref(name, call.query.version))
        users = templates.users(call.tenant).get(name, {})
        return TemplateAnswer(
            template=name,
            version=found.row.version,
            shipped=templates.is_shipped(call.tenant, name),
            text=found.row.text,
            whole=found.whole,
            versions=[
                TemplateVersion(version=r.version, changed_us=r.changed_us, changed_by=r.changed_by)
                for r in templates.versions(call.tenant, name)
            ],
            used=[TemplateUser(device=d, version=v) for d, v in islice(users.items(), _MOST_LINES)],
            units=_units(found.whole),
        )

    async def put(call: Call) -> Any:
        told: TemplateText = call.body
        name = call.part("name")
        if told.check:
            whole = await asyncio.to_thread(templates.check, told.text, name)
            held = templates.versions(call.tenant, name)
            return _kept(held[-1].version if held else 0, whole)
        held = templates.versions(call.tenant, name)
        call.before = held[-1].text if held else None
        call.after = told.text
        found = await templates.put(call.tenant, name, told.text, call.who.user, told.base)
        return _kept(found.row.version, found.whole)

    async def drop(call: Call) -> Any:
        await templates.drop(call.tenant, call.part("name"), call.who.user)

    return [
        Operation("GET", "/device-templates", "Device templates", listed, answer=list[DeviceTemplateLine]),
        Operation(
            "GET", "/device-templates/{name}", "One device template", one, query=DeviceTemplateQuery,
            answer=TemplateAnswer,
        ),
        Operation(
            "PUT", "/device-templates/{name}", "Write a device template, or only read it", put, body=TemplateText,
            answer=TemplateKept,
        ),
        Operation("DELETE", "/device-templates/{name}", "Take a device template away", drop),
        *_fleet(rooms),
    ]  # fmt: skip


def _fleet(rooms: Rooms) -> list[Operation]:
    templates, devices = rooms.registry.device_templates, rooms.registry.devices

    def planner(tenant: str) -> FleetPlanner:
        def check(spec: DeviceSpec) -> None:
            check_driver(spec)
            rooms.registry.networks.check(tenant, spec)

        return FleetPlanner(tenant, templates, devices, rooms.registry.names.of(tenant), check)

    async def add(call: Call) -> Any:
        told: DevicesOf = call.body
        version = templates.get(call.tenant, _ref(call.part("name"), told.version))
        lines = await asyncio.to_thread(read_rows, told.text, version.whole)
        plan = await asyncio.to_thread(planner(call.tenant).of_table, version, lines)
        return await _carried_out(call, version, plan, told.check)

    async def upgrade(call: Call) -> Any:
        told: Upgrade = call.body
        name = call.part("name")
        version = templates.get(call.tenant, _ref(name, told.version))
        chosen = templates.users(call.tenant).get(name, {}) if told.devices is None else told.devices
        plan = await asyncio.to_thread(planner(call.tenant).of_upgrade, version, chosen)
        return await _carried_out(call, version, plan, told.check)

    async def _carried_out(call: Call, version: Version, plan: Plan, check: bool) -> PlannedDevices:
        if not check:
            plan.require_whole()
            if plan.specs:
                call.after = {"template": version.ref, "devices": [spec.device for spec in plan.specs]}
                written = {spec.device: plan.revisions[spec.device] for spec in plan.specs}
                await devices.put_many(call.tenant, plan.specs, call.who.user, written)
        return _answer(version, plan)

    return [
        Operation(
            "POST", "/device-templates/{name}/devices", "Make devices of a template from a table: all, or none", add,
            body=DevicesOf, answer=PlannedDevices,
        ),
        Operation(
            "POST", "/device-templates/{name}/upgrade", "Make devices what another version of their template says",
            upgrade, body=Upgrade, answer=PlannedDevices,
        ),
    ]  # fmt: skip


def _line(rooms: Rooms, tenant: str, name: str, users: Mapping[str, int]) -> DeviceTemplateLine:
    templates = rooms.registry.device_templates
    row = templates.versions(tenant, name)[-1]
    error, whole = "", None
    try:
        whole = templates.get(tenant, name).whole
    except FixConfiguration as found:
        error = f"{found.message} ({found.place})"
    return DeviceTemplateLine(
        template=name,
        version=row.version,
        shipped=templates.is_shipped(tenant, name),
        title=whole.title if whole else "",
        title_zh=whole.title_zh if whole else "",
        manufacturer=whole.manufacturer if whole else "",
        models=whole.models if whole else [],
        driver=whole.driver if whole else "",
        points=len(whole.points) if whole else 0,
        devices=len(users),
        behind=sum(version < row.version for version in users.values()),
        error=error,
    )


def _ref(name: str, version: int | None) -> str:
    return f"{name}@{version}" if version else name


def _kept(version: int, whole: DeviceTemplate) -> TemplateKept:
    return TemplateKept(version=version, whole=whole, example=sample_device(whole), units=_units(whole))


def _units(whole: DeviceTemplate) -> dict[str, list[str]]:
    return {code: list(unit_words(code)) for code in sorted({p.unit for p in whole.points.values()} - {""})}


def _answer(version: Version, plan: Plan) -> PlannedDevices:
    count = plan.count()
    return PlannedDevices(
        version=version.row.version,
        new=count["new"],
        changed=count["changed"],
        same=count["same"],
        wrong=count["wrong"],
        lines=sorted(plan.lines, key=lambda one: one.outcome != "wrong")[:_MOST_LINES],
    )
