"""Texts that people write: whatever stands in them ends in values, or in one error that says where."""

from __future__ import annotations

import pytest

from baigong.vocab.errors import FixConfiguration
from baigong.vocab.texts import read_yaml


@pytest.mark.parametrize("as_written", [False, True])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", "line 3: a stands here twice"),
        ("a:\n  x: 1\n  x: 2", "line 3: x stands here twice"),
        ("a: 1\nb: [1, 2\nc: 3", "not YAML: line 3: "),
        ("a: 1\n\tb: 2", "not YAML: line 2: "),
        ("a: \x07", "not YAML: "),
        ("a: *nobody", "not YAML: line 1: "),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, said: str, as_written: bool) -> None:
    with pytest.raises(FixConfiguration) as caught:
        read_yaml(text, "pump.yaml", code="tariff.invalid", as_written=as_written)
    assert (caught.value.code, caught.value.place) == ("tariff.invalid", "pump.yaml")
    assert caught.value.message.startswith(said), caught.value.message


@pytest.mark.parametrize(
    "text", ["a: 2026-13-45", "a: !!int x", "a: !!bool x", "a: !!timestamp x", "[" * 5000, "? [a]\n: 1"]
)
def test_nothing_foreign_comes_out(text: str) -> None:
    with pytest.raises(FixConfiguration, match="not YAML"):
        read_yaml(text, "x")


def test_numbers_may_stay_as_they_are_written() -> None:
    assert read_yaml("a: 0.10\nb: 1_0\n<<: {c: 1}", "x", as_written=True)["a"] == "0.10"
    assert read_yaml("base: &b {c: 1}\nd: {<<: *b, <<: *b}", "x")["d"] == {"c": 1}
