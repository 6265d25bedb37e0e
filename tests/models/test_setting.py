"""Values are set by the form in which the API shows them; the rest stays."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from baigong.models.aas import admit, locate, read
from baigong.models.aas.views import values
from baigong.registry.shelledits import assign
from baigong.vocab.errors import BaigongError
from tests.models.test_views import THING


def with_values(thing: dict[str, Any], told: Any) -> dict[str, Any]:
    made = deepcopy(thing)
    assign(made, told)
    return made


def test_what_is_shown_can_be_set_again() -> None:
    before = deepcopy(THING)
    assert with_values(THING, values(THING)) == THING
    assert before == THING


def test_only_what_is_named_changes() -> None:
    changed = with_values(
        THING,
        {
            "Speed": 1450,
            "Names": [{"en": "mill"}],
            "Markings": [{"Year": "2025"}],
            "Limits": {"max": 12.5},
            "Motor": {"statements": {"Poles": 6}},
        },
    )
    assert admit("Submodel", changed)
    shown = values(changed)
    assert (shown["Speed"], shown["Names"], shown["Limits"]) == (1450, [{"en": "mill"}], {"min": "-INF", "max": 12.5})
    assert shown["Markings"] == [{"Name": "CE", "Year": "2025"}]
    assert shown["Motor"] == {"entityType": "SelfManagedEntity", "globalAssetId": "urn:m", "statements": {"Poles": 6}}
    assert shown["Photo"] == values(THING)["Photo"]


@pytest.mark.parametrize(
    ("wrong", "code", "place"),
    [
        ({"Pump": 1}, "aas.no_element", "Pump"),
        ({"Motor": {"statements": {"Pump": 1}}}, "aas.no_element", "Motor.Pump"),
        ({"Speed": [1]}, "aas.value", "Speed"),
        ({"Speed": None}, "aas.value", "Speed"),
        ({"Markings": []}, "aas.value", "Markings"),
        ({"Markings": {"0": {}}}, "aas.value", "Markings"),
        ({"Limits": {"middle": 1}}, "aas.value", "Limits"),
        ({"Start": 1}, "aas.unfit", "Start"),
        ([], "aas.value", ""),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(wrong: Any, code: str, place: str) -> None:
    with pytest.raises(BaigongError) as caught:
        with_values(THING, wrong)
    assert caught.value.code == code
    assert place in caught.value.place


def test_a_value_that_breaks_its_type_is_refused_at_the_door() -> None:
    with pytest.raises(BaigongError) as caught:
        admit("Submodel", with_values(THING, {"Speed": 14.5}))
    assert caught.value.code == "aas.invalid"


def test_the_values_of_published_submodels_can_be_set_again(shared: Path) -> None:
    folder = shared / "data" / "aas" / "aasx"
    if not folder.is_dir():
        pytest.skip("no AAS files in the shared data")
    seen = 0
    for path in sorted(folder.glob("*.aasx"))[::8]:
        for submodel in read(path).environment.submodels:
            before = values(submodel)
            assert values(with_values(submodel, without_gaps(submodel, before))) == before, path.name
            seen += 1
    assert seen


def without_gaps(thing: dict[str, Any], value: Any) -> Any:
    """Leave out lists of which some elements have no value: to set those, each is set by its own path."""
    if not isinstance(value, dict):
        return value
    kept = {}
    for name, held in value.items():
        try:
            found, index = locate(thing, name)
        except BaigongError:
            kept[name] = held
            continue
        element = found[index]
        if element["modelType"] == "SubmodelElementCollection":
            kept[name] = without_gaps(element, held)
        elif element["modelType"] not in ("SubmodelElementList", "Entity"):
            kept[name] = held
    return kept
