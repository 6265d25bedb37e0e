"""The machines' authority and its certificates: enrolled, rotated with an overlap, revoked with a reason, watched."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from baigong.registry.audit import Audit, Entry
from baigong.registry.events import Events
from baigong.registry.serving import read_key, write_key
from baigong.registry.standing import Standing
from baigong.registry.topics import MachineTopics
from baigong.registry.uses import Unwritten
from baigong.security.authority import REASONS, Authority, Made, Reason, Revoked, make_machine_authority
from baigong.security.envelope import Key
from baigong.stores.durable import replace_file
from baigong.stores.records import ALL
from baigong.stores.records.engine import Records
from baigong.stores.records.leaving import bare, kept_revoked
from baigong.stores.records.machines import CertificateRow, all_certificates, put_certificate, put_certificate_uses
from baigong.vocab.errors import BaigongError, FixConfiguration, Reauthenticate
from baigong.vocab.happenings import Event

DAYS, OVERLAP_DAYS, WARN_DAYS = 730, 7, 30
_MOST_DAYS = 7300
_DAY_US = 86_400_000_000
_TEND_S = 20.0  # uses are written and ends are looked at so often
_LIST_US = 3_600_000_000  # the list of the revoked is signed anew after so long, and at every revocation
_ITSELF = "baigong"  # who revokes what was replaced, or whose device is gone


@dataclass(slots=True, frozen=True)
class Enrolled:
    """``made.key`` is there when the machine sent no request: it is told this once."""

    row: CertificateRow
    made: Made


def open_authority(folder: Path, sealed_with: Key, now: datetime) -> Authority:
    """Open the authority in ``folder``, made at the first start: ``machine-ca.pem`` and its key in an envelope."""
    certificate, key = folder / "machine-ca.pem", folder / "machine-ca.key"
    if certificate.exists() and key.exists():
        return Authority(certificate.read_bytes(), read_key(key, sealed_with))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    made, secret = make_machine_authority(socket.gethostname() or "localhost", now)
    write_key(key, secret, sealed_with)
    replace_file(certificate, made, mode=0o644)
    return Authority(made, secret)


class Certificates:
    """All certificates that the authority signed. One that is not in here opens nothing, whoever signed it."""

    def __init__(
        self,
        records: Records,
        events: Events,
        audit: Audit,
        open_: Callable[[], Authority],
        standing: Standing,
        clock_us: Callable[[], int],
        is_device: Callable[[str, str], bool],
        topics: MachineTopics,
        may_work: Callable[[str], None] = lambda tenant: None,
    ) -> None:
        self.topics = topics
        self._open = open_
        self._authority: Authority | None = None
        self._opening = asyncio.Lock()
        self._records, self._events, self._audit, self._standing = records, events, audit, standing
        self._clock_us = clock_us
        self._is_device = is_device
        self._may_work = may_work  # raises for a tenant that stands still
        self._rows: dict[str, CertificateRow] = {}
        self._by_print: dict[str, str] = {}
        self._used = Unwritten(records, put_certificate_uses)
        self._gone: set[str] = set()  # whose device is gone, and that are not yet written down as revoked
        self._one_change = asyncio.Lock()
        self._wake = asyncio.Event()
        self._list: tuple[int, x509.CertificateRevocationList] | None = None  # signed when

    async def load(self) -> None:
        for read in (all_certificates, kept_revoked):
            for row in await self._records.read(read, tenant=ALL):
                self._take(row)

    def _take(self, row: CertificateRow) -> None:
        self._rows[row.serial] = row
        self._by_print[row.sha256] = row.serial

    async def authority(self) -> Authority:
        """Open the authority, or make it: the first gateway that starts asks for it."""
        async with self._opening:
            if self._authority is None:
                self._authority = await asyncio.to_thread(self._open)
            return self._authority

    # what there is

    def of_tenant(self, tenant: str, device: str | None = None) -> list[CertificateRow]:
        """List them, newest first. ``device`` empty: those of the installation's own OPC UA client."""
        rows = [r for r in self._rows.values() if r.tenant == tenant and device in (None, r.device)]
        return sorted(rows, key=lambda row: row.made_us, reverse=True)

    def get(self, tenant: str, serial: str) -> CertificateRow:
        row = self._rows.get(serial.lower())
        if row is None or row.tenant != tenant:
            raise FixConfiguration("http.not_found", f"there is no certificate {serial!r}", place=serial)
        return row

    def is_good(self, row: CertificateRow) -> bool:
        return row.revoked_us is None and row.until_us > self._clock_us()

    def ending(self, tenant: str) -> Iterator[CertificateRow]:
        """Yield what ends soon, or has ended, and has no successor that a machine could use instead."""
        limit = self._clock_us() + WARN_DAYS * _DAY_US
        last: dict[str, CertificateRow] = {}
        for row in self.of_tenant(tenant):
            held = last.get(row.device)
            if row.revoked_us is None and (held is None or row.until_us > held.until_us):
                last[row.device] = row
        return (row for row in last.values() if row.until_us <= limit)

    # what changes

    async def enrol(
        self, tenant: str, device: str, csr: str | None = None, *, days: int = DAYS, by: str = ""
    ) -> Enrolled:
        """Sign for a device: the key in its request, or one that is made here and told once."""
        now = self._now()
        until = now + timedelta(days=_checked_days(days))
        authority = await self.authority()
        made = await asyncio.to_thread(authority.enrol, tenant, device, csr, now, until)
        async with self._one_change:
            return await self._keep(tenant, device, made, by)

    async def rotate(
        self,
        tenant: str,
        serial: str,
        csr: str | None = None,
        *,
        days: int = DAYS,
        overlap_days: float = OVERLAP_DAYS,
        by: str = "",
    ) -> Enrolled:
        """Sign a successor; the old one stays good for the overlap, and is revoked as superseded at its end."""
        if not 0 <= overlap_days <= _MOST_DAYS:
            raise FixConfiguration("config.invalid", "an overlap has 0 days or more", place="overlap_days")
        now = self._now()
        until = now + timedelta(days=_checked_days(days))
        self._good(tenant, serial)
        device = self.get(tenant, serial).device
        authority = await self.authority()
        made = await asyncio.to_thread(authority.enrol, tenant, device, csr, now, until)
        async with self._one_change:
            return await self._succeed(self._good(tenant, serial), made, overlap_days, by)

    async def admit_application(
        self, tenant: str, csr: str, uri: str, hosts: Sequence[str], *, days: int = DAYS, by: str = ""
    ) -> Enrolled:
        """Sign for our own OPC UA client; the one before stays good for the overlap, as servers may hold it."""
        now = self._now()
        until = now + timedelta(days=_checked_days(days))
        authority = await self.authority()
        made = await asyncio.to_thread(authority.admit_application, csr, uri, hosts, now, until)
        async with self._one_change:
            held = [r for r in self.of_tenant(tenant, "") if self.is_good(r) and r.successor is None]
            if held:
                return await self._succeed(held[0], made, OVERLAP_DAYS, by)
            return await self._keep(tenant, "", made, by)

    async def _succeed(self, held: CertificateRow, made: Made, overlap_days: float, by: str) -> Enrolled:
        end_us = min(held.until_us, self._clock_us() + int(overlap_days * _DAY_US))
        fresh = await self._keep(held.tenant, held.device, made, by, instead=replace(held, until_us=end_us))
        self._wake.set()  # an overlap of nothing ends now
        return fresh

    async def _keep(
        self, tenant: str, device: str, made: Made, by: str, instead: CertificateRow | None = None
    ) -> Enrolled:
        certificate, now_us = made.certificate, self._clock_us()
        end_us = int(certificate.not_valid_after_utc.timestamp() * 1e6)
        row = CertificateRow(
            serial=f"{certificate.serial_number:x}",
            tenant=tenant,
            device=device,
            sha256=certificate.fingerprint(hashes.SHA256()).hex(),
            certificate=made.pem,
            key_made_here=made.key is not None,
            made_us=now_us,
            made_by=by,
            not_after_us=end_us,
            until_us=end_us,
        )
        rows = [row] if instead is None else [row, replace(instead, successor=row.serial)]
        await self._write(rows, self._event(row, "enrolled" if instead is None else "rotated", by))
        if instead is not None:
            self.topics.take(tenant, ("certificate", row.sha256), self.topics.of("certificate", instead.sha256))
        return Enrolled(row, made)

    async def revoke(self, tenant: str, serial: str, reason: Reason = "unspecified", *, by: str = "") -> CertificateRow:
        """From now on it opens nothing, and whoever is signed in with it is thrown out."""
        if reason not in REASONS:
            raise FixConfiguration("config.invalid", f"a reason is one of {', '.join(REASONS)}", place="reason")
        async with self._one_change:
            held = self.get(tenant, serial)
            if held.revoked_us is not None:
                return held
            return await self._revoke(held, reason, by)

    async def _revoke(self, held: CertificateRow, reason: Reason, by: str) -> CertificateRow:
        row = replace(held, revoked_us=self._clock_us(), revoked_by=by, reason=reason)
        await self._write([row], self._event(row, "revoked", by))
        return row

    async def _write(self, rows: Sequence[CertificateRow], event: Event) -> None:
        def work(connection: sa.Connection) -> None:
            for row in rows:
                put_certificate(connection, row)
            if len(rows) == 2:  # a successor may what the one before it may
                fresh, held = rows
                given = self.topics.of("certificate", held.sha256)
                self.topics.write(connection, fresh.tenant, ("certificate", fresh.sha256), given)

        await self._events.tell([event], with_work=work)
        for row in rows:
            self._take(row)
            if row.revoked_us is not None:
                self._list = None
                self._standing.note(row.tenant, "certificate", row.sha256)

    def throw_out(self, tenant: str) -> None:
        """Let gateways end every connection of a tenant's machines; their certificates stay."""
        for row in self.of_tenant(tenant):
            if row.device and self.is_good(row):
                self._standing.note(row.tenant, "certificate", row.sha256)

    # who comes in

    def check(self, sha256: str) -> CertificateRow:
        """Return whose certificate it is, and remember that it was used. Raises auth.required with the reason.

        That it is ours and that its holder has the key was proven by the TLS handshake.
        """
        row = self._rows.get(self._by_print.get(sha256.lower(), ""))
        if row is None:
            raise _refused("unknown")
        if row.revoked_us is not None:
            raise _refused("revoked", row)
        if row.until_us <= self._clock_us():
            raise _refused("ended", row)
        if row.serial in self._gone or not row.device or not self._is_device(row.tenant, row.device):
            raise _refused("of no device", row)
        self._may_work(row.tenant)
        self._used.times[row.serial] = now = self._clock_us()
        used = self._rows[row.serial] = replace(row, used_us=now)
        return used

    def stands(self, sha256: str, serves: Callable[[str], bool]) -> bool:
        """Tell whether a connection that was let in with it may stay, by who ``serves`` companies."""
        row = self._rows.get(self._by_print.get(sha256, ""))
        if (
            row is None
            or not serves(row.tenant)
            or row.serial in self._gone
            or not self.is_good(row)
            or not self._is_device(row.tenant, row.device)
        ):
            return False
        try:
            self._may_work(row.tenant)
        except Reauthenticate:
            return False
        return True

    # the list of the revoked

    async def revoked(self) -> x509.CertificateRevocationList:
        """The list, at most an hour old and never older than the last revocation."""
        authority = await self.authority()
        while self._list is None or self._list[0] + _LIST_US < self._clock_us():
            now_us, change = self._clock_us(), self._standing.revision
            rows = [r for r in self._rows.values() if r.revoked_us is not None and r.not_after_us + _DAY_US > now_us]
            lines = [Revoked(r.number, _time(r.revoked_us or 0), _reason(r.reason)) for r in rows]
            made = await asyncio.to_thread(authority.list_revoked, lines, now_us // 1000, _time(now_us))
            if change == self._standing.revision:  # else something was revoked while this one was signed
                self._list = now_us, made
        return self._list[1]

    # what happens by itself

    def forget_device(self, tenant: str, device: str) -> None:
        """A device is gone: what was signed for it is revoked, and its connections end."""
        for row in self.of_tenant(tenant, device) if device else ():
            if row.revoked_us is None:
                self._gone.add(row.serial)
                self._standing.note(row.tenant, "certificate", row.sha256)
        self._wake.set()

    def forget_tenant(self, tenant: str) -> None:
        """Follow the records after a company is gone: what was revoked stays on the list, as a number."""
        for row in self.of_tenant(tenant):
            self._by_print.pop(row.sha256, None)
            self._rows[row.serial] = bare(row)

    async def tend(self) -> None:
        """Revoke what was superseded or lost its device, write when what was used; until cancelled."""
        try:
            while True:
                await self._end_what_is_over()
                await self._used.write()
                self._wake.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._next_end_s()):
                        await self._wake.wait()
        finally:
            await self._used.write()

    async def _end_what_is_over(self) -> None:
        for row in [r for r in self._rows.values() if r.revoked_us is None]:
            reason: Reason | None = None
            if row.serial in self._gone:
                reason = "cessation_of_operation"
            elif row.successor is not None and row.until_us <= self._clock_us() < row.not_after_us:
                reason = "superseded"
            if reason is None:
                continue
            with suppress(BaigongError):  # a full disk: it opens nothing all the same, and the next round writes it
                async with self._one_change:
                    await self._revoke(self._rows[row.serial], reason, _ITSELF)
                    await self._audit.note(self._entry(row, reason))
                    self._gone.discard(row.serial)

    def _next_end_s(self) -> float:
        ends = (r.until_us for r in self._rows.values() if r.successor is not None and r.revoked_us is None)
        return min(_TEND_S, max((min(ends, default=1 << 62) - self._clock_us()) / 1e6, 0.0) + 0.001)

    def _good(self, tenant: str, serial: str) -> CertificateRow:
        held = self.get(tenant, serial)
        if not self.is_good(held):
            raise FixConfiguration("config.conflict", "it is good no more: enrol the device anew", place=serial)
        if held.successor is not None:
            raise FixConfiguration("config.conflict", f"it has a successor: {held.successor}", place=serial)
        if not held.device:
            raise FixConfiguration("config.invalid", "this one belongs to our own OPC UA client", place=serial)
        return held

    def _now(self) -> datetime:
        return _time(self._clock_us())

    def _entry(self, row: CertificateRow, reason: str) -> Entry:
        return Entry(
            time_us=self._clock_us(),
            tenant=row.tenant,
            who=_ITSELF,
            action="people",
            object=f"Certificate:{row.tenant}/{row.serial}",
            reason=reason,
            after={"device": row.device, "revoked": True},
        )

    def _event(self, row: CertificateRow, what: str, by: str) -> Event:
        detail = {"by": by, "serial": row.serial, "device": row.device, "until_us": row.until_us}
        if row.reason:
            detail["reason"] = row.reason
        subject = f"device:{row.device}" if row.device else "installation:opcua"
        return Event(
            kind=f"certificate.{what}", time_us=self._clock_us(), tenant=row.tenant, subject=subject, detail=detail
        )


def _refused(why: str, row: CertificateRow | None = None) -> Reauthenticate:
    known = {} if row is None else {"tenant": row.tenant, "device": row.device, "serial": row.serial}
    return Reauthenticate("auth.required", f"certificate {why}", place="certificate", why=why, **known)


def _checked_days(days: int) -> int:
    if not 1 <= days <= _MOST_DAYS:
        raise FixConfiguration("config.invalid", f"a certificate lives 1 to {_MOST_DAYS} days", place="days")
    return days


def _reason(text: str) -> Reason:
    return next((reason for reason in REASONS if reason == text), "unspecified")


def _time(at_us: int) -> datetime:
    return datetime.fromtimestamp(at_us / 1e6, UTC)
