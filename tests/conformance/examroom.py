"""What the questions of the exam share: the subject in its seat, and how frames and answers are looked at."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pyarrow as pa
import pytest
from subjects import Subject, subject_of

from baigong.drivers.contract import Delivery, Driver, Wanted
from baigong.drivers.manifest import Manifest, read_manifest
from baigong.vocab import quality as q
from baigong.vocab.frame import FRAME, times_us

LINK_CODES = {"driver.unreachable", "driver.timeout", "driver.protocol"}


@asynccontextmanager
async def sitting(driver_id: str) -> AsyncIterator[tuple[Subject, Manifest]]:
    """Start the subject's simulator; a driver that is finished must have brought a subject."""
    subject = subject_of(driver_id)
    if subject is None:
        pytest.skip(f"{driver_id} has not brought a subject_{driver_id}.py")
    async with subject() as made:
        assert made.driver == driver_id
        assert len(made.good) >= 2, "a subject needs two good addresses"
        yield made, read_manifest(driver_id, f"baigong.drivers.{driver_id}")


def need(claimed: Manifest, capability: str) -> None:
    if capability not in claimed.capabilities:
        pytest.skip(f"{claimed.id} does not claim {capability}")


def rows(batch: pa.RecordBatch) -> dict[int, tuple[Any, int]]:
    """Turn a frame into number -> (value, whole or text; quality)."""
    made = {}
    for row in batch.to_pylist():
        held = [row[name] for name in ("value", "whole", "text") if row[name] is not None]
        assert len(held) <= 1, f"a row holds two values: {row}"
        made[row["point"]] = (held[0] if held else None, row["quality"])
    return made


def check_frame(batch: pa.RecordBatch) -> None:
    assert batch.schema.equals(FRAME)
    assert (times_us(batch) > 0).all()
    assert (times_us(batch) < time.time() * 1e6 + 5e6).all(), "a value from the future"
    for value, quality in rows(batch).values():
        assert value is not None or q.severity(quality) != "good", "good, and yet nothing"


async def within(seconds: float, awaited: Any) -> Any:
    try:
        return await asyncio.wait_for(awaited, seconds)
    except TimeoutError:
        pytest.fail(f"no answer within {seconds} s")


async def first(driver: Driver, wanted: list[Wanted], count: int = 1) -> list[Delivery]:
    deliveries: list[Delivery] = []
    async for delivery in driver.watch(wanted):
        deliveries.append(delivery)
        await delivery.accept()
        if len(deliveries) == count:
            break
    return deliveries
