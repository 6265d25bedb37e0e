"""How a table becomes values and episodes: one text, its table found again by the words of the header. Pure.

Columns are named by their headers, never by their place: next month's file has a column more, and one moved.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from baigong.models.sheets.moments import Order
from baigong.models.sheets.tables import Table
from baigong.models.sheets.texts import plain
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.texts import read_yaml

_Header = Annotated[str, Meta(min_length=1, max_length=300)]
_Word = Annotated[str, Meta(max_length=300)]
_LONGEST = 500_000  # characters


class TimeColumns(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where the time of a row stands. ``date``: a column of moments or days; ``clock``: of clock times beside it.

    ``day``: the day of all rows (ISO), where no column says it. ``past_midnight``: a clock time that goes back is of
    the next day. ``fill_down``: an empty date is that of the row above. ``zone``: IANA name of the sheet's local time.
    """

    date: _Word = ""
    clock: _Word = ""
    day: _Word = ""
    zone: _Word = "UTC"
    past_midnight: bool = False
    fill_down: bool = False


class PointColumn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A column of one point's values. ``unit``: UCUM code of what the sheet shows; the point may have another one."""

    column: _Header
    point: Annotated[str, Meta(min_length=3, max_length=200)]
    unit: Annotated[str, Meta(max_length=40)] = ""


class LongColumns(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A row a value: one column names the point, one holds the value. ``asset``: before names that name none."""

    name: _Header
    value: _Header
    asset: _Word = ""


class EpisodeColumns(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A row an episode. ``start`` and ``end`` are columns of moments, or of clock times on the row's day.

    ``key``: columns by which a row is known again when its times are corrected; empty: its start.
    """

    kind: Annotated[str, Meta(min_length=1, max_length=64)]
    start: _Header
    end: _Word = ""
    asset: _Word = ""
    asset_column: _Word = ""
    title: _Word = ""
    key: list[_Header] = []
    attributes: list[_Header] = []


class SheetTemplate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """``words``: headers that a table has to have; ``sheet``: its name, where more than one table has them.

    ``order``: of day and month in dates that do not tell; ``decimal``: what stands before tenths.
    """

    template: Annotated[str, Meta(pattern=r"^\w(?:[\w-]{0,62}\w)?$")]
    title: _Word = ""
    sheet: _Word = ""
    words: Annotated[list[_Header], Meta(min_length=1, max_length=1_000)]
    time: TimeColumns = TimeColumns()
    points: Annotated[list[PointColumn], Meta(max_length=1_000)] = []
    long: LongColumns | None = None
    episodes: EpisodeColumns | None = None
    order: Order = ""
    decimal: Literal["", ".", ","] = ""


def as_template(told: Any) -> SheetTemplate:
    """Convert what JSON or YAML gave; config.invalid names the field."""
    try:
        return msgspec.convert(told, SheetTemplate)
    except (msgspec.ValidationError, ValueError) as error:
        raise FixConfiguration("config.invalid", str(error), place="template") from error


def parse_template(text: str) -> SheetTemplate:
    """Read a template's text; config.invalid names the line or the field."""
    if len(text) > _LONGEST:
        raise FixConfiguration("payload.too_large", f"a template has at most {_LONGEST:,} characters", place="text")
    return as_template(read_yaml(text, "template"))


def written(template: SheetTemplate) -> str:
    """Write a template in its one form."""
    return msgspec.yaml.encode(template).decode()


def keys(table: Table) -> list[str]:
    """Name each column: by its header, with the letter where it has none or another has the same."""
    return list(table.arrow().column_names)


def find_table(template: SheetTemplate, tables: list[Table]) -> Table:
    """Return the table with the template's words. config.invalid says which words the nearest one lacks."""
    wanted = {plain(w).casefold() for w in template.words}
    fitting, nearest = [], (len(wanted) + 1, "", set[str]())
    for table in tables:
        missing = wanted - {k.casefold() for k in keys(table)}
        if not missing:
            fitting.append(table)
        elif len(missing) < nearest[0]:
            nearest = (len(missing), f"{table.sheet} {table.range}".strip(), missing)
    if len(fitting) > 1 and template.sheet:
        fitting = [t for t in fitting if t.sheet == template.sheet] or fitting
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        places = ", ".join(f"{t.sheet} {t.range}".strip() for t in fitting)
        raise FixConfiguration("config.invalid", f"{len(fitting)} tables have these words: {places}", place="sheet")
    told = f"the nearest, {nearest[1]}, lacks {sorted(nearest[2])}" if nearest[1] else "there is no table"
    raise FixConfiguration("config.invalid", f"no table has all words of {template.template}: {told}", place="words")
