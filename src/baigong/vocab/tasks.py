"""Tasks: work of a named person on an asset, from an alarm, a plan, a proposal or somebody's word. Pure."""

from __future__ import annotations

import math
from typing import Annotated, Any, Final, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from baigong.vocab.alarms import Priority as Priority
from baigong.vocab.errors import FixConfiguration

Kind = Literal["corrective", "inspection", "calibration", "changeover", "other"]
State = Literal["open", "accepted", "in_progress", "done", "verified", "refused", "cancelled"]
Origin = Literal["person", "alarm", "plan", "proposal"]
NEXT: Final[dict[State, tuple[State, ...]]] = {
    "open": ("accepted", "in_progress", "refused", "cancelled"),
    "accepted": ("in_progress", "open", "refused", "cancelled"),
    "in_progress": ("done", "accepted", "cancelled"),
    "done": ("verified", "in_progress"),  # whoever looks at it sends it back
    "refused": ("open", "cancelled"),
    "verified": (),
    "cancelled": (),
}
OPEN: Final = ("open", "accepted", "in_progress", "refused")  # somebody has still to do something
CHECKING: Final = ("verified", "cancelled")  # what whoever gives tasks says of one, not whoever does it
_ID = "^[A-Za-z0-9_-]{8,64}$"
Id = Annotated[str, Meta(pattern=_ID)]
_Word = Annotated[str, Meta(max_length=200)]
_Text = Annotated[str, Meta(max_length=4000)]
_Name = Annotated[str, Meta(min_length=1, max_length=200)]


class Check(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One line of a checklist. ``item``: its name within the task.

    ``kind``: ``check`` is done or not (true, false), ``number`` has a ``unit`` (UCUM) and what is right, ``low`` to
    ``high``; ``choice`` is one of ``choices``. ``point``: a number becomes a value of this point, typed in by hand.
    """

    item: Annotated[str, Meta(pattern=r"^[\w-]{1,60}$")]
    title: _Word = ""
    title_zh: _Word = ""
    kind: Literal["check", "number", "text", "choice"] = "check"
    unit: Annotated[str, Meta(max_length=40)] = ""
    low: float | None = None
    high: float | None = None
    choices: Annotated[list[_Name], Meta(max_length=50)] = []
    point: _Word = ""
    required: bool = True

    def __post_init__(self) -> None:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"{self.item}: low {self.low:g} lies above high {self.high:g}")
        if self.kind == "choice" and not self.choices:
            raise ValueError(f"{self.item}: a choice needs choices")
        if self.point and self.kind != "number":
            raise ValueError(f"{self.item}: only a number becomes a value of a point")


class TaskSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody is asked to do. ``assignee``: a person; ``role``: else whoever has it takes it; none: anybody.

    ``origin_ref``: the alarm (``pump1/hot``), the plan, the proposal. ``due_us``: µs since the epoch.
    """

    asset: _Name
    kind: Kind = "corrective"
    title: _Name
    title_zh: _Word = ""
    text: _Text = ""
    priority: Priority = "medium"
    assignee: _Word = ""
    role: _Word = ""
    due_us: int | None = None
    origin: Origin = "person"
    origin_ref: _Word = ""
    checklist: Annotated[list[Check], Meta(max_length=200)] = []

    def __post_init__(self) -> None:
        names = [one.item for one in self.checklist]
        if len(set(names)) < len(names):
            raise ValueError("two lines of the checklist have one name")


class Result(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What was found for one line of the checklist. None: it could not be found out, ``note`` says why."""

    item: _Name
    value: float | bool | str | None = None
    note: _Word = ""


class TaskChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """What somebody did to a task, whole or in part. ``id``: made by whoever sends it; sent twice, it is taken once.

    ``at_us``: when it was so, on a phone without a network earlier than it is told (None: now). ``hours``: worked
    since the last change; they add up. ``cause``: from the tree of reasons. ``assignee``, ``role``, ``due_us``,
    ``priority``: given anew; ``photo``: a picture that was sent before (POST …/photos).
    """

    id: Id
    at_us: int | None = None
    to: State | None = None
    results: Annotated[list[Result], Meta(max_length=200)] = []
    cause: _Word | None = None
    hours: Annotated[float, Meta(ge=0, le=200)] = 0.0
    outcome: _Text | None = None
    comment: _Text = ""
    assignee: _Word | None = None
    role: _Word | None = None
    due_us: int | UnsetType | None = UNSET
    priority: Priority | None = None
    photo: _Word = ""

    @property
    def gives(self) -> bool:
        """Whether it says who is to do it, until when, or that it is well done or not wanted any more."""
        given = self.role is not None or self.due_us is not UNSET or self.priority is not None
        return given or self.to in CHECKING


class Found(Struct, frozen=True, kw_only=True):
    """A result as it stands. ``fine``: within what is right; None: nobody said what is."""

    value: float | bool | str | None = None
    note: str = ""
    fine: bool | None = None
    by: str = ""
    at_us: int = 0


class TaskProgress(Struct, frozen=True, kw_only=True):
    """What has become of a task so far. ``hours``: by person; ``began_us``: when the work was first begun."""

    results: dict[str, Found] = {}
    cause: str = ""
    outcome: str = ""
    hours: dict[str, float] = {}
    photos: list[str] = []
    began_us: int | None = None
    done_us: int | None = None
    done_by: str = ""


def step(state: State, to: State) -> None:
    """Raise task.state unless a task may go from one state into the other."""
    if to not in NEXT[state]:
        allowed = ", ".join(NEXT[state]) or "nothing any more"
        raise FixConfiguration("task.state", f"a task that is {state} becomes {allowed}, not {to}", place="to")


def judge(check: Check, result: Result) -> bool | None:
    """Say whether a result is right. Raises config.invalid for one that is none of its kind.

    >>> judge(Check(item="oil", kind="number", low=2, high=4), Result(item="oil", value=4.5))
    False
    """
    value = result.value
    if value is None:
        return None
    if not _is_of(check, value):
        raise FixConfiguration("config.invalid", f"{check.item}: {value!r} is no {check.kind}", place="results")
    if check.kind == "check":
        return bool(value)
    if check.kind == "number" and (check.low is not None or check.high is not None):
        number = float(value)
        return (check.low is None or number >= check.low) and (check.high is None or number <= check.high)
    return None


def _is_of(check: Check, value: Any) -> bool:
    if check.kind == "check":
        return isinstance(value, bool)
    if check.kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return isinstance(value, str) and (check.kind == "text" or value in check.choices)


def missing(checklist: list[Check], found: dict[str, Found]) -> list[str]:
    """Name the lines that are to be filled in and are not: a reason in ``note`` is enough."""
    return [
        one.item
        for one in checklist
        if one.required and (one.item not in found or (found[one.item].value is None and not found[one.item].note))
    ]
