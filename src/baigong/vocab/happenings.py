"""Things that are told, not measured: episodes (intervals), events (past tense), commands (imperative)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Episode(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An interval on an asset: order run, shift, downtime, alarm, maintenance, fault truth, label, annotation.

    ``start_us``/``end_us``: microseconds since the epoch, UTC; ``end_us`` None while open. Corrected by
    sending the same ``id`` again: the latest ``seen`` wins.
    """

    id: str
    asset: str
    kind: str
    start_us: int
    end_us: int | None = None
    title: str = ""
    title_zh: str = ""  # the Chinese one, where ``title`` is in another language
    parent: str | None = None
    attributes: dict[str, Any] = {}
    simulated: bool = False


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that happened: a link went down, a device was changed, a clock was found wrong.

    ``kind`` is past tense and dotted (``link.lost``, ``device.changed``). Unknown fields are tolerated by
    readers, so that old ones survive new ones.
    """

    kind: str
    time_us: int
    tenant: str
    subject: str  # what it is about: "device:press1", "point:123", "gateway:local"
    detail: dict[str, Any] = {}


class Command(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a driver is told to write, after every check: ``value`` as the machine holds it, before scaling."""

    id: str
    tenant: str
    point: int
    address: str
    value: float | int | str | bool
    asked_by: str
    expires_us: int
