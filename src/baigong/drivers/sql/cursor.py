"""How far a feed was, as JSON keeps it: a number, a text, a time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from hashlib import blake2b
from typing import Any

import pyarrow as pa

from baigong.drivers.recordsource import Feed


def kept(value: Any) -> Any:
    """Return what JSON can keep of a cursor.

    >>> loaded(kept(datetime(2026, 1, 2, 3))) == datetime(2026, 1, 2, 3), loaded(kept(7))
    (True, 7)
    """
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    return value


def loaded(told: Any) -> Any:
    if not isinstance(told, dict):
        return told
    ((kind, text),) = told.items()
    read: dict[str, Callable[[str], Any]] = {
        "time": datetime.fromisoformat,
        "date": date.fromisoformat,
        "decimal": Decimal,
        "bytes": bytes.fromhex,
    }
    return read[kind](text)


def earlier(value: Any, overlap_s: float) -> Any:
    """Return from where to read again. Times as text are compared as texts, so they are shortened by nothing."""
    return value - timedelta(seconds=overlap_s) if isinstance(value, datetime) else value


def last(table: pa.Table, column: str) -> Any:
    """Return the last value of a cursor in rows in its order; None: it is nowhere said."""
    said = table.column(column).drop_null()
    return said[-1].as_py() if len(said) else None


def fingerprint(feed: Feed) -> str:
    """Return what changes when the feed asks for something else: then it is read from the start."""
    told = repr((feed.query, feed.table, feed.changed, feed.kind, feed.fields, feed.key, feed.constants, feed.zone))
    return blake2b(told.encode(), digest_size=8).hexdigest()


def digests(table: pa.Table) -> list[bytes]:
    """Return a digest a row."""
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    return [blake2b(repr(row).encode(), digest_size=8).digest() for row in rows]
