"""Units: what UCUM says of them, and what people write instead."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baigong.vocab import units
from baigong.vocab.units import COMMON, is_unit, meant, parse_unit

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("code", "factor"),
    [  # the factors are those of the definitions (UCUM 2.2; NIST SP 811)
        ("kPa", 1e3), ("mbar", 100.0), ("[psi]", 6894.757293168), ("L/min", 1e-3 / 60), ("m3/h", 1 / 3600),
        ("kW.h", 3.6e6), ("uS/cm", 1e-4), ("mm[H2O]", 9.80665), ("/min", 1 / 60), ("10*3/uL", 1e12), ("m/s2", 1.0),
        ("mm2/s", 1e-6), ("{count}", 1.0), ("{pcs}/h", 1 / 3600), ("kg/m3", 1.0), ("m3{normal}/h", 1 / 3600),
        ("km/h", 1 / 3.6), ("s-1", 1.0), ("deg", 0.017453292519943), ("mPa.s", 1e-3), ("t/h", 1000 / 3600), ("%", 0.01),
    ],
)  # fmt: skip
def test_codes_have_their_factor_to_si(code: str, factor: float) -> None:
    assert parse_unit(code).factor == pytest.approx(factor, rel=1e-9)


def test_dimensions_tell_what_is_the_same_quantity() -> None:
    for one, other in (("kW.h", "J"), ("bar", "N/m2"), ("[psi]", "kPa"), ("L/min", "m3/h"), ("V.A", "W"), ("Hz", "/s")):
        assert parse_unit(one).dimension == parse_unit(other).dimension
    assert parse_unit("W").dimension != parse_unit("W.h").dimension
    fahrenheit = parse_unit("[degF]")
    assert 212 * fahrenheit.factor + fahrenheit.zero == pytest.approx(373.15)


def test_every_common_code_is_one_and_every_atom_has_its_names() -> None:
    assert [code for code in COMMON if not is_unit(code)] == []
    assert [written for written, code in units._MEANT.items() if not is_unit(code)] == []
    assert all(unit.name and unit.name_zh for unit, _ in units._ATOMS.values())


@pytest.mark.parametrize(
    "code", ["rpm", "m³/h", "Nm", "kWh", "°C", "m//h", "m/", ".", "kk", "m3/h/", "[psi", "mmin", "{"]
)
def test_what_is_no_code_is_told(code: str) -> None:
    assert not is_unit(code)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("°C", "Cel"), ("℃", "Cel"), ("m³/h", "m3/h"), ("kWh", "kW.h"), ("rpm", "/min"), ("mpa", "MPa"), ("Mpa", "MPa"),
        ("μS/cm", "uS/cm"), ("N·m", "N.m"), ("lbs/hr", "[lb_av]/h"), ("kpa", "kPa"), ("???", ""), ("m^2", "m2"),
        ("W/m²", "W/m2"), ("KW", "kW"), ("barr", "bar"),
    ],
)  # fmt: skip
def test_what_was_meant_is_suggested(written: str, code: str) -> None:
    assert meant(written) == code


@given(st.text(max_size=40))
def test_nothing_anybody_writes_raises_and_a_suggestion_is_a_unit(text: str) -> None:
    assert is_unit(text) in (True, False)
    assert is_unit(meant(text))


def test_our_own_plant_and_documents_use_known_codes() -> None:
    found = set()
    for path in [
        *ROOT.glob("src/baigong/**/*.toml"),
        *ROOT.glob("src/baigong/plant/**/*.py"),
        *ROOT.glob("docs/**/*.md"),
    ]:
        found |= set(re.findall(r"unit[:=] ?\"([^\"{}]+)\"", path.read_text("utf-8")))
    assert [code for code in found if not is_unit(code)] == []
