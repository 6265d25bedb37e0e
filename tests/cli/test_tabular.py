"""Files of rows: in which letters a long one is written, whichever letter stands where the look at it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from baigong.cli.tabular import pieces

_ROW, _ROWS = "2026-01-05,泵é", 80_000  # more than the megabyte that is looked at


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("shift", range(4))
def test_a_letter_cut_in_two_changes_no_encoding(tmp_path: Path, encoding: str, shift: int) -> None:
    file = tmp_path / "long.csv"
    file.write_bytes("\n".join([f"时间,温度{'x' * shift}", *[_ROW] * _ROWS]).encode(encoding))
    made = [piece.table for piece in pieces(file)]
    assert made[0].column_names == ["时间", f"温度{'x' * shift}"]
    assert sum(map(len, made)) == _ROWS and made[-1].column(1)[-1].as_py() == "泵é"
