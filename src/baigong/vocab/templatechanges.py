"""What another version of a template changes on a device, and what was changed there by hand and stays. Pure.

Three devices are laid side by side: as the version makes it that it has (base), as it is (mine), as the other version
makes it (theirs). What is as the template made it follows the template; what somebody changed stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from msgspec import Struct

from baigong.vocab.devices import DeviceSpec, PointSpec

Outcome = Literal["added", "removed", "changed"]
_FIELDS = tuple(name for name in PointSpec.__struct_fields__ if name not in ("name", "number"))


class FieldChange(Struct, frozen=True, kw_only=True):
    """One field; None where there is none."""

    field: str
    before: Any = None
    after: Any = None


class TemplateChange(Struct, frozen=True, kw_only=True):
    """What becomes of one point, option or scan class. ``what``: the name of a point, ``options.order``…"""

    what: str
    outcome: Outcome
    fields: list[FieldChange] = []


@dataclass(slots=True)
class Laid:
    """``spec``: the device as it would be. ``kept``: its own ways, from the template's (before) to its (after)."""

    spec: DeviceSpec
    changes: list[TemplateChange] = field(default_factory=list)
    kept: list[TemplateChange] = field(default_factory=list)


def laid_over(base: DeviceSpec, mine: DeviceSpec, theirs: DeviceSpec) -> Laid:
    """Return a device with what ``theirs`` changes against ``base``; its points keep their numbers and their order."""
    laid = Laid(mine)
    options = _mapping("options", base.options, mine.options, theirs.options, laid)
    scan = _mapping("scan", base.scan, mine.scan, theirs.scan, laid)
    points = _points(base, mine, theirs, laid)
    laid.spec = msgspec.structs.replace(
        mine, options=options, scan=scan, points=points, template=theirs.template, parameters=theirs.parameters,
        driver=theirs.driver,
    )  # fmt: skip
    return laid


def _mapping(
    what: str, base: Mapping[str, Any], mine: Mapping[str, Any], theirs: Mapping[str, Any], laid: Laid
) -> dict[str, Any]:
    made = dict(mine)
    for key in dict.fromkeys((*base, *theirs)):
        was, now, then = base.get(key), mine.get(key), theirs.get(key)
        if was == now != then:
            if then is None:
                made.pop(key, None)
            else:
                made[key] = then
            laid.changes.append(_change(f"{what}.{key}", now, then, key))
        elif now not in (was, then):
            laid.kept.append(_change(f"{what}.{key}", then, now, key))
    return made


def _change(what: str, before: Any, after: Any, name: str) -> TemplateChange:
    outcome: Outcome = "added" if before is None else "removed" if after is None else "changed"
    return TemplateChange(what=what, outcome=outcome, fields=[FieldChange(field=name, before=before, after=after)])


def _points(base: DeviceSpec, mine: DeviceSpec, theirs: DeviceSpec, laid: Laid) -> list[PointSpec]:
    was, then = ({point.name: point for point in one.points} for one in (base, theirs))
    made = []
    for point in mine.points:
        before, after = was.get(point.name), then.get(point.name)
        if after is None and before is not None and not _differing(before, point):
            laid.changes.append(_whole(point, "removed"))
            continue
        if after is None:
            laid.kept.append(_whole(point, "added"))
            made.append(point)
            continue
        made.append(_point(before or after, point, after, laid))
    names = {point.name for point in mine.points}
    for name, point in then.items():
        if name not in names and name not in was:
            laid.changes.append(_whole(point, "added"))
            made.append(point)
        elif name not in names:
            laid.kept.append(_whole(point, "removed"))
    return made


def _point(base: PointSpec, mine: PointSpec, theirs: PointSpec, laid: Laid) -> PointSpec:
    changed, kept, values = [], [], {}
    for name in _FIELDS:
        was, now, then = (getattr(one, name) for one in (base, mine, theirs))
        if now == then:
            continue
        if was == now:
            changed.append(_field(name, now, then))
            values[name] = then
        else:
            kept.append(_field(name, then, now))
    if changed:
        laid.changes.append(TemplateChange(what=mine.name, outcome="changed", fields=changed))
    if kept:
        laid.kept.append(TemplateChange(what=mine.name, outcome="changed", fields=kept))
    return msgspec.structs.replace(mine, **values) if values else mine


def _field(name: str, before: Any, after: Any) -> FieldChange:
    return FieldChange(field=name, before=msgspec.to_builtins(before), after=msgspec.to_builtins(after))


def _whole(point: PointSpec, outcome: Outcome) -> TemplateChange:
    added = outcome == "added"
    told = FieldChange(field="address", **{"after" if added else "before": point.address})
    return TemplateChange(what=point.name, outcome=outcome, fields=[told])


def _differing(one: PointSpec, other: PointSpec) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in _FIELDS)
