"""Documents of assets and types: taken in as they come, listed with those of the type, handed out as files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from urllib.parse import quote

from msgspec import Meta, Struct
from starlette.responses import FileResponse

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.registry.assettable import open_assets
from baigong.stores.records.documents import DocumentRow
from baigong.vocab.documents import SHOWN, DocumentSpec, read_document
from baigong.vocab.errors import FixConfiguration

_BYTES = "application/octet-stream"
_LOCKED = "default-src 'none'; style-src 'unsafe-inline'; sandbox"  # whatever is in it: no script, no origin of ours
# drawn by the browser's own viewer, which a sandbox keeps from starting
_PDF = "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"


class DocumentsQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``asset``: its own and those of its type; ``type``: those of a type alone; neither: all of the company."""

    asset: str = ""
    type: str = ""
    search: str = ""
    kind: str = ""
    retired: bool = False
    limit: Annotated[int, Meta(ge=1, le=10_000)] = 1_000


class DocumentLine(Struct, frozen=True, kw_only=True):
    """One document. ``asset`` or ``type``: what it hangs on; ``shown``: a browser may show it; else it is a file.

    ``emptied_us``: when its content was deleted.
    """

    id: str
    asset: str
    type: str
    title: str
    title_zh: str
    kind: str
    language: str
    version: str
    valid_from: str
    file: str
    media: str
    size: int
    sha256: str
    shown: bool
    replaces: str
    added_us: int
    added_by: str
    retired_us: int | None
    retired_by: str | None
    emptied_us: int | None


class DocumentsAnswer(Struct, frozen=True, kw_only=True):
    total: int
    documents: list[DocumentLine]


class AddQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a file is, beside its body. ``file``: its name; ``replaces``: the document whose next version it is."""

    file: Annotated[str, Meta(min_length=1, max_length=1000)]
    asset: str = ""
    type: str = ""
    title: str = ""
    title_zh: str = ""
    kind: str = ""
    language: str = ""
    version: str = ""
    valid_from: str = ""
    replaces: str = ""


class ContentQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``show``: to be looked at in the browser, where that is safe."""

    show: bool = False


class RetireQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``content``: ``keep`` it, or ``delete`` it for good."""

    content: Literal["keep", "delete"] = "keep"


def operations(rooms: Rooms) -> list[Operation]:
    documents = rooms.registry.documents

    async def listed(call: Call) -> Any:
        query: DocumentsQuery = call.query
        if query.asset:
            _require_open(rooms, call, [f"asset:{query.asset}"])
            subjects: list[str] | None = documents.subjects(call.tenant, query.asset)
        else:
            subjects = [f"type:{query.type}"] if query.type else None
            subjects = _opened(rooms, call, subjects)
        rows = await documents.list(call.tenant, subjects, search=query.search, kind=query.kind, retired=query.retired)
        found = [row for row in rows if not row.subject.startswith("task:")]  # shown with their tasks
        return DocumentsAnswer(total=len(found), documents=[_line(row) for row in found[: query.limit]])

    async def one(call: Call) -> Any:
        return _line(await found(call))

    async def found(call: Call) -> DocumentRow:
        row = await documents.get(call.tenant, call.part("id"))
        _require_open(rooms, call, [row.subject])
        return row

    async def add(call: Call) -> Any:
        query: AddQuery = call.query
        if bool(query.asset) == bool(query.type):
            raise FixConfiguration("config.invalid", "say of which asset, or of which type", place="asset")
        told = {name: getattr(query, name) for name in DocumentSpec.__struct_fields__}
        spec = read_document(told | {"title": query.title or query.file.rpartition(".")[0][:200] or query.file[:200]})
        subject = f"asset:{query.asset}" if query.asset else f"type:{query.type}"
        length = call.request.headers.get("content-length", "")
        row = await documents.add(
            call.tenant, subject, spec, query.file, call.request.stream(), call.who.user,
            size=int(length) if length.isdecimal() else None, replaces=query.replaces,
        )  # fmt: skip
        call.after = _line(row)
        return call.after

    async def change(call: Call) -> Any:
        call.before = _line(await documents.get(call.tenant, call.part("id")))
        call.after = _line(await documents.change(call.tenant, call.part("id"), call.body, call.who.user))
        return call.after

    async def retire(call: Call) -> Any:
        empty = call.query.content == "delete"
        call.before = _line(await documents.get(call.tenant, call.part("id")))
        call.after = _line(await documents.retire(call.tenant, call.part("id"), call.who.user, empty=empty))
        return call.after

    async def content(call: Call) -> Any:
        row = await found(call)
        path, shown = documents.content(row), call.query.show and row.media in SHOWN
        headers = {
            "Content-Disposition": _disposition(row.file, shown),
            "Content-Security-Policy": _PDF if shown and row.media == "application/pdf" else _LOCKED,
            "Cache-Control": "private, no-cache",
        }
        return FileResponse(path, media_type=row.media if shown else _BYTES, headers=headers)

    path = "/documents/{id}"
    return [
        Operation("GET", "/documents", "Find documents", listed, query=DocumentsQuery, answer=DocumentsAnswer),
        Operation(
            "POST", "/documents", "Keep a file as a document", add, query=AddQuery, answer=DocumentLine, takes=(_BYTES,)
        ),
        Operation("GET", path, "One document", one, answer=DocumentLine),
        Operation("PUT", path, "Say what a document is", change, body=DocumentSpec, answer=DocumentLine),
        Operation("DELETE", path, "Retire a document", retire, query=RetireQuery, answer=DocumentLine),
        Operation("GET", f"{path}/content", "The file itself", content, query=ContentQuery, gives=(_BYTES,)),
    ]


def _opened(rooms: Rooms, call: Call, subjects: Sequence[str] | None) -> list[str] | None:
    """Cut down to what the caller may see; None: everything."""
    if call.only is None:
        return None if subjects is None else list(subjects)
    assets = open_assets(rooms.registry.assets.tree(call.tenant), call.tenant, call.only)
    mine = {subject for asset in assets for subject in rooms.registry.documents.subjects(call.tenant, asset)}
    return sorted(mine if subjects is None else mine & set(subjects))


def _require_open(rooms: Rooms, call: Call, subjects: Sequence[str]) -> None:
    """Raise http.not_found for what the caller may not see: that it is there is no news either."""
    kind, _, name = subjects[0].partition(":")
    tree = rooms.registry.assets.tree(call.tenant)
    if (kind == "asset" and name not in tree) or (call.only is not None and not _opened(rooms, call, subjects)):
        raise FixConfiguration("http.not_found", f"there is no document of {kind} {name!r} here", place=name)


def _disposition(file: str, shown: bool) -> str:
    """RFC 6266: a plain name for old readers, the real one beside."""
    plain = "".join(letter if letter.isascii() and letter not in '\\"%' else "_" for letter in file)
    return f"{'inline' if shown else 'attachment'}; filename=\"{plain}\"; filename*=UTF-8''{quote(file, safe='')}"


def _line(row: DocumentRow) -> DocumentLine:
    kind, _, name = row.subject.partition(":")
    spec = row.spec
    return DocumentLine(
        id=row.id,
        asset=name if kind == "asset" else "",
        type=name if kind == "type" else "",
        title=spec.title,
        title_zh=spec.title_zh,
        kind=spec.kind,
        language=spec.language,
        version=spec.version,
        valid_from=spec.valid_from,
        file=row.file,
        media=row.media,
        size=row.size,
        sha256=row.sha256,
        shown=row.media in SHOWN,
        replaces=row.replaces,
        added_us=row.added_us,
        added_by=row.added_by,
        retired_us=row.retired_us,
        retired_by=row.retired_by,
        emptied_us=row.emptied_us,
    )
