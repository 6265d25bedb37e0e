"""The queue of companies that want to come: entered, reviewed, asked, refused. registry/onboarding.py lets them in.

new → taken → approved | refused, with any number of questions (asked) on the way. What an applicant may see of it opens
with a code that only they have.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import msgspec
import sqlalchemy as sa
from msgspec import Struct

from baigong.registry.packages import FIRST, Packages
from baigong.registry.tenants import Company, Tenants
from baigong.security.tokens import digest, new_token, same
from baigong.stores.records import ALL, Records
from baigong.stores.records.access import put_setting, setting
from baigong.stores.records.applications import ApplicationRow, all_applications, put_application
from baigong.vocab.credit_code import credit_code
from baigong.vocab.errors import FixConfiguration, RetryLater
from baigong.vocab.ids import tenant_id

_SETTING = "applications"
_MOST_WAITING = 1000  # that nobody has looked at: a flood fills this, and no disk
OPEN = ("new", "taken", "asked")
_PHONE = re.compile(r"^[0-9+() -]{5,40}$")
_MAIL = re.compile(r"^[^@\s]{1,64}@[^@\s]{1,180}$")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Rules(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``open``: companies may apply by themselves; ``two_persons``: nobody approves what they entered."""

    open: bool = False
    two_persons: bool = False


class Wish(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is known of a company that wants to come."""

    credit_code: str
    title: str = ""
    title_zh: str = ""
    region: str = ""
    contact: str = ""
    phone: str = ""
    email: str = ""
    wish: str = ""
    package: str = ""


class Happened(Struct, frozen=True, kw_only=True):
    """``what``: made, taken, asked, answered, refused, approved. ``who``: company/name, empty for the applicant."""

    time_us: int
    who: str
    what: str
    text: str = ""


class Double(Struct, frozen=True, kw_only=True):
    """``what``: credit_code, id (a company has it), application (another waits). ``name``: empty beyond a region."""

    what: str
    name: str


class Application(Struct, frozen=True, kw_only=True):
    """``doubles``: what stands against it. ``finished``: its package is all there."""

    id: str
    tenant: str
    state: str
    finished: bool
    region: str
    title: str
    title_zh: str
    credit_code: str
    contact: str
    phone: str
    email: str
    wish: str
    package: str
    admin: str
    source: str
    entered_by: str
    reviewer: str
    simulated: bool
    made_us: int
    changed_us: int
    history: list[Happened]
    doubles: list[Double]


@dataclass(slots=True, frozen=True)
class _Standing:
    """``companies``: by id and by credit code; ``waiting``: undecided applications by credit code."""

    companies: dict[str, list[Company]]
    waiting: dict[str, list[ApplicationRow]]


class Applications:
    """``region``, where it is asked for: the only one whose queue somebody sees; empty for all."""

    def __init__(self, records: Records, tenants: Tenants, packages: Packages, clock_us: Callable[[], int]) -> None:
        self._records = records
        self._tenants = tenants
        self._packages = packages
        self._clock_us = clock_us
        self._rows: dict[str, ApplicationRow] = {}
        self.one_change = asyncio.Lock()
        self.rules = Rules()

    async def load(self) -> None:
        rows = await self._records.read(all_applications, tenant=ALL)
        self._rows = {row.id: row for row in rows}
        text = await self._records.read(lambda c: setting(c, _SETTING), tenant=ALL)
        self.rules = msgspec.json.decode(text, type=Rules) if text else Rules()

    def forget(self, tenant: str) -> None:
        """Let go of how a company came that has left: names and addresses of its people."""
        self._rows = {key: row for key, row in self._rows.items() if row.tenant != tenant}

    async def put_rules(self, rules: Rules) -> None:
        text = msgspec.json.encode(rules).decode()
        await self._records.write(lambda c: put_setting(c, _SETTING, text), tenant=ALL)
        self.rules = rules

    def listed(self, region: str = "", state: str = "") -> list[Application]:
        """Return the queue: what waits for a reviewer first, the oldest first; what is decided last, newest first."""
        rows = [r for r in self._rows.values() if region in ("", r.region) and state in ("", r.state)]
        waiting = sorted((r for r in rows if r.state in OPEN), key=lambda r: (OPEN.index(r.state), r.made_us))
        decided = sorted((r for r in rows if r.state not in OPEN), key=lambda r: -r.changed_us)
        return self._all_told([*waiting, *decided], region)

    def unseen(self, region: str) -> list[ApplicationRow]:
        return [row for row in self._rows.values() if row.state == "new" and region in ("", row.region)]

    def unfinished(self) -> list[ApplicationRow]:
        return [row for row in self._rows.values() if row.state == "approved" and not row.finished]

    def get(self, id: str, region: str = "") -> Application:
        return self.told(self.find(id, region), region)

    async def apply(self, wish: Wish) -> tuple[str, str]:
        """Take an application of a company itself; returns (reference, code), the code shown this once.

        Raises application.closed, application.full, config.invalid. Nothing is said of who is here already.
        """
        if not self.rules.open:
            raise FixConfiguration("application.closed", "this platform takes no applications by itself")
        package = wish.package or FIRST
        held = {one.name: one.package for one in await self._packages.listed()}
        found = held.get(package)
        if found is None or not found.offered:
            raise FixConfiguration("config.invalid", "there is no such starter package", place="package")
        if not wish.phone.strip() and not wish.email.strip():
            raise FixConfiguration("config.invalid", "give a phone number or an e-mail address", place="phone")
        if sum(r.source == "public" and r.state == "new" for r in self._rows.values()) >= _MOST_WAITING:
            raise RetryLater("application.full", "too many applications wait for a reviewer", retry_after_s=3600)
        (row,), (code,) = self._fresh([msgspec.structs.replace(wish, package=package)], "public", "")
        await self.put([row])
        return row.id, code

    async def enter(
        self, wishes: Sequence[Wish], by: str, source: str = "entered", *, region: str = "", simulated: bool = False
    ) -> list[Application]:
        """Enter companies for them: all or none. Raises config.invalid, naming the row."""
        rows, _ = self._fresh(wishes, source, by, simulated=simulated)
        for row in rows:
            if row.package:
                await self._packages.get(row.package)
        await self.put(rows)
        return self._all_told(rows, region)

    def seen_by_applicant(self, reference: str, code: str) -> Application:
        """Return one to its applicant. Raises application.unknown for a wrong reference and a wrong code alike."""
        row = self._rows.get(reference)
        if row is None or not row.code_digest or not same(digest(code), row.code_digest):
            raise FixConfiguration("application.unknown", "reference and code do not fit", place="code")
        return self.told(row)

    async def answer(self, reference: str, code: str, text: str) -> Application:
        """Let the applicant answer a question."""
        async with self.one_change:
            row = self._rows[self.seen_by_applicant(reference, code).id]
            if row.state != "asked":
                raise FixConfiguration("config.conflict", "nothing is asked at present", place="state")
            return await self._step(replace(row, state="taken"), "", "answered", text)

    async def take(self, id: str, by: str, region: str = "") -> Application:
        """Take one to review, also over from somebody else."""
        async with self.one_change:
            row = self.waiting(id, region)
            state = "taken" if row.state == "new" else row.state
            return await self._step(replace(row, state=state, reviewer=by), by, "taken", "", region)

    async def ask(self, id: str, by: str, text: str, region: str = "") -> Application:
        async with self.one_change:
            row = self.waiting(id, region)
            return await self._step(replace(row, state="asked", reviewer=by), by, "asked", text, region)

    async def refuse(self, id: str, by: str, text: str, region: str = "") -> Application:
        async with self.one_change:
            row = self.waiting(id, region)
            return await self._step(replace(row, state="refused", reviewer=by), by, "refused", text, region)

    def _fresh(
        self, wishes: Sequence[Wish], source: str, by: str, *, simulated: bool = False
    ) -> tuple[list[ApplicationRow], list[str]]:
        rows, codes, now = [], [], self._clock_us()
        for number, wish in enumerate(wishes, 1):
            try:
                checked = self._checked(wish)
            except FixConfiguration as error:
                where = f"row {number}: " if len(wishes) > 1 else ""
                raise FixConfiguration(error.code, f"{where}{error.message}", place=error.place) from error
            code, happened = new_token(), Happened(time_us=now, who=by, what="made")
            codes.append(code)
            rows.append(
                ApplicationRow(
                    id=new_token("a")[:14], source=source, entered_by=by, made_us=now, changed_us=now,
                    code_digest=digest(code) if source == "public" else "", simulated=simulated,
                    history=msgspec.json.encode([happened]).decode(), **msgspec.structs.asdict(checked),
                )
            )  # fmt: skip
        return rows, codes

    def _checked(self, wish: Wish) -> Wish:
        plain = {n: _CONTROL.sub(" ", v).strip()[:200] for n, v in msgspec.structs.asdict(wish).items()}
        if not plain["title"] and not plain["title_zh"]:
            raise FixConfiguration("config.invalid", "say what the company is called", place="title_zh")
        if plain["region"] and plain["region"] not in {r.region for r in self._tenants.regions()}:
            raise FixConfiguration("config.invalid", f"there is no region {plain['region']!r}", place="region")
        if plain["phone"] and not _PHONE.fullmatch(plain["phone"]):
            raise FixConfiguration("config.invalid", "this is no phone number", place="phone")
        if plain["email"] and not _MAIL.fullmatch(plain["email"]):
            raise FixConfiguration("config.invalid", "this is no e-mail address", place="email")
        if plain["wish"]:
            plain["wish"] = tenant_id(plain["wish"].lower())
        plain["credit_code"] = credit_code(plain["credit_code"])
        return Wish(**plain)

    async def _step(self, row: ApplicationRow, who: str, what: str, text: str, region: str = "") -> Application:
        done = self.stepped(row, who, what, text)
        await self.put([done])
        return self.told(done, region)

    def stepped(self, row: ApplicationRow, who: str, what: str, text: str) -> ApplicationRow:
        now = self._clock_us()
        history = [*_history(row), Happened(time_us=now, who=who, what=what, text=text.strip())]
        return replace(row, changed_us=now, history=msgspec.json.encode(history).decode())

    async def put(self, rows: Sequence[ApplicationRow]) -> None:
        def work(connection: sa.Connection) -> None:
            for row in rows:
                put_application(connection, row)

        await self._records.write(work, tenant=ALL)
        self._rows.update({row.id: row for row in rows})

    def follow(self, row: ApplicationRow) -> None:
        """Take a row that somebody else has written."""
        self._rows[row.id] = row

    def find(self, id: str, region: str) -> ApplicationRow:
        row = self._rows.get(id)
        if row is None or region not in ("", row.region):
            raise FixConfiguration("http.not_found", f"there is no application {id!r}", place=id)
        return row

    def waiting(self, id: str, region: str) -> ApplicationRow:
        row = self.find(id, region)
        if row.state not in OPEN:
            raise FixConfiguration("config.conflict", f"it is {row.state} already", place=id)
        return row

    def _standing(self) -> _Standing:
        """Index all that can stand against an application: asked for once a list."""
        made = _Standing({}, {})
        for company in self._tenants.everyone():
            for key in {company.tenant, company.credit_code} - {""}:
                made.companies.setdefault(key, []).append(company)
        for row in self._rows.values():
            if row.state in OPEN:
                made.waiting.setdefault(row.credit_code, []).append(row)
        return made

    def _doubles(self, row: ApplicationRow, region: str, standing: _Standing) -> list[Double]:
        """Say what stands against an application; of what is beyond ``region`` no more than that it is."""
        if row.state not in OPEN:
            return []
        found = []
        for what, key in (("credit_code", row.credit_code), ("id", row.wish)):
            for company in standing.companies.get(key, ()):
                found.append(Double(what=what, name=company.tenant if region in ("", company.region) else ""))
        for one in standing.waiting.get(row.credit_code, ()):
            if one.id != row.id:
                found.append(Double(what="application", name=one.id if region in ("", one.region) else ""))
        return found

    def told(self, row: ApplicationRow, region: str = "") -> Application:
        return self._all_told([row], region)[0]

    def _all_told(self, rows: Sequence[ApplicationRow], region: str) -> list[Application]:
        standing = self._standing()
        return [self._told(row, region, standing) for row in rows]

    def _told(self, row: ApplicationRow, region: str, standing: _Standing) -> Application:
        plain = {n: getattr(row, n) for n in Application.__struct_fields__ if n not in ("history", "doubles", "tenant")}
        doubles = self._doubles(row, region, standing)
        return Application(tenant=row.tenant or "", history=_history(row), doubles=doubles, **plain)


def _history(row: ApplicationRow) -> list[Happened]:
    return msgspec.json.decode(row.history, type=list[Happened])
