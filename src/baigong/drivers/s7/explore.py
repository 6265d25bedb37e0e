"""Shows what a PLC holds: its data blocks, where it tells them, and the words of each with their present values.

Paths: ``db`` (the data blocks), ``db7`` (its pages of 100 bytes), ``db7/200`` (the words of one), ``m``, ``m/100``.
A PLC knows no names: these are in its project.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from snap7.error import S7Error
from snap7.s7protocol import S7Protocol

from baigong.drivers import memory
from baigong.drivers.contract import Node
from baigong.drivers.s7.codec import OK, Item
from baigong.drivers.s7.link import Link
from baigong.vocab.errors import FixConfiguration

Fetch = Callable[[Sequence[Item]], Awaitable[list[tuple[int, bytes]]]]

PAGE = 100
_DATA_BLOCK = 0x41
_PARTS = 100  # of a list that does not fit a PDU
_PIECE = 50  # bytes of a page read at once: what the smallest PDU carries
_TRIED = 20  # data blocks that are tried where the PLC does not tell them
_TITLES = {"i": "Inputs (I, E)", "q": "Outputs (Q, A)", "m": "Flags (M)"}
_PATH = re.compile(r"^(?:db([0-9]{1,5})|([iqm]))(?:/([0-9]{1,5}))?$")


async def browse(path: str, link: Link, fetch: Fetch) -> list[Node]:
    """List the children of a path; driver.address when there is no such path."""
    if not path:
        areas = [Node(path=area, title=title, has_children=True) for area, title in _TITLES.items()]
        return [Node(path="db", title="Data blocks (DB)", has_children=True), *areas]
    if path == "db":
        return [
            Node(path=f"db{number}", title=f"DB{number}", has_children=True) for number in await _blocks(link, fetch)
        ]
    found = _PATH.match(path)
    if not found:
        raise FixConfiguration("driver.address", f"there is no {path!r} in an S7 PLC", place=path)
    area, db = ("db", int(found[1])) if found[1] else (found[2], 0)
    length = await memory.length(Item(area, db, 0, 1), lambda code: code == OK, fetch, 1 << 16)
    if found[3] is not None:
        return await _words(area, db, int(found[3]), length, fetch)
    return [
        Node(path=f"{path}/{start}", title=f"{start} – {min(start + PAGE, length) - 1}", has_children=True)
        for start in range(0, length, PAGE)
    ]


async def _blocks(link: Link, fetch: Fetch) -> list[int]:
    """The numbers of the data blocks: told by the PLC, else those of the first that answer."""
    protocol = S7Protocol()
    told = bytearray()
    request = protocol.build_list_blocks_of_type_request(_DATA_BLOCK)
    try:
        for _ in range(_PARTS):
            answer: dict[str, Any] = protocol.parse_response(await link.ask(request))
            data, said = answer.get("data") or {}, answer.get("parameters") or {}
            told += data.get("data", b"") if data.get("return_code", OK) == OK else b""
            if not said.get("last_data_unit"):
                break
            request = protocol.build_userdata_followup_request(
                said["group"], said["subfunction"], said.get("sequence_number", 0)
            )
        numbers = protocol.parse_list_blocks_of_type_response({"data": {"data": bytes(told)}})
    except (S7Error, KeyError):  # an S7-1200 or 1500 tells nothing this way
        numbers = []
    if numbers:
        return sorted(numbers)
    tried = [Item("db", number, 0, 1) for number in range(1, _TRIED + 1)]
    return [item.db for item, (code, _) in zip(tried, await fetch(tried), strict=True) if code == OK]


async def _words(area: str, db: int, start: int, length: int, fetch: Fetch) -> list[Node]:
    end = min(start + PAGE, length)
    if start >= end:
        return []
    told = await fetch([Item(area, db, at, min(_PIECE, end - at)) for at in range(start, end, _PIECE)])
    if any(code != OK for code, _ in told):
        return []
    raw = b"".join(piece for _, piece in told)
    time_us = time.time_ns() // 1000
    head = f"db{db}." if area == "db" else area
    name = f"DB{db}.DB" if area == "db" else area.upper()
    made = []
    for at in range(start, end, 2):
        whole = at + 1 < end
        value = int.from_bytes(raw[at - start : at - start + 2], "big", signed=whole)
        kind = "int" if whole else "byte"
        made.append(
            Node(
                path=f"{head}{at}",
                title=f"{name}{'W' if whole else 'B'}{at}",
                address=f"{head}{at}:{kind}",
                type=kind,
                value=value,
                time_us=time_us,
                writable=area != "i",
            )
        )
    return made
