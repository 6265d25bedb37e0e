"""Tables in sealed memory: written once, mapped by every child that asks, gone when nobody holds them any more."""

from __future__ import annotations

import itertools
import os
import weakref

import pyarrow as pa

from baigong.sandbox import wire

_KEYS = itertools.count(1)


class Block:
    """One table that cannot change. ``key``: its name for children, never used again in this process.

    A child that has mapped a block keeps it for the next query, so what many queries need is copied once.
    """

    __slots__ = ("__weakref__", "_closing", "descriptor", "key", "nbytes")

    def __init__(self, table: pa.Table) -> None:
        self.key = next(_KEYS)
        self.descriptor = wire.sealed_table(table)
        self.nbytes = os.fstat(self.descriptor).st_size
        self._closing = weakref.finalize(self, os.close, self.descriptor)

    def close(self) -> None:
        """Let go of it now; who has mapped it keeps it."""
        self._closing()

    def table(self) -> pa.Table:
        """Map it here, too; nothing is copied."""
        return wire.mapped_table(os.dup(self.descriptor))
