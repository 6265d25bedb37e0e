"""What a table of devices, or another version of a template, would make of devices; nothing is changed here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import msgspec
from msgspec import Struct

from baigong.registry.deviceplans import in_present_names
from baigong.registry.devices import Devices
from baigong.registry.devicetemplates import DeviceTemplates, Version
from baigong.registry.names import Earlier
from baigong.registry.sealing import reach, secret_names
from baigong.registry.templaterows import Line, Mistake
from baigong.stores.records.plant import DeviceRow
from baigong.vocab.assettypes import split_type
from baigong.vocab.devices import DeviceSpec
from baigong.vocab.devicetemplates import Wanted, made_device
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.ids import device_id
from baigong.vocab.templatechanges import FieldChange, Laid, TemplateChange, laid_over

Outcome = Literal["new", "changed", "same", "wrong"]
_MOST = 100_000  # points at once
_HIDDEN = "********"


class PlannedDevice(Struct, frozen=True, kw_only=True):
    """One device as it would be. ``line``: of the table, 0: of none. ``kept``: its own ways, which stay.

    ``version``: what it is made of now, "" for a new one. ``points``: how many it would have.
    """

    line: int
    device: str
    outcome: Outcome
    version: str = ""
    points: int = 0
    asset: str = ""
    changes: list[TemplateChange] = []
    kept: list[TemplateChange] = []
    wrong: list[Mistake] = []


@dataclass(slots=True)
class Plan:
    """``specs``: the devices that would be written; ``revisions``: what they were made from."""

    lines: list[PlannedDevice] = field(default_factory=list)
    specs: list[DeviceSpec] = field(default_factory=list)
    revisions: dict[str, int] = field(default_factory=dict)

    def count(self) -> Counter[str]:
        return Counter(line.outcome for line in self.lines)

    def require_whole(self) -> None:
        """Raise config.invalid when anything hinders it."""
        wrong = [line for line in self.lines if line.outcome == "wrong"]
        if wrong:
            first = wrong[0]
            more = f" (and {len(wrong) - 1:,} more)" if len(wrong) > 1 else ""
            where = f"line {first.line}" if first.line else first.device
            raise FixConfiguration(
                "config.invalid", f"{where}: {first.wrong[0].message}{more}; nothing was written", place=where
            )


class FleetPlanner:
    """Lays devices over what there is. ``check``: raises for a device that its driver, or the network, refuses."""

    def __init__(
        self,
        tenant: str,
        templates: DeviceTemplates,
        devices: Devices,
        earlier: Earlier,
        check: Callable[[DeviceSpec], None],
    ) -> None:
        self._tenant, self._templates, self._devices = tenant, templates, devices
        self._earlier, self._check = earlier, check
        self._plan = Plan()
        self._names: dict[str, str] = {}  # point -> device that reads it
        self._ways: dict[str, str] = {}  # connection and addresses -> device that reads them

    def of_table(self, version: Version, lines: Sequence[Line]) -> Plan:
        """Plan the devices of a table, new or as they would be then."""
        _bound(version, len(lines))
        counts = Counter(line.device for line in lines)
        self._know({line.device for line in lines})
        for line in lines:
            wrong = list(line.wrong)
            if line.device and counts[line.device] > 1:
                wrong.append(_said("device", f"{line.device} is in the table twice", f"{line.device} 重复出现"))
            if wrong or line.wanted is None:
                self._refuse(line.number, line.device, wrong)
            else:
                self._take(line.number, line.wanted, version, self._devices.find(self._tenant, line.device))
        return self._plan

    def of_upgrade(self, version: Version, chosen: Iterable[str]) -> Plan:
        """Plan the devices that are made of the template, as this version makes them. ``chosen``: of them these."""
        name, listed = version.row.name, list(dict.fromkeys(chosen))
        _bound(version, len(listed))
        self._know(set(listed))
        for device in listed:
            row = self._devices.find(self._tenant, device)
            if row is None or split_type(row.spec.template)[0] != name:
                self._refuse(
                    0, device, [_said("device", f"{device} is not made of {name}", f"{device} 不是由 {name} 生成")]
                )
                continue
            self._take(0, Wanted(device), version, row)
        return self._plan

    def _take(self, number: int, wanted: Wanted, version: Version, held: DeviceRow | None) -> None:
        try:
            device_id(wanted.device)
            laid = Laid(self._made(version, wanted)) if held is None else self._laid(held, version, wanted)
            self._check(laid.spec)
            self._require_new(laid.spec)
        except (BaigongError, ValueError) as error:
            self._refuse(number, wanted.device, [_mistake(error)], held)
            return
        outcome: Outcome = "new" if held is None else "same" if laid.spec == held.spec else "changed"
        self._plan.lines.append(
            PlannedDevice(
                line=number, device=wanted.device, outcome=outcome, version=held.spec.template if held else "",
                points=len(laid.spec.points), asset=wanted.asset or wanted.device, changes=laid.changes,
                kept=laid.kept,
            )
        )  # fmt: skip
        if outcome != "same":
            self._plan.specs.append(laid.spec)
        self._plan.revisions[wanted.device] = held.revision if held else 0

    def _made(self, version: Version, wanted: Wanted) -> DeviceSpec:
        return in_present_names(made_device(version.whole, version.ref, wanted), self._earlier)

    def _laid(self, held: DeviceRow, version: Version, wanted: Wanted) -> Laid:
        """Lay what is wanted over a device that there is; what a table does not say stays."""
        was, name = held.spec, version.row.name
        if split_type(was.template)[0] != name:
            made_of = was.template or "no template"
            raise FixConfiguration(
                "config.conflict", f"there is a device {was.device} already, made of {made_of}", place="device",
                zh=f"已有同名的采集连接,由 {was.template or '手工'} 生成",
            )  # fmt: skip
        before = self._templates.get(self._tenant, was.template)
        own = {option: value for option, value in was.options.items() if option not in before.whole.options}
        asset = str(was.parameters.get("asset", ""))
        told = {key: value for key, value in was.parameters.items() if key != "asset"}
        base = self._made(before, Wanted(was.device, asset, options=own, parameters=told))
        said = {option: was.options.get(option) for option in wanted.options}
        base = msgspec.structs.replace(base, options={**base.options, **said})  # what is said anew is no own way
        still = {key: value for key, value in told.items() if key in version.whole.parameters}
        full = replace(
            wanted,
            asset=wanted.asset or asset,
            options={**{o: v for o, v in own.items() if o not in version.whole.options}, **wanted.options},
            parameters={**still, **wanted.parameters},
        )
        laid = laid_over(base, was, self._made(version, full))
        _require_secrets_again(was, laid.spec, wanted)
        hidden = {f"options.{name}" for name in secret_names(was.driver)}
        laid.changes = [_hiding(one) if one.what in hidden else one for one in laid.changes]
        laid.kept = [_hiding(one) if one.what in hidden else one for one in laid.kept]
        words = {f: v for f in ("title", "title_zh", "gateway") if (v := getattr(wanted, f)) and v != getattr(was, f)}
        if words:
            laid.spec = msgspec.structs.replace(laid.spec, **words)
            laid.changes += [_word(f, getattr(was, f), v) for f, v in words.items()]
        return laid

    def _know(self, without: set[str]) -> None:
        """Note who reads which points, and through which connection, of the devices that are not in question."""
        for row in self._devices.of_tenant(self._tenant):
            if row.spec.device not in without:
                self._note(row.spec)

    def _note(self, spec: DeviceSpec) -> None:
        self._names.update((point.name, spec.device) for point in spec.points)
        if spec.template and spec.driver != "sim":
            self._ways[_way(spec)] = spec.device

    def _require_new(self, spec: DeviceSpec) -> None:
        """Raise where another device has its points, or reads the very same."""
        for point in spec.points:
            if other := self._names.get(point.name):
                raise FixConfiguration(
                    "point.collision", f"{point.name} is read through {other}", place="asset",
                    zh=f"{point.name} 已通过 {other} 采集",
                )  # fmt: skip
        if spec.driver != "sim" and (other := self._ways.get(_way(spec))):
            raise FixConfiguration(
                "config.conflict", f"{other} reads the same addresses through the same connection", place="device",
                zh=f"{other} 已通过同一连接采集相同地址",
            )  # fmt: skip
        self._note(spec)

    def _refuse(self, number: int, device: str, wrong: list[Mistake], held: DeviceRow | None = None) -> None:
        version = held.spec.template if held else ""
        self._plan.lines.append(
            PlannedDevice(line=number, device=device, outcome="wrong", version=version, wrong=wrong)
        )


def _bound(version: Version, devices: int) -> None:
    if devices * len(version.whole.points) > _MOST:
        raise FixConfiguration(
            "payload.too_large", f"at most {_MOST:,} points at once: take fewer devices", place=version.ref
        )


def _require_secrets_again(was: DeviceSpec, now: DeviceSpec, wanted: Wanted) -> None:
    """Raise where what is kept secret would go elsewhere: who may change an address need not know the password."""
    kept = [name for name in secret_names(was.driver) if was.options.get(name) and name not in wanted.options]
    before = reach(was)
    changed = [name for name, value in reach(now).items() if value != before[name]]
    if kept and changed:
        raise FixConfiguration(
            "secret.again", f"{', '.join(changed)} changed: what was kept is not sent there", place=", ".join(kept)
        )


def _hiding(change: TemplateChange) -> TemplateChange:
    fields = [FieldChange(field=one.field, before=_HIDDEN, after=_HIDDEN) for one in change.fields]
    return TemplateChange(what=change.what, outcome=change.outcome, fields=fields)


def _said(field: str, message: str, message_zh: str) -> Mistake:
    return Mistake(field=field, message=message, message_zh=message_zh)


def _mistake(error: Exception) -> Mistake:
    """Say what hinders a device; in Chinese at least of which kind it is."""
    if not isinstance(error, BaigongError):
        return _said("", str(error), "填写有误")
    return _said(error.place, error.message, str(error.fields.get("zh", error.kind.title_zh)))


def _word(name: str, before: str, after: str) -> TemplateChange:
    return TemplateChange(what=name, outcome="changed", fields=[FieldChange(field=name, before=before, after=after)])


def _way(spec: DeviceSpec) -> str:
    told = sorted(spec.options.items())
    return repr((spec.driver, spec.gateway, told, sorted(point.address for point in spec.points)))
