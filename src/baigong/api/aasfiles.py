"""Whole files of shells in and out: import of JSON, XML and AASX, and the standard's serialization."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any

import msgspec
from msgspec import Struct
from starlette.responses import Response

from baigong.api.aasguard import refuse_ours
from baigong.api.aasserved import Served, seen_of
from baigong.api.aaswire import ident, several, truth, version_of
from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation, offered, read_body
from baigong.models.aas import MEDIA, Attachment, Finding, Form, Package, Version, check, errors, read, write
from baigong.models.aas.environment import Environment, Jsonable
from baigong.models.aas.findings import refusal
from baigong.models.aas.paths import files_named
from baigong.models.aas.places import objects
from baigong.registry.shells import CONCEPT, SHELL, SUBMODEL, Change, Key, key_values
from baigong.stores.records.shells import FileRow, ShellRow
from baigong.vocab.errors import FixConfiguration

_MOST = 256 << 20  # bytes of a file
_MOST_MADE = 5_000  # shells, or submodels, of assets in one file that nobody chose them for
_TOLD = 1_000  # findings of an answer
_OFFERED = {str(form): media for form, media in MEDIA.items()} | {
    "xml2": "text/xml",
    "aasx2": "application/asset-administration-shell-package",
}
_LISTS = (SHELL, SUBMODEL, CONCEPT)
_Chosen = tuple[list[Jsonable], list[Jsonable], list[Jsonable]]  # shells, submodels, concept descriptions


class ImportQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``check``: only say what is wrong, and what would change; ``tolerate``: keep what breaks rules, too.

    ``replace``: put what comes in place of what bears its id; else such a file is refused.
    """

    check: bool = False
    tolerate: bool = False
    replace: bool = False


class ShellQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``version``: of the metamodel that XML names; JSON is the same in both. ``format``: json, xml, aasx."""

    version: Version = "3.1"
    format: str = ""


class ImportFinding(Struct, frozen=True, kw_only=True):
    """One thing that is wrong, or looks so: `baigong.models.aas.Finding` on the wire."""

    code: str
    level: str
    path: str
    at: str
    message: str
    advice: str
    advice_zh: str


class ImportAnswer(Struct, frozen=True, kw_only=True):
    """What was kept, or would be. ``findings``: warnings, and what was tolerated; at most a thousand.

    ``left_out``: places of what bears an id that something before it has: of those the first is kept.
    """

    added: int
    changed: int
    unchanged: int
    files: int
    findings: list[ImportFinding]
    left_out: list[str]
    shells: list[str]
    submodels: list[str]
    concepts: list[str]


def import_operations(rooms: Rooms) -> list[Operation]:
    shells = rooms.registry.shells

    async def take(call: Call) -> ImportAnswer:
        query: ImportQuery = call.query
        raw = await read_body(call.request, min(_MOST, rooms.settings.max_body))
        package, found = await asyncio.to_thread(_judged, raw, query.tolerate)
        things, left_out = _once(package.environment)
        refuse_ours(rooms, call.tenant, (value["id"] for value in things))
        files = [*_files(call.tenant, package)]
        counts = [0, 0]

        def change() -> Change:
            held = [(value, shells.find(call.tenant, value["modelType"], value["id"])) for value in things]
            known = [value["id"] for value, row in held if row is not None and _differs(value, row)]
            if known and not query.replace:
                raise _there(known)
            counts[:] = [sum(row is None for _, row in held), len(known)]
            keys = [(value["modelType"], value["id"]) for value in things]
            return Change(puts=things, bare=keys, files=files)

        if query.check:
            change()
        else:
            await shells.replace(call.tenant, change, call.who.user)
            call.after = {"added": counts[0], "changed": counts[1], "files": len(files)}
        ids = {kind: [v["id"] for v in things if v["modelType"] == kind] for kind in _LISTS}
        return ImportAnswer(
            added=counts[0],
            changed=counts[1],
            unchanged=len(things) - sum(counts),
            files=len(files),
            findings=[ImportFinding(**msgspec.to_builtins(one)) for one in found[:_TOLD]],
            left_out=left_out,
            shells=ids[SHELL],
            submodels=ids[SUBMODEL],
            concepts=ids[CONCEPT],
        )

    async def of_asset(call: Call) -> Response:
        name, (form, media) = call.part("name"), _form(call, call.query.format)
        served = seen_of(rooms, call, name)
        chosen = await _chosen(served, [served.made.shell_id(name)], [], with_concepts=True)
        return Response(await _written(served, chosen, form, call.query.version), media_type=media)

    return [
        Operation(
            "GET", "/assets/{name}/aas", "An asset as an asset administration shell", of_asset, query=ShellQuery,
            answer=dict[str, Any], gives=tuple(MEDIA.values()),
        ),
        Operation(
            "POST", "/aas/import", "Import shells from an AAS file", take, query=ImportQuery, answer=ImportAnswer,
            takes=tuple(MEDIA.values()),
        )
    ]  # fmt: skip


def serialization_operations(rooms: Rooms) -> list[Operation]:
    async def give(call: Call) -> Response:
        served = Served(rooms, call)
        form, media = _form(call)
        shells, submodels = ([ident(one) for one in several(call, name)] for name in ("aasIds", "submodelIds"))
        with_concepts = truth(call, "includeConceptDescriptions", True)
        chosen = await _chosen(served, shells, submodels, with_concepts)
        return Response(await _written(served, chosen, form, version_of(call)), media_type=media)

    return [Operation("GET", "/aas/serialization", "Shells and submodels as one file", give)]


def _form(call: Call, wanted: str = "") -> tuple[Form, str]:
    """Return the form that is asked for, and its media type in the caller's words. Raises http.not_acceptable."""
    name = offered(call.request, _OFFERED, wanted)
    return name.removesuffix("2"), _OFFERED[name]  # type: ignore[return-value]


def _judged(raw: bytes, tolerate: bool) -> tuple[Package, list[Finding]]:
    package = read(raw)
    found = check(package)
    wrong = errors(found)
    if wrong and not tolerate:
        raise refusal(wrong)
    return package, found


def _once(environment: Environment) -> tuple[list[Jsonable], list[str]]:
    """Return all that has an id, each once, and the places of those whose id another one has already.

    That is an error (``duplicate-id``), so only who tolerates it gets here.
    """
    found: dict[Key, Jsonable] = {}
    left_out = []
    for place, kind, value in environment.identifiables():
        if found.setdefault((kind, value["id"]), value) != value:
            left_out.append(place)
    return [*found.values()], left_out


def _files(tenant: str, package: Package) -> Iterable[FileRow]:
    """Yield the files with who names them; what nobody names goes with the first thing of the package."""
    named: set[str] = set()
    things = [value for _, _, value in package.environment.identifiables()]
    for value in things:
        lists: dict[str, list[Jsonable]] = {SHELL: [], SUBMODEL: [], CONCEPT: []}
        lists[value["modelType"]].append(value)
        alone = Environment(lists[SHELL], lists[SUBMODEL], lists[CONCEPT])
        for name in dict.fromkeys(name for _, _, name in files_named(alone, package.spec or "/aasx/data.xml")):
            if name in package.files:
                named.add(name)
                yield _file(tenant, value, name, package.files[name])
    for name, file in package.files.items():
        if name not in named and things:
            yield _file(tenant, things[0], name, file)


def _file(tenant: str, owner: Jsonable, name: str, file: Attachment) -> FileRow:
    roles = " ".join(sorted(file.roles))
    return FileRow(tenant, owner["modelType"], owner["id"], name, file.media, roles, file.content)


def _there(known: Sequence[str]) -> FixConfiguration:
    more = f", and {len(known) - 1} more" if len(known) > 1 else ""
    return FixConfiguration("aas.exists", f"{known[0]!r} is there already and says something else{more}")


def _differs(value: Jsonable, row: ShellRow) -> bool:
    return row.body != msgspec.json.encode(value).decode()


async def _written(served: Served, chosen: _Chosen, form: Form, version: Version) -> bytes:
    keys: list[Key] = [(value["modelType"], value["id"]) for held in chosen for value in held]
    files = await served.rooms.registry.shells.files(served.tenant, keys) if form == "aasx" else []
    package = Package(Environment(*chosen, version=version), _attached(files))
    return await asyncio.to_thread(write, package, form, version)


async def _chosen(served: Served, shells: list[str], submodels: list[str], with_concepts: bool) -> _Chosen:
    """Return what is asked for; shells alone bring their submodels, and who asks for nothing gets everything."""
    everything = not shells and not submodels
    if everything:
        shells, submodels = _all(served, SHELL), _all(served, SUBMODEL)
    found = [served.whole(SHELL, id) for id in shells]
    if not submodels:
        submodels = [*dict.fromkeys(id for shell in found for id in served.held(shell))]
    await served.fetch(*submodels)
    held = [served.whole(SUBMODEL, id) for id in submodels]
    if not with_concepts:
        return found, held, []
    concepts = served.kept(CONCEPT)
    if not everything:
        meant = _meanings([*found, *held])
        concepts = [id for id in concepts if id in meant]
    return found, held, [served.whole(CONCEPT, id) for id in concepts]


def _all(served: Served, kind: str) -> list[str]:
    """Return the ids of all there is. Raises aas.query where that is too much for one file."""
    found = served.kept(kind)
    made = [id for id in islice(served.made.after(kind, None), _MOST_MADE + 1) if served.has(kind, id)]
    if len(made) > _MOST_MADE:
        raise FixConfiguration(
            "aas.query", f"there are more than {_MOST_MADE:,} shells of assets: name some with aasIds", place="aasIds"
        )
    return [*found, *made]


def _meanings(things: list[Any]) -> set[str]:
    """Return every value that a semantic id of anything inside names."""
    found: set[str] = set()
    for _, here in objects(things):
        for name in ("semanticId", "semanticIdListElement"):
            found.update(key_values(here.get(name)))
        for one in here.get("supplementalSemanticIds", ()):
            found.update(key_values(one))
    return found


def _attached(rows: list[FileRow]) -> dict[str, Attachment]:
    """Put the files of several together. Raises aas.package where two of one name differ."""
    found: dict[str, Attachment] = {}
    for row in rows:
        file = Attachment(row.content, row.media, frozenset(row.roles.split()))
        if found.setdefault(row.name, file).content != file.content:
            raise FixConfiguration(
                "aas.package", f"two different files are named {row.name}: export fewer", place=row.id
            )
    return found
