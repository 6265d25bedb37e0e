"""Bursts: what they carry, how they are cut to a megabyte, what is refused."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baigong.vocab import burst as bursts
from baigong.vocab import frame as frames
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration

NOW = 1_763_600_000_000_000


def test_a_burst_comes_back_as_it_went_and_is_told_from_telemetry_by_its_own_schema():
    waveform = np.sin(np.arange(1000)).astype(np.float32)
    batch = bursts.burst([7, 8], [NOW, NOW + 5], [25_600.0, 1.5], [waveform, waveform[:3]], [0, q.SIMULATED])
    back = bursts.decode(frames.encode(batch))
    assert bursts.is_burst(back)
    first, second = bursts.recordings(back)
    assert (first.point, first.time_us, first.rate_hz, first.quality) == (7, NOW, 25_600.0, 0)
    assert first.samples.tobytes() == waveform.tobytes()
    assert (second.samples.tolist(), second.quality) == (waveform[:3].tolist(), q.SIMULATED)
    assert not bursts.is_burst(bursts.decode(frames.encode(frames.frame([1], [NOW], [2.0]))))


@given(
    st.integers(1, 400_000),
    st.sampled_from([25_600.0, 12_000.0, 51_200.0, 44_100.0, 100.0 / 3, 1e6]),
    st.integers(1, 3),
)
def test_pieces_fit_into_a_megabyte_and_give_every_sample_back_at_its_time(count, rate, rows):
    waveform = np.arange(count, dtype=np.float32)
    batch = bursts.burst(list(range(rows)), [NOW] * rows, [rate] * rows, [waveform] * rows)
    cut = bursts.pieces(batch)
    assert all(len(raw) <= frames.MAX_ENCODED for _, raw in cut)
    back = [one for _, raw in cut for one in bursts.recordings(bursts.decode(raw))]
    for row in range(rows):
        mine = [one for one in back if one.point == row]
        assert np.concatenate([one.samples for one in mine]).tobytes() == waveform.tobytes()
        begins = np.concatenate(([0], np.cumsum([len(one.samples) for one in mine])[:-1]))
        off = [one.time_us - (NOW + begin * 1e6 / rate) for one, begin in zip(mine, begins, strict=True)]
        assert np.abs(off).max() <= (0.51 if rate in (44_100.0, 100.0 / 3) else 1e-3)


def test_samples_that_are_none_make_the_recording_bad_and_are_kept():
    column = pa.array([[1.0, None, 3.0], [1.0, 2.0], [float("inf")]], pa.list_(pa.float64()))
    batch = bursts.conform(
        pa.record_batch(
            {
                "point": pa.array([1, 2, 3]),
                "time": pa.array([NOW] * 3).cast(frames.TIME),
                "rate_hz": pa.array([10.0] * 3),
                "samples": column,
            }
        )
    )
    assert batch.schema == frames.BURST
    made = list(bursts.recordings(batch))
    assert [one.quality for one in made] == [q.BAD_NOT_A_NUMBER, 0, q.BAD_NOT_A_NUMBER]
    assert np.isnan(made[0].samples[1]) and made[0].samples[2] == 3.0


def test_a_slice_carries_only_its_own_samples():
    batch = bursts.burst([1, 2], [NOW, NOW], [10.0, 10.0], [np.zeros(100_000), np.ones(3)])
    raw = frames.encode(bursts.conform(batch.slice(1)))
    assert len(raw) < 2000
    assert next(bursts.recordings(bursts.decode(raw))).samples.tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("change", "place"),
    [({"rate_hz": [0.0]}, "rate_hz"), ({"rate_hz": [float("nan")]}, "rate_hz"), ({"samples": [[]]}, "samples")],
)
def test_what_is_no_burst_is_refused_with_its_place(change, place):
    columns = {"point": [1], "time": [NOW], "rate_hz": [10.0], "samples": [[1.0]]} | change
    batch = pa.record_batch(
        {
            "point": pa.array(columns["point"]),
            "time": pa.array(columns["time"]).cast(frames.TIME),
            "rate_hz": pa.array(columns["rate_hz"]),
            "samples": pa.array(columns["samples"], pa.list_(pa.float32())),
        }
    )
    with pytest.raises(FixConfiguration) as refused:
        bursts.conform(batch)
    assert (refused.value.code, refused.value.place) == ("frame.invalid", place)
    with pytest.raises(FixConfiguration):
        bursts.conform(batch.drop_columns(["samples"]).append_column("sample", pa.array([1.0])))


def test_a_retraction_needs_no_samples():
    batch = bursts.burst([1], [NOW], [10.0], [[]], q.DELETED)
    assert next(bursts.recordings(bursts.decode(frames.encode(batch)))).quality == q.DELETED
