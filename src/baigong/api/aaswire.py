"""How the standard's API of asset administration shells says things (IDTA-01002): ids, pages, modifiers, errors."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Literal
from uuid import uuid4

import msgspec
from msgspec import Struct
from starlette.responses import Response

from baigong.api.wire import JSON, Call, decode_json, problem, read_body
from baigong.models.aas.paths import encoded
from baigong.vocab.errors import BaigongError, FixConfiguration

BASES = {"3.1": "/aas/v3.1", "3.0": "/aas/v3.0"}
_MOST = 1000  # things of one page
_USUAL = 100
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")
_CODE = 32  # characters, as the standard bounds them
_QUERY = "aas.query"


class Message(Struct, frozen=True, kw_only=True, rename="camel"):
    """One of the messages of the standard's ``Result``."""

    message_type: str
    text: str
    code: str
    correlation_id: str
    timestamp: str


def refused(error: BaigongError) -> Response:
    """Answer with the standard's ``Result``: what is wrong and what helps, then each finding."""
    plain = problem(error)
    now, request = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), uuid4().hex
    kind = "Exception" if error.status >= 500 else "Error"
    at = f" ({error.place})" if error.place and error.place not in error.message else ""
    told = [(error.code, f"{error.message}{at}. {error.advice}")]
    for one in error.fields.get("findings", ())[1:]:
        told.append((one["code"], f"{one['message']} ({one['path']}). {one['advice']}"))
    messages = [
        Message(message_type=kind, text=text, code=code[:_CODE], correlation_id=request, timestamp=now)
        for code, text in told
    ]
    status = 400 if error.status == 422 else error.status
    headers = {name: value for name, value in plain.headers.items() if name in ("retry-after", "www-authenticate")}
    body = msgspec.json.encode({"messages": messages})
    return Response(body, status_code=status, media_type=JSON, headers=headers)


def ident(text: str) -> str:
    """Read base64url, with its padding or without. Raises aas.identifier.

    >>> ident("5rO1"), ident(encoded("urn:a"))
    ('泵', 'urn:a')
    """
    bare = text.rstrip("=")
    padding = -len(bare) % 4
    try:
        if not _BASE64URL.fullmatch(bare) or len(text) - len(bare) not in (0, padding):
            raise ValueError("characters that base64url has not")
        return base64.b64decode(bare + "=" * padding, altchars=b"-_", validate=True).decode()
    except (ValueError, binascii.Error) as error:
        raise FixConfiguration(
            "aas.identifier", f"{text[:100]!r} is no base64url of UTF-8", place=text[:100]
        ) from error


def part(call: Call, name: str) -> str:
    """Read an id of the path."""
    return ident(call.part(name))


def given(call: Call, name: str) -> str | None:
    """Return a parameter of the query; None: it was not given, or is empty, as some clients write that."""
    return call.request.query_params.get(name) or None


def asked(call: Call, name: str, choices: Iterable[str]) -> str:
    """Read a modifier; the first choice where it is not given. Raises aas.query."""
    known = [*choices]
    found = given(call, name) or known[0]
    if found not in known:
        raise FixConfiguration(_QUERY, f"{name} is {found[:100]!r}, none of {', '.join(known)}", place=name)
    return found


def is_core(call: Call) -> bool:
    """Say whether only what is right inside is asked for, not all that is below. Raises aas.query."""
    return asked(call, "level", ("deep", "core")) == "core"


def truth(call: Call, name: str, usual: bool) -> bool:
    found = (given(call, name) or str(usual)).lower()
    if found not in ("true", "false"):
        raise FixConfiguration(_QUERY, f"{name} is {found[:100]!r}, neither true nor false", place=name)
    return found == "true"


def several(call: Call, name: str) -> list[str]:
    """Return all values of a parameter: given again and again, or with commas."""
    return [one for text in call.request.query_params.getlist(name) for one in text.split(",") if one]


def limit_of(call: Call) -> int:
    text = given(call, "limit") or str(_USUAL)
    if not text.isdecimal() or not text.isascii() or len(text) > 9 or int(text) < 1:
        raise FixConfiguration(_QUERY, f"limit is {text[:100]!r}", place="limit")
    return min(int(text), _MOST)


def cursor_of(call: Call) -> str:
    text = call.request.query_params.get("cursor", "")
    try:
        return ident(text) if text else ""
    except FixConfiguration as error:
        raise FixConfiguration(_QUERY, f"cursor {text[:100]!r} is none of ours", place="cursor") from error


def position(text: str) -> int:
    """Read the place in an order that a cursor names. Raises aas.query."""
    if not (text.isdecimal() and text.isascii() and len(text) < 10):
        raise FixConfiguration(_QUERY, "the cursor is none of ours", place="cursor")
    return int(text)


def page_of(call: Call, held: Sequence[Any]) -> tuple[Sequence[Any], str]:
    """Return one page of what has an order of its own, and the cursor of the next one."""
    most, after = limit_of(call), cursor_of(call)
    begin = position(after) if after else 0
    end = begin + most
    return held[begin:end], encoded(str(end)) if end < len(held) else ""


def paged(pieces: Iterable[bytes], cursor: str) -> Response:
    """Answer with a page of what is JSON already."""
    return wrapped(b"[" + b",".join(pieces) + b"]", cursor)


def wrapped(result: bytes, cursor: str) -> Response:
    about = msgspec.json.encode({"cursor": cursor} if cursor else {})
    return Response(b'{"paging_metadata":' + about + b',"result":' + result + b"}", media_type=JSON)


def answered(value: Any, status: int = 200, location: str = "") -> Response:
    headers = {"Location": location} if location else {}
    return Response(msgspec.json.encode(value), status_code=status, media_type=JSON, headers=headers)


async def body_of(call: Call, most: int) -> Any:
    """Read a body of JSON; no type yet, the metamodel judges it."""
    return decode_json(await read_body(call.request, most), Any)


def version_of(call: Call) -> Literal["3.0", "3.1"]:
    """Say whose view is asked for: that of the path's version."""
    return "3.0" if call.request.url.path.startswith(BASES["3.0"]) else "3.1"


def here(call: Call, path: str) -> str:
    """Return the address of something of this API."""
    return BASES[version_of(call)] + path


async def upload(call: Call, most: int) -> tuple[str, str, bytes]:
    """Read an uploaded file: (name, media type, content); of a form, or the body as it is with ?fileName=."""
    raw = await read_body(call.request, most)
    media = call.request.headers.get("content-type", "")
    name = call.request.query_params.get("fileName", "")
    if media.lower().startswith("multipart/form-data"):
        name, media, raw = _form(media, raw)
    name = re.sub(r"[^\w.-]+", "_", name.replace("\\", "/").rpartition("/")[2]).strip(".") or "file"
    return name, media.partition(";")[0].strip() or "application/octet-stream", raw


_QUOTED = r'(?:"([^"]*)"|([^;\s]+))'


def _form(media: str, raw: bytes) -> tuple[str, str, bytes]:
    """Take a form apart (RFC 7578): its ``file``, named by ``fileName`` or by the file itself."""
    found = re.search(r"boundary=" + _QUOTED, media, re.IGNORECASE)
    name = kind = ""
    content: bytes | None = None
    if found:
        border = b"\r\n--" + (found[1] or found[2]).encode()
        for piece in (b"\r\n" + raw).split(border)[1:]:
            head, _, body = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
            told = head.decode("utf-8", "replace")
            field = re.search(r"\bname=" + _QUOTED, told)
            if field and (field[1] or field[2]) == "fileName":
                name = body.decode("utf-8", "replace")
            elif field and (field[1] or field[2]) == "file":
                content = body
                type_ = re.search(r"^content-type:\s*(\S+)", told, re.IGNORECASE | re.MULTILINE)
                kind = type_[1] if type_ else ""
                given = re.search(r"\bfilename=" + _QUOTED, told)
                name = name or (given and (given[1] or given[2])) or ""
    if content is None:
        raise FixConfiguration("payload.malformed", "the form has no field 'file'", place="file")
    return name, kind, content
