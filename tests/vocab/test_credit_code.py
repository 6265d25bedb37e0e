"""Real check-digit arithmetic: the standard's own example, and codes of organisations that everybody can look up."""

from __future__ import annotations

import pytest

from baigong.vocab.credit_code import _LETTERS, check_character, credit_code, organisation_check
from baigong.vocab.errors import FixConfiguration

STANDARD = "91350100M000100Y43"  # GB 32100-2015, the example


def made(place: str, organisation: str) -> str:
    first = f"91{place}{organisation}{organisation_check(organisation)}"
    return first + check_character(first)


@pytest.mark.parametrize("text", [STANDARD, STANDARD.lower(), " 9135 0100 M000 100Y 43 ", "91330100799655058B"])
def test_real_codes_are_good(text: str) -> None:
    assert credit_code(text) == "".join(text.split()).upper()


def test_what_we_make_is_good() -> None:
    for n in range(200):
        credit_code(made("330200", f"MA2{n:05d}"))


def test_every_single_wrong_character_and_every_swap_of_neighbours_is_found() -> None:
    for at, right in enumerate(STANDARD):
        for wrong in _LETTERS:
            if wrong != right:
                with pytest.raises(FixConfiguration):
                    credit_code(STANDARD[:at] + wrong + STANDARD[at + 1 :])
    for at in range(17):
        one, other = STANDARD[at : at + 2]
        if one != other:
            with pytest.raises(FixConfiguration):
                credit_code(STANDARD[:at] + other + one + STANDARD[at + 2 :])


@pytest.mark.parametrize(
    ("text", "why"),
    [("9135", "18 characters"), ("9135O100M000100Y43", "never used"), ("91A50100M000100Y43", "digits of a place")],
)
def test_it_is_said_what_is_wrong(text: str, why: str) -> None:
    with pytest.raises(FixConfiguration, match=why) as caught:
        credit_code(text)
    assert caught.value.code == "config.invalid"
