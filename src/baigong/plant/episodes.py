"""What was told about the plant's past: orders, lots, shifts, batches, downtime, repairs, and the truth on faults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from baigong.plant import goods
from baigong.plant.crew import CREWS, shift_of, workers
from baigong.plant.faults import DAY_US, FAULTS, HOUR_US, Scenario, severity
from baigong.plant.physics import cnc, furnace, noise, press
from baigong.plant.physics.schedule import LOCAL_US, REASONS, REPAIR, RUN, STOP, Job, Plan, resting
from baigong.plant.world import make_plans, repairs
from baigong.vocab.happenings import Episode

_LOT_SHOTS = 500
# Local hour at which a shift begins, its name, its foreman.
_SHIFTS = (
    (0, "夜班", "night shift", "陈建国"),
    (8, "早班", "morning shift", "王秀英"),
    (16, "中班", "late shift", "李海波"),
)


def episodes(scenario: Scenario, start_us: int = 0, end_us: int = 0) -> list[Episode]:
    """List what touches [start_us, end_us), by default the scenario's history; sorted by beginning.

    An episode still running at ``end_us`` is open. Ids do not depend on the window: asking again later
    gives the same episodes, some of them closed since.
    """
    start = start_us or scenario.history_start_us
    end = end_us or scenario.history_end_us
    plans = make_plans(scenario)
    for plan in plans.values():
        plan.until(end)
    found = list(faults(scenario))
    found += _repairs(scenario)
    found += _shifts(start, end)
    found += _batches([plans[name] for name in cnc.MACHINES], start, end)
    packings: list[Episode] = []
    for name in press.PRESSES:
        orders, lots = _orders(scenario, plans[name], end)
        packings += goods.packed(orders, lots, end)
        found += [*orders, *lots, *_downtime(plans[name], name)]
    found += [*packings, *goods.shipped(packings, end)]
    for name in cnc.MACHINES:
        found += _tool_orders(plans[name], end)
        found += _downtime(plans[name], name)
    touching = [_cut(one, end) for one in found if one.start_us < end and (one.end_us is None or one.end_us > start)]
    return sorted(touching, key=lambda one: (one.start_us, one.id))


def faults(scenario: Scenario) -> Iterator[Episode]:
    """The truth table: each run of each fault, planted or switched, with where it shows."""
    for run in scenario.runs:
        fault = FAULTS[run.fault]
        yield Episode(
            id=f"fault-{run.fault}-{run.start_us}",
            asset=fault.asset,
            kind="fault",
            start_us=run.start_us,
            end_us=run.end_us,
            title=fault.title,
            title_zh=fault.title_zh,
            attributes={"fault": run.fault, "shows": fault.shows, "full_after_s": run.rise_s, "planted": run.planted},
            simulated=True,
        )


def _cut(one: Episode, end_us: int) -> Episode:
    """Nobody knew the end of what was still running."""
    if one.end_us is None or one.end_us <= end_us:
        return one
    return Episode(
        id=one.id, asset=one.asset, kind=one.kind, start_us=one.start_us, title=one.title,
        title_zh=one.title_zh, parent=one.parent, attributes=one.attributes, simulated=one.simulated,
    )  # fmt: skip


def _plain(
    key: str,
    asset: str,
    kind: str,
    span: tuple[int, int | None],
    title: str,
    parent: str | None = None,
    title_zh: str = "",
    **more: Any,
) -> Episode:
    start, end = span
    return Episode(
        id=key, asset=asset, kind=kind, start_us=start, end_us=end,
        title=title, title_zh=title_zh, parent=parent, attributes=more, simulated=True,
    )  # fmt: skip


def _repairs(scenario: Scenario) -> Iterator[Episode]:
    for fault in FAULTS.values():
        for begins, ends in repairs(scenario, fault.asset):
            if not any(run.fault == fault.id and run.end_us == begins for run in scenario.runs):
                continue
            yield _plain(
                f"maintenance-{fault.asset}-{begins}", fault.asset, "maintenance", (begins, ends),
                f"Repair: {fault.title}", title_zh=f"维修:{fault.title_zh}", cause=fault.id,
                work="replaced and tested", work_zh="更换并调试",
            )  # fmt: skip


def _shifts(start_us: int, end_us: int) -> Iterator[Episode]:
    day = (start_us + LOCAL_US) // DAY_US
    while (midnight := day * DAY_US - LOCAL_US) < end_us:
        for hour, name, english, foreman in _SHIFTS:
            begins = midnight + hour * HOUR_US
            if not resting(np.array([begins], np.int64))[0]:
                yield _plain(
                    f"shift-{begins}", "plant", "shift", (begins, begins + 8 * HOUR_US), english,
                    title_zh=name, foreman=foreman, people=[one.person for one in CREWS[shift_of(begins)].values()],
                )  # fmt: skip
        day += 1


def _batches(cutters: Sequence[Plan], start_us: int, end_us: int) -> Iterator[Episode]:
    """Furnace batches, told apart by the number their hours belong to."""
    every = 600_000_000
    time_us = np.arange(start_us // every * every - DAY_US, end_us, every, dtype=np.int64)
    hours, number = furnace.batch_hours(time_us)
    inside = ~np.isnan(hours)
    seen, first = np.unique(number[inside], return_index=True)
    for batch, at in zip(seen.tolist(), np.flatnonzero(inside)[first].tolist(), strict=True):
        begins = int(time_us[at]) - round(float(hours[at]) * 3600) * 1_000_000
        ends = begins + round(furnace.LENGTH_H * 3600) * 1_000_000
        yield _plain(
            f"batch-furnace1-{batch}", "furnace1", "batch", (begins, ends), f"Batch {batch % 60_000}",
            title_zh=f"炉次 {batch % 60_000}",
            recipe="H13 hardening + tempering", recipe_zh="H13 淬火+回火",
            material="4Cr5MoSiV1", austenitise_c=1030, temper_c=560, people=workers("furnace1", begins, begins + 1),
            **goods.hardened(cutters, begins, ends <= end_us),
        )  # fmt: skip


def _downtime(plan: Plan, asset: str) -> Iterator[Episode]:
    ends = [*plan.starts[1:], plan.at_us]
    for i, (state, begins) in enumerate(zip(plan.states, plan.starts, strict=True)):
        if state == STOP:
            reason = REASONS[plan.reasons[i]]
            yield _plain(
                f"downtime-{asset}-{begins}", asset, "downtime", (begins, ends[i]), reason.en,
                title_zh=reason.zh, reason=reason.code, reason_zh=reason.zh, reason_en=reason.en, planned=False,
            )  # fmt: skip
        elif state == REPAIR:
            yield _plain(
                f"downtime-{asset}-{begins}", asset, "downtime", (begins, ends[i]), "repair",
                title_zh="维修", reason="REPAIR", reason_zh="维修", reason_en="repair", planned=False,
            )  # fmt: skip


def _tool_orders(plan: Plan, end_us: int) -> Iterator[Episode]:
    for job in plan.jobs:
        if job.start_us < end_us:
            ends = min(job.end_us or end_us, end_us)
            yield _plain(
                f"order-{plan.machine}-{job.number}", plan.machine, "order", (job.start_us, job.end_us), job.number,
                part=job.product.name, program=job.product.tool, quantity=job.quantity,
                planned_cycle_s=job.product.cycle_s, people=workers(plan.machine, job.start_us, ends),
                **goods.cut(job.number, job.quantity, job.start_us, job.end_us is not None and job.end_us <= end_us),
            )  # fmt: skip


def _orders(scenario: Scenario, plan: Plan, end_us: int) -> tuple[list[Episode], list[Episode]]:
    """Orders of a press, and their lots; scrap is counted shot by shot, as the machine's own counter does."""
    seconds = _finished(plan)
    rejected = _rejected(scenario, plan, seconds)
    orders: list[Episode] = []
    lots: list[Episode] = []
    at = 0
    for job in plan.jobs:
        if job.start_us >= end_us:
            break
        last = min(at + job.quantity, len(seconds))
        made = int(np.searchsorted(seconds[at:last], end_us, "right"))
        key = f"order-{plan.machine}-{job.number}"
        scrap = int(rejected[at : at + made].sum())
        orders.append(_plain(
            key, plan.machine, "order", (job.start_us, job.end_us), job.number,
            part=job.product.name, mould=job.product.tool, customer=job.customer, quantity=job.quantity,
            produced=made, good=made - scrap, scrap=scrap, planned_cycle_s=job.product.cycle_s,
        ))  # fmt: skip
        lots += _lots(plan, key, job, seconds[at : at + made], rejected[at : at + made])
        at = last
    return orders, lots


def _lots(plan: Plan, order: str, job: Job, seconds: noise.Ints, rejected: noise.Ints) -> Iterator[Episode]:
    for lot, begins in enumerate(range(0, len(seconds), _LOT_SHOTS)):
        ends = min(begins + _LOT_SHOTS, job.quantity)
        whole = ends <= len(seconds)
        part = rejected[begins:ends]
        shots, scrap, name = seconds[begins:ends], int(part.sum()), f"{job.number}-L{lot + 1:02d}"
        span = (int(seconds[begins]), int(seconds[ends - 1]) + 1 if whole else None)
        yield _plain(
            f"{order}-{lot + 1}", plan.machine, "lot", span, name, order, good=len(part) - scrap, scrap=scrap,
            people=workers(plan.machine, span[0], int(shots[-1])),
            **goods.pressed(goods.GOODS[job.product.tool], name, shots, scrap),
        )  # fmt: skip


def _finished(plan: Plan) -> noise.Ints:
    """When each shot of the plan was finished, microseconds; index = shot number."""
    pieces = [np.zeros(0, np.int64)]
    ends = [*plan.starts[1:], plan.at_us]
    for i, state in enumerate(plan.states):
        if state == RUN:
            cycle_us = round(plan.jobs[plan.job_of[i]].product.cycle_s * 1e6)
            shots = (ends[i] - plan.starts[i]) // cycle_us
            pieces.append(plan.starts[i] + cycle_us * np.arange(1, shots + 1, dtype=np.int64))
    return np.concatenate(pieces)


def _rejected(scenario: Scenario, plan: Plan, finished_us: noise.Ints) -> noise.Ints:
    if not len(finished_us):
        return np.zeros(0, np.int64)
    shots = np.arange(len(finished_us), dtype=np.int64)
    # The machine decides on its 10-second grid: ask for the severity where it does.
    wear = severity(scenario, "mould_wear", -(-finished_us // 10_000_000) * 10_000_000)
    base = np.repeat([job.product.scrap for job in plan.jobs], [job.quantity for job in plan.jobs])[: len(shots)]
    rate = press.scrap_rate(base, wear if plan.machine == "press2" else np.zeros(len(shots)))
    drawn = noise.uniform(noise.key(scenario.seed, f"{plan.machine}.scrap"), shots) < rate
    return drawn.astype(np.int64)
