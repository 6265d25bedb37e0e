"""``python -m baigong.drivers.sql erp.db``: writes the stand-in ERP as a SQLite file, and prints its mapping."""

from __future__ import annotations

import sys
from pathlib import Path

from baigong.drivers.sql import sim


def main() -> None:
    sim.make_file(Path(sys.argv[1] if len(sys.argv) > 1 else "erp.db"))
    sys.stdout.write(sim.mapping())


if __name__ == "__main__":
    main()
