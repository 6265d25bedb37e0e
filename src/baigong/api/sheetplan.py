"""What an import would change: each value of a sheet compared with what the lake has at its point and time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from baigong.api.sheetwire import MOST_TOLD, SheetChanged, SheetPoint
from baigong.models.sheets.applying import Applied
from baigong.registry.book import PointBook
from baigong.stores.lake.contract import LakeReader
from baigong.vocab.devices import PointSpec
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.happenings import Episode
from baigong.vocab.units import is_unit, parse_unit, same_quantity


@dataclass(slots=True)
class Compared:
    """``rows``: those to be sent, schema applying.VALUES, in the points' own units. ``fresh``: points to be made."""

    rows: pa.Table
    points: list[SheetPoint]
    fresh: list[PointSpec]
    changes: list[SheetChanged]
    new: int
    changed: int
    same: int


def compare(tenant: str, made: Applied, book: PointBook, lake: LakeReader) -> Compared:
    """Compare values with the lake. Blocking. Values of a point that cannot take them are left out, and it is said."""
    names = pc.unique(made.values.column("name")).to_pylist()
    result = Compared(made.values.slice(0, 0), [], [], [], 0, 0, 0)
    parts = []
    at = pc.index_in(made.values.column("name"), value_set=pa.array(names, pa.string())).to_numpy()
    order = np.argsort(at, kind="stable")
    edges = np.searchsorted(at[order], np.arange(len(names) + 1))
    for index, name in enumerate(names):
        rows = made.values.take(pa.array(order[edges[index] : edges[index + 1]]))
        parts.append(_point(result, tenant, name, rows, made.units.get(name, ""), book, lake))
    if parts:
        result.rows = pa.concat_tables(parts)
    return result


def _point(
    result: Compared, tenant: str, name: str, rows: pa.Table, unit: str, book: PointBook, lake: LakeReader
) -> pa.Table:
    row = book.named(tenant, name)
    texts = rows.column("text").null_count < len(rows)
    if row is None:
        result.fresh.append(_fresh(name, unit, texts))
        result.points.append(_told(name, len(rows), unit=unit, new=len(rows)))
        result.new += len(rows)
        return rows
    own, refused = row.spec.unit, _refused(row.spec, unit, texts)
    if refused:
        result.points.append(_told(name, len(rows), exists=True, unit=unit, own=own, refused=refused))
        return rows.slice(0, 0)
    converted = bool(unit and own and unit != own)
    if converted:
        rows = rows.set_column(2, "value", _converted(rows.column("value"), unit, own))
    state = _state(rows, row.number, tenant, lake)
    result.changes += _changes(name, rows, state)
    counts = [int((state["which"] == which).sum()) for which in ("new", "changed", "same")]
    result.new, result.changed, result.same = (
        result.new + counts[0],
        result.changed + counts[1],
        result.same + counts[2],
    )
    result.points.append(
        _told(name, len(rows), exists=True, unit=unit, own=own, converted=converted, new=counts[0], changed=counts[1])
    )
    return rows.filter(pa.array((state["which"] != "same").to_numpy()))


def _told(name: str, values: int, **more: Any) -> SheetPoint:
    plain: dict[str, Any] = {
        "exists": False,
        "unit": "",
        "own": "",
        "converted": False,
        "refused": "",
        "new": 0,
        "changed": 0,
    }
    return SheetPoint(point=name, values=values, **(plain | more))


def _fresh(name: str, unit: str, texts: bool) -> PointSpec:
    try:
        told = {
            "name": name,
            "address": name,
            "kind": "text" if texts else "gauge",
            "unit": unit if is_unit(unit) else "",
        }
        return msgspec.convert(told, PointSpec)
    except (msgspec.ValidationError, ValueError) as error:
        raise FixConfiguration("config.invalid", str(error), place=name) from error


def _refused(spec: PointSpec, unit: str, texts: bool) -> str:
    if unit and spec.unit and not same_quantity(unit, spec.unit):
        return "unit"
    if texts != (spec.kind == "text") and spec.kind != "state":
        return "text"
    return "burst" if spec.kind == "burst" else ""


def _converted(values: pa.ChunkedArray, unit: str, own: str) -> pa.ChunkedArray:
    """Take values to another unit, to twelve digits, as vocab.units does with one."""
    here, there = parse_unit(unit), parse_unit(own)
    si = values.to_numpy(zero_copy_only=False) * here.factor + here.zero
    exact = (si - there.zero) / there.factor
    with np.errstate(divide="ignore", invalid="ignore"):
        size = np.floor(np.log10(np.abs(exact)))
        scale = 10.0 ** (11 - np.where(np.isfinite(size), size, 0))
    return pa.chunked_array([pa.array(np.round(exact * scale) / scale, pa.float64(), from_pandas=True)])


def _state(rows: pa.Table, number: int, tenant: str, lake: LakeReader) -> pd.DataFrame:
    """Return for each row whether it is new, changed or the same, and what is there."""
    us = rows.column("time").cast(pa.int64()).to_numpy()
    columns = ("time", "value", "text", "quality")
    held = lake.series(tenant, [number], int(us.min()), int(us.max()) + 1, columns)
    there = pd.DataFrame({"us": held.column("time").cast(pa.int64()).to_numpy(), **_plain(held)}).set_index("us")
    mine = pd.DataFrame({"us": us, **_plain(rows)}).set_index("us")
    beside = there[~there.index.duplicated(keep="last")].reindex(mine.index)
    known = mine.index.isin(there.index)
    equal = _equal(mine["value"], beside["value"]) & _equal(mine["text"], beside["text"])
    equal &= (mine["quality"].to_numpy() >> 14) == (beside["quality"].fillna(-1).astype(np.int64).to_numpy() >> 14)
    beside["which"] = np.where(~known, "new", np.where(equal, "same", "changed"))
    return beside


def _plain(table: pa.Table) -> dict[str, Any]:
    return {
        "value": table.column("value").cast(pa.float64()).to_numpy(),
        "text": table.column("text").cast(pa.string()).to_numpy(zero_copy_only=False),
        "quality": table.column("quality").to_numpy(),
    }


def _equal(one: pd.Series[Any], other: pd.Series[Any]) -> Any:
    return ((one == other) | (one.isna() & other.isna())).to_numpy()


def _changes(name: str, rows: pa.Table, state: pd.DataFrame) -> list[SheetChanged]:
    changed = np.flatnonzero(state["which"].to_numpy() == "changed")[:MOST_TOLD]
    found = []
    there = state.iloc[changed]
    for row, us, value, text in zip(
        rows.take(pa.array(changed)).to_pylist(), there.index, there["value"], there["text"], strict=True
    ):
        before, after = _shown(value, text), _shown(row["value"], row["text"])
        found.append(SheetChanged(cell=row["cell"], point=name, time_us=int(us), before=before, after=after))
    return found


def _shown(value: Any, text: Any) -> str:
    if isinstance(text, str):
        return text
    return "" if value is None or pd.isna(value) else f"{value:.12g}"


def compare_episodes(mine: Sequence[Episode], there: Sequence[Episode]) -> tuple[list[Episode], int, int]:
    """Return those to be written, how many are new, and how many changed."""
    held = {one.id: one for one in there}
    new = [one for one in mine if one.id not in held]
    changed = [one for one in mine if one.id in held and not _same(one, held[one.id])]
    return [*new, *changed], len(new), len(changed)


def _same(one: Episode, other: Episode) -> bool:
    return bool(msgspec.to_builtins(one) == msgspec.to_builtins(other))
