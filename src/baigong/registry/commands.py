"""The one way to a machine for people, programs and flows: asked, checked, agreed to, handed over, followed.

grant → stop switch → range, step, rate → interlock → second person → gateway (which checks again). Whatever is
refused is kept too, with its reason. See docs/decisions/0011-guarded-writes.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import msgspec
from msgspec.structs import asdict

from baigong.bus.contract import Bus
from baigong.registry.askers import Askers
from baigong.registry.audit import Audit, Entry
from baigong.registry.book import PointBook
from baigong.registry.devices import Devices
from baigong.registry.events import Events
from baigong.registry.handover import Deadline, deadline
from baigong.registry.interlocks import check_interlock, present_values
from baigong.registry.people import Principal
from baigong.registry.repeats import Repeats, keep, refusal_again
from baigong.registry.rights import Rights, point_ref
from baigong.registry.stops import Stops
from baigong.security.tokens import new_token
from baigong.stores.records import ALL, Records
from baigong.stores.records.commands import (
    CommandRow,
    add_command,
    change_command,
    find_command,
    last_sent_us,
    list_commands,
)
from baigong.stores.records.plant import PointRow
from baigong.vocab.condition import parse_condition
from baigong.vocab.errors import BaigongError, FixConfiguration, Reauthenticate, RetryLater
from baigong.vocab.happenings import Event
from baigong.vocab.writing import FINAL, Outcome, Value, check_change, meant, revision

_LOOK_S = 0.5  # between two looks at what is under way
_ANSWER_S = 10.0  # how long the gateway's answer is waited for; later it is asked for
_LATE_US = 5_000_000  # after its end, a command that the gateway does not know will never be sent
_OPEN = ("pending", "approved", "sent", "unknown")


class Commands:
    """Decides and remembers. ``run`` must run: it ends what nobody agreed to, and finds out how others ended."""

    def __init__(
        self,
        records: Records,
        events: Events,
        book: PointBook,
        devices: Devices,
        rights: Rights,
        audit: Audit,
        stops: Stops,
        bus: Bus,
        clock_us: Callable[[], int],
        askers: Askers,
    ) -> None:
        self._records, self._events, self._book, self._devices = records, events, book, devices
        self._rights, self._audit, self._stops, self._bus, self._clock_us = rights, audit, stops, bus, clock_us
        self._askers = askers
        self._repeats = Repeats(records, clock_us)
        self._open: dict[str, CommandRow] = {}
        self._handing: set[str] = set()  # whose answer is being waited for

    async def load(self) -> None:
        rows = await self._records.read(lambda c: list_commands(c, None, states=_OPEN, limit=100_000), tenant=ALL)
        self._open = {row.id: row for row in rows}

    async def ask(
        self, who: Principal, tenant: str, name: str, value: Value, reason: str, origin: str = "", key: str = ""
    ) -> CommandRow:
        """Ask for a write. Returns it pending (a second person must agree), or as it ended.

        ``key``: what comes again under it within a day is the same wish, and gets what became of it (see ``repeats``).
        Raises command.key where that was another wish; point.unknown, auth.denied, gateway.down,
        command.off/range/rate/interlock/stopped; what was refused is kept.
        """
        point = self._book.find(tenant, name)
        if not key:
            return await self._ask(who, point, value, reason, origin)
        async with self._repeats.turn(tenant, who.asks_as, key, (point.name, value, reason)) as held:
            if held is None:
                return await self._ask(who, point, value, reason, origin, key)
            before = await self.find(tenant, held.command)
            refusal = refusal_again(before)
            if refusal is not None:
                raise refusal
            return before

    async def _ask(
        self, who: Principal, point: PointRow, value: Value, reason: str, origin: str, key: str = ""
    ) -> CommandRow:
        row = self._made(who, point, value, reason)
        try:
            decision = self._rights.require(who, "command", point_ref(point.tenant, point.number))
            await self._check(point, value)
            waits = point.spec.write is not None and point.spec.write.approval
            until = None if waits else await self._deadline(row, point)
        except BaigongError as error:
            refused = replace(row, state="refused", code=error.code, detail=error.message, finished_us=row.asked_us)
            await self._enter(refused, "command.refused", who.user, key)
            await self._note(refused, who, "command", origin, allowed=False, because=())
            error.fields["command"] = row.id
            raise
        await self._enter(row, "command.asked", who.user, key)
        await self._note(row, who, "command", origin, allowed=True, because=tuple(decision.because))
        if until is None:
            self._askers.remember(row.id, who)
            return row
        return await self._hand_over(row, point, None, until)

    async def approve(self, who: Principal, tenant: str, id: str, origin: str = "") -> CommandRow:
        """Agree as the second person; everything is checked once more, then it is sent.

        Raises command.unknown/closed/expired/second_person, auth.denied and what ``ask`` raises.
        """
        row, point = await self._decidable(who, tenant, id, origin)
        if who.human == row.asked_by or not who.human or not await self._askers.is_person(who.human):
            await self._note(row, who, "approve", origin, allowed=False, because=())
            why = f"{who.user} asked for it" if who.human == row.asked_by else f"{who.user} is no person"
            raise Reauthenticate("command.second_person", why, place=id)
        try:
            if revision(point.spec) != row.revision:
                raise FixConfiguration("command.changed", f"{point.name} was changed after this was asked", place=id)
            await self._askers.require(row)
            await self._check(point, row.value)
            until = await self._deadline(row, point)
        except RetryLater:
            raise  # too early, or a gateway that is away: it stays pending
        except BaigongError as error:
            await self._end(
                row, ("pending",), Outcome(state="refused", code=error.code, detail=error.message), who.user
            )
            raise
        await self._note(row, who, "approve", origin, allowed=True, because=())
        return await self._hand_over(row, point, who.user, until)

    async def refuse(self, who: Principal, tenant: str, id: str, reason: str, origin: str = "") -> CommandRow:
        """Turn down what waits, or take back one's own wish. Raises command.unknown/closed, auth.denied."""
        row, _ = await self._decidable(who, tenant, id, origin, own=True)
        outcome = Outcome(state="refused", code="command.closed", detail=reason or f"{who.user} refused")
        await self._note(row, who, "refuse", origin, allowed=True, because=())
        return await self._end(row, ("pending",), outcome, who.user, decided_by=who.user)

    async def roll_back(
        self, who: Principal, tenant: str, id: str, reason: str, origin: str = "", key: str = ""
    ) -> CommandRow:
        """Ask for the value before a write that was done: a new command, through every check."""
        row = await self.find(tenant, id)
        if row.previous is None or row.state not in ("done", "failed", "unknown"):
            raise FixConfiguration("command.closed", "there is no value to go back to", place=id)
        return await self.ask(who, tenant, row.name, row.previous, reason or f"roll back {id}", origin, key)

    async def find(self, tenant: str, id: str) -> CommandRow:
        row = await self._records.read(lambda c: find_command(c, tenant, id), tenant=tenant)
        if row is None:
            raise FixConfiguration("command.unknown", f"there is no command {id!r}", place=id)
        return row

    async def recent(self, tenant: str, **wanted: Any) -> list[CommandRow]:
        """See ``stores.records.commands.list_commands``."""
        return await self._records.read(lambda c: list_commands(c, tenant, **wanted), tenant=tenant)

    async def run(self) -> None:
        """End what expired, and find out how others ended, until cancelled."""
        while True:
            for row in list(self._open.values()):
                if row.id not in self._handing:
                    with suppress(BaigongError):  # a full disk, or a company that is gone: looked at again, or not
                        await self._look(row)
            await asyncio.sleep(_LOOK_S)

    def forget(self, tenant: str) -> None:
        """Follow no more what a company that leaves has asked for."""
        self._open = {id: row for id, row in self._open.items() if row.tenant != tenant}

    async def _look(self, row: CommandRow) -> None:
        now_us = self._clock_us()
        if row.state in ("pending", "approved"):
            if now_us >= row.expires_us:
                late = Outcome(state="expired", code="command.expired", detail="nobody agreed in time")
                await self._end(row, ("pending", "approved"), late, "")
            return
        try:
            point = self._book.find(row.tenant, str(row.point))
            raw = await self._bus.request(
                f"gateway.{self._gateway(point)}.outcome", msgspec.json.encode({"id": row.id}), timeout_s=2.0
            )
            outcome = msgspec.json.decode(raw, type=Outcome | None)
        except (BaigongError, msgspec.MsgspecError):
            return  # asked again
        if outcome is None and now_us >= row.expires_us + _LATE_US:
            outcome = Outcome(state="expired", code="command.expired", detail="the gateway never received it")
        if outcome is not None and (outcome.state in FINAL or row.state != outcome.state):
            await self._end(row, ("sent", "unknown"), outcome, "")

    async def _check(self, point: PointRow, value: Value) -> None:
        spec = point.spec
        number = meant(spec, value)
        stop = self._stops.covering(point.tenant, spec.asset)
        if stop is not None:
            raise FixConfiguration(
                "command.stopped", f"{stop.stopped_by} stopped writes to {stop.asset or 'everything'}: {stop.reason}",
                place=spec.name,
            )  # fmt: skip
        rule = spec.write
        condition = parse_condition(rule.interlock) if rule is not None and rule.interlock else None
        names = (spec.name, *(condition.points if condition else ()))
        present = await present_values(self._bus, self._book, self._devices, point.tenant, names)
        if condition is not None:
            check_interlock(condition, present, spec.name)
        sent_us = await self._records.read(lambda c: last_sent_us(c, point.tenant, point.number), tenant=point.tenant)
        since_s = None if sent_us is None else max((self._clock_us() - sent_us) / 1e6, 0.0)
        check_change(spec, number, present.get(spec.name), since_s)

    async def _decidable(
        self, who: Principal, tenant: str, id: str, origin: str, *, own: bool = False
    ) -> tuple[CommandRow, PointRow]:
        row = await self.find(tenant, id)
        if not (own and who.asks_as == row.asked_by):
            try:
                self._rights.require(who, "approve", point_ref(tenant, row.point))
            except BaigongError:
                await self._note(row, who, "approve", origin, allowed=False, because=())
                raise
        if row.state == "pending" and self._clock_us() >= row.expires_us:
            raise FixConfiguration("command.expired", "it was to be sent within its time, which is over", place=id)
        if row.state != "pending":
            raise FixConfiguration("command.closed", f"it is {row.state} already", place=id)
        return row, self._book.find(tenant, str(row.point))

    async def _deadline(self, row: CommandRow, point: PointRow) -> Deadline:
        return await deadline(self._bus, self._gateway(point), row, self._clock_us)

    async def _hand_over(
        self, row: CommandRow, point: PointRow, approved_by: str | None, until: Deadline
    ) -> CommandRow:
        """Send it to the gateway once, and wait a while for how it ended."""
        now_us = self._clock_us()
        sent = replace(row, state="sent", sent_us=now_us, decided_by=approved_by)
        self._handing.add(row.id)
        try:
            changes = {"state": "sent", "sent_us": now_us, "decided_by": approved_by}
            if not await self._change(row, ("pending",), "command.sent", approved_by or row.asked_by, changes):
                raise FixConfiguration("command.closed", "somebody decided about it already", place=row.id)
            self._askers.forget(row.id)
            self._open[row.id] = sent
            order = {
                "id": row.id, "tenant": row.tenant, "point": row.point, "value": row.value, "asked_by": row.asked_by,
                "expires_us": row.expires_us, "revision": row.revision, **asdict(until),
            }  # fmt: skip
            try:
                subject = f"gateway.{self._gateway(point)}.write"
                raw = await self._bus.request(subject, msgspec.json.encode(order), timeout_s=_ANSWER_S)
                outcome = msgspec.json.decode(raw, type=Outcome)
            except (BaigongError, msgspec.MsgspecError):
                return sent  # it may have arrived: ``run`` asks
            return await self._end(sent, ("sent",), outcome, "")
        finally:
            self._handing.discard(row.id)

    async def _end(
        self, row: CommandRow, states: tuple[str, ...], outcome: Outcome, by: str, **more: Any
    ) -> CommandRow:
        final = outcome.state in FINAL
        changes: dict[str, Any] = {
            "state": outcome.state,
            "code": outcome.code,
            "detail": outcome.detail,
            "previous": outcome.previous,
            "read_back": outcome.read_back,
            "finished_us": (outcome.time_us or self._clock_us()) if final else None,
            **more,
        }
        ended = replace(row, **changes)
        if not await self._change(row, states, f"command.{outcome.state}", by, changes):
            return await self.find(row.tenant, row.id)
        if final:
            self._open.pop(row.id, None)
            self._askers.forget(row.id)
        else:
            self._open[row.id] = ended
        await self._audit.note(
            Entry(
                time_us=self._clock_us(),
                tenant=row.tenant,
                who=(by and f"{row.tenant}/{by}") or "gateway",
                action="command",
                object=f"Command:{row.tenant}/{row.id}",
                allowed=outcome.state != "refused",
                reason=outcome.code,
                before=outcome.previous,
                after=asdict(outcome),
            )
        )
        return ended

    async def _enter(self, row: CommandRow, kind: str, by: str, key: str) -> None:
        def work(connection: Any) -> None:
            add_command(connection, row)
            if key:
                keep(connection, self._repeats.row(key, row))

        await self._events.tell([self._event(row, kind, by)], with_work=work)
        if row.state not in FINAL:
            self._open[row.id] = row

    async def _change(
        self, row: CommandRow, states: tuple[str, ...], kind: str, by: str, changes: dict[str, Any]
    ) -> bool:
        """Change it if it still is in one of ``states``, and tell it; False when somebody was faster."""
        changed = await self._records.write(lambda c: change_command(c, row.id, states, **changes), tenant=row.tenant)
        if changed:
            await self._events.tell([self._event(replace(row, **changes), kind, by)])
        return changed

    def _made(self, who: Principal, point: PointRow, value: Value, reason: str) -> CommandRow:
        now_us, rule = self._clock_us(), point.spec.write
        return CommandRow(
            id=new_token("c")[:14],
            tenant=point.tenant,
            point=point.number,
            name=point.name,
            asset=point.spec.asset,
            value=value,
            state="pending",
            asked_by=who.asks_as,
            asked_us=now_us,
            expires_us=now_us + int((rule.expires_s if rule else 60.0) * 1e6),
            reason=reason,
            revision=revision(point.spec),
        )

    def _gateway(self, point: PointRow) -> str:
        held = self._devices.find(point.tenant, point.device)
        if held is None:
            raise FixConfiguration("device.unknown", f"no device reads {point.name}: it cannot be written")
        return held.spec.gateway

    def _event(self, row: CommandRow, kind: str, by: str) -> Event:
        detail = {"command": row.id, "name": row.name, "value": row.value, "by": by, "reason": row.reason}
        if row.code:
            detail |= {"code": row.code, "why": row.detail}
        return Event(
            kind=kind, time_us=self._clock_us(), tenant=row.tenant, subject=f"point:{row.point}", detail=detail
        )

    async def _note(
        self, row: CommandRow, who: Principal, action: str, origin: str, *, allowed: bool, because: tuple[str, ...]
    ) -> None:
        await self._audit.note(
            Entry(
                time_us=self._clock_us(),
                tenant=row.tenant,
                who=who.full_name,
                action=action,
                object=f"Point:{row.tenant}/{row.name}",
                allowed=allowed,
                origin=origin,
                because=because,
                reason=row.code or row.reason,
                after={"command": row.id, "value": row.value, "reason": row.reason},
            )
        )
