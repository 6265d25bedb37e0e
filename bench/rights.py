"""Row 8: what it costs to ask who may, with 10,000 grants in store; row 9: what it costs to write the audit log."""

from __future__ import annotations

import random
import time
from pathlib import Path

from baigong.registry.audit import Entry, append
from baigong.security.policy import Entity, Policies, Remembered
from baigong.security.scope import Ref, parse, role_policies
from baigong.stores.records import open_records
from bench.report import Line, ms

_PEOPLE, _NOW_US = 500, 1_770_000_000_000_000
_GATE_COLD_S, _GATE_CACHED_S, _GATE_APPEND_S = 1e-3, 20e-6, 50e-6


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    return [*_decisions(2_000 if short else 10_000), _appends(folder, 20_000 if short else 200_000)]


def _decisions(grants: int) -> list[Line]:
    mould, bank = Ref("Tenant", "mould"), Ref("Tenant", "bank")
    text = "\n".join(
        f'@id("g{i}") permit (principal == User::"u{i % _PEOPLE}", action == Action::"read", resource in '
        f'Asset::"mould/m{i}") when {{ context.now < datetime("2099-01-01T00:00:00Z") }};'
        for i in range(grants)
    )
    entities = [Entity(t, (), {"suspended": False}) for t in (mould, bank)]
    entities += [Entity(Ref("User", f"u{i}"), (Ref("Role", "viewer"),), {"tenant": bank}) for i in range(_PEOPLE)]
    entities += [Entity(Ref("Asset", f"mould/m{i}"), (mould,)) for i in range(grants)]
    known = {e.ref: e for e in entities}
    remembered = Remembered(Policies([*role_policies(), *parse(text)]), known.get, lambda: _NOW_US)
    asked = [(Ref("User", f"u{i % _PEOPLE}"), Ref("Asset", f"mould/m{i}")) for i in range(grants)]
    random.Random(1).shuffle(asked)
    found = []
    for _ in range(2):
        begun = time.process_time()
        if not all(remembered.decide(who, "read", what).allowed for who, what in asked[:2_000]):
            raise AssertionError("a grant was not seen")
        found.append((time.process_time() - begun) / 2_000)
    cold, cached = found
    return [
        Line(8, f"a decision, {grants:,} grants in store, first time (CPU)", ms(cold), gate="1 ms",
             durability="", passed=cold <= _GATE_COLD_S),
        Line(8, "the same again (CPU)", f"{cached * 1e6:.2g} µs", gate="20 µs",
             durability="", passed=cached <= _GATE_CACHED_S),
    ]  # fmt: skip


def _appends(folder: Path, count: int) -> Line:
    records = open_records(folder / "records.db")
    batch = 1_000
    begun = time.perf_counter()
    for first in range(0, count, batch):
        entries = [
            Entry(time_us=_NOW_US + i, tenant="mould", who="mould/li", action="command", object=f"Point:mould/{i}")
            for i in range(first, first + batch)
        ]
        records.write_now(lambda c, told=entries: append(c, told))  # type: ignore[misc]
    each = (time.perf_counter() - begun) / count
    return Line(9, f"an audit entry, {count:,} in batches of {batch:,}", f"{each * 1e6:.3g} µs", gate="50 µs",
                passed=each <= _GATE_APPEND_S)  # fmt: skip
