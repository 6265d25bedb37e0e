"""A stand-in for the ERP of a small factory: its tables, as such systems in China keep them, and a few hundred rows.

The shapes are common ones (an order with a head and lines, a material master, a bill of material, routings, stock by
warehouse and lot, business partners); the names are made up. ``erp.yaml`` maps them: an example to begin with.
"""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import sqlalchemy as sa

_AT = "2026-11-20 08:00:00"


def mapping() -> str:
    """Return the example mapping, as the option ``feeds`` takes it."""
    return _file("erp.yaml")


def _file(name: str) -> str:
    return files("baigong.drivers.sql").joinpath(name).read_text("utf-8")


def fill(engine: sa.Engine, orders: int = 60) -> None:
    """Make the tables and their rows."""
    with engine.begin() as connection:
        for statement in filter(str.strip, _file("erp.sql").split(";")):
            connection.execute(sa.text(statement))
        for table, rows in _rows(orders).items():
            names = ", ".join(f":{n}" for n in range(len(rows[0])))
            told = [{str(n): value for n, value in enumerate(row)} for row in rows]
            connection.execute(sa.text(f"insert into {table} values ({names})"), told)  # noqa: S608 - ours


def make_file(path: Path, orders: int = 60) -> None:
    """Make it as a SQLite file."""
    engine = sa.create_engine(f"sqlite:///{path}")
    fill(engine, orders)
    engine.dispose()


def _rows(orders: int) -> dict[str, list[tuple[object, ...]]]:
    steps = (("车削", "CNC1"), ("装配", "ASM1"), ("试压", "TEST1"))
    made = [(f"P{n:03d}", f"水泵 {n}", "IS50-32", "产成品", "台", 38.5 + n, f"TZ-{n:04d}", "1", _AT) for n in range(8)]
    raw = [(f"R{n:03d}", f"铸件 {n}", "HT250", "原材料", "件", 12.25, "", "1", _AT) for n in range(12)]
    return {
        "BD_MATERIAL": [*made, *raw],
        "BD_PARTNER": [
            (f"C{n:02d}", f"客户 {n}", "客户" if n < 4 else "供应商", None, "王工", "0512-0000000", None, _AT)
            for n in range(6)
        ],
        "ENG_BOM": [
            (f"BOM-P{n:03d}", m + 1, f"P{n:03d}", f"R{(n + m) % 12:03d}", 2 + m, "件", 1.5, "2026-01-01")
            for n in range(8)
            for m in range(3)
        ],
        "ENG_ROUTING": [
            (f"RT-P{n:03d}", 10 * (m + 1), name, f"P{n:03d}", centre, 600.0, 90.0 + m)
            for n in range(8)
            for m, (name, centre) in enumerate(steps)
        ],
        "PRD_MO": [
            (
                f"MO{n:05d}",
                "2026-11-20",
                "生产订单",
                f"C{n % 4:02d}",
                f"SO{n:05d}",
                "开工" if n % 3 else "下达",
                "",
                _AT,
            )
            for n in range((orders + 1) // 2)
        ],
        "PRD_MOENTRY": [
            (f"MO{n // 2:05d}", n % 2 + 1, f"P{n % 8:03d}", 10 + n, n % 5, "台", _AT, "2026-12-01 17:00:00", "一车间")
            for n in range(orders)
        ],
        "STK_INVENTORY": [
            (f"R{n:03d}", f"L2026{n:03d}" if n % 2 else "", "原料仓", 100.5 + n, "件", "合格") for n in range(12)
        ],
        "STK_LOT": [
            (f"L2026{n:03d}", f"R{n:03d}", "C05", f"炉号 {n}", "2026-11-01", "2028-11-01", "合格") for n in range(12)
        ],
        "EMS_METER": [(n + 1, f"2026-11-20 08:{n:02d}:00", "M1" if n % 2 else "M2", 1000 + n / 4) for n in range(40)],
    }
