from __future__ import annotations

import pytest

from baigong.vocab.errors import FixConfiguration
from baigong.vocab.formula import Holds, parse_formula
from baigong.vocab.kpis import order_of


def test_a_formula_names_what_it_needs_once() -> None:
    formula = parse_formula(' 100 * time(state == "running") / time(state) + time(state) * 0 + rated')
    assert [(one.function, one.point) for one in formula.aggregates()] == [("time", "state"), ("time", "state")]
    assert formula.aggregates()[0].test == Holds((("==", "running"),))
    assert [name.name for name in formula.names()] == ["rated"]
    (dashed,) = parse_formula('delta(point("energy-1"))').aggregates()
    assert dashed.point == "energy-1"
    (turned,) = parse_formula("time(5 < power)").aggregates()
    assert turned.test == Holds(((">", 5.0),))


@pytest.mark.parametrize(
    ("text", "letter", "said"),
    [
        ("", 1, "needs an expression"),
        ("power", None, ""),  # a bare name is read: only the type knows whether there is such a KPI
        ("mean(power", 5, "no formula"),
        ("avg(power)", 1, "perhaps mean"),
        ("2 * total(x)", 5, "perhaps sum"),
        ("产量 / foo(x)", 6, "no function 'foo'"),
        ("mean(power + 1)", 6, "of something computed"),
        ("mean(a, b)", 1, "of one point"),
        ("time(a == 1 and b == 2)", 6, "about one point"),
        ("time(a == b)", 11, "with a number"),
        ("mean(power) ** 2", 1, "+ - * /"),
        ("__import__('os').system('x')", 1, "a formula has"),
        ("(lambda: 1)()", 1, "a formula has"),
        ("[p for p in power]", 1, "a formula has"),
        ("1e999 * mean(power)", 1, "too large"),
        ("mean(power) if 1 else 2", 1, "a formula has"),
        ("-" * 60 + "1", 42, "nested too deeply"),
        ("1" + " + 1" * 400, 1, "a flow's work"),
        ("span(power)", 1, "of nothing"),
    ],
)
def test_what_is_no_formula_is_told_with_its_letter(text: str, letter: int | None, said: str) -> None:
    if letter is None:
        parse_formula(text)
        return
    with pytest.raises(FixConfiguration) as caught:
        parse_formula(text, "x.kpis.k.expression")
    assert (caught.value.fields["letter"], caught.value.place) == (letter, "x.kpis.k.expression"), caught.value.message
    assert said in caught.value.message


def test_kpis_stand_behind_those_they_are_made_of() -> None:
    texts = {"oee": "a * b", "a": "time(s == 1) / b", "b": "span()"}
    formulas = {name: parse_formula(text) for name, text in texts.items()}
    assert order_of(formulas) == ["b", "a", "oee"]
    with pytest.raises(ValueError, match="a → b → a"):
        order_of({"a": parse_formula("b"), "b": parse_formula("a + 1")})
