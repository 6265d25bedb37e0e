"""Submodel templates as forms, and what is made of the answers."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from baigong.models.aas import admit, elements, read
from baigong.models.aas.filled import answers_of, filled, is_keepable
from baigong.models.aas.prefill import prefilled
from baigong.models.aas.templates import Field, form_of, is_template
from tests.models.ownplate import POWER, SERIAL, own_template

_USUAL = {
    "xs:boolean": "true", "xs:date": "2026-01-05", "xs:dateTime": "2026-01-05T08:00:00Z", "xs:time": "08:00:00",
    "xs:duration": "PT1H", "xs:gYear": "2020", "xs:gYearMonth": "2026-01", "xs:base64Binary": "AAAA",
}  # fmt: skip
ANSWERS = {
    "SerialNumber": "4711", "Power": 7.5, "Colour": "red", "Note": {"en": "good", "zh": "好", "de": ""},
    "Marking__00__": [{"Name": "CE", "File": "urn:ce"}, {"Name": "UL"}, {"Name": ""}],
    "Limits": [{"min": 1, "max": 5}, {"min": "7"}], "Mail": "a@example.org",
    "AnyThing": [{"idShort": "Weight", "value": "12", "valueType": "xs:double", "semanticId": "urn:weight"}],
    "Motor": {"globalAssetId": "urn:motor"}, "Manual": "urn:manual",
}  # fmt: skip


def _answer(one: Field) -> Any:
    """Answer everything there is, as a template's own form would let one."""
    if one.kind == "SubmodelElementList":
        return [_answer(item) for item in one.fields]
    if one.kind == "SubmodelElementCollection":
        return _everything(one.fields)
    if one.kind == "Entity":
        return {"globalAssetId": "urn:a", "statements": _everything(one.fields)}
    if one.kind == "MultiLanguageProperty":
        return {"en": one.example or "text", "zh": "文本"}
    if "Relationship" in one.kind:
        return {"first": "urn:a", "second": "urn:b"}
    if one.kind in ("Operation", "Capability", "BasicEventElement"):
        return True
    if one.kind in ("ReferenceElement", "File"):
        return "urn:a"
    value = one.choices[0].value if one.choices else _USUAL.get(one.value_type, "1")
    return {"min": value, "max": value} if one.kind == "Range" else "AAAA" if one.kind == "Blob" else value


def _everything(fields: Iterable[Field]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in fields:
        many = max(one.least, 2 if one.most == 0 else 1)
        told = [_answer(one)] * many
        if one.is_named:
            told = [{"idShort": f"My{one.id_short}{at}", "value": told[at]} for at in range(many)]
        found[one.id_short] = told if one.most != 1 or one.is_named else told[0]
    return found


def test_a_template_is_a_form() -> None:
    form = form_of(own_template(), [POWER])
    assert (form.titles, form.version, form.semantic) == ({"zh": "自有铭牌"}, "1.2", "urn:own:semantic")
    by_name = {one.id_short: one for one in form.fields}
    power = by_name["Power"]
    assert (power.titles, power.unit, power.low, power.high) == ({"en": "Power", "zh": "功率"}, "kW", 0, 100)
    assert [(c.value, c.meaning) for c in by_name["Colour"].choices] == [("red", "urn:red"), ("blue", "urn:blue")]
    assert by_name["Colour"].is_closed
    assert (by_name["SerialNumber"].least, by_name["SerialNumber"].example) == (1, "0815")
    marking = by_name["Marking__00__"]
    assert (marking.least, marking.most, [one.id_short for one in marking.fields]) == (1, 0, ["Name", "File"])
    assert by_name["AnyThing"].is_named
    assert by_name["Mail"].either == by_name["Phone"].either == "reach"
    answers = prefilled(form.fields, {SERIAL.rpartition("#")[0]: "S-1"})
    assert answers == {"SerialNumber": "S-1"}


def test_answers_make_a_submodel_that_breaks_no_rule() -> None:
    made, found = filled(own_template(), ANSWERS, "urn:made", [POWER])
    assert not found
    assert made is not None
    assert admit("Submodel", made) == admit("Submodel", made, "3.0") == made
    assert (made.get("kind", "Instance"), made["administration"]["templateId"]) == ("Instance", "urn:own:plate")
    inside = dict(elements(made))
    assert [*inside] == [
        "SerialNumber", "Power", "Colour", "Note", "Marking00", "Marking00.Name", "Marking00.File", "Marking01",
        "Marking01.Name", "Limits", "Limits[0]", "Limits[1]", "Mail", "Weight", "Motor", "Manual",
    ]  # fmt: skip
    assert inside["Power"]["value"] == "7.5"
    assert inside["Colour"]["valueId"]["keys"][0]["value"] == "urn:red"
    assert [one["type"] for _, held in inside.items() for one in held.get("qualifiers", ())] == ["lives"]
    assert inside["Weight"]["valueType"] == "xs:double"
    assert inside["SerialNumber"]["semanticId"] == own_template()["submodelElements"][0]["semanticId"]
    told = answers_of(own_template(), made)
    assert told["Marking__00__"] == [{"Name": "CE", "File": "urn:ce"}, {"Name": "UL"}]
    assert filled(own_template(), told, "urn:made", [POWER]) == (made, [])


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({"SerialNumber": " "}, {"needed": "SerialNumber"}),
        ({"Marking__00__": []}, {"needed": "Marking00.Name"}),
        ({"Marking__00__": [{"File": "urn:x"}]}, {"needed": "Marking00.Name"}),
        ({"Mail": None}, {"either": "Mail"}),
        ({"Motor": {"globalAssetId": "", "statements": {}}}, {}),
        ({"Colour": "green"}, {"choice": "Colour"}),
        ({"Power": 101}, {"range": "Power"}),
        ({"Power": "much"}, {"value": "OwnPlate: Power"}),
        ({"Power": [1, 2]}, {"answer": "Power"}),
        ({"Nonsense": 1}, {"answer": "Nonsense"}),
        ({"Marking__00__": ["CE"]}, {"answer": "Marking00", "needed": "Marking00.Name"}),
    ],
)
def test_what_is_missing_or_wrong_is_told_with_its_place(change: dict[str, Any], codes: dict[str, str]) -> None:
    made, found = filled(own_template(), ANSWERS | change, "urn:made", [POWER])
    assert {one.code: one.at for one in found} == codes
    assert all(one.advice_zh for one in found)
    if is_keepable(found):  # it is not finished, but it breaks no rule
        assert admit("Submodel", made) == made


def test_every_published_template_is_filled_in_whole_and_read_back(shared: Path) -> None:
    """All answered: no rule is broken, nothing that guides the author is left, and the answers come back."""
    folder, many = shared / "data" / "aas" / "json", 0
    if not folder.is_dir():
        pytest.skip("no submodel templates in the shared data")
    for file in sorted(folder.glob("*.json"))[:: 1 if os.environ.get("BAIGONG_LONG") else 4]:
        environment = read(Path(file)).environment
        for template in filter(is_template, environment.submodels):
            many += 1
            answers = _everything(form_of(template, environment.concepts).fields)
            made, found = filled(template, answers, "urn:made", environment.concepts)
            assert not found, (file.name, found[0])
            assert made is not None
            assert "TemplateQualifier" not in str(made)
            assert "SMT/Cardinality" not in str(made)
            assert made.get("semanticId") == template.get("semanticId")
            told = answers_of(template, made)
            assert filled(template, told, "urn:made", environment.concepts) == (made, []), file.name
            nothing, missing = filled(template, {}, "urn:made", environment.concepts)
            assert is_keepable(missing), (file.name, missing)
            assert nothing is not None
    assert many >= 8
