"""What is kept of a company's deletion, until it is done and every gateway has been told of it."""

from __future__ import annotations

from msgspec import Struct

from baigong.stores.records.leaving import Counted

ACTION = "tenants"


def deletion(tenant: str) -> str:
    """Name a company's deletion as the audit log does."""
    return f"Deletion:{tenant}/"


class InLake(Struct, frozen=True, kw_only=True):
    """``sum``: SHA-256 over the files' names, rows and sizes, sorted."""

    rows: int = 0
    recordings: int = 0
    files: int = 0
    bytes: int = 0
    sum: str = ""


class Leave(Struct, frozen=True, kw_only=True):
    """A deletion under way, as it is kept until it is done. ``who``: who wanted it, as the audit log names people."""

    id: str
    who: str
    origin: str
    reason: str
    began_us: int
    tables: dict[str, Counted]
    config: InLake
    documents: InLake = InLake()  # contents of documents
    lake: InLake | None = None
    gateways: tuple[str, ...] = ()  # that may hold something of it; no device of it says so later
    away: tuple[str, ...] = ()  # those that could not be told
    done_us: int = 0  # when it was done; kept after that while somebody is away
