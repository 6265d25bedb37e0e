"""Looks whether a name that nobody knows is a company's all the same, at a price that a flood of names cannot raise."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from baigong.stores.records import ALL, Records
from baigong.stores.records.access import list_tenants
from baigong.stores.records.companies import has_tenant

_AT_ONCE = 20  # names that are looked up exactly within a second; the rest in one list
_LIST_S = 1.0
_NAME = re.compile(r"[a-z0-9_-]{1,64}")


class Strangers:
    """Devices, tokens and episodes make their company when they are the first of it, in the records alone.

    A name is asked for at once: one small read. Of more than ``_AT_ONCE`` in a second the others are looked for in a
    list of all companies that is read once a second: for so long a new one may be missing there.
    """

    def __init__(self, records: Records, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._records = records
        self._monotonic = monotonic
        self._since, self._asked = float("-inf"), 0
        self._listed_at, self._listed = float("-inf"), frozenset[str]()

    def exists(self, tenant: str) -> bool:
        if not _NAME.fullmatch(tenant):
            return False
        now = self._monotonic()
        if now - self._since >= _LIST_S:
            self._since, self._asked = now, 0
        self._asked += 1
        if self._asked <= _AT_ONCE:
            return self._records.read_now(lambda c: has_tenant(c, tenant), tenant=tenant)
        if now - self._listed_at >= _LIST_S:
            self._listed_at, self._listed = now, frozenset(self._records.read_now(list_tenants, tenant=ALL))
        return tenant in self._listed
