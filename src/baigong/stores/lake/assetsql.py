"""Assets as SQL has them: one row an asset, beside the points that are named by it, and one row a relation."""

from __future__ import annotations

import pyarrow as pa

ASSETS = pa.schema(
    [
        pa.field("asset", pa.string(), nullable=False),
        pa.field("parent", pa.string()),  # "": nothing but the company
        pa.field("path", pa.string()),  # hall/line2/pump1
        pa.field("level", pa.string()),  # null, like all that follows but titles: only points name it
        pa.field("type", pa.string()),
        pa.field("code", pa.string()),
        pa.field("title", pa.string()),
        pa.field("title_zh", pa.string()),
        pa.field("place", pa.string()),
        pa.field("state", pa.string()),
        pa.field("properties", pa.string()),  # JSON
    ]
)
RELATIONS = pa.schema([pa.field(name, pa.string(), nullable=False) for name in ("asset", "kind", "other")])
