"""S7 addresses in every notation, and the bytes of every type."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from baigong.drivers.s7.address import WIDTHS, canonical, parse
from baigong.drivers.s7.values import Decoder, encode, size
from baigong.vocab import quality as q
from baigong.vocab.errors import FixConfiguration


def decoded(address: str, raw: bytes, encoding: str = "gb18030") -> Any:
    """The one value of an address whose bytes are ``raw``: number, whole number or text; a quality when it is bad."""
    columns = Decoder(1, [(0, parse(address), 0)], encoding).decode(np.frombuffer(raw, np.uint8))
    row = columns.frame([1], np.zeros(1, np.int32), 1).to_pylist()[0]
    return row["quality"] or next((row[n] for n in ("value", "whole", "text") if row[n] is not None), None)


@pytest.mark.parametrize(
    ("written", "short"),
    [
        ("DB1.DBD4:REAL", "db1.4:real"),
        ("%DB1.DBD4 : real", "db1.4:real"),
        ("DB1,REAL4", "db1.4:real"),
        ("DB12.DBX0.7", "db12.0.7"),
        ("DB12,X0.7", "db12.0.7"),
        ("db12.0.7:bool", "db12.0.7"),
        ("DB1.DBW2", "db1.2:word"),
        ("DB1.DBW2:INT", "db1.2:int"),
        ("DB1,DINT8", "db1.8:dint"),
        ("DB2,STRING20.32", "db2.20:string32"),
        ("DB2,S20", "db2.20:string254"),
        ("DB2.DBB20:wstring10", "db2.20:wstring10"),
        ("DB1.DBB8:lreal", "db1.8:lreal"),
        ("MX10.3", "m10.3"),
        ("M10.3", "m10.3"),
        ("MB10", "m10:byte"),
        ("EW4", "i4:word"),
        ("AD4:dint", "q4:dint"),
        ("E0.1", "i0.1"),
        ("A0.1", "q0.1"),
        ("VD100:real", "db1.100:real"),
        ("T5", "t5"),
        ("Z7", "c7"),
        ("db1.4:float32", "db1.4:real"),
        ("db1.4:udint", "db1.4:dword"),
    ],
)
def test_every_notation_names_one_point(written: str, short: str) -> None:
    assert canonical(written) == short
    assert canonical(short) == short


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("", "write DB1"),
        ("DB1", "write DB1"),
        ("DB0.DBW2", "numbered 1"),
        ("DB70000.DBW2", "numbered 1"),
        ("DB1.DBX0", "0 to 7"),
        ("DB1.DBX0.8", "0 to 7"),
        ("DB1.DBX0.3:int", "no other type"),
        ("DB1.DBW2.3", "no other type"),
        ("DB1.DBD4:int", "D is 4 bytes"),
        ("DB1.4", "say the type"),
        ("DB1.4:quad", "no type 'quad'"),
        ("DB1.4:", "after the colon"),
        ("DB1,REAL4:real", "after the comma"),
        ("DB1,X4", "a bit has a number"),
        ("M65535:word", "beyond byte"),
        ("DB1.0:string255", "1 to 254"),
        ("T70000", "numbered 0"),
        ("T5:int", "no type"),
        ("holding:5", "write DB1"),
        ("DB1.DBD٤:real", "write DB1"),
    ],
)
def test_what_is_no_address_is_said(address: str, why: str) -> None:
    with pytest.raises(FixConfiguration, match=r"driver\.address") as caught:
        parse(address)
    assert why in caught.value.message


@pytest.mark.parametrize(
    ("address", "raw", "value"),
    [
        ("db1.0.3", "08", 1),
        ("db1.0.3", "f7", 0),
        ("db1.0:sint", "ff", -1),
        ("db1.0:int", "fffb", -5),
        ("db1.0:word", "fffb", 65531),
        ("db1.0:dint", "80000000", -(2**31)),
        ("db1.0:real", "423d0000", 47.25),
        ("db1.0:real", "7fc00000", q.BAD_NOT_A_NUMBER),
        ("db1.0:lreal", "7ff0000000000000", q.BAD_NOT_A_NUMBER),
        ("db1.0:lint", "0020000000000001", 2**53 + 1),
        ("db1.0:lword", "8000000000000005", "9223372036854775813"),
        ("db1.0:bcd16", "1234", 1234),
        ("db1.0:bcd16", "12a4", q.BAD_TYPE_MISMATCH),
        ("db1.0:time", "000005dc", 1.5),
        ("db1.0:time", "fffffa24", -1.5),
        ("db1.0:tod", "019bfcc0", 27_000.0),
        ("db1.0:ltime", "0000000059682f00", 1.5),
        ("db1.0:s5time", "0250", 2.5),
        ("db1.0:s5time", "2127", 127.0),
        ("t1", "3999", 9990.0),
        ("c1", "0123", 123),
        ("db1.0:date", "33d5", "2026-05-01"),
        ("db1.0:dt", "2605010630151234", "2026-05-01T06:30:15.123"),
        ("db1.0:dt", "9912312359599997", "1999-12-31T23:59:59.999"),
        ("db1.0:dt", "2613010630151234", q.BAD_TYPE_MISMATCH),
        ("db1.0:dt", "2605010630151f34", q.BAD_TYPE_MISMATCH),
        ("db1.0:dtl", "07ea0501060" + "61e0f00000001", "2026-05-01T06:30:15.000000001"),
        ("db1.0:dtl", "000000000000000000000000", q.BAD_TYPE_MISMATCH),
        ("db1.0:ldt", "0000000000000001", "1970-01-01T00:00:00.000000001"),
        ("db1.0:char", "41", "A"),
        ("db1.0:wchar", "6cf5", "泵"),
        ("db1.0:string4", "040250313333", "P1"),
        ("db1.0:string4", "fe0550313333" + "", "P133"),
        ("db1.0:string4", "020550313333", q.BAD_TYPE_MISMATCH),
        ("db1.0:string4", "0402b1c30000", "泵"),
        ("db1.0:wstring2", "000200016cf50000", "泵"),
    ],
)
def test_bytes_are_read(address: str, raw: str, value: Any) -> None:
    assert decoded(address, bytes.fromhex(raw)) == value


def test_texts_of_western_plcs() -> None:
    assert decoded("db1.0:string5", bytes([5, 5]) + "läuft".encode("latin-1"), "latin-1") == "läuft"


@given(st.sampled_from(sorted(set(WIDTHS) - {"date", "dt", "dtl", "ldt", "char", "wchar", "s5time"})), st.data())
def test_what_is_written_is_read_again(kind: str, data: st.DataObject) -> None:
    place = parse(f"db1.0:{kind}")
    raw = data.draw(st.binary(min_size=place.count, max_size=place.count))
    value = decoded(f"db1.0:{kind}", raw)
    if isinstance(value, int) and value in (q.BAD_NOT_A_NUMBER, q.BAD_TYPE_MISMATCH):
        return  # may also be a number that looks like a quality: nothing is claimed of it
    if isinstance(value, str):
        value = int(value)
    again = decoded(f"db1.0:{kind}", encode(place, value))
    assert again == value or math.isclose(float(again), float(value), rel_tol=1e-12) or str(value) == again


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("db1.0.3", 2),
        ("db1.0:int", 32768),
        ("db1.0:int", 1.5),
        ("db1.0:word", -1),
        ("db1.0:real", float("nan")),
        ("db1.0:real", 1e39),
        ("db1.0:real", "fast"),
        ("db1.0:bcd16", 10_000),
        ("db1.0:time", 3e6),
        ("db1.0:s5time", 0.005),
        ("db1.0:s5time", 9991.0),
        ("db1.0:string4", "12345"),
        ("db1.0:char", "泵"),
        ("db1.0:date", "2026-05-01"),
    ],
)
def test_what_does_not_fit_is_refused(address: str, value: Any) -> None:
    with pytest.raises(FixConfiguration, match=r"config\.invalid"):
        encode(parse(address), value)


def test_an_element_of_a_timer_has_two_bytes() -> None:
    assert size(parse("t5")) == 2
    assert size(parse("db1.0:dtl")) == 12
