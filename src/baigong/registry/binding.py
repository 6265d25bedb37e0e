"""Which points of a type's assets a template binds to what, what hinders it, and the devices as they would be then."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from baigong.drivers.manifest import manifest
from baigong.registry.assets import Assets
from baigong.registry.book import PointBook
from baigong.registry.devices import Devices
from baigong.registry.types import Types
from baigong.vocab.assets import AssetSpec, Property
from baigong.vocab.assettypes import AssetType, TypePoint
from baigong.vocab.binding import (
    BindTemplate,
    PointBinding,
    Template,
    Unbound,
    number_of,
    parse_template,
)
from baigong.vocab.devices import DeviceSpec, PointSpec
from baigong.vocab.errors import BaigongError, FixConfiguration

_MOST = 50_000  # points at once
Outcome = Literal["new", "changed", "same", "wrong"]
_PLAIN = PointBinding()


class BoundPoint(Struct, frozen=True, kw_only=True):
    """One point of one asset. ``before``: its address, where it has another one; ``message``: what hinders it.

    ``outcome``: new, changed, same (it is bound so already), wrong.
    """

    asset: str
    point: str
    device: str
    address: str
    unit: str
    outcome: Outcome
    before: str = ""
    message: str = ""
    message_zh: str = ""


@dataclass(slots=True)
class Binding:
    """``specs``: the devices that would change, as they would be; ``revisions``: what they were made from."""

    lines: list[BoundPoint] = field(default_factory=list)
    specs: list[DeviceSpec] = field(default_factory=list)
    revisions: dict[str, int] = field(default_factory=dict)

    def count(self) -> Counter[str]:
        return Counter(line.outcome for line in self.lines)

    def require_whole(self) -> None:
        """Raise config.invalid when anything hinders it."""
        wrong = [line for line in self.lines if line.outcome == "wrong"]
        if wrong:
            first, more = wrong[0], f" (and {len(wrong) - 1:,} more)" if len(wrong) > 1 else ""
            raise FixConfiguration(
                "config.invalid", f"{first.message}{more}; nothing was bound", place=f"{first.asset}.{first.point}"
            )


class _Said(NamedTuple):
    """One point as the template has it for one asset; ``wrong``: why it has not, in both languages."""

    asset: str
    quantity: str
    told: TypePoint
    how: PointBinding
    device: str = ""
    address: str = ""
    scale: float = 1.0
    offset: float = 0.0
    wrong: tuple[str, str] | None = None


def plan_binding(
    tenant: str, type: str, template: BindTemplate, *, types: Types, assets: Assets, book: PointBook, devices: Devices
) -> Binding:
    """Say what a template does to the assets of a type, and of those that extend it. Nothing is changed.

    Raises http.not_found for a type or an asset that does not exist, config.invalid for what is no template.
    """
    whole = types.get(tenant, type).whole
    texts = _Texts(template, whole)
    if template.under and template.under not in assets.tree(tenant):
        raise FixConfiguration("http.not_found", f"there is no asset {template.under!r}", place="under")
    said = list(_said(tenant, type, template, texts, types, assets))
    if len(said) > _MOST:
        raise FixConfiguration("payload.too_large", f"a template binds at most {_MOST:,} points: say under", place=type)
    return _settled(tenant, said, book, devices)


class _Texts:
    """The texts of a template, each read once."""

    def __init__(self, template: BindTemplate, whole: AssetType) -> None:
        self.device = parse_template(template.device, "device")
        self._read: dict[str, Template] = {}
        quantities = list(template.points) or [name for name, point in whole.points.items() if point.required]
        for name in quantities:
            if name not in whole.points:
                raise FixConfiguration(
                    "config.invalid", f"{whole.type} has no point {name!r}; it has {', '.join(whole.points)}",
                    place=f"points.{name}",
                )  # fmt: skip
        self.points = {name: template.points.get(name) or _PLAIN for name in quantities}
        for name, how in self.points.items():
            if not (how.address or template.address):
                raise FixConfiguration("config.invalid", f"say the address of {name}", place=f"points.{name}.address")
            for what, text in (
                ("address", how.address or template.address),
                ("scale", how.scale),
                ("offset", how.offset),
            ):
                if isinstance(text, str):
                    self._read[text] = parse_template(text, f"points.{name}.{what}")

    def filler(self, own: Mapping[str, Property], properties: Mapping[str, Property]) -> Callable[[str], str]:
        return lambda text: self._read[text].filled(own, properties)


def _said(
    tenant: str, type: str, template: BindTemplate, texts: _Texts, types: Types, assets: Assets
) -> Iterator[_Said]:
    tree, rows, by_type = assets.tree(tenant), assets.rows(tenant), types.assets(tenant)
    names = {one for name in (type, *types.extending(tenant, type)) for one in by_type.get(name, ())}
    places = tree.places()
    for asset in sorted(names, key=lambda one: places.get(one, 0)):
        found = types.of_asset(tenant, asset)
        if found is None or not tree.covers(template.under, asset):
            continue
        spec, whole = rows[asset].spec, found.whole
        for quantity, how in texts.points.items():
            if (told := whole.points.get(quantity)) is not None:  # of another version of the type it may have none
                yield _filled(spec, whole, quantity, told, how, template, texts)


def _filled(
    spec: AssetSpec, whole: AssetType, quantity: str, told: TypePoint, how: PointBinding, template: BindTemplate,
    texts: _Texts,
) -> _Said:  # fmt: skip
    own: dict[str, Property] = {
        "asset": spec.asset, "name": spec.asset.rpartition(".")[2], "code": spec.code, "parent": spec.above,
        "place": spec.place, "type": whole.type, "point": quantity,
    }  # fmt: skip
    defaults = {name: one.default for name, one in whole.properties.items() if one.default is not None}
    properties = defaults | spec.properties
    fill = texts.filler(own, properties)
    try:
        return _Said(
            spec.asset, quantity, told, how, texts.device.filled(own, properties),
            fill(how.address or template.address), number_of(how.scale, fill), number_of(how.offset, fill),
        )  # fmt: skip
    except Unbound as error:
        return _Said(spec.asset, quantity, told, how, wrong=(error.message, error.message_zh))


def _settled(tenant: str, said: Sequence[_Said], book: PointBook, devices: Devices) -> Binding:
    made = Binding()
    known = book.known(tenant).by_name
    specs: dict[str, dict[str, PointSpec]] = {}  # device -> its points, as they would be
    taken: dict[tuple[str, str], str] = {}  # who is read there
    for name in {one.device for one in said if one.wrong is None}:
        row = devices.find(tenant, name)
        if row is not None:
            specs[name] = {point.name: point for point in row.spec.points}
            bound = {f"{one.asset}.{one.quantity}" for one in said if one.device == name}
            taken |= {(name, p.address): p.name for p in row.spec.points if p.name not in bound}
    for one in said:
        name = f"{one.asset}.{one.quantity}"
        wrong = one.wrong or _hindered(tenant, one, name, known.get(name), devices, taken)
        held = specs.get(one.device, {}).get(name)
        point = None if wrong else _point(one, name, held)
        outcome: Outcome = "wrong" if wrong else "new" if held is None else "same" if held == point else "changed"
        if point is not None:
            taken[one.device, one.address] = name
            specs[one.device][name] = point
        made.lines.append(BoundPoint(
            asset=one.asset, point=one.quantity, device=one.device, address=one.address, unit=one.told.unit,
            outcome=outcome, before=held.address if held is not None and held.address != one.address else "",
            message=wrong[0] if wrong else "", message_zh=wrong[1] if wrong else "",
        ))  # fmt: skip
    touched = {line.device for line in made.lines if line.outcome in ("new", "changed")}
    for name in sorted(touched):
        row = devices.get(tenant, name)
        made.specs.append(msgspec.structs.replace(row.spec, points=list(specs[name].values())))
        made.revisions[name] = row.revision
    return made


def _hindered(
    tenant: str, one: _Said, name: str, held: object, devices: Devices, taken: Mapping[tuple[str, str], str]
) -> tuple[str, str] | None:
    """Say why a point cannot be read there."""
    row = devices.find(tenant, one.device)
    if row is None:
        return f"there is no device {one.device!r}", f"没有采集连接 {one.device}"
    elsewhere = getattr(held, "device", one.device)
    if elsewhere != one.device and getattr(held, "retired_us", None) is None:
        return f"it is read through {elsewhere} already", f"已由采集连接 {elsewhere} 读取"
    if (other := taken.get((one.device, one.address))) is not None and other != name:
        return f"{other} is read at {one.address} too", f"{other} 也从地址 {one.address} 读取"
    try:
        manifest(row.spec.driver).check_address(one.address, row.spec.options)
    except BaigongError as error:
        return error.message, f"地址无法读取:{error.message}"
    return None


def _point(one: _Said, name: str, held: PointSpec | None) -> PointSpec:
    """Say how it is read; words that a file says of a point already stay."""
    how, told = one.how, one.told
    before = held or PointSpec(name=name, address=one.address)
    return msgspec.structs.replace(
        before,
        address=one.address,
        kind=told.kind,
        unit=told.unit or before.unit,
        states=before.states or told.states,
        states_zh=before.states_zh or told.states_zh,
        scale=one.scale,
        offset=one.offset,
        scan=how.scan or before.scan,
        deadband=how.deadband or before.deadband,
        sloped=how.sloped and before.sloped,
        counter=how.counter or before.counter,
        write=how.write or before.write,
    )
