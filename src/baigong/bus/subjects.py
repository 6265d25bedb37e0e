"""The names on the bus, how a subject matches a pattern, and how NATS writes a time."""

from __future__ import annotations

from datetime import UTC, datetime

from baigong.vocab.ids import gateway_id, partition_id, tenant_id


def frames_stream(partition: str) -> str:
    return f"FRAMES_{partition_id(partition)}"


def frame_subject(partition: str, tenant: str) -> str:
    return f"frame.{partition_id(partition)}.{tenant_id(tenant)}"


def asked_by(verb: str, gateway: str) -> str:
    """Return where a gateway asks the registry what depends on who asks: the bus lets it use its own name only.

    >>> asked_by("devices", "edge1")
    'registry.devices.edge1'
    """
    return f"registry.{verb}.{gateway_id(gateway)}"


def asker(subject: str) -> str:
    """Return the gateway that asks.

    >>> asker("registry.points.register.edge1")
    'edge1'
    """
    return subject.rsplit(".", 1)[1]


def tenant_of(subject: str) -> str:
    """Return the tenant of a frame's subject.

    >>> tenant_of("frame.p0.demo")
    'demo'
    """
    return subject.rsplit(".", 1)[1]


def matches(pattern: str, subject: str) -> bool:
    """Tell whether a NATS pattern covers a subject: ``*`` one token, ``>`` one or more at the end.

    >>> matches("event.*.link.lost", "event.demo.link.lost"), matches("event.>", "event"), matches("a.*", "a.b.c")
    (True, False, False)
    """
    want, have = pattern.split("."), subject.split(".")
    for i, part in enumerate(want):
        if part == ">":
            return len(have) > i
        if i >= len(have) or part not in ("*", have[i]):
            return False
    return len(want) == len(have)


def microseconds(text: str) -> int:
    """Read a time as NATS writes it: RFC 3339, UTC, up to nine decimals, cut (not rounded) to microseconds.

    >>> microseconds("2026-11-20T20:00:00.123456789Z") % 1_000_000
    123456
    """
    whole, _, decimals = text.removesuffix("Z").partition(".")
    seconds = int(datetime.fromisoformat(whole).replace(tzinfo=UTC).timestamp())
    return seconds * 1_000_000 + int(decimals.ljust(6, "0")[:6] or 0)
