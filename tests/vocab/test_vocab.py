"""The words everything else is written in: frames, qualities, identifiers, durations, errors."""

import doctest
import importlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baigong.vocab import errors, frame, ids
from baigong.vocab import quality as q
from baigong.vocab.devices import device_yaml, parse_device
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater


@pytest.mark.parametrize(
    "name",
    [
        "vocab.quality",
        "vocab.ids",
        "vocab.frame",
        "vocab.devices",
        "vocab.addresses",
        "vocab.numbers",
        "vocab.quotas",
        "bus.subjects",
        "bus.nats",
    ],
)
def test_examples_in_docstrings_hold(name):
    result = doctest.testmod(importlib.import_module(f"baigong.{name}"))
    assert result.failed == 0


rows = st.lists(
    st.tuples(
        st.integers(1, 2**63 - 1),
        st.integers(-(2**55), 2**55),
        st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.text(max_size=9),
                  st.integers(-(2**62), 2**62)),
        st.sampled_from([q.GOOD, q.UNCERTAIN, q.BAD_NO_COMMUNICATION, q.SIMULATED]),
    ),
    max_size=30,
)  # fmt: skip


@given(rows)
def test_a_frame_comes_back_from_the_wire_as_it_was(rows):
    made = frame.from_python(*map(list, zip(*rows, strict=True))) if rows else frame.from_python([], [], [], [])
    back = frame.decode(frame.encode(made))
    assert back.schema == frame.FRAME and back.equals(made)


@given(rows, st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_frame_is_a_frame_or_a_typed_error(rows, at, byte):
    made = frame.from_python(*map(list, zip(*rows, strict=True))) if rows else frame.from_python([], [], [], [])
    raw = bytearray(frame.encode(made))
    raw[at % len(raw)] = byte
    for damaged in (bytes(raw), bytes(raw[: at % len(raw)])):
        try:
            assert frame.decode(damaged).schema == frame.FRAME
        except FixConfiguration as error:
            assert error.code == "frame.invalid"


def test_nan_and_inf_become_null_with_bad_quality_and_keep_their_mark():
    made = frame.frame([1, 2, 3, 4], [0, 0, 0, 0], [1.0, np.nan, np.inf, np.nan], [0, q.SIMULATED, 0, q.BAD])
    assert made.column("value").to_pylist() == [1.0, None, None, None]
    assert made.column("quality").to_pylist() == [0, q.SIMULATED | q.BAD_NOT_A_NUMBER, q.BAD_NOT_A_NUMBER, q.BAD]
    arrow = pa.table({"point": [1, 2], "time": pa.array([0, 1], frame.TIME), "value": [np.nan, 2.0]})
    taken = frame.conform(arrow.to_batches()[0])
    assert taken.column("value").to_pylist() == [None, 2.0]
    assert taken.column("quality").to_pylist() == [q.BAD_NOT_A_NUMBER, 0]


def test_integers_keep_every_digit():
    made = frame.from_python([1, 2, 3], [0, 0, 0], [2**53, 2**60 + 1, 2**70], [0, 0, 0])
    assert made.column("value").to_pylist() == [float(2**53), None, None]
    assert made.column("whole").to_pylist() == [None, 2**60 + 1, None]
    assert made.column("text").to_pylist() == [None, None, str(2**70)]


def test_large_frames_are_split_below_the_limit_and_lose_no_row():
    made = frame.frame(np.arange(1, 100_001), np.arange(100_000), np.random.default_rng(1).random(100_000))
    pieces = list(frame.split(made))
    assert len(pieces) > 1 and all(len(frame.encode(p)) <= frame.MAX_ENCODED for p in pieces)
    assert pa.Table.from_batches(pieces).equals(pa.Table.from_batches([made]))
    with pytest.raises(FixConfiguration) as told:
        list(frame.split(frame.from_python([1], [0], ["x" * 2_000_000], [0])))
    assert told.value.code == "payload.too_large"


@pytest.mark.parametrize(
    "columns",
    [
        {"point": [1]},
        {"point": [1], "time": ["yesterday"]},
        {"point": [None], "time": pa.array([0], frame.TIME)},
        {"point": [1], "time": pa.array([0], frame.TIME), "colour": ["red"]},
        {"point": [1], "time": pa.array([0], frame.TIME), "value": ["warm"]},
    ],
)
def test_what_is_not_a_frame_is_told(columns):
    with pytest.raises(FixConfiguration) as told:
        frame.conform(pa.table(columns).to_batches()[0])
    assert told.value.code == "frame.invalid" and told.value.advice


def test_numbers_do_not_depend_on_where_one_name_ends():
    numbers = {ids.point_number(*parts) for parts in [("a", "bc", "d"), ("ab", "c", "d"), ("a", "b", "cd")]}
    assert len(numbers) == 3 and all(0 < n < 2**63 for n in numbers)


@pytest.mark.parametrize(
    ("one", "other", "near"),
    [
        ("pump1.flow", "pump1.speed", True),
        ("pump1.flow", "pump2.flow", False),
        ("plant/press#a", "plant/press#b.c", False),
        ("plant/press#a", "plant/press#b", True),
        ("holding:0:float32", "holding:2:float32", True),  # no steps: the device is the place
        ("ns=2;s=Line1.Press.Temp", "ns=2;s=Line1.Press.Level", True),
    ],
)
def test_points_of_one_place_have_neighbouring_numbers(one: str, other: str, near: bool):
    first, second = (ids.point_number("t", "d", address) for address in (one, other))
    assert first != second and (first >> 47 == second >> 47) is near


def test_a_hundred_thousand_points_of_one_place_have_numbers_of_their_own():
    assert len({ids.point_number("t", "d", f"ns=2;i={i}") for i in range(100_000)}) == 100_000


@pytest.mark.parametrize("text", ["", "A", "a.b", "a b", "../x", "-a", "a" * 65, "企业"])
def test_identifiers_that_cannot_be_subject_folder_and_url_are_refused(text):
    with pytest.raises(FixConfiguration) as told:
        ids.tenant_id(text)
    assert told.value.code == "id.invalid"


@pytest.mark.parametrize(
    "text",
    [
        "device: x\ndriver: sim\npoints:\n- {name: nodot, address: sine}",
        "device: x\ndriver: sim\npoints:\n- {name: a.b, address: s}\n- {name: a.b, address: t}",
        "device: X!\ndriver: sim",
        "device: x\ndriver: sim\nscan: {default: soon}",
        "device: x\ndriver: sim\nscan: {default: 1ms}",
        "device: x\ndriver: sim\ncolour: red",
        "device: [",
        "just text",
    ],
)
def test_a_wrong_device_file_names_what_is_wrong(text):
    with pytest.raises(FixConfiguration) as told:
        parse_device(text)
    assert told.value.code in ("config.invalid", "id.invalid") and len(told.value.message) > 8


def test_a_device_is_the_same_after_being_written_and_read():
    spec = parse_device(
        "device: press1\ndriver: modbus\nscan: {default: 1s}\npoints:\n"
        "- {name: press1.force, address: 'holding:1:float32', unit: kN, states: {'1': 运行 running}}"
    )
    assert parse_device(device_yaml(spec)) == spec
    assert "运行" in device_yaml(spec)


def test_errors_carry_code_status_advice_and_travel():
    error = RetryLater("driver.unreachable", "no answer", place="10.0.0.1:502", tries=3)
    again = errors.from_problem(error.problem())
    assert (type(again), again.code, again.place, again.fields) == (RetryLater, error.code, error.place, {"tries": 3})
    assert again.status == 502 and again.advice in str(again)
    with pytest.raises(KeyError):
        RetryLater("no.such", "x")
    with pytest.raises(TypeError):
        FixConfiguration("driver.unreachable", "x")
    assert isinstance(errors.from_problem({"code": "from.the.future", "title": "?"}), BaigongError)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("device: st\ntitel: Pump\ndriver: sim\n", "unknown field `titel`; perhaps title"),
        ("device: st\ndriver: sim\npoints:\n- {name: a.b, adress: x}\n", "perhaps address"),
        ("device: st\ndriver: sim\ndevice: other\n", "line 3: device stands here twice"),
        ("device: st\ndriver: sim\noptions: {host: a, host: b}\n", "line 3: host stands here twice"),
        ("device: st\n driver: sim\n", "not YAML"),
    ],
)
def test_a_slip_in_a_device_file_is_named(text: str, expected: str) -> None:
    with pytest.raises(FixConfiguration) as told:
        parse_device(text)
    assert expected in told.value.message
