"""How long a recall takes among a million links: one recursive query over the records.

.venv/bin/python bench/recall.py            # SQLite; two minutes, most of it filling the tables
"""

from __future__ import annotations

import random
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from baigong.stores.records import ALL, open_records
from baigong.stores.records.access import ensure_tenant
from baigong.stores.records.lots import follow, lot_links

LINKS, STAGES, AT_ONCE = 1_000_000, 5, 50_000


def links() -> list[dict[str, str]]:
    """Return a plant's years: five stages, each lot made of five of the stage before, each going into five."""
    chosen, each = random.Random(1), LINKS // STAGES // 5
    return [
        {"tenant": "main", "consumed": f"s{stage}-{chosen.randrange(each)}", "produced": f"s{stage + 1}-{lot}",
         "episode": f"e{stage}-{lot}-{n}"}
        for stage in range(STAGES) for lot in range(each) for n in range(5)
    ]  # fmt: skip


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        records, rows = open_records(Path(folder) / "records.db"), links()

        def fill(connection: sa.Connection) -> None:
            ensure_tenant(connection, "main", 0)
            for at in range(0, len(rows), AT_ONCE):
                connection.execute(lot_links.insert(), rows[at : at + AT_ONCE])

        records.write_now(fill, tenant=ALL)
        count = records.read_now(
            lambda c: c.execute(sa.select(sa.func.count()).select_from(lot_links)).scalar_one(), tenant=ALL
        )
        print(f"{count:,} links, {(Path(folder) / 'records.db').stat().st_size / 1e6:.0f} MB")
        for lot, direction in (("s0-7", "forward"), ("s5-7", "back"), ("s3-7", "forward")):
            took = []
            for _ in range(5):
                begun = time.process_time()
                found = records.read_now(lambda c: follow(c, "main", lot, direction, 100_000), tenant="main")  # noqa: B023
                took.append(time.process_time() - begun)
            print(f"{direction:7} from {lot}: {len(found):,} links in {min(took) * 1000:.1f} ms CPU (best of 5)")
        records.close_now()


if __name__ == "__main__":
    main()
