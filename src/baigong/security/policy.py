"""Decides who may do what on which object: a pure function over policies in Cedar.

Deny is the default, forbid beats permit (Cedar's own semantics). Only policies about the principal (or a role of it)
and about the object (or a place above it) are handed to Cedar: 10,000 grants in store cost no more than a few.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import cedarpy

from baigong.security.scope import EVERYONE, Policy, Ref
from baigong.vocab.errors import ReportBug

_NEVER_US = 1 << 62
_UNKNOWN_US = 1_000_000  # an answer that depends on the time in ways we do not follow is good for a second
_SETS = 4096
_DECISIONS = 262_144


@dataclass(slots=True, frozen=True)
class Entity:
    """A principal or a resource as policies see it. ``attributes``: JSON values, or a Ref to another entity."""

    ref: Ref
    parents: tuple[Ref, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True, frozen=True)
class Decision:
    """The answer and what led to it: ids of the policies that decided, none for a refusal by default.

    Good until ``until_us``, as long as neither policies nor entities change.
    """

    allowed: bool
    because: tuple[str, ...]
    until_us: int


class Policies:
    """An immutable collection of policies that can be asked. Thread-safe."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        self._policies = {p.id: p for p in policies}
        self._about: dict[Ref, tuple[Policy, ...]] = {}
        about: dict[Ref, list[Policy]] = {}
        for policy in self._policies.values():
            about.setdefault(policy.principal, []).append(policy)
        self._about = {ref: tuple(held) for ref, held in about.items()}
        self._sets: OrderedDict[tuple[str, ...], cedarpy.PolicySet] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._policies)

    def get(self, id: str) -> Policy | None:
        return self._policies.get(id)

    def about(self, principals: Iterable[Ref]) -> list[Policy]:
        """Return the policies whose principal is one of these, or everyone."""
        return [p for ref in (*principals, EVERYONE) for p in self._about.get(ref, ())]

    def decide(
        self, principal: Ref, action: str, resource: Ref, entity: Callable[[Ref], Entity | None], now_us: int
    ) -> Decision:
        """Say whether ``principal`` may do ``action`` on ``resource`` at ``now_us``.

        ``entity`` gives what is known of a ref; an unknown principal or resource is refused. Costs about 0.3 ms.
        """
        who, what = _closure(principal, entity), _closure(resource, entity)
        if principal not in who or resource not in what:
            return Decision(False, (), now_us)
        places = {*what, EVERYONE}
        candidates = [p for p in self.about(who) if p.resource in places and (p.actions is None or action in p.actions)]
        if not candidates:
            return Decision(False, (), _NEVER_US)
        known = who | what
        for found in list(known.values()):  # a tenant named by an attribute
            for value in found.attributes.values():
                if isinstance(value, Ref) and value not in known:
                    known |= _closure(value, entity)
        answer = cedarpy.is_authorized(
            {
                "principal": str(principal),
                "action": str(Ref("Action", action)),
                "resource": str(resource),
                "context": {"now": {"__extn": {"fn": "datetime", "arg": _iso(now_us)}}},
            },
            self._set_of(candidates),
            [_told(e) for e in known.values()],
        )
        if answer.diagnostics.errors:
            raise ReportBug("internal.error", f"policy: {'; '.join(answer.diagnostics.errors)}", place="policy")
        named = answer.diagnostics.id_annotations_by_reason
        because = tuple(sorted(named.get(r, r) for r in answer.diagnostics.reasons))
        return Decision(answer.allowed, because, _until(candidates, now_us))

    def _set_of(self, candidates: list[Policy]) -> cedarpy.PolicySet:
        key = tuple(p.id for p in candidates)
        with self._lock:
            if key in self._sets:
                self._sets.move_to_end(key)
                return self._sets[key]
        made = cedarpy.PolicySet.from_str("\n".join(p.text for p in candidates))
        with self._lock:
            self._sets[key] = made
            while len(self._sets) > _SETS:
                self._sets.popitem(last=False)
        return made


class Remembered:
    """Decisions, remembered while policies and entities stay the same. A hit costs about a microsecond."""

    def __init__(self, policies: Policies, entity: Callable[[Ref], Entity | None], clock_us: Callable[[], int]) -> None:
        self._policies = policies
        self._entity = entity
        self._clock_us = clock_us
        self._known: dict[tuple[Ref, str, Ref], Decision] = {}

    @property
    def policies(self) -> Policies:
        return self._policies

    def replace(self, policies: Policies | None = None) -> None:
        """Take other policies, or learn that entities have changed; what was decided is forgotten."""
        self._policies = policies or self._policies
        self._known = {}

    def decide(self, principal: Ref, action: str, resource: Ref) -> Decision:
        key = (principal, action, resource)
        known, now_us = self._known, self._clock_us()
        found = known.get(key)
        if found is not None and now_us < found.until_us:
            return found
        made = self._policies.decide(principal, action, resource, self._entity, now_us)
        if len(known) >= _DECISIONS:
            known.clear()
        known[key] = made  # of the epoch it was asked in: a replaced dictionary is not written into
        return made


def _closure(ref: Ref, entity: Callable[[Ref], Entity | None]) -> dict[Ref, Entity]:
    """Return the entity and everything above it, as far as known."""
    found: dict[Ref, Entity] = {}
    waiting = [ref]
    while waiting:
        here = waiting.pop()
        if here in found:
            continue
        known = Entity(here) if here.kind == "Role" else entity(here)
        if known is not None:
            found[here] = known
            waiting.extend(known.parents)
    return found


def _told(entity: Entity) -> dict[str, Any]:
    return {
        "uid": {"type": entity.ref.kind, "id": entity.ref.id},
        "attrs": {name: _value(value) for name, value in entity.attributes.items()},
        "parents": [{"type": p.kind, "id": p.id} for p in entity.parents],
    }


def _value(value: Any) -> Any:
    return {"__entity": {"type": value.kind, "id": value.id}} if isinstance(value, Ref) else value


def _iso(time_us: int) -> str:
    moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def _until(candidates: list[Policy], now_us: int) -> int:
    until = _NEVER_US
    for policy in candidates:
        if policy.changes_us is None:
            until = min(until, now_us + _UNKNOWN_US)
        else:
            until = min([until, *(t for t in policy.changes_us if t > now_us)])
    return until
