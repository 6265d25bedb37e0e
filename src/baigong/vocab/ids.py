"""Identifiers that travel in subjects, paths and hashes: validated once, here."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import NewType

from baigong.vocab.errors import FixConfiguration

TenantId = NewType("TenantId", str)
DeviceId = NewType("DeviceId", str)
GatewayId = NewType("GatewayId", str)
PartitionId = NewType("PartitionId", str)

# One token of a NATS subject, one folder name on every file system, one URL segment.
_TOKEN = re.compile(r"^[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?$")


def _token(what: str, text: str) -> str:
    if not _TOKEN.match(text):
        raise FixConfiguration(
            "id.invalid",
            f"{text!r} cannot name a {what}: use 1 to 64 of a-z 0-9 - _, beginning and ending with a letter or digit",
            place=what,
        )
    return text


def tenant_id(text: str) -> TenantId:
    return TenantId(_token("tenant", text))


def device_id(text: str) -> DeviceId:
    return DeviceId(_token("device", text))


def gateway_id(text: str) -> GatewayId:
    return GatewayId(_token("gateway", text))


def partition_id(text: str) -> PartitionId:
    return PartitionId(_token("partition", text))


def point_number(tenant: str, device: str, address: str) -> int:
    """Number a point by its first source, the same on every machine, without asking anyone.

    63 bits of BLAKE2b over the three parts, each with its length before it, so that no two triples
    write the same bytes. The registry refuses a collision before a point is activated.

    >>> point_number("demo", "pump1", "holding:0:float32") == point_number("demo", "pump1", "holding:0:float32")
    True
    >>> 0 < point_number("a", "bc", "d") < 2**63
    True
    """
    digest = blake2b(digest_size=8)
    for part in (tenant, device, address):
        raw = part.encode()
        digest.update(len(raw).to_bytes(4, "big") + raw)
    return int.from_bytes(digest.digest(), "big") >> 1 or 1
