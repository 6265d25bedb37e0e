"""What DL/T 645 says: frames, values, addresses and tables of identifiers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baigong.drivers.dlt645 import codec
from baigong.drivers.dlt645.address import canonical, check, parse
from baigong.drivers.dlt645.items import block, form, item, items
from baigong.vocab.errors import FixConfiguration

# -- frames and values ------------------------------------------------------------------------------------


def test_published_frames_are_written_and_read() -> None:
    """The reading of the forward active energy as the 2007 standard's users print it."""
    ask = bytes.fromhex("68 25 04 03 02 01 00 68 11 04 33 33 34 33 E1 16")
    assert codec.wrap("000102030425", 0x11, codec.identifier("00010000"), wake=0) == ask
    told = bytes.fromhex("FE FE FE FE 68 25 04 03 02 01 00 68 91 08 33 33 34 33 75 39 45 33 8B 16")
    used, frame = codec.find(told)
    assert frame is not None
    assert (used, frame.meter, frame.answers, frame.refuses) == (len(told), "000102030425", True, False)
    assert codec.decode(form("XXXXXX.XX"), frame.data[4:]) == 1206.42
    assert codec.wrap(codec.ANYBODY, codec.READ_ADDRESS, b"", 0) == bytes.fromhex("68 AAAAAAAAAAAA 68 13 00 DF 16")


@given(st.binary(max_size=60), st.binary(max_size=60), st.integers(0, 10**12 - 1), st.binary(max_size=200))
def test_a_frame_is_found_in_any_noise(before: bytes, after: bytes, meter: int, data: bytes) -> None:
    before = before.replace(b"\x68", b"\xfe")  # noise that is a beginning may swallow a frame: its sum decides
    used, found = codec.find(before + codec.wrap(f"{meter:012d}", 0x91, data) + after)
    assert found == codec.Frame(f"{meter:012d}", 0x91, data)
    assert used == len(before) + 16 + len(data)


@pytest.mark.parametrize("cut", range(1, 24))
def test_a_frame_that_is_cut_is_waited_for(cut: int) -> None:
    frame = codec.wrap("000000000012", 0x91, b"\1\2\3\4\5\6\7\x68\x16")
    used, found = codec.find(frame[:cut])
    assert found is None
    assert codec.find(frame[used:])[1] is not None


@pytest.mark.parametrize(
    ("written", "raw", "value"),
    [
        ("XXX.X", "0123", 230.1),
        ("-XXX.XXX", "341280", -1.234),
        ("-XX.XXXX", "000099", -19.0),
        ("XXXXXX.XX", "42061200", 1206.42),
        ("XXX.X", "ffff", None),
        ("XXX.X", "0a23", None),
        ("hex2", "1000", 16),
        ("digits3", "563412", "123456"),
        ("ascii6", "343554540000", "TT54"),
    ],
)
def test_values_are_read(written: str, raw: str, value: Any) -> None:
    assert codec.decode(form(written), bytes.fromhex(raw)) == value


@given(st.sampled_from(["XXX.X", "-XX.XXXX", "XXXXXX.XX", "hex2", "digits3"]), st.data())
def test_what_is_written_is_read_again(written: str, data: st.DataObject) -> None:
    shape = form(written)
    if shape.kind == "digits":
        value: Any = data.draw(st.from_regex(r"\A[0-9]{6}\Z"))
    else:
        most = 0xFFFF if shape.kind == "hex" else 8 * 10 ** (2 * shape.size - 1) - 1
        number = data.draw(st.integers(-most if shape.signed else 0, most))
        value = number / 10**shape.decimals
    assert codec.decode(shape, codec.encode(shape, value)) == value


# -- addresses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "short"),
    [
        ("00-01-00-00", "00010000"),
        ("12!0201ff00:xxx.x", "000000000012!0201FF00:XXX.X"),
        ("02010100:XXX.X", "02010100"),
        ("05060101/1", "05060101/1"),
        ("9010", "9010"),
        ("2!RELAY", "000000000002!relay"),
    ],
)
def test_every_notation_names_one_point(written: str, short: str) -> None:
    assert canonical(written) == short
    assert canonical(short) == short


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "write a data identifier"),
        ("0001000", "write a data identifier"),
        ("02FF0100", "add its format"),
        ("02FF0100:YYY", "no format"),
        ("02FF0100:XXX", "no format"),
        ("relay:hex2", "no format"),
        ("1234567890123!00010000", "write a data identifier"),
        ("9010", "has 8 digits"),
    ],
)
def test_what_is_no_address_is_said(address: str, why: str) -> None:
    with pytest.raises(FixConfiguration, match=r"driver\.address") as caught:
        check(address, {})
    assert why in caught.value.message


def test_the_tables_are_of_one_piece() -> None:
    for year, most in ((2007, 250), (1997, 60)):
        told = items(year)
        assert 40 < len(told) < most
        assert len({one.title for one in told}) == len(told)
        for one in told:
            assert item(one.di) == one
            assert str(form(str(one.form))) == str(one.form)
            neighbours = [other for other in told if block(other.di) and block(one.di)]
            same = [n for n in neighbours if block(n.di)[0] == block(one.di)[0]]  # type: ignore[index]
            assert {n.form.size for n in same} <= {one.form.size}


def test_an_address_names_its_meter() -> None:
    assert parse("12!9010").meter == "000000000012"
    assert codec.fits("000000000012", codec.ANYBODY)
    assert not codec.fits("000000000012", "AAAAAAAAAA13")
