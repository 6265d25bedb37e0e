"""Spreadsheets as people keep them: their tables, units, kinds, and every cell that was not understood.

book = read_book(Path("log.xlsx"))           # .xlsx .xlsm .xlsb .xls .ods .csv .tsv; or (bytes, "log.csv")
for table in find_all(book):                 # several on a sheet; titles, totals, notes are told apart
    table.range, table.titles, table.notes   # "A3:F90", what stands above and beneath
    for column in table.columns:             # .letter .header .name .unit (UCUM) .kind .values (Arrow)
        ...
    for row in table.records():              # header -> value, for small tables
        ...
    list(table.problems())                   # Problem(cell="C7", shown="Q", why="code")
"""

from baigong.models.sheets.grids import Book, Grid, read_book
from baigong.models.sheets.tables import Column, Finding, Problem, Table, find_all, find_tables

__all__ = ["Book", "Column", "Finding", "Grid", "Problem", "Table", "find_all", "find_tables", "read_book"]
