"""Register tables as makers print them (点表): read line by line, what was understood, what was not, and why.

table = read_table(split("0x0000 | Voltage | FLOAT | V"), Reading())
table.lines                      # one for each line, with address, type, unit, scale and remarks
template_of("meter", table)      # a device template of what was taken
"""

from baigong.models.registertables.questions import Question, Reading
from baigong.models.registertables.reading import RegisterTable, TableLine, read_table
from baigong.models.registertables.splitting import Row, rows_of_book, split
from baigong.models.registertables.taglists import is_tag_list, read_tags
from baigong.models.registertables.writing import template_of

__all__ = [
    "Question",
    "Reading",
    "RegisterTable",
    "Row",
    "TableLine",
    "is_tag_list",
    "read_table",
    "read_tags",
    "rows_of_book",
    "split",
    "template_of",
]
