"""Register tables as makers print them: read and shown line by line, with the template they make. Nothing is kept."""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from baigong.api.rooms import Rooms
from baigong.api.wire import Call, Operation
from baigong.models.registertables import (
    Question,
    Reading,
    RegisterTable,
    TableLine,
    is_tag_list,
    read_table,
    read_tags,
    rows_of_book,
    split,
    template_of,
)
from baigong.models.sheets import read_book
from baigong.vocab.devicetemplates import device_template_yaml
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.texts import decoded

_MOST = 16 << 20  # bytes of a body


class ReadTable(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``text``: pasted; or ``content``: a file in base64, called ``file``. ``without``: lines not to take."""

    text: Annotated[str, Meta(max_length=4_000_000)] = ""
    content: str = ""
    file: Annotated[str, Meta(max_length=200)] = ""
    name: Annotated[str, Meta(max_length=64)] = "template"
    reading: Reading = Reading()
    without: Annotated[list[int], Meta(max_length=20_000)] = []


class TableColumn(Struct, frozen=True, kw_only=True):
    """``meaning``: address, hex, count, type, unit, scale … "" for what was not understood."""

    head: str
    meaning: str


class ReadAnswer(Struct, frozen=True, kw_only=True):
    """``template``: the text that it makes, "" where nothing could be taken. ``gaps``: registers that no line says."""

    columns: list[TableColumn]
    lines: list[TableLine]
    questions: list[Question]
    gaps: list[str]
    driver: str
    taken: int
    doubtful: int
    left: int
    template: str


def operations(rooms: Rooms) -> list[Operation]:
    async def read(call: Call) -> Any:
        return await asyncio.to_thread(_read, call.body)

    return [
        Operation(
            "POST",
            "/device-templates/read",
            "Read a maker's register table, line by line",
            read,
            body=ReadTable,
            answer=ReadAnswer,
            most=_MOST,
        )
    ]


def _read(told: ReadTable) -> ReadAnswer:
    table = _table(told)
    lines = [_without(line) if line.line in told.without and line.outcome != "left" else line for line in table.lines]
    made = template_of(told.name, msgspec.structs.replace(table, lines=lines))
    counts = {outcome: sum(line.outcome == outcome for line in lines) for outcome in ("taken", "doubtful", "left")}
    return ReadAnswer(
        columns=[TableColumn(head=head, meaning=meaning) for head, meaning in table.columns],
        lines=lines,
        questions=table.questions,
        gaps=table.gaps,
        driver=table.driver,
        template=device_template_yaml(made) if made is not None else "",
        **counts,
    )


def _table(told: ReadTable) -> RegisterTable:
    text, is_text = told.text, not told.content
    if told.content and told.file.lower().endswith((".json", ".csv", ".txt")):
        text, is_text = decoded(_bytes(told))[0], True
    if is_text and is_tag_list(text):
        return read_tags(text, told.reading)
    rows = split(text) if is_text else rows_of_book(read_book(_bytes(told), told.file))
    if not rows:
        raise FixConfiguration("config.invalid", "there is nothing to read: paste a register table", place="text")
    return read_table(rows, told.reading)


def _without(line: TableLine) -> TableLine:
    return msgspec.structs.replace(line, outcome="left")


def _bytes(told: ReadTable) -> bytes:
    try:
        return base64.b64decode(told.content, validate=True)
    except binascii.Error as error:
        raise FixConfiguration("payload.malformed", "the content is no base64", place="content") from error
