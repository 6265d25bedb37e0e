"""Templates of spreadsheets: by name, each text of them kept, so that what an import meant can be looked up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import sqlalchemy as sa

from baigong.models.sheets.template import SheetTemplate, parse_template, written
from baigong.registry.events import Events
from baigong.stores.records import access
from baigong.stores.records.engine import Records
from baigong.stores.records.sheettemplates import (
    SheetTemplateRow,
    put_sheet_template,
    sheet_templates_of,
    texts_of_sheet_template,
)
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Event

_KEPT = 50  # texts of one template
_MOST = 1_000  # templates of one company


class SheetTemplates:
    """Keeps nothing in memory: they are asked for when somebody brings a file."""

    def __init__(self, events: Events, records: Records, clock_us: Callable[[], int]) -> None:
        self._events, self._records, self._clock_us = events, records, clock_us
        self._one_change = asyncio.Lock()

    async def rows(self, tenant: str) -> list[SheetTemplateRow]:
        """Return the present ones, by name."""
        return await self._records.read(lambda c: sheet_templates_of(c, tenant), tenant=tenant)

    async def texts(self, tenant: str, name: str) -> list[SheetTemplateRow]:
        """Return every text of one that is kept, the newest first; an empty text says that it was taken away."""
        return await self._records.read(lambda c: texts_of_sheet_template(c, tenant, name), tenant=tenant)

    async def row(self, tenant: str, name: str) -> SheetTemplateRow:
        """Return the present text of one. Raises http.not_found."""
        found = await self.texts(tenant, name)
        if not found or not found[0].text:
            raise FixConfiguration("http.not_found", f"there is no template {name!r}", place=name)
        return found[0]

    async def template(self, tenant: str, name: str) -> SheetTemplate:
        return parse_template((await self.row(tenant, name)).text)

    async def put(self, tenant: str, template: SheetTemplate, by: str) -> SheetTemplateRow:
        """Keep a template; the same again changes nothing."""
        text = written(template)
        async with self._one_change:
            texts = await self.texts(tenant, template.template)
            if texts and texts[0].text == text:
                return texts[0]
            if not texts and len(await self.rows(tenant)) >= _MOST:
                raise FixConfiguration("quota.full", f"a company has at most {_MOST:,} templates", place="template")
            return await self._write(tenant, template.template, text, by, texts[0].revision + 1 if texts else 1)

    async def drop(self, tenant: str, name: str, by: str) -> None:
        """Take one away; its texts stay, and what was imported by it too. Raises http.not_found."""
        async with self._one_change:
            held = await self.row(tenant, name)
            await self._write(tenant, name, "", by, held.revision + 1)

    async def _write(self, tenant: str, name: str, text: str, by: str, revision: int) -> SheetTemplateRow:
        now = self._clock_us()
        row = SheetTemplateRow(tenant, name, revision, text, now, by)
        kind = "sheet.template_changed" if text else "sheet.template_removed"
        event = Event(
            kind=kind, time_us=now, tenant=tenant, subject=f"sheet:{name}", detail={"by": by, "revision": revision}
        )

        def work(connection: sa.Connection) -> None:
            access.ensure_tenant(connection, tenant, now)
            put_sheet_template(connection, row, _KEPT)

        await self._events.tell([event], with_work=work)
        return row
