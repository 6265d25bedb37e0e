"""What a company may use at most, as text that people write; and the pace at which values may come."""

from __future__ import annotations

import math
import re
from typing import Any

import msgspec
from msgspec import Struct

from baigong.vocab.errors import FixConfiguration
from baigong.vocab.texts import read_yaml

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([kKMGTP]?)(i?)B?")
_POWERS = {"": 0, "k": 1, "K": 1, "M": 2, "G": 3, "T": 4, "P": 5}
BURST_S = 2.0  # how much of an allowance gathers while nobody uses it
_FORGOTTEN = ("values_per_day",)  # a field of earlier records that never bounded anything


class Quotas(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """None: no bound here. ``values_s``: values a second; ``storage``: bytes in the lake, of documents, and of the
    texts and pictures of screens; ``queries``: SQL at once; ``queries_day``: from midnight to midnight, UTC.
    ``overcommit``: a region's companies may together be promised more than the region has.
    """

    points: int | None = None
    devices: int | None = None
    people: int | None = None
    values_s: int | None = None
    storage: int | None = None
    queries: int | None = None
    queries_day: int | None = None
    flows: int | None = None
    apps: int | None = None
    overcommit: bool = False

    def of(self, what: str) -> int | None:
        found = getattr(self, what)
        return None if found is None else int(found)


TITLES = {
    "points": ("points", "测点"),
    "devices": ("devices", "采集连接"),
    "people": ("people", "人员"),
    "values_s": ("values a second", "每秒数据量"),
    "storage": ("storage", "存储"),
    "queries": ("SQL queries at once", "并发 SQL 查询"),
    "queries_day": ("SQL queries a day", "每日 SQL 查询"),
    "flows": ("flows", "逻辑流"),
    "apps": ("apps", "工业APP"),
}
KINDS: tuple[str, ...] = tuple(n for n in Quotas.__struct_fields__ if n != "overcommit")


def parse_quotas(text: str, *, stored: bool = False) -> Quotas:
    r"""Read lines like ``points: 5000`` and ``storage: 50 GB`` (YAML; JSON too). Raises config.invalid with the place.

    ``stored``: a text that an earlier version took is read as it did, with 5,000 and 0x10.

    >>> told = parse_quotas("values_s: 2k  # of both lines\nstorage: 1.5 GB")
    >>> told.values_s, told.storage
    (2000, 1500000000)
    """
    told = read_yaml(text, "quotas", as_written=not stored) or {}
    if not isinstance(told, dict):
        raise FixConfiguration("config.invalid", "write one 'name: number' a line", place="quotas")
    known: dict[str, Any] = {}
    for name, value in told.items():
        if name in _FORGOTTEN:
            continue
        if name not in Quotas.__struct_fields__:
            raise FixConfiguration(
                "config.invalid", f"there is no quota {name!r}; there are {list(KINDS)}", place=str(name)
            )
        if name == "overcommit":
            known[name] = {"true": True, "false": False}.get(str(value).lower(), value)
        else:
            known[name] = _amount(name, str(value).replace(",", "").replace("_", "") if stored and value else value)
    try:
        return msgspec.convert(known, Quotas)
    except msgspec.ValidationError as error:
        raise FixConfiguration("config.invalid", str(error), place="quotas") from error


def _amount(name: str, value: Any) -> int | None:
    if value is None or value in ("", "~", "null"):
        return None
    found = _SIZE.fullmatch(str(value).strip())
    if isinstance(value, bool) or not found:
        raise FixConfiguration("config.invalid", f"{name}: {value!r} is no amount: write 5000, 2k or 50 GB", place=name)
    step = 1024 if found[3] else 1000
    return math.floor(float(found[1]) * float(step ** _POWERS[found[2]]))


def quotas_text(quotas: Quotas) -> str:
    r"""Write quotas as people would.

    >>> quotas_text(Quotas(points=50, overcommit=True))
    'points: 50\novercommit: true\n'
    """
    lines = [f"{what}: {quotas.of(what)}\n" for what in KINDS if quotas.of(what) is not None]
    return "".join(lines) + ("overcommit: true\n" if quotas.overcommit else "")


class Pace:
    """An allowance that grows by ``rate`` a second, to at most ``BURST_S`` seconds of it.

    Whoever takes more than there is leaves a debt, and the next has to wait until it is paid: so an amount of any
    size passes, and in the long run not more than the rate. ``now_s``: any monotonic seconds.
    """

    __slots__ = ("_at", "ahead", "left", "rate")

    def __init__(self, rate: float, now_s: float) -> None:
        self.rate = rate
        self.left = rate * BURST_S
        self.ahead = 0.0  # taken before it was seen to arrive
        self._at = now_s

    def spend(self, amount: float, now_s: float) -> None:
        """Take; what ``take_ahead`` has taken already is not taken twice."""
        covered = min(self.ahead, amount)
        self.ahead -= covered
        self._grow(now_s)
        self.left -= amount - covered

    def take_ahead(self, amount: float, now_s: float) -> None:
        """Take what is about to arrive."""
        self._grow(now_s)
        self.left -= amount
        self.ahead += amount

    def give_back(self, amount: float) -> None:
        """Undo ``take_ahead``: it did not arrive."""
        self.left += amount
        self.ahead = max(0.0, self.ahead - amount)

    def wait_s(self, now_s: float) -> float:
        """Return how long the next has to wait; 0 when there is something left."""
        self._grow(now_s)
        if self.left > 0:
            return 0.0
        return 60.0 if self.rate <= 0 else max(0.001, (1.0 - self.left) / self.rate)

    def _grow(self, now_s: float) -> None:
        self.left = min(self.rate * BURST_S, self.left + max(0.0, now_s - self._at) * self.rate)
        self._at = now_s
