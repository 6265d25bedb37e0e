"""A simulated PLC whose memory is words of 16 bits: areas that can be set, and the end codes of what they refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from baigong.drivers.served import Served
from baigong.drivers.switched import Addressed
from baigong.drivers.words import Cell, encode


class Nak(Exception):
    """An end code."""

    def __init__(self, code: int) -> None:
        self.code = code


class WordServer(Addressed, Served):
    """``areas``: words of each area, by the name that ``_found`` gives. ``low_first``: see ``words.py``."""

    low_first = False

    def __init__(self, areas: Mapping[str, int], values: Mapping[str, Any] | None, host: str, port: int) -> None:
        super().__init__(host, port)
        self._memory = {name: np.zeros(words, ">u2") for name, words in areas.items()}
        for address, value in (values or {}).items():
            self._store(address, value)

    def _found(self, address: str) -> tuple[Cell, str, int, int]:
        """What lies at an address: the value, its area, the first word, and the one behind the last."""
        raise NotImplementedError

    def _store(self, address: str, value: Any) -> None:
        cell, area, start, end = self._found(address)
        raw, held = encode(cell, value, low_first=self.low_first), self._memory[area]
        if cell.kind == "bool":
            mask = 1 << cell.bit
            held[start] = int(held[start]) & ~mask | (mask if raw != b"\0\0" else 0)
        else:
            held[start:end] = np.frombuffer(raw, ">u2")
