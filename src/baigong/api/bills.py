"""Tariffs and monthly bills: shown to the company, issued and corrected by the operator, taken away as CSV or XLSX."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct
from starlette.responses import Response

from baigong.api.rooms import Rooms
from baigong.api.spreadsheet import CSV, XLSX, Cell, csv_bytes, xlsx_bytes
from baigong.api.wire import JSON, Call, Operation, offered
from baigong.registry.bills import Bill
from baigong.registry.tariff import Tariff, month_of
from baigong.vocab.errors import FixConfiguration

_FORMATS = {"json": JSON, "csv": CSV, "xlsx": XLSX}
_TITLES = {
    "flat": ("basic fee", "基本费"),
    "values": ("values", "数据量"),
    "storage": ("storage", "存储"),
    "points": ("points", "测点"),
    "query_s": ("SQL queries", "SQL 查询"),
}
_HEADS = {
    "en": ("item", "unit", "from", "until", "quantity", "free", "billed", "price", "amount", "tariff"),
    "zh": ("项目", "单位", "起", "止", "数量", "免费额度", "计费数量", "单价", "金额", "资费"),
}
_WORDS = {
    "en": {"bill": "bill", "note": "note", "draft": "draft, month not closed", "total": "total", "payable": "payable"},
    "zh": {"bill": "账单", "note": "更正通知单", "draft": "草稿(未开出)", "total": "合计", "payable": "应付"},
}


class TariffText(Struct, frozen=True, kw_only=True):
    version: int
    text: str
    tariff: Tariff


class PutTariff(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    text: Annotated[str, Meta(max_length=20_000)]


class BillQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``number``: an issued bill or note; left out: the month as the lake has it now."""

    format: str = ""
    number: str = ""
    language: str = "en"


class MonthBill(Struct, frozen=True, kw_only=True):
    """``now``: recomputed from the lake; ``issued``: as it was; ``difference``: the note that would set it right."""

    now: Bill
    issued: list[Bill]
    difference: Bill | None


class Reason(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Annotated[str, Meta(min_length=3, max_length=500)]


def operations(rooms: Rooms) -> list[Operation]:
    bills = rooms.registry.bills

    async def tariffs(call: Call) -> Any:
        return [TariffText(version=t.version, text=text, tariff=t) for t, text in bills.tariffs()]

    async def put_tariff(call: Call) -> Any:
        made = await bills.put_tariff(call.body.text)
        call.after = call.body.text
        return TariffText(version=made.version, text=call.body.text, tariff=made)

    async def listed(call: Call) -> Any:
        return list(reversed(bills.issued(call.tenant)))

    async def month(call: Call) -> Any:
        wanted, form = _month(rooms, call), offered(call.request, _FORMATS, call.query.format)
        issued = bills.issued(call.tenant, wanted)
        if form == "json":
            now = await asyncio.to_thread(bills.draft, rooms.lake, call.tenant, wanted)
            difference = await bills.check(rooms.lake, call.tenant, wanted) if issued else None
            return MonthBill(now=now, issued=issued, difference=difference)
        shown = _chosen(issued, call.query.number)
        if shown is None:
            shown = await asyncio.to_thread(bills.draft, rooms.lake, call.tenant, wanted)
        rows = bill_rows(shown, "zh" if call.query.language == "zh" else "en")
        raw = csv_bytes(rows) if form == "csv" else xlsx_bytes(rows, shown.month)
        name = f"{shown.number or f'{shown.month}-{shown.tenant}-draft'}.{form}"
        return Response(
            raw, media_type=_FORMATS[form], headers={"Content-Disposition": f'attachment; filename="{name}"'}
        )

    async def issue(call: Call) -> Any:
        made = await bills.issue(rooms.lake, call.tenant, _month(rooms, call), call.who.user)
        call.after = made
        return made

    async def correct(call: Call) -> Any:
        made = await bills.correct(rooms.lake, call.tenant, _month(rooms, call), call.who.user, call.body.reason)
        if made is None:
            raise FixConfiguration(
                "config.conflict", "the bill says what the lake says: nothing to correct", place="month"
            )
        call.after = made
        return made

    return [
        Operation("GET", "/tariffs", "Tariffs, newest first", tariffs, answer=list[TariffText]),
        Operation("POST", "/tariffs", "Add a version of a tariff", put_tariff, body=PutTariff, answer=TariffText),
        Operation("GET", "/bills", "Bills and notes issued to a company", listed, answer=list[Bill]),
        Operation(
            "GET", "/bills/{month}", "A month's bill, recomputed from the lake", month, query=BillQuery,
            answer=MonthBill, gives=tuple(_FORMATS.values()),
        ),
        Operation("POST", "/bills/{month}/issue", "Make a month's bill final", issue, answer=Bill),
        Operation("POST", "/bills/{month}/correct", "Issue a note", correct, body=Reason, answer=Bill),
    ]  # fmt: skip


def _month(rooms: Rooms, call: Call) -> str:
    """Return the month of the path; ``now`` is this one."""
    told = call.part("month")
    return month_of(rooms.clock_us(), rooms.registry.bills.zone(call.tenant)) if told == "now" else told


def _chosen(issued: list[Bill], number: str) -> Bill | None:
    found = next((b for b in issued if b.number == number), None)
    if found is None and number:
        raise FixConfiguration("http.not_found", f"there is no bill {number!r}", place="number")
    return found


def bill_rows(bill: Bill, language: str) -> list[list[Cell]]:
    """Lay a bill out as a table."""
    words, zone, at = _WORDS[language], ZoneInfo(bill.zone), int(language == "zh")

    def when(time_us: int) -> str:
        return datetime.fromtimestamp(time_us / 1e6, zone).strftime("%Y-%m-%d %H:%M")

    title = (bill.title_zh if at else bill.title) or bill.title_zh or bill.title or bill.tenant
    kind = f"{words[bill.kind]} {bill.number}".strip()
    rows: list[list[Cell]] = [[kind, title, bill.tenant, bill.month, bill.zone], list(_HEADS[language])]
    for line in bill.lines:
        numbers: list[Cell] = [line.quantity, line.free, line.billed, line.price, line.amount]
        head: list[Cell] = [_TITLES[line.item][at], line.unit, when(line.start_us), when(line.end_us)]
        rows.append([*head, *numbers, line.tariff])
    blank: list[Cell] = [None] * 7
    rows.append([words["total"], *blank, bill.total, bill.currency])
    rows.append([words["payable"], *blank, bill.payable, bill.currency])
    return rows
