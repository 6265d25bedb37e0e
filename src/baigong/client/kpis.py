"""KPIs of assets as DataFrames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

import pyarrow as pa

from baigong.client.link import Link
from baigong.client.tables import in_parts
from baigong.client.times import Time, back

if TYPE_CHECKING:
    import pandas as pd

_LETTERS = 8000  # of names in one address as it is sent, nine for 泵, three for a comma: 2,000 names at most


def read_kpis(link: Link, assets: Sequence[str], start: Time, end: Time) -> pd.DataFrame:
    """Return a row for each KPI of each asset that has any."""
    import pandas as pd

    params = {"start": back(start), "end": back(end), "format": "arrow"}
    parts = [
        link.arrow("GET", "/kpis", params={**params, "assets": ",".join(names)})
        for names in in_parts(assets, lambda name: len(quote(name)) + 3, _LETTERS)
    ]
    if not parts:
        return pd.DataFrame(columns=["asset", "type", "kpi", "value", "unit", "target", "met", "good", "why"])
    return pa.concat_tables(part.replace_schema_metadata(None) for part in parts).to_pandas()
