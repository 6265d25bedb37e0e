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
_TOKEN = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,62}[a-z0-9])?")


def _token(what: str, text: str) -> str:
    if not _TOKEN.fullmatch(text):
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


def is_named_below(asset: str, above: str) -> bool:
    """Tell whether an asset is ``above`` or a part of it by its name; where it stands may say more (registry/tree.py).

    >>> is_named_below("hall.press1", "hall"), is_named_below("hall", "hall"), is_named_below("hall2", "hall")
    (True, True, False)
    """
    return asset == above or asset.startswith(f"{above}.")


_NEAR_BITS = 16  # of 63: points read from one place get neighbouring numbers, and so lie together in every file
_LAST_STEP = re.compile(r"[^./#]*$")


def point_number(tenant: str, device: str, address: str) -> int:
    """Number a point by its first source, the same on every machine, without asking anyone.

    The upper 16 bits say where it is: BLAKE2b over tenant, device and the address without its last step (after the
    last ``.``, ``/`` or ``#``). The lower 47 say which one it is: BLAKE2b over all three. Each part is hashed with
    its length before it, so that no two triples write the same bytes. The registry refuses a collision before a
    point is activated. Decision 0009 has the measurement.

    >>> point_number("demo", "pump1", "holding:0:float32") == point_number("demo", "pump1", "holding:0:float32")
    True
    >>> 0 < point_number("a", "bc", "d") < 2**63
    True
    >>> point_number("a", "b", "pump1.flow") >> 47 == point_number("a", "b", "pump1.speed") >> 47
    True
    """
    near = _hashed(tenant, device, _LAST_STEP.sub("", address)) >> (64 - _NEAR_BITS)
    itself = _hashed(tenant, device, address) >> (_NEAR_BITS + 1)
    return near << (63 - _NEAR_BITS) | itself or 1


def _hashed(*parts: str) -> int:
    digest = blake2b(digest_size=8)
    for part in parts:
        raw = part.encode()
        digest.update(len(raw).to_bytes(4, "big") + raw)
    return int.from_bytes(digest.digest(), "big")
