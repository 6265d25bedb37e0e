"""Elements by their path, and the views of the AAS API on them."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from baigong.models.aas import elements, judge, locate, read
from baigong.models.aas.tree import lines
from baigong.models.aas.views import core, metadata, reference, scalar, values, without_blobs
from baigong.vocab.errors import BaigongError
from tests.models.samples import property_, submodel

MARKING = {"modelType": "SubmodelElementCollection", "value": [property_("Name", "CE"), property_("Year", "2024")]}
THING = submodel(
    property_("Speed", "1500", valueType="xs:int"),
    property_("Unset") | {"value": None},
    {"idShort": "Names", "modelType": "MultiLanguageProperty",
     "value": [{"language": "zh", "text": "泵"}, {"language": "en", "text": "pump"}]},
    {"idShort": "Markings", "modelType": "SubmodelElementList", "typeValueListElement": "SubmodelElementCollection",
     "value": [MARKING]},
    {"idShort": "Limits", "modelType": "Range", "valueType": "xs:double", "min": "-INF", "max": "9.5"},
    {"idShort": "Photo", "modelType": "Blob", "contentType": "image/png", "value": "AAAA"},
    {"idShort": "Motor", "modelType": "Entity", "entityType": "SelfManagedEntity", "globalAssetId": "urn:m",
     "statements": [property_("Poles", "4", valueType="xs:int")]},
    {"idShort": "Start", "modelType": "Operation"},
)  # fmt: skip
del THING["submodelElements"][1]["value"]


def test_the_sample_breaks_no_rule() -> None:
    assert judge("Submodel", THING)[1] == []


def test_every_element_is_found_by_the_path_it_is_listed_with() -> None:
    listed = list(elements(THING))
    assert [path for path, _ in listed][3:7] == ["Markings", "Markings[0]", "Markings[0].Name", "Markings[0].Year"]
    for path, element in listed:
        held, index = locate(THING, path)
        assert held[index] is element


@pytest.mark.parametrize(
    "path", ["", ".", "Speed.", ".Speed", "[0]", "Markings.[0]", "Markings[0]Name", "Markings[x]", "a b"]
)
def test_what_is_no_path_is_told(path: str) -> None:
    with pytest.raises(BaigongError) as caught:
        locate(THING, path)
    assert caught.value.code == "aas.path"


@pytest.mark.parametrize("path", ["Pump", "Markings[1]", "Markings.Name", "Speed[0]", "Speed.Name", "Markings[0].name"])
def test_what_is_not_there_is_told(path: str) -> None:
    with pytest.raises(BaigongError) as caught:
        locate(THING, path)
    assert (caught.value.code, caught.value.status) == ("aas.no_element", 404)


def test_values_are_of_json() -> None:
    assert values(THING) == {
        "Speed": 1500,
        "Names": [{"zh": "泵"}, {"en": "pump"}],
        "Markings": [{"Name": "CE", "Year": "2024"}],
        "Limits": {"min": "-INF", "max": 9.5},
        "Photo": {"contentType": "image/png", "value": "AAAA"},
        "Motor": {"entityType": "SelfManagedEntity", "globalAssetId": "urn:m", "statements": {"Poles": 4}},
    }
    assert values(without_blobs(THING))["Photo"] == {"contentType": "image/png"}


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("9007199254740993", "xs:long", "9007199254740993"),
        ("007", "xs:int", 7),
        ("1" * 5000, "xs:integer", "1" * 5000),
        ("NaN", "xs:double", "NaN"),
        ("x", "xs:int", "x"),
        ("2024", "xs:gYear", "2024"),
    ],
)
def test_numbers_that_json_would_round_stay_text(text: str, kind: str, value: Any) -> None:
    assert scalar(text, kind) == value


def test_metadata_has_no_value_and_nothing_inside() -> None:
    assert metadata(THING) == {"idShort": "Nameplate", "id": "urn:sm:1", "modelType": "Submodel"}
    speed = THING["submodelElements"][0]
    assert metadata(speed) == {"idShort": "Speed", "valueType": "xs:int", "modelType": "Property"}


def test_core_stops_below_the_children() -> None:
    shown = core(THING)
    assert [path for path, _ in elements(shown)] == [one["idShort"] for one in THING["submodelElements"]]
    assert shown["submodelElements"][0] == THING["submodelElements"][0]


def test_without_blobs_only_their_content_is_missing() -> None:
    shown = without_blobs(THING)
    held, index = locate(shown, "Photo")
    assert held[index] == {"idShort": "Photo", "modelType": "Blob", "contentType": "image/png"}
    assert [path for path, _ in elements(shown)] == [path for path, _ in elements(THING)]


def test_a_reference_names_every_step() -> None:
    assert [(key["type"], key["value"]) for key in reference(THING, "Markings[0].Name")["keys"]] == [
        ("Submodel", "urn:sm:1"),
        ("SubmodelElementList", "Markings"),
        ("SubmodelElementCollection", "0"),
        ("Property", "Name"),
    ]
    assert judge("Reference", reference(THING, "Markings[0].Name"))[1] == []


def test_the_tree_shows_values_units_and_the_readers_language(shared: Path) -> None:
    path = shared / "data" / "aas" / "aasx" / "Digital_nameplate_3_0_1_IDTA_02006-3-0-1_Template_Digital_Nameplate.aasx"
    if not path.exists():
        pytest.skip("no AAS files in the shared data")
    shown = {line.name: line for line in lines(read(path).environment)}
    assert shown["SerialNumber"].value == "12345678"
    assert shown["SerialNumber"].semantic == "0112/2///61987#ABA951#009"
    assert shown["MarkingName"].depth == 4


def test_units_come_from_the_concept() -> None:
    content = {"preferredName": [], "unit": "rpm", "modelType": "DataSpecificationIec61360"}
    named = {"type": "ExternalReference", "keys": [{"type": "GlobalReference", "value": "urn:cd"}]}
    given = {"dataSpecification": named, "dataSpecificationContent": content}
    concept = {"id": "urn:cd", "embeddedDataSpecifications": [given], "modelType": "ConceptDescription"}
    speed = property_("Speed", "1500", semanticId=named)
    found = read(msgspec.json.encode({"submodels": [submodel(speed)], "conceptDescriptions": [concept]})).environment
    line = next(line for line in lines(found) if line.name == "Speed")
    assert (line.value, line.unit, line.semantic) == ("1500", "rpm", "urn:cd")


@pytest.mark.parametrize("name", ["engine", "paths", "places", "relations", "tree", "views"])
def test_examples_in_docstrings_hold(name: str) -> None:
    tried = doctest.testmod(importlib.import_module(f"baigong.models.aas.{name}"))
    assert tried.attempted
    assert tried.failed == 0
