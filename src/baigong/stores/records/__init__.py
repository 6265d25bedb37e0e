"""Records: what is not telemetry (people, devices, points, events, episodes) in SQLite."""

from baigong.stores.records.engine import Records, open_records

__all__ = ["Records", "open_records"]
