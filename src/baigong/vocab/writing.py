"""What may be written to a machine: the rule of a point, and the checks that need nothing but numbers. Pure.

The same checks run twice: when somebody asks, and at the gateway with the value just read from the machine.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct

from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.numbers import read_number

if TYPE_CHECKING:
    from baigong.vocab.devices import PointSpec

Value: TypeAlias = float | int | str | bool
State = Literal["pending", "approved", "sent", "done", "refused", "expired", "rolled_back", "failed", "unknown"]
FINAL = ("done", "refused", "expired", "rolled_back", "failed")
_SAME = 1e-6  # of the value: what a 32-bit float on the machine loses,
_EXACT = 1 << 24  # and until where it loses no whole number (IEEE 754: 24 bits)
_LONGEST_TEXT = 1000


class WriteRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Opens one point for writing, within bounds; all numbers in engineering units. Without a rule, nobody writes.

    ``min``/``max``: needed for numbers. ``max_step``: the greatest change from the value the machine has now.
    ``max_rate``: units per second since the write before. ``interval_s``: the shortest time between two writes.
    ``interlock``: a condition over live points that must hold (``press1.state == 2 and furnace.temp < 80``); what is
    not known to be good counts as not holding. ``approval``: a second person must agree. ``expires_s``: a command not
    sent by then never is. ``address``: where it is written, when not where it is read. ``settle_s``: how long the
    machine may take to show the new value, within ``tolerance``. ``rollback``: when it does not, the value before
    is written again.
    """

    min: float | None = None
    max: float | None = None
    max_step: Annotated[float, Meta(gt=0)] | None = None
    max_rate: Annotated[float, Meta(gt=0)] | None = None
    interval_s: Annotated[float, Meta(ge=0, le=86_400)] = 0.0
    interlock: Annotated[str, Meta(max_length=2000)] = ""
    approval: bool = False
    expires_s: Annotated[float, Meta(gt=0, le=86_400)] = 60.0
    address: Annotated[str, Meta(max_length=1000)] = ""
    tolerance: Annotated[float, Meta(ge=0)] = 0.0
    settle_s: Annotated[float, Meta(ge=0, le=300)] = 2.0
    rollback: bool = False


class Outcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a command at the gateway. ``code``: an error code, empty when done."""

    state: State
    code: str = ""
    detail: str = ""
    previous: Value | None = None
    read_back: Value | None = None
    time_us: int = 0


def revision(spec: PointSpec) -> str:
    """Return a short digest of a point and its rule: asker and gateway must mean the same."""
    told = msgspec.structs.replace(spec, number=None)  # which is written in one place, and follows in another
    read = msgspec.json.decode(msgspec.json.encode(told), type=type(spec))  # 0 and 0.0 are one bound
    return hashlib.sha256(msgspec.json.encode(read)).hexdigest()[:16]


def meant(spec: PointSpec, value: Value) -> Value:
    """Read what somebody wants to write: a number in range, a word of a state as its number, a text.

    Raises command.off without a rule and command.range for what the point cannot be.
    """
    rule = spec.write
    if rule is None:
        raise FixConfiguration("command.off", f"writes to {spec.name} are off: it has no rule", place=spec.name)
    if spec.kind == "text":
        if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
            raise _outside(spec, f"{spec.name} takes a text of at most {_LONGEST_TEXT} letters")
        return value
    number = _number(spec, value)
    if spec.kind == "state" and spec.states and not any(_is(key, number) for key in spec.states):
        raise _outside(spec, f"{spec.name} has no state {value!r}; it has {sorted(spec.states)}")
    low, high = rule.min, rule.max
    if (low is not None and number < low) or (high is not None and number > high):
        raise _outside(spec, f"{number:g} is outside {_bound(low)} to {_bound(high)} {spec.unit}".rstrip())
    return number


def check_change(spec: PointSpec, value: Value, present: Value | None, since_s: float | None) -> None:
    """Check how far and how fast a value moves; ``since_s``: seconds since the write before, None: there was none.

    Raises command.range (too far at once) and command.rate (too often, or too fast).
    """
    rule = spec.write
    if rule is None:
        raise FixConfiguration("command.off", f"writes to {spec.name} are off: it has no rule", place=spec.name)
    if since_s is not None and since_s < rule.interval_s:
        raise _fast(
            spec, f"written {since_s:.1f} s ago; at most once in {rule.interval_s:g} s", rule.interval_s - since_s
        )
    if isinstance(value, str) or (rule.max_step is None and rule.max_rate is None):
        return
    if present is None or isinstance(present, str) or not math.isfinite(present):
        raise _outside(spec, f"the present value of {spec.name} is not known, so the step cannot be checked")
    step = abs(float(value) - float(present))
    slack = _SAME * max(abs(float(value)), abs(float(present)))
    if rule.max_step is not None and step > rule.max_step + slack:
        raise _outside(spec, f"{present:g} to {value:g} is a step of {step:g}; at most {rule.max_step:g} at once")
    if rule.max_rate is not None and since_s is not None and step > rule.max_rate * since_s + slack:
        wait_s = step / rule.max_rate - since_s
        raise _fast(spec, f"a change of {step:g} within {since_s:.1f} s; at most {rule.max_rate:g} a second", wait_s)


def is_same(rule: WriteRule, wanted: Value, found: Value | None) -> bool:
    """Say whether what was read back is what was written; of whole numbers that any machine holds, exactly."""
    if found is None or isinstance(wanted, str) or isinstance(found, str):
        return wanted == found
    small = abs(found) <= _EXACT and float(wanted).is_integer() and float(found).is_integer()
    if small or isinstance(found, int):
        return abs(wanted - found) <= rule.tolerance
    return abs(float(wanted) - float(found)) <= max(rule.tolerance, _SAME * abs(float(wanted)))


def raw_of(spec: PointSpec, value: Value) -> Value:
    """Undo the scaling: what the machine is to be sent."""
    if isinstance(value, str) or spec.kind in ("state", "text") or (spec.scale == 1.0 and spec.offset == 0.0):
        return value
    raw = (float(value) - spec.offset) / spec.scale
    whole = round(raw)
    # 42.3 / 0.1 is 422.99999999999994: what differs by rounding only is meant to be whole
    return float(whole) if abs(raw - whole) <= 1e-9 * max(1.0, abs(raw)) else raw


def _number(spec: PointSpec, value: Value) -> float | int:
    if isinstance(value, str):
        words = {word: key for table in (spec.states, spec.states_zh) for key, word in table.items()}
        try:
            value = _key(words.get(value, value))
        except ValueError as error:
            raise _outside(spec, f"{error}{f'; nor a state of {spec.name}' if spec.states else ''}") from None
    elif isinstance(value, bool) and spec.kind != "state":
        raise _outside(spec, f"{spec.name} takes a number, not {str(value).lower()}")
    try:
        number = float(value)
    except OverflowError:  # an integer of 400 digits
        raise _outside(spec, f"a number that large is no value of {spec.name}") from None
    if not math.isfinite(number):
        raise _outside(spec, f"{value!r} is no value to write")
    return int(value) if isinstance(value, int) else number + 0.0  # a whole number stays exact; -0.0 is 0.0


def _key(text: str) -> float | int:
    """Read a number, or the key of a bit's state."""
    return int(text == "true") if text in ("true", "false") else read_number(text)


def _is(key: str, number: float) -> bool:
    try:
        return _key(key) == number
    except ValueError:
        return False


def _bound(bound: float | None) -> str:
    return "anything" if bound is None else f"{bound:g}"


def _outside(spec: PointSpec, sentence: str) -> FixConfiguration:
    return FixConfiguration("command.range", sentence, place=spec.name)


def _fast(spec: PointSpec, sentence: str, wait_s: float) -> RetryLater:
    return RetryLater("command.rate", f"{spec.name}: {sentence}", place=spec.name, retry_after_s=math.ceil(wait_s))
