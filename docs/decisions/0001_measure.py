"""Measures what a frame costs on its way: size, encoding and decoding. See 0001-frame-schema.md.

``python docs/decisions/0001_measure.py``: 10,000 points of one decimal, one second; the best of many rounds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from baigong.vocab.frame import TIME, decode, encode, frame
from baigong.vocab.ids import point_number

POINTS, ROUNDS = 10_000, 20
NUMBERS = np.array([point_number("t", "d", str(i)) for i in range(POINTS)])
NAMES = [f"line{i // 1000}.machine{i // 100}.quantity{i % 100}" for i in range(POINTS)]
VALUES = np.round(np.random.default_rng(1).uniform(0, 100, POINTS), 1)
TIMES = np.full(POINTS, 1_763_600_000_000_000)


def best(work: Callable[[], Any]) -> float:
    took = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return min(took)


def arrow(columns: dict[str, Any]) -> bytes:
    batch = pa.record_batch(columns)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue())


def read(raw: bytes) -> Any:
    return pa.ipc.open_stream(raw).read_all()


def main() -> None:
    times = pa.array(TIMES).cast(TIME)
    quality = np.zeros(POINTS, np.int32)
    plain = {"time": times, "value": VALUES, "quality": quality}
    numeric = pa.array(VALUES)
    union = pa.UnionArray.from_dense(
        pa.array(np.zeros(POINTS, np.int8)),
        pa.array(np.arange(POINTS, dtype=np.int32)),
        [numeric, pa.array([], pa.int64()), pa.array([], pa.string())],
    )
    rows = [
        {"point": n, "time": int(t), "value": float(v), "quality": 0}
        for n, t, v in zip(NAMES, TIMES, VALUES, strict=True)
    ]
    ways: dict[str, tuple[Callable[[], bytes], Callable[[bytes], Any]]] = {
        "our frame: int64 point, value, quality": (lambda: encode(frame(NUMBERS, TIMES, VALUES)), decode),
        "the same with whole and text written though empty": (
            lambda: arrow(
                {
                    "point": NUMBERS,
                    **plain,
                    "whole": pa.nulls(POINTS, pa.int64()),
                    "text": pa.nulls(POINTS, pa.string()),
                }
            ),
            read,
        ),
        "names instead of numbers": (lambda: arrow({"point": pa.array(NAMES), **plain}), read),
        "names as a dictionary": (lambda: arrow({"point": pa.array(NAMES).dictionary_encode(), **plain}), read),
        "value as a union of float, int, text": (
            lambda: arrow({"point": NUMBERS, "time": times, "value": union, "quality": quality}),
            read,
        ),
        "JSON objects (msgspec)": (lambda: msgspec.json.encode(rows), msgspec.json.decode),
    }
    print(
        "| one second of 10,000 points | bytes a value | encode, ns a value | decode, ns a value |\n|---|---|---|---|"
    )
    for name, (write, take) in ways.items():
        raw = write()
        made, taken = best(write), best(lambda raw=raw, take=take: take(raw))
        print(f"| {name} | {len(raw) / POINTS:.1f} | {made / POINTS * 1e9:.1f} | {taken / POINTS * 1e9:.1f} |")


main()
