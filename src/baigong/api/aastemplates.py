"""Templates that were handed in as forms, and submodels that people filled in for an asset.

What is filled in is kept like any other submodel; its id says of which asset it is, so the asset's shell has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from baigong.api.aasfiles import ImportFinding
from baigong.api.aasserved import seen_of
from baigong.api.aaswire import ident
from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.models.aas import Finding, elements
from baigong.models.aas.environment import Jsonable
from baigong.models.aas.filled import answers_of, filled, is_keepable
from baigong.models.aas.findings import refusal
from baigong.models.aas.madefacts import bare, meant
from baigong.models.aas.madeids import asset_id, filled_front, id_short
from baigong.models.aas.prefill import prefilled
from baigong.models.aas.templates import Form, form_of, is_template
from baigong.models.aas.tree import last_key
from baigong.registry.shells import CONCEPT, SUBMODEL, decoded
from baigong.registry.shellsfilled import filled_ids
from baigong.stores.records.shells import ShellRow
from baigong.vocab.errors import FixConfiguration

_TEMPLATE = '"kind":"Template"'
_MOST = 100  # submodels that are filled in for one asset
_URI = bare("0112/2///61987#ABN590#002")  # of the nameplate: what names the thing in the world
_DESIGNATION = [bare(id) for id in ("0112/2///61987#ABA567#009", "0173-1#02-AAW338#003")]


class TemplateLine(Struct, frozen=True, kw_only=True):
    """A template that is kept. ``titles``: by language."""

    id: str
    id_short: str
    titles: dict[str, str]
    semantic: str
    version: str


class TemplatesAnswer(Struct, frozen=True, kw_only=True):
    templates: list[TemplateLine]


class TemplateQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``asset``: whose properties answer what they can."""

    asset: str = ""


class FormAnswer(Struct, frozen=True, kw_only=True):
    """A template's form and answers to it: what is known of an asset, or what was filled in."""

    form: Form
    answers: dict[str, Any]


class FillQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``check``: only say what is missing or wrong; ``incomplete``: keep it although answers are missing."""

    check: bool = False
    incomplete: bool = False


class Answers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``template``: its id; ``answers``: by the idShorts of its form."""

    template: str
    answers: dict[str, Any]


class FilledAnswer(Struct, frozen=True, kw_only=True):
    """``findings``: what is missing or wrong; ``submodel``: as it is kept, or would be; empty: none can be made."""

    id: str
    findings: list[ImportFinding]
    submodel: dict[str, Any]


class FilledLine(Struct, frozen=True, kw_only=True):
    """A submodel that was filled in. ``template``: the id of its template; empty: it names none that is kept."""

    id: str
    id_short: str
    template: str
    changed_us: int
    changed_by: str


class FilledsAnswer(Struct, frozen=True, kw_only=True):
    submodels: list[FilledLine]


def template_operations(rooms: Rooms) -> list[Operation]:
    made = _Templates(rooms)
    of_asset, one = "/assets/{name}/submodels", "/assets/{name}/submodels/{submodel}"
    fill: Mapping[str, Any] = {"query": FillQuery, "body": Answers, "answer": FilledAnswer}
    return [
        Operation("GET", "/aas-templates", "Submodel templates", made.listed, answer=TemplatesAnswer),
        Operation(
            "GET", "/aas-templates/{template}", "A template as a form", made.form, query=TemplateQuery,
            answer=FormAnswer,
        ),
        Operation("GET", of_asset, "Submodels that were filled in for an asset", made.of_asset, answer=FilledsAnswer),
        Operation("POST", of_asset, "Fill in a template for an asset", made.add, **fill),
        Operation("GET", one, "What was filled in", made.one, answer=FormAnswer),
        Operation("PUT", one, "Fill it in anew", made.put, **fill),
        Operation("DELETE", one, "Take away what was filled in", made.drop),
    ]  # fmt: skip


class _Templates:
    def __init__(self, rooms: Rooms) -> None:
        self._rooms, self._shells, self._own = rooms, rooms.registry.shells, rooms.registry.own_shells

    async def listed(self, call: Call) -> TemplatesAnswer:
        return TemplatesAnswer(templates=await asyncio.to_thread(self._lines, call.tenant))

    def _lines(self, tenant: str) -> list[TemplateLine]:
        rows = (self._shells.find(tenant, SUBMODEL, id) for id in [*self._shells.ids(tenant, SUBMODEL)])
        heads = (_head(row) for row in rows if row is not None and _TEMPLATE in row.body)
        forms = [form_of(one) for one in heads if is_template(one)]  # the word may stand deeper inside, too
        return [
            TemplateLine(
                id=one.id, id_short=one.id_short, titles=one.titles, semantic=one.semantic, version=one.version
            )
            for one in forms
        ]  # fmt: skip

    async def form(self, call: Call) -> FormAnswer:
        template = self._template(call.tenant, ident(call.part("template")))
        known = self._known(call, call.query.asset) if call.query.asset else {}

        def made() -> FormAnswer:
            form = form_of(template, self._concepts(call.tenant, template))
            return FormAnswer(form=form, answers=prefilled(form.fields, known))

        return await asyncio.to_thread(made)

    async def of_asset(self, call: Call) -> FilledsAnswer:
        ids = self._filled(call, call.part("name"))
        return FilledsAnswer(submodels=[self._filled_line(self._shells.row(call.tenant, SUBMODEL, id)) for id in ids])

    def _filled_line(self, row: ShellRow) -> FilledLine:
        template = template_of(decoded(row))
        is_kept = self._shells.find(row.tenant, SUBMODEL, template) is not None
        return FilledLine(
            id=row.id, id_short=row.id_short, template=template if is_kept else "",
            changed_us=row.changed_us, changed_by=row.changed_by,
        )  # fmt: skip

    async def one(self, call: Call) -> FormAnswer:
        submodel = decoded(self._shells.row(call.tenant, SUBMODEL, self._id(call)))
        template = self._template(call.tenant, template_of(submodel))

        def made() -> FormAnswer:
            form = form_of(template, self._concepts(call.tenant, template))
            return FormAnswer(form=form, answers=answers_of(template, submodel))

        return await asyncio.to_thread(made)

    async def add(self, call: Call) -> FilledAnswer:
        asset = call.part("name")
        held = self._filled(call, asset)
        if len(held) >= _MOST:
            message = f"{asset!r} has {_MOST} submodels that were filled in, more are not kept"
            raise FixConfiguration("aas.unfit", message, place=asset)
        template = self._template(call.tenant, call.body.template)
        front = filled_front(self._own.front(call.tenant), asset) + id_short(template.get("idShort", "Submodel"))
        names = (front if number == 1 else f"{front}.{number}" for number in range(1, _MOST + 2))
        return await self._keep(call, template, next(id for id in names if id not in held), is_new=True)

    async def put(self, call: Call) -> FilledAnswer:
        id = self._id(call)
        return await self._keep(call, self._template(call.tenant, call.body.template), id, is_new=False)

    async def drop(self, call: Call) -> None:
        id = self._id(call)
        call.before = {"id": id}
        await self._shells.drop(call.tenant, SUBMODEL, id, call.who.user)

    async def _keep(self, call: Call, template: Jsonable, id: str, is_new: bool) -> FilledAnswer:
        concepts = self._concepts(call.tenant, template)
        made, found = await asyncio.to_thread(filled, template, call.body.answers, id, concepts)
        if not call.query.check:
            if made is None or not is_keepable(found):
                raise refusal([one for one in found if not is_keepable([one])])
            if found and not call.query.incomplete:
                raise _unfinished(found)
            if is_new:
                made = await self._shells.add(call.tenant, SUBMODEL, made, call.who.user)
            else:
                await self._shells.put(call.tenant, SUBMODEL, id, made, call.who.user)
            call.after = {"id": id, "template": template["id"]}
        findings = [ImportFinding(**msgspec.to_builtins(one)) for one in found]
        return FilledAnswer(id=id, findings=findings, submodel=made or {})

    def _template(self, tenant: str, id: str) -> Jsonable:
        row = self._shells.find(tenant, SUBMODEL, id)
        template = decoded(row) if row is not None else {}
        if not is_template(template):
            raise FixConfiguration("aas.unknown", f"no template {id!r} is kept here", place=id)
        return template

    def _concepts(self, tenant: str, template: Jsonable) -> list[Jsonable]:
        ids = {last_key(one.get("semanticId")) for _, one in elements(template)}
        rows = (self._shells.find(tenant, CONCEPT, id) for id in sorted(ids))
        return [decoded(row) for row in rows if row is not None]

    def _filled(self, call: Call, asset: str) -> list[str]:
        seen_of(self._rooms, call, asset)
        return filled_ids(self._shells, call.tenant, self._own.front(call.tenant), asset)

    def _id(self, call: Call) -> str:
        """Read the id of a submodel that was filled in for the asset of the path. Raises aas.unknown."""
        asset, id = call.part("name"), ident(call.part("submodel"))
        if id not in self._filled(call, asset):
            raise FixConfiguration("aas.unknown", f"{asset!r} has no submodel {id!r} that was filled in", place=id)
        return id

    def _known(self, call: Call, asset: str) -> dict[str, str | dict[str, str]]:
        seen_of(self._rooms, call, asset)
        own, tenant = self._own, call.tenant
        names = {one["language"]: one["text"] for one in own.designation(tenant, asset)}
        found: dict[str, str | dict[str, str]] = dict.fromkeys(_DESIGNATION, names)
        return found | {_URI: asset_id(own.front(tenant), asset)} | meant(own.facts(tenant, asset))


def template_of(submodel: Jsonable) -> str:
    """Return the id of the template that a submodel says it is made by."""
    return str(submodel.get("administration", {}).get("templateId", ""))


def _head(row: ShellRow) -> Jsonable:
    """Return a submodel without its elements: a list of templates need not look at them."""
    return {name: value for name, value in decoded(row).items() if name != "submodelElements"}


def _unfinished(found: list[Finding]) -> FixConfiguration:
    refused = refusal(found)
    return FixConfiguration("aas.unfinished", refused.message, place=refused.place, **refused.fields)
