"""A recall or a trace as a table for people: CSV or a workbook, one row a lot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from baigong.api.spreadsheet import Cell
from baigong.registry.lots import Lot
from baigong.registry.qualified import Qualifications, named, wanting
from baigong.vocab.happenings import Episode

_HEADS: Mapping[str, tuple[str, ...]] = {
    "en": ("lot", "steps", "material", "quantity", "unit", "made in", "machine", "from (UTC)", "to (UTC)", "people",
           "tools", "without qualification", "customer", "went into"),
    "zh": ("批次", "步数", "物料", "数量", "单位", "生产时段", "设备", "开始(UTC)", "结束(UTC)",
           "人员", "工具", "无有效资格", "客户", "投入时段"),
}  # fmt: skip


def lot_rows(
    lots: Sequence[Lot], episodes: Sequence[Episode], judged: Qualifications, language: str
) -> list[tuple[Cell, ...]]:
    """Return the heads and a row a lot, the nearest first: what made it, with what, and who."""
    known = {one.id: one for one in episodes}
    rows: list[tuple[Cell, ...]] = [_HEADS["zh" if language.startswith("zh") else "en"]]
    for lot in lots:
        made = sorted((known[id] for id in lot.produced_by if id in known), key=lambda one: one.start_us)
        first = made[0] if made else None
        lacking = dict.fromkeys(f"{one.person}: {one.qualification}" for e in made for one in wanting(judged.of(e)))
        quantity = None if lot.quantity is None else Decimal(str(lot.quantity))
        span = (_iso(first.start_us if first else None), _iso(made[-1].end_us if made else None))
        rows.append(
            (
                lot.lot, lot.steps, lot.material, quantity, lot.unit, ", ".join(one.id for one in made),
                ", ".join(dict.fromkeys(one.asset for one in made)), *span, _names(made, "people"),
                _names(made, "tools"), ", ".join(lacking), _names(made, "customer"), ", ".join(lot.consumed_by),
            )
        )  # fmt: skip
    return rows


def _names(made: Sequence[Episode], what: str) -> str:
    return ", ".join(dict.fromkeys(name for one in made for name in named(one, what)))


def _iso(time_us: int | None) -> str:
    return "" if time_us is None else datetime.fromtimestamp(time_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")
