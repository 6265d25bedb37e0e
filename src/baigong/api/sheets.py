"""Spreadsheets: a file is looked at, a template agreed to, and only then are values stored; again changes nothing."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import Meta, Struct, structs

from baigong.api import ingest, intake
from baigong.api.rooms import Rooms
from baigong.api.sheetfiles import SheetFile, SheetFiles
from baigong.api.sheetplan import Compared, compare, compare_episodes
from baigong.api.sheetwire import MOST_TOLD, SheetLook, SheetPlan, look_of, told
from baigong.api.wire import Call, Operation, read_body
from baigong.models.sheets import Table
from baigong.models.sheets.applying import Applied, apply
from baigong.models.sheets.moments import Order
from baigong.models.sheets.template import SheetTemplate, find_table, parse_template
from baigong.registry.rights import tenant_ref
from baigong.registry.sheettemplates import SheetTemplates
from baigong.stores.records.happenings import find_episodes
from baigong.stores.records.sheettemplates import SheetTemplateRow
from baigong.vocab.errors import BaigongError, FixConfiguration
from baigong.vocab.happenings import Episode

_BYTES = "application/octet-stream"
_AT_ONCE = 1_000_000  # values in one store


class SheetQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``name``: the file's, its ending says what it is. ``asset``, ``zone``: for the proposals.

    ``order``, ``decimal``: of dates and commas that could be either.
    """

    name: Annotated[str, Meta(max_length=300)] = ""
    asset: Annotated[str, Meta(max_length=200)] = "sheet"
    zone: Annotated[str, Meta(max_length=100)] = "UTC"
    order: Order = ""
    decimal: Literal["", ".", ","] = ""


class SheetAsk(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``template``: the mapping itself, or ``kept``: the name of one that is kept. ``agreed``: from the preview.

    ``keep``: keep the template under its name, with the import.
    """

    template: SheetTemplate | None = None
    kept: str = ""
    agreed: str = ""
    keep: bool = False


class SheetTemplateAnswer(Struct, frozen=True, kw_only=True):
    """``meaning``: the text as JSON; null, like an empty text, for one that was taken away."""

    template: str
    title: str
    meaning: SheetTemplate | None
    revision: int
    text: str
    changed_us: int
    changed_by: str


class SheetTemplateChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``text`` (YAML), or the ``template`` as JSON."""

    text: str = ""
    template: SheetTemplate | None = None


@dataclass(slots=True)
class _Desk:
    """What the routes of files share. ``turn``: one file at a time is read, each may take much memory."""

    rooms: Rooms
    templates: SheetTemplates
    files: SheetFiles
    turn: asyncio.Lock

    def file(self, call: Call) -> SheetFile:
        return self.files.find(call.tenant, call.who.user, call.part("id"))

    async def look(self, call: Call, file: SheetFile) -> SheetLook:
        query: SheetQuery = call.query
        async with self.turn:
            looked = await asyncio.to_thread(file.look, query.order, query.decimal)
        fits: dict[int, list[str]] = {}
        for row in await self.templates.rows(call.tenant):
            one = parse_template(row.text)
            fitting = _fitting(one, looked.tables)
            if fitting is not None:
                fits.setdefault(fitting, []).append(one.template)
        return look_of(file, looked, fits, query.asset, query.zone)

    async def plan(self, call: Call) -> tuple[SheetPlan, Compared, list[Episode], SheetTemplate]:
        file, ask = self.file(call), call.body
        template = ask.template or await self.templates.template(call.tenant, ask.kept)
        async with self.turn:
            looked = await asyncio.to_thread(file.look, template.order, template.decimal)
            made = await asyncio.to_thread(lambda: apply(template, find_table(template, looked.tables)))
            found = await asyncio.to_thread(compare, call.tenant, made, call.book, call.lake)
        ids = [one.id for one in made.episodes]
        records = self.rooms.registry.records
        there = await records.read(lambda c: find_episodes(c, call.tenant, ids), tenant=call.tenant)
        episodes, new, changed = compare_episodes(made.episodes, there)
        return _plan(file.agreed(template), made, found, (new, changed)), found, episodes, template


def operations(rooms: Rooms) -> list[Operation]:
    templates = SheetTemplates(rooms.registry.events, rooms.registry.records, rooms.clock_us)
    desk = _Desk(rooms, templates, SheetFiles(rooms.clock_us), asyncio.Lock())

    async def bring(call: Call) -> Any:
        raw = await read_body(call.request, rooms.settings.max_body)
        file = desk.files.keep(call.tenant, call.who.user, call.query.name, raw)
        try:
            return await desk.look(call, file)
        except BaigongError:
            desk.files.drop(call.tenant, call.who.user, file.id)
            raise

    async def again(call: Call) -> Any:
        return await desk.look(call, desk.file(call))

    async def preview(call: Call) -> Any:
        return (await desk.plan(call))[0]

    async def take(call: Call) -> Any:
        return await _take(desk, call)

    async def forget(call: Call) -> Any:
        desk.files.drop(call.tenant, call.who.user, call.part("id"))

    return [
        Operation("POST", "/sheets", "Look into a workbook; nothing is stored", bring, query=SheetQuery,
                  takes=(_BYTES,), answer=SheetLook),
        Operation("GET", "/sheets/{id}", "Look again, with other options", again, query=SheetQuery, answer=SheetLook),
        Operation("DELETE", "/sheets/{id}", "Forget a file that was looked at", forget),
        Operation("POST", "/sheets/{id}/preview", "Say what an import would do", preview, body=SheetAsk,
                  answer=SheetPlan),
        Operation("POST", "/sheets/{id}/import", "Do what the preview said", take, body=SheetAsk, answer=SheetPlan),
        *_templates(templates),
    ]  # fmt: skip


async def _take(desk: _Desk, call: Call) -> SheetPlan:
    """Store what was agreed to; config.conflict for anything else. Whoever brings episodes may also annotate."""
    plan, found, episodes, template = await desk.plan(call)
    ask: SheetAsk = call.body
    if ask.agreed != plan.agreed:
        raise FixConfiguration("config.conflict", "this is not what the preview showed: look again", place="agreed")
    if episodes:
        desk.rooms.registry.rights.require(call.who, "annotate", tenant_ref(call.tenant))
    accepted = await _stored(desk.rooms, call.tenant, found)
    if episodes:
        await desk.rooms.registry.episodes.put(call.tenant, episodes, call.who.user)
    if ask.keep:
        await desk.templates.put(call.tenant, template, call.who.user)
    place = f"{plan.sheet} {plan.range}".strip()
    call.after = {
        "template": template.template, "range": place, "values": accepted, "episodes": len(episodes),
    }  # fmt: skip
    return structs.replace(plan, accepted=accepted, episodes_written=len(episodes))


def _fitting(template: SheetTemplate, tables: list[Table]) -> int | None:
    try:
        found = find_table(template, tables)
    except FixConfiguration:
        return None
    return next(at for at, one in enumerate(tables) if one is found)


def _plan(agreed: str, made: Applied, found: Compared, episodes: tuple[int, int]) -> SheetPlan:
    problems, counts = told(made.problems)
    times = made.values.column("time").cast(pa.int64())
    moments = [us for us in pc.min_max(times).as_py().values() if us is not None]
    moments += [one.start_us for one in made.episodes]
    return SheetPlan(
        agreed=agreed,
        sheet=made.table.sheet,
        range=made.table.range,
        rows=len(made.table.rows),
        first_us=min(moments, default=None),
        last_us=max(moments, default=None),
        values=len(made.values),
        new=found.new,
        changed=found.changed,
        same=found.same,
        bad=int(pc.sum(pc.not_equal(made.values.column("quality"), 0)).as_py() or 0),
        empty=made.empty,
        twice=made.twice,
        points=found.points,
        changes=found.changes[:MOST_TOLD],
        episodes=len(made.episodes),
        episodes_new=episodes[0],
        episodes_changed=episodes[1],
        problems=problems,
        counts=counts,
    )


async def _stored(rooms: Rooms, tenant: str, found: Compared) -> int:
    """Store what is new or changed, as if it had come to /ingest."""
    if not len(found.rows):
        return 0
    rooms.registry.quotas.check_pace(tenant)
    if found.fresh:
        await rooms.registry.devices.register(tenant, ingest.DEVICE, found.fresh)
    done = 0
    for at in range(0, len(found.rows), _AT_ONCE):
        piece = found.rows.slice(at, _AT_ONCE).drop_columns(["cell"]).combine_chunks()
        names = pc.unique(piece.column("name"))
        numbers = [rooms.registry.book.find(tenant, name).number for name in names.to_pylist()]
        batch = await asyncio.to_thread(intake.from_arrow, piece, names, numbers)
        await ingest.take(rooms, tenant, [batch])
        done += len(batch)
    return done


def _templates(templates: SheetTemplates) -> list[Operation]:
    async def listed(call: Call) -> Any:
        return [_answer(row) for row in await templates.rows(call.tenant)]

    async def texts(call: Call) -> Any:
        found = await templates.texts(call.tenant, call.part("name"))
        if not found:
            await templates.row(call.tenant, call.part("name"))
        return [_answer(row) for row in found]

    async def put(call: Call) -> Any:
        change: SheetTemplateChange = call.body
        template = change.template or parse_template(change.text)
        if template.template != call.part("name"):
            raise FixConfiguration("config.invalid", f"the body describes {template.template}", place="template")
        row = await templates.put(call.tenant, template, call.who.user)
        call.after = row.text
        return _answer(row)

    async def drop(call: Call) -> Any:
        call.before = (await templates.row(call.tenant, call.part("name"))).text
        await templates.drop(call.tenant, call.part("name"), call.who.user)

    answer, answers = SheetTemplateAnswer, list[SheetTemplateAnswer]
    return [
        Operation("GET", "/sheet-templates", "Templates of spreadsheets", listed, answer=answers),
        Operation("GET", "/sheet-templates/{name}", "Its texts, the newest first", texts, answer=answers),
        Operation("PUT", "/sheet-templates/{name}", "Keep a template", put, body=SheetTemplateChange, answer=answer),
        Operation("DELETE", "/sheet-templates/{name}", "Take a template away", drop),
    ]


def _answer(row: SheetTemplateRow) -> SheetTemplateAnswer:
    meaning = parse_template(row.text) if row.text else None
    return SheetTemplateAnswer(
        template=row.template,
        title=meaning.title if meaning else "",
        meaning=meaning,
        revision=row.revision,
        text=row.text,
        changed_us=row.changed_us,
        changed_by=row.changed_by,
    )
