"""The last checks of a write, next to the machine; then the write itself, the read-back, and the truth about it.

A command is in the journal on disk before the machine hears of it, and the machine hears of it once: after a lost
connection, a timeout or a kill nothing is repeated, the read-back decides.
"""

from __future__ import annotations

import asyncio
import math
import secrets
from contextlib import suppress
from pathlib import Path

from msgspec.structs import replace

from baigong.gateway.clock import Clock
from baigong.gateway.fleet import Fleet
from baigong.gateway.journal import Journal, Kept, Moment, Order
from baigong.gateway.supervisor import Supervisor
from baigong.gateway.switches import Ask, Switches
from baigong.gateway.values import fresh_value, present_value
from baigong.vocab.devices import PointSpec
from baigong.vocab.errors import BaigongError, FixConfiguration, ReportBug, RetryLater
from baigong.vocab.happenings import Command
from baigong.vocab.writing import Outcome, State, Value, WriteRule, check_change, is_same, meant, raw_of, revision

_LOOK_S = 0.1  # between two looks at what the machine shows
_AGAIN_S = 1.0  # between two attempts to find out about a write whose end was not seen
_PATIENCE_S = 5.0  # how long whoever asked waits for a connection that was lost in the middle


class Writes:
    """One gateway's writes; those to one point follow each other."""

    def __init__(self, fleet: Fleet, folder: Path, clock: Clock, ask_stops: Ask) -> None:
        self.switches = Switches(folder / "stops.json", ask_stops)
        self._run = secrets.token_hex(8)
        self._fleet = fleet
        self._clock = clock
        self._journal = Journal(folder / "writes.json")
        self._turns: dict[tuple[str, int], asyncio.Lock] = {}

    async def write(self, order: Order) -> Outcome:
        """Carry out one command, or say why not. The same id asked again gets the answer of the first time."""
        held = self._journal.find(order.id)
        if held is not None:
            return held.outcome
        turn = self._turns.setdefault((order.tenant, order.point), asyncio.Lock())
        async with turn:
            held = self._journal.find(order.id)
            if held is not None:
                return held.outcome
            try:
                kept = await self._begin(order)
            except BaigongError as error:
                return self._end(Kept(order=order, outcome=Outcome(state="refused")), _refusal(error))
            began = self._clock.monotonic()
            trouble = await self._send(kept)
            return await self._finish(kept, trouble, since=began, deadline=self._clock.monotonic() + _PATIENCE_S)

    def outcome(self, id: str) -> Outcome | None:
        """Return what is known of a command; None when it never came here."""
        held = self._journal.find(id)
        return held.outcome if held else None

    def moment(self) -> Moment:
        """Return what orders say their end in."""
        return Moment(run=self._run, now_us=self._clock.passed_us())

    def forget(self, tenant: str) -> None:
        """Drop the memory of a company's writes."""
        self._journal.forget(tenant)
        self._turns = {key: turn for key, turn in self._turns.items() if key[0] != tenant}

    async def run(self) -> None:
        """Find out about writes whose end was not seen, as soon as their device can be asked. Never ends."""
        while True:
            for kept in self._journal.open_ones():
                turn = self._turns.setdefault((kept.order.tenant, kept.order.point), asyncio.Lock())
                if not turn.locked():
                    async with turn:
                        unseen = RetryLater("driver.timeout", "the end of the write was not seen")
                        await self._finish(kept, unseen, since=-math.inf, deadline=self._clock.monotonic())
            await self._clock.sleep(_AGAIN_S)

    async def _begin(self, order: Order) -> Kept:
        """Check everything once more, read the value before, and write the journal."""
        supervisor, row = self._find(order)
        spec = supervisor.station.table.specs[row]
        rule = spec.write
        if rule is None or revision(spec) != order.revision:
            raise FixConfiguration("command.changed", f"{spec.name} is not configured as when this was asked")
        value = meant(spec, order.value)
        self._may_go(order, spec)
        previous = await self._previous(supervisor, row, rule)
        since_us = self._journal.last_us(order.tenant, order.point)
        since_s = None if since_us is None else (self._clock.now_us() - since_us) / 1e6
        check_change(spec, value, previous, None if since_s is None else max(since_s, 0.0))
        self._may_go(order, spec)  # reading took its time
        now_us = self._clock.now_us()
        outcome = Outcome(state="unknown", detail="being written", previous=previous, time_us=now_us)
        return self._journal.begin(Kept(order=order, outcome=outcome, sent_us=now_us, value=value))

    def _find(self, order: Order) -> tuple[Supervisor, int]:
        for supervisor in self._fleet.supervisors():
            if supervisor.station.tenant != order.tenant:
                continue
            row = supervisor.station.table.row(order.point)
            if row is not None:
                return supervisor, row
        raise FixConfiguration("point.unknown", f"no device of this gateway has point {order.point}")

    def _may_go(self, order: Order, spec: PointSpec) -> None:
        if self.switches.covers(order.tenant, spec.asset):
            raise FixConfiguration("command.stopped", f"writes to {spec.asset} are stopped", place=spec.asset)
        if order.run != self._run or self._clock.passed_us() >= order.until_us:
            raise FixConfiguration("command.expired", f"the command to {spec.name} came too late")

    async def _look(self) -> None:
        """Hear which switches are on now: one that was pressed while an order was under way stops it."""
        try:
            await self.switches.look()
        except BaigongError as error:
            raise FixConfiguration(
                "command.stopped", f"whether writes are stopped could not be asked: {error.message}"
            ) from error

    async def _previous(self, supervisor: Supervisor, row: int, rule: WriteRule) -> Value | None:
        session = supervisor.session
        if session is None or supervisor.state != "connected":
            raise RetryLater("driver.unreachable", f"{supervisor.station.spec.device} is not connected")
        if "read" in supervisor.station.manifest.capabilities:
            async with session.turn() as driver:
                previous = await session.call(fresh_value(supervisor.station, driver, row), "reading before a write")
        else:
            previous = present_value(supervisor, row)
        if previous is None and rule.rollback:
            name = supervisor.station.table.specs[row].name
            raise FixConfiguration("command.range", f"{name} has no good value now that could be rolled back to")
        return previous

    async def _send(self, kept: Kept) -> BaigongError | None:
        """Write once. Returns what went wrong; a RetryLater leaves open whether the machine took it."""
        try:
            supervisor, row = self._find(kept.order)
            session = supervisor.session
            if session is None:
                return FixConfiguration("command.failed", "the connection was lost before the write")
            spec = supervisor.station.table.specs[row]
            rule, value = spec.write, kept.value
            if rule is None or value is None:
                return FixConfiguration("command.changed", f"{spec.name} was changed meanwhile")
            async with session.turn() as driver:
                await self._look()
                self._may_go(kept.order, spec)
                ack = await session.call(driver.write(_command(kept, spec, rule, value)), "writing")
            return None if ack.ok else FixConfiguration("command.failed", ack.detail or "the machine refused")
        except BaigongError as error:
            return error

    async def _finish(self, kept: Kept, error: BaigongError | None, *, since: float, deadline: float) -> Outcome:
        """Tell what became of a write that was sent, or may have been; leaves it open when nobody can know yet.

        ``since``: news from before this moment say nothing about it.
        """
        if error is not None and not isinstance(error, RetryLater | ReportBug):
            return self._end(kept, _refusal(error))
        wanted, previous = kept.value, kept.outcome.previous
        try:
            supervisor, row = self._find(kept.order)
        except BaigongError as gone:  # after a restart, its device is perhaps not there yet
            return self._leave_open(kept, gone)
        rule = supervisor.station.table.specs[row].write or WriteRule()
        if wanted is None:
            return self._end(kept, _failure("it was never understood"))
        found = await self._read_back(supervisor, row, rule, wanted, since, deadline)
        if found is None:
            return self._leave_open(kept, error)
        if is_same(rule, wanted, found):
            return self._end(kept, Outcome(state="done", read_back=found))
        detail = f"read back {found!r} instead of {wanted!r}"
        if error is not None:
            detail += f"; {error.message}"
        elif rule.rollback and previous is not None and not is_same(rule, previous, found):
            back = await self._roll_back(kept, supervisor, row, rule, previous)
            if not back:
                return self._end(kept, replace(_failure(detail, found), state="rolled_back"))
            detail += f"; and the value before could not be written again: {back}"
        return self._end(kept, _failure(detail, found))

    def _leave_open(self, kept: Kept, error: BaigongError | None) -> Outcome:
        why = error.message if error is not None else "the machine could not be asked since"
        unknown = Outcome(state="unknown", code="command.failed", detail=f"it may have been written: {why}")
        return self._journal.note(kept, self._complete(kept, unknown))

    def _end(self, kept: Kept, outcome: Outcome) -> Outcome:
        return self._journal.end(replace(kept, outcome=self._complete(kept, outcome)))

    def _complete(self, kept: Kept, outcome: Outcome) -> Outcome:
        return replace(outcome, previous=kept.outcome.previous, time_us=self._clock.now_us())

    async def _read_back(
        self, supervisor: Supervisor, row: int, rule: WriteRule, wanted: Value, since: float, deadline: float
    ) -> Value | None:
        """Look until the machine shows the value or ``settle_s`` is over; None when it could not be asked."""
        until = self._clock.monotonic() + rule.settle_s
        found: Value | None = None
        while True:
            with suppress(BaigongError):  # the connection may come back while there is time
                value = await self._shown(supervisor, row, since)
                found = found if value is None else value
            now = self._clock.monotonic()
            if (found is not None and (is_same(rule, wanted, found) or now >= until)) or now >= max(until, deadline):
                return found
            await self._clock.sleep(_LOOK_S)

    async def _shown(self, supervisor: Supervisor, row: int, since: float) -> Value | None:
        supervisor, row = self._again(supervisor, row)
        session = supervisor.session
        if session is None or supervisor.state != "connected":
            raise RetryLater("driver.unreachable", "not connected")
        if "read" not in supervisor.station.manifest.capabilities:
            return present_value(supervisor, row) if supervisor.station.table.news[row] > since else None
        async with session.turn() as driver:
            return await session.call(fresh_value(supervisor.station, driver, row), "reading back")

    def _again(self, supervisor: Supervisor, row: int) -> tuple[Supervisor, int]:
        """Return the device as it runs now: it may have been configured anew since."""
        station = supervisor.station
        running = self._fleet.find(station.tenant, station.spec.device)
        if running is None or running is supervisor:
            return supervisor, row
        at = running.station.table.row(int(station.table.numbers[row]))
        return (supervisor, row) if at is None else (running, at)

    async def _roll_back(self, kept: Kept, supervisor: Supervisor, row: int, rule: WriteRule, previous: Value) -> str:
        """Write the value before once more; returns why that did not help, or nothing."""
        supervisor, row = self._again(supervisor, row)
        spec, session = supervisor.station.table.specs[row], supervisor.session
        if session is None:
            return "the connection was lost"
        began = self._clock.monotonic()
        try:
            meant(spec, previous)  # a machine may have stood where nobody may put it
            async with session.turn() as driver:
                with suppress(BaigongError):  # what was last heard stays in force
                    await self.switches.look()
                if self.switches.covers(kept.order.tenant, spec.asset):
                    return "writes are stopped"
                await session.call(driver.write(_command(kept, spec, rule, previous)), "rolling back")
        except BaigongError as error:
            return error.message
        found = await self._read_back(supervisor, row, rule, previous, began, began)
        return "" if is_same(rule, previous, found) else f"it shows {found!r}"


def _refusal(error: BaigongError) -> Outcome:
    state: State = "expired" if error.code == "command.expired" else "refused"
    return Outcome(state=state, code=error.code, detail=error.message)


def _failure(detail: str, found: Value | None = None) -> Outcome:
    return Outcome(state="failed", code="command.failed", detail=detail, read_back=found)


def _command(kept: Kept, spec: PointSpec, rule: WriteRule, value: Value) -> Command:
    order = kept.order
    return Command(
        id=order.id,
        tenant=order.tenant,
        point=order.point,
        address=rule.address or spec.address,
        value=raw_of(spec, value),
        asked_by=order.asked_by,
        expires_us=order.expires_us,
    )
