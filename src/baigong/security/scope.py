"""Reads policies written in Cedar: whom and what each is about, and when its answer may change. Pure.

The one file that knows the library's shapes (with policy.py, its only other user).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

import cedarpy

from baigong.vocab.errors import FixConfiguration

_MOST_TEXT = 24_000  # characters: "1+1+1…" recurses, too
_MOST_BRACKETS = 300  # Cedar's parser recurses: a thousand, one in another, overflow the stack and end the process
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Ref(NamedTuple):
    """Names a principal or a resource: ``Ref("Asset", "mould/press1")``."""

    kind: str
    id: str

    def __str__(self) -> str:
        return f"{self.kind}::{json.dumps(self.id, ensure_ascii=False)}"  # Cedar does not read the escapes of JSON


EVERYONE = Ref("*", "*")


@dataclass(slots=True, frozen=True)
class Policy:
    """One statement. ``changes_us``: instants at which its answer may change; None when that cannot be told."""

    id: str
    text: str
    effect: str  # "permit" | "forbid"
    principal: Ref
    actions: frozenset[str] | None  # None: every action
    resource: Ref
    annotations: dict[str, str] = field(default_factory=dict)
    changes_us: tuple[int, ...] | None = ()


@cache
def _schema() -> cedarpy.Schema:
    return cedarpy.Schema.from_str(_shipped("schema.cedarschema"))


def role_policies() -> list[Policy]:
    """Return the ready-made roles and walls."""
    return parse(_shipped("roles.cedar"))


def parse(text: str, id: str = "") -> list[Policy]:
    """Read Cedar text. A policy is called by its ``@id``, else ``id`` (with a number when there are several).

    Raises policy.invalid for text that does not parse, or that speaks of what is not in the schema.
    """
    if len(text) > _MOST_TEXT:
        raise FixConfiguration("policy.invalid", f"more than {_MOST_TEXT} characters", place=id or "policy")
    if sum(map(text.count, "([{")) > _MOST_BRACKETS:
        raise FixConfiguration("policy.invalid", f"more than {_MOST_BRACKETS} brackets", place=id or "policy")
    found = cedarpy.validate_policies(text, _schema())
    if not found.validation_passed:
        raise FixConfiguration("policy.invalid", "; ".join(str(e) for e in found.errors), place=id or "policy")
    try:
        told = json.loads(cedarpy.policies_to_json_str(text))
    except RecursionError as error:
        raise FixConfiguration("policy.invalid", "nested too deeply", place=id or "policy") from error
    if told["templates"]:
        raise FixConfiguration("policy.invalid", "a template (?principal, ?resource) says nothing yet", place=id)
    each = list(told["staticPolicies"].values())
    return [_policy(one, id if len(each) == 1 else f"{id}.{i + 1}") for i, one in enumerate(each)]


def renamed_assets(text: str, tenant: str, asset: Callable[[str], str]) -> str | None:
    """Return a policy's text with other names of a tenant's assets, in its head and in its conditions.

    ``asset`` says what each is called; None: it names none that is called otherwise.
    """
    told = json.loads(cedarpy.policies_to_json_str(text))
    changed = False
    for node in _nodes([told]):
        owner, _, name = str(node.get("id", "")).partition("/")
        if node.get("type") == "Asset" and owner == tenant and asset(name) != name:
            node["id"], changed = f"{tenant}/{asset(name)}", True
    return cedarpy.policies_from_json_str(json.dumps(told)) if changed else None


def _policy(told: dict[str, Any], id: str) -> Policy:
    annotations = {k: v or "" for k, v in told.get("annotations", {}).items()}
    id = annotations.setdefault("id", id)
    return Policy(
        id=id,
        text=_text_of(told),
        effect=told["effect"],
        principal=_scope(told["principal"]),
        actions=_actions(told["action"]),
        resource=_scope(told["resource"]),
        annotations=annotations,
        changes_us=_changes(told["conditions"]),
    )


def _text_of(told: dict[str, Any]) -> str:
    document = {"staticPolicies": {"p": told}, "templates": {}, "templateLinks": []}
    return cedarpy.policies_from_json_str(json.dumps(document))


def _scope(told: dict[str, Any]) -> Ref:
    entity = told.get("entity") or told.get("in", {}).get("entity")
    return Ref(entity["type"], entity["id"]) if entity else EVERYONE


def _actions(told: dict[str, Any]) -> frozenset[str] | None:
    if told["op"] == "All":
        return None
    entities = told.get("entities") or [told["entity"]]
    return frozenset(e["id"] for e in entities)


def _changes(conditions: list[dict[str, Any]]) -> tuple[int, ...] | None:
    """Return the instants a policy compares the time with; None when it does more with it than compare."""
    instants: list[int] = []
    reads = comparisons = 0
    for node in _nodes(conditions):
        reads += "." in node and node["."].get("attr") == "now"
        for operator in ("<", "<=", ">", ">="):
            sides = node.get(operator)
            if not isinstance(sides, dict):
                continue
            one, other = sides.get("left", {}), sides.get("right", {})
            literal = _instant(one) if _is_now(other) else _instant(other) if _is_now(one) else None
            if literal is not None:
                comparisons += 1
                instants += [literal, literal + 1000]  # <= and > change after it; Cedar counts in milliseconds
    return tuple(sorted(instants)) if reads == comparisons else None


def _nodes(told: Any) -> Iterator[dict[str, Any]]:
    if isinstance(told, dict):
        yield told
        for inner in told.values():
            yield from _nodes(inner)
    elif isinstance(told, list):
        for inner in told:
            yield from _nodes(inner)


def _is_now(node: dict[str, Any]) -> bool:
    inner = node.get(".", {})
    return bool(inner) and inner.get("attr") == "now" and inner.get("left") == {"Var": "context"}


def _instant(node: dict[str, Any]) -> int | None:
    literal = node.get("datetime")
    if not literal or "Value" not in literal[0]:
        return None
    moment = datetime.fromisoformat(literal[0]["Value"])
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round((moment - _EPOCH).total_seconds() * 1e6)


def _shipped(name: str) -> str:
    return (files("baigong.security") / "policies" / name).read_text("utf-8")
