"""Workbooks as people keep them, made with openpyxl."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, time
from typing import Any

import openpyxl


def workbook(*sheets: tuple[str, list[list[Any]], tuple[str, ...]]) -> bytes:
    """Make a workbook of (name, rows, merged ranges)."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows, merges in sheets:
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for merge in merges:
            sheet.merge_cells(merge)
    return saved(book.save)


def saved(save: Callable[[io.BytesIO], None]) -> bytes:
    out = io.BytesIO()
    save(out)
    return out.getvalue()


def shift_log() -> bytes:
    """A Chinese shift log: title, merged two-row header, units, a code, a text among numbers, a total, a note."""
    rows: list[list[Any]] = [
        ["锅炉运行记录 2026年11月", None, None, None, None, None],
        ["日期", "时间", "1号锅炉", None, "产量(吨)", "合格"],
        [None, None, "出口温度(℃)", "压力/MPa", None, None],
        [date(2026, 11, 21), time(20, 0), 181.5, 1.25, 12, "是"],
        [None, time(23, 0), 182.0, "停机", 11.5, "是"],
        [None, time(2, 0), 180.0, 1.21, "约10", "否"],
        ["合计", None, None, None, 33.5, None],
        ["注: 停机期间不记录压力", None, None, None, None, None],
    ]
    return workbook(("运行记录", rows, ("A1:F1", "A2:A3", "B2:B3", "C2:D2", "E2:E3", "F2:F3", "A4:A6")))


def survey() -> bytes:
    """An energy survey: title lines, a header of three rows with merges and blanks, groups, codes, footnotes."""
    rows: list[list[Any]] = [
        ["Table 2.1  Nonfuel (Feedstock) Use of Combustible Energy, 2018;"],
        ["     Level: National and Regional Data;"],
        [],
        [None, None, None, "Residual", "Distillate", "Natural Gas(c)"],
        ["NAICS", None, "Total", "Fuel Oil", "Fuel Oil(b)", "(billion"],
        ["Code(a)", "Subsector and Industry", "(trillion Btu)", "(million bbl)", "(million bbl)", "cu ft)"],
        [],
        [None, "Total United States", None, None, None, None],
        [311, "Food", 7, "*", "*", "Q"],
        [3112, "  Grain and Oilseed Milling", 6, 0, "*", 2],
        [3113, "  Sugar", "D", "*", "D", 4],
        [None, "Total", 13, "*", 5, 6],
        [],
        [None, None, "Northeast", None, None, None],
        [311, "Food", "*", 0, "*", 3],
        [],
        ["(a) Manufacturing establishments are classified by NAICS code."],
        ["* Estimate less than 0.5."],
    ]
    return workbook(("Table 2.1", rows, ("A1:F1", "C14:F14", "A17:F17")))
