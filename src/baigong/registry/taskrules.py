"""What a change makes of a task, and who may make it: pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from baigong.registry.principal import Principal
from baigong.stores.records.plant import PointRow
from baigong.stores.records.tasks import TaskRow
from baigong.vocab.errors import FixConfiguration, Reauthenticate
from baigong.vocab.happenings import Episode
from baigong.vocab.tasks import Check, Found, State, TaskChange, TaskProgress, TaskSpec, judge, missing, step
from baigong.vocab.units import in_other_unit

_ENDED = ("verified", "cancelled")
_LIVED = {"corrective": "repaired", "inspection": "inspected", "calibration": "calibrated", "other": "serviced"}


@dataclass(slots=True, frozen=True)
class Typed:
    """A value that somebody typed in. ``value``: in the point's unit."""

    point: PointRow
    time_us: int
    value: float


def check_may(row: TaskRow, change: TaskChange, who: Principal, gives: bool) -> None:
    """Raise auth.denied for what is not this person's to do, task.second_person, task.state.

    ``gives``: they may give tasks on this asset.
    """
    me, spec = who.human or who.user, row.spec
    if row.state in _ENDED and not _only_words(change):
        raise FixConfiguration("task.state", f"this task is {row.state}", place="to")
    if change.to == "verified" and row.progress.done_by == me:
        raise Reauthenticate("task.second_person", f"{me} did it", place=row.id)
    if gives or _only_words(change):
        return
    if change.gives:
        raise Reauthenticate("auth.denied", f"{me} may not give tasks on {spec.asset}", place=spec.asset)
    is_mine = spec.assignee == me or (not spec.assignee and spec.role in ("", *who.roles))
    takes = change.assignee is None or change.assignee in ("", me)
    if not (is_mine and takes):
        theirs = spec.assignee or spec.role
        raise Reauthenticate("auth.denied", f"this task is for {theirs}, not for {me}", place=row.id)


def _only_words(change: TaskChange) -> bool:
    """Whether it adds a comment or a picture and nothing else, which everybody who works there may."""
    return change == TaskChange(id=change.id, at_us=change.at_us, comment=change.comment)


def progressed(row: TaskRow, change: TaskChange, who: Principal, at_us: int, now_us: int, photo: str) -> TaskRow:
    """Return the task as it is then. Raises task.state, task.incomplete, config.invalid."""
    state: State = row.state  # type: ignore[assignment]
    spec, done, me = row.spec, row.progress, who.human or who.user
    if change.to is not None and change.to != state:
        step(state, change.to)
        if change.to == "refused" and not change.comment:
            raise FixConfiguration("config.invalid", "say why it is refused", place="comment")
    assignee = spec.assignee if change.assignee is None else change.assignee
    if change.to in ("accepted", "in_progress", "done") and not assignee:
        assignee = who.human  # a program works in nobody's name
    if change.to == "open" and state == "refused" and change.assignee is None:
        assignee = ""
    spec = replace(
        spec,
        assignee=assignee,
        role=spec.role if change.role is None else change.role,
        due_us=spec.due_us if change.due_us is UNSET else change.due_us,
        priority=change.priority or spec.priority,
    )
    done = replace(
        done,
        results=done.results | _found(spec, change, me, at_us),
        cause=done.cause if change.cause is None else change.cause,
        outcome=done.outcome if change.outcome is None else change.outcome,
        hours=done.hours | ({me: done.hours.get(me, 0.0) + change.hours} if change.hours else {}),
        photos=[*done.photos, photo] if photo else done.photos,
    )
    return dataclasses.replace(
        row, state=change.to or state, spec=spec, progress=_timed(done, spec, change, me, at_us), changed_us=now_us
    )


def _found(spec: TaskSpec, change: TaskChange, me: str, at_us: int) -> dict[str, Found]:
    lines = {one.item: one for one in spec.checklist}
    found = {}
    for result in change.results:
        if result.item not in lines:
            raise FixConfiguration("config.invalid", f"the checklist has no {result.item!r}", place="results")
        fine = judge(lines[result.item], result)
        found[result.item] = Found(value=result.value, note=result.note, fine=fine, by=me, at_us=at_us)
    return found


def _timed(done: TaskProgress, spec: TaskSpec, change: TaskChange, me: str, at_us: int) -> TaskProgress:
    if change.to == "in_progress" and done.began_us is None:
        return replace(done, began_us=at_us)
    if change.to != "done":
        return done
    left = missing(spec.checklist, done.results)
    if left:
        raise FixConfiguration("task.incomplete", f"not filled in: {', '.join(left)}", place="results", items=left)
    return replace(done, done_us=at_us, done_by=me)


def typed_in(spec: TaskSpec, change: TaskChange, at_us: int, find: Callable[[str], PointRow]) -> list[Typed]:
    """Return the values of points that a change tells."""
    lines: dict[str, Check] = {one.item: one for one in spec.checklist if one.point}
    made = []
    for result in change.results:
        line = lines.get(result.item)
        if line is not None and result.value is not None:
            point, value = find(line.point), float(result.value)
            if line.unit and point.spec.unit and line.unit != point.spec.unit:
                value = float(in_other_unit(value, line.unit, point.spec.unit))
            made.append(Typed(point, at_us, value))
    return made


def outcome(row: TaskRow) -> tuple[Episode, tuple[str, dict[str, Any]] | None]:
    """Return the interval that a task which is done took, and what the life of its asset says of it: (kind, detail)."""
    done, spec = row.progress, row.spec
    end = done.done_us or row.changed_us
    hours = round(sum(done.hours.values()), 4)
    told: dict[str, Any] = {"task": row.id, "number": row.number, "by": done.done_by}
    told |= {"cause": done.cause} if done.cause else {}
    told |= {"hours": hours} if hours else {}
    if done.outcome:
        told["outcome"] = done.outcome
    episode = Episode(
        id=f"task/{row.id}",
        asset=spec.asset,
        kind="changeover" if spec.kind == "changeover" else "maintenance",
        start_us=min(done.began_us or end, end),
        end_us=end,
        title=spec.title,
        title_zh=spec.title_zh,
        attributes=told | {"work": spec.kind},
    )
    life = _LIVED.get(spec.kind)
    note = {name: told[name] for name in ("task", "number", "cause", "hours") if name in told}
    words = done.outcome or spec.title
    return episode, None if life is None else (life, note | {"text": words} | _photos(done))


def _photos(done: TaskProgress) -> dict[str, Any]:
    return {"photos": done.photos} if done.photos else {}
