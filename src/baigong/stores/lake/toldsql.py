"""What is told, not measured, as SQL has it: episodes, and the lots that they say went into which."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

import msgspec
import pyarrow as pa

from baigong.vocab.frame import TIME
from baigong.vocab.happenings import Episode

EPISODES = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("asset", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("start_time", TIME),
        pa.field("end_time", TIME),  # null while open
        pa.field("title", pa.string()),
        pa.field("title_zh", pa.string()),
        pa.field("parent", pa.string()),
        pa.field("attributes", pa.string()),  # JSON
        pa.field("simulated", pa.bool_()),
    ]
)
LOT_USES = pa.schema(
    [
        pa.field("lot", pa.string(), nullable=False),
        pa.field("side", pa.string(), nullable=False),  # consumed | produced
        pa.field("episode", pa.string(), nullable=False),
        pa.field("material", pa.string()),  # null: nobody said so, like the two below
        pa.field("quantity", pa.float64()),
        pa.field("unit", pa.string()),
    ]
)
GENEALOGY = pa.schema([pa.field(name, pa.string(), nullable=False) for name in ("consumed", "produced", "episode")])
TASKS = pa.schema(
    [
        pa.field("number", pa.int64(), nullable=False),
        pa.field("id", pa.string(), nullable=False),
        pa.field("asset", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("state", pa.string()),
        pa.field("priority", pa.string()),
        pa.field("title", pa.string()),
        pa.field("assignee", pa.string()),  # null: nobody's yet, and of no role
        pa.field("role", pa.string()),
        pa.field("origin", pa.string()),
        pa.field("origin_ref", pa.string()),
        pa.field("due_time", TIME),
        pa.field("made_time", TIME),
        pa.field("made_by", pa.string()),
        pa.field("began_time", TIME),
        pa.field("done_time", TIME),
        pa.field("done_by", pa.string()),
        pa.field("cause", pa.string()),
        pa.field("hours", pa.float64()),
        pa.field("outcome", pa.string()),
    ]
)
VIEWS = (
    ("tasks", "create view tasks as from tasks_in"),
    ("episodes", "create view episodes as from episodes_in"),
    ("genealogy", "create view genealogy as from genealogy_in"),
    ("lot_uses", "create view lot_uses as from lot_uses_in"),
    # a lot's name is the same wherever it stands; what it is, and how much was made, the step that made it knows best
    (
        "lots",
        "create view lots as select lot, "
        "coalesce(max(material) filter (where side = 'produced'), max(material)) as material, "
        "sum(quantity) filter (where side = 'produced') as made, "
        "sum(quantity) filter (where side = 'consumed') as used, "
        "coalesce(max(unit) filter (where side = 'produced'), max(unit)) as unit "
        "from lot_uses_in group by lot",
    ),
)
Source: TypeAlias = pa.Table | Callable[[], pa.Table]


@dataclass(slots=True, frozen=True)
class LotTables:
    """``uses``: schema LOT_USES; ``links``: schema GENEALOGY; of who may not ask for lots: none."""

    uses: Source = LOT_USES.empty_table
    links: Source = GENEALOGY.empty_table


def episodes_table(episodes: Iterable[Episode]) -> pa.Table:
    """Turn episodes into the Arrow table that ``sql_view`` takes."""
    rows = [
        {
            "id": e.id,
            "asset": e.asset,
            "kind": e.kind,
            "start_time": e.start_us,
            "end_time": e.end_us,
            "title": e.title,
            "title_zh": e.title_zh or None,
            "parent": e.parent,
            "attributes": msgspec.json.encode(e.attributes).decode(),
            "simulated": e.simulated,
        }
        for e in episodes
    ]
    return pa.Table.from_pylist(rows, EPISODES)
