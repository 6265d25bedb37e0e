"""Records: what is not telemetry (people, devices, points, events, episodes) in SQLite or PostgreSQL."""

from baigong.stores.records.engine import Records, open_records, prepare_tables
from baigong.stores.records.place import Server
from baigong.stores.records.walls import ALL

__all__ = ["ALL", "Records", "Server", "open_records", "prepare_tables"]
