"""KPIs of assets as DataFrames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from baigong.client.link import Link
from baigong.client.times import Time, back

if TYPE_CHECKING:
    import pandas as pd

_LETTERS = 8000  # of names in one address
_MOST = 2000


def read_kpis(link: Link, assets: Sequence[str], start: Time, end: Time) -> pd.DataFrame:
    """Return a row for each KPI of each asset that has any."""
    import pandas as pd

    params = {"start": back(start), "end": back(end), "format": "arrow"}
    parts: list[pa.Table] = []
    batch: list[str] = []
    for name in [*assets, ""]:  # the empty one sends the last
        if batch and (not name or len(batch) >= _MOST or sum(map(len, batch)) + len(name) > _LETTERS):
            parts.append(link.arrow("GET", "/kpis", params={**params, "assets": ",".join(batch)}))
            batch = []
        batch += [name] if name else []
    if not parts:
        return pd.DataFrame(columns=["asset", "type", "kpi", "value", "unit", "target", "met", "good", "why"])
    return pa.concat_tables(part.replace_schema_metadata(None) for part in parts).to_pandas()
