"""Waveforms in MQTT payloads: JSON that says so itself, rules for binary, and what is no waveform."""

import json

import numpy as np
import pytest

from baigong.drivers.mqtt.columns import Columns
from baigong.drivers.mqtt.mapping import parse_mapping
from baigong.drivers.mqtt.payload import Book, numbering_of
from baigong.vocab import quality as q
from baigong.vocab.burst import recordings
from baigong.vocab.devices import PointSpec
from baigong.vocab.errors import FixConfiguration

NOW = 1_763_600_000_000_000


def book(mapping="", specs=None):
    return Book(numbering_of("demo", "dev"), parse_mapping(mapping), specs)


def taken(made, topic, payload, **more):
    columns = Columns()
    count = made.reader(topic).take(payload, columns, NOW, **more)
    batch = columns.bursts()
    return count, [] if batch is None else list(recordings(batch)), columns


def test_json_with_a_rate_and_samples_is_a_waveform_without_any_rule():
    made = book()
    payload = json.dumps({"rate_hz": 100, "samples": [1, -2.5, 3], "ts": NOW // 1000, "unit": "m/s2"}).encode()
    count, (one,), columns = taken(made, "pump2/vibration", payload)
    assert (count, len(columns), one.time_us, one.rate_hz) == (1, 1, NOW, 100.0)
    assert one.samples.tolist() == [1.0, -2.5, 3.0] and len(columns.frame()) == 0
    (point,) = made.fresh
    assert (point.name, point.kind, point.unit, point.address) == (
        "pump2.vibration", "burst", "m/s2", "pump2/vibration#",
    )  # fmt: skip


def test_without_a_time_it_has_just_ended_and_a_wrong_clock_makes_it_uncertain():
    payload = json.dumps({"rate_hz": 10, "samples": [0.0] * 20}).encode()
    _, (one,), _ = taken(book(), "a/b", payload)
    assert (one.time_us, one.quality) == (NOW - 2_000_000, 0)
    late = json.dumps({"rate_hz": 10, "samples": [0.0], "ts": 1_000_000}).encode()
    _, (one,), columns = taken(book(), "a/b", late)
    assert (one.time_us, one.quality, columns.skewed) == (NOW, q.UNCERTAIN_CLOCK, 1)


@pytest.mark.parametrize(
    ("rule", "payload"),
    [
        ("format: int16\n  rate_hz: 25600\n  scale: 0.5", np.array([2, -4, 6], "<i2").tobytes()),
        ("format: int16\n  rate_hz: 25600\n  scale: 0.5\n  byte_order: big", np.array([2, -4, 6], ">i2").tobytes()),
        ("format: float32\n  rate_hz: 25600", np.array([1, -2, 3], "<f4").tobytes()),
        ("format: burst\n  samples: d.wave\n  rate: d.fs", b'{"d": {"fs": 25600, "wave": [1, -2, 3]}}'),
        ("format: burst\n  rate_hz: 25600", b'{"samples": [1, -2, 3]}'),
    ],
)
def test_rules_say_how_bytes_are_samples(rule, payload):
    _, (one,), _ = taken(book(f"- topic: a/#\n  {rule}\n"), "a/b", payload)
    assert (one.samples.tolist(), one.rate_hz) == ([1.0, -2.0, 3.0], 25_600.0)


def test_a_point_s_scale_applies_to_every_sample():
    spec = PointSpec(name="pump2.vibration", address="a/b#", kind="burst", scale=9.81, offset=1.0)
    _, (one,), _ = taken(book(specs=[spec]), "a/b", b'{"rate_hz": 1, "samples": [1, 2]}')
    assert one.samples.tolist() == pytest.approx([10.81, 20.62], rel=1e-6)


@pytest.mark.parametrize(
    ("mapping", "payload"),
    [
        ("", b'{"rate_hz": 0, "samples": [1]}'),
        ("", b'{"rate_hz": 10, "samples": []}'),
        ("", b'{"rate_hz": 10, "samples": [1, "a"]}'),
        ("", b'{"rate_hz": 10, "samples": [[1, 2], [3, 4]]}'),
        ("", b'{"rate_hz": "fast", "samples": [1]}'),
        ("- topic: a/#\n  format: int16\n  rate_hz: 10\n", b"abc"),
        ("- topic: a/#\n  format: burst\n", b'{"rate_hz": 10}'),
        ("- topic: a/#\n  format: burst\n", b"[1, 2]"),
    ],
)
def test_what_is_no_waveform_is_malformed_and_appends_nothing(mapping, payload):
    made, columns = book(mapping), Columns()
    with pytest.raises(FixConfiguration) as refused:
        made.reader("a/b").take(payload, columns, NOW)
    assert refused.value.code == "payload.malformed" and len(columns) == 0
    assert made.reader("a/b").error is refused.value


def test_values_and_waveforms_may_share_a_topic():
    made = book()
    for _ in range(3):
        count, waves, columns = taken(made, "a/b", b'{"temp": 1.5, "flow": 2}')
        assert (count, waves, len(columns.frame())) == (2, [], 2)
        count, waves, _ = taken(made, "a/b", b'{"rate_hz": 10, "samples": [1]}')
        assert (count, len(waves)) == (1, 1)


def test_a_binary_rule_needs_a_rate():
    with pytest.raises(FixConfiguration, match="needs rate_hz"):
        parse_mapping("- topic: a\n  format: int16\n")
