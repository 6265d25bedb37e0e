"""An Arrow body is measured before it is unpacked, whatever the compression, and a bomb is refused."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baigong.api.intake import read_arrow
from baigong.api.unpacking import unpacked_bytes
from baigong.vocab.errors import BaigongError
from tests.api.world import World


def _stream(table: pa.Table, compression: str | None) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_a_stream_is_as_large_as_it_says(compression: str | None) -> None:
    table = pa.table(
        {
            "point": pa.array(np.arange(10_000)),
            "value": pa.array(np.zeros(10_000)),
            "text": pa.array(["a"] * 10_000).dictionary_encode(),
        }
    )
    size = unpacked_bytes(_stream(table, compression))
    assert table.nbytes <= size <= table.nbytes * 1.1 + 1024


@given(st.binary(max_size=200), st.integers(0, 2000), st.integers(0, 255))
def test_what_is_no_stream_is_refused_and_nothing_breaks(noise: bytes, at: int, letter: int) -> None:
    raw = bytearray(_stream(pa.table({"point": [1, 2], "value": [1.0, None]}), "zstd"))
    raw[at % len(raw)] = letter
    for broken in (noise, bytes(raw), bytes(raw[: at % len(raw)])):
        try:
            read_arrow(broken)
        except BaigongError as error:
            assert error.code in ("frame.invalid", "payload.too_large")


async def test_a_small_body_that_swells_is_not_unpacked(plant: World) -> None:
    zeros = pa.table({"point": pa.array(np.zeros(40_000_000, np.int64)), "value": pa.array(np.zeros(40_000_000))})
    bomb = _stream(zeros, "zstd")
    assert len(bomb) < 1 << 20
    async with plant.client() as client:
        media = {"Content-Type": "application/vnd.apache.arrow.stream"}
        answer = await client.post("/ingest", content=bomb, headers=media)
        assert (answer.status_code, answer.json()["code"]) == (413, "payload.too_large")
