"""The standard's AASX file server: packages as they were handed in, listed, given back, replaced, taken away."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote
from uuid import uuid4

import msgspec
from starlette.responses import Response

from baigong.api.aaswire import answered, given, here, ident, page_of, paged, part, upload
from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.models.aas.paths import encoded
from baigong.stores.records.shellpackages import PackageRow

_MEDIA = "application/asset-administration-shell-package"
_PACKAGE = "/aas/packages/{package}"


def package_operations(rooms: Rooms) -> list[Operation]:
    packages = rooms.registry.shell_packages

    async def listed(call: Call) -> Response:
        wanted = given(call, "aasId")
        rows = await packages.rows(call.tenant)
        if wanted is not None:
            id = wanted if ":" in wanted else ident(wanted)  # some clients send it as it is
            rows = [row for row in rows if id in _shells(row)]
        page, cursor = page_of(call, rows)
        return paged((msgspec.json.encode(_described(row)) for row in page), cursor)

    async def kept(call: Call, id: str) -> tuple[PackageRow, bool]:
        file, _, content = await upload(call, rooms.settings.max_body)
        row, is_new = await packages.put(call.tenant, id, file, content, call.who.user)
        call.after = {"id": id, "file": file, "bytes": row.size}
        return row, is_new

    async def add(call: Call) -> Response:
        row, _ = await kept(call, uuid4().hex)
        return answered(_described(row), 201, _location(call, row))

    async def one(call: Call) -> Response:
        row, content = await packages.get(call.tenant, part(call, "package"))
        name = quote(row.file, safe="")
        headers = {"X-FileName": name, "Content-Disposition": f"attachment; filename*=UTF-8''{name}"}
        return Response(content, media_type=_MEDIA, headers=headers)

    async def put(call: Call) -> Response:
        row, is_new = await kept(call, part(call, "package"))
        return answered(_described(row), 201, _location(call, row)) if is_new else Response(status_code=204)

    async def drop(call: Call) -> None:
        id = part(call, "package")
        call.before = {"id": id}
        await packages.drop(call.tenant, id)

    return [
        Operation("GET", "/aas/packages", "AASX packages", listed),
        Operation("POST", "/aas/packages", "Keep an AASX package", add),
        Operation("GET", _PACKAGE, "An AASX package", one),
        Operation("PUT", _PACKAGE, "Put an AASX package", put),
        Operation("DELETE", _PACKAGE, "Take an AASX package away", drop),
    ]


def _shells(row: PackageRow) -> list[str]:
    return msgspec.json.decode(row.shells, type=list[str])


def _described(row: PackageRow) -> dict[str, Any]:
    return {"aasIds": _shells(row), "packageId": row.id}


def _location(call: Call, row: PackageRow) -> str:
    return here(call, f"/packages/{encoded(row.id)}")
