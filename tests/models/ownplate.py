"""A small submodel template of our own with everything that published ones have."""

from __future__ import annotations

from typing import Any

from baigong.models.aas import admit


def _said(type_: str, value: str) -> dict[str, Any]:
    return {"kind": "TemplateQualifier", "type": type_, "valueType": "xs:string", "value": value}


def _how_often(word: str, **more: str) -> list[dict[str, Any]]:
    return [_said("SMT/Cardinality", word), *(_said(f"SMT/{name}", value) for name, value in more.items())]


def _means(id: str) -> dict[str, Any]:
    return {"type": "ExternalReference", "keys": [{"type": "GlobalReference", "value": id}]}


def _iec(**content: Any) -> dict[str, Any]:
    names = [{"language": "en", "text": "Power"}, {"language": "zh", "text": "功率"}]
    return {
        "dataSpecification": _means("https://admin-shell.io/DataSpecificationTemplates/DataSpecificationIec61360/3"),
        "dataSpecificationContent": {
            "preferredName": names, **content, "modelType": "DataSpecificationIec61360",
        },
    }  # fmt: skip


SERIAL = "0112/2///61987#ABA951#009"
_SHAFT = [{"language": "en", "text": "shaft"}]
POWER = {
    "id": "urn:power", "modelType": "ConceptDescription",
    "embeddedDataSpecifications": [_iec(unit="kW", dataType="REAL_MEASURE", definition=_SHAFT)],
}  # fmt: skip
_COLOURS = {
    "valueReferencePairs": [
        {"value": "red", "valueId": _means("urn:red")},
        {"value": "blue", "valueId": _means("urn:blue")},
    ]
}
_ELEMENTS: list[dict[str, Any]] = [
    {"idShort": "SerialNumber", "modelType": "Property", "valueType": "xs:string", "value": "0815",
     "semanticId": _means(SERIAL), "qualifiers": _how_often("One")},
    {"idShort": "Power", "modelType": "Property", "valueType": "xs:double", "semanticId": _means("urn:power"),
     "qualifiers": _how_often("ZeroToOne", AllowedRange="[0,100]")},
    {"idShort": "Colour", "modelType": "Property", "valueType": "xs:string", "qualifiers": _how_often("ZeroToOne"),
     "embeddedDataSpecifications": [_iec(valueList=_COLOURS)]},
    {"idShort": "Note", "modelType": "MultiLanguageProperty",
     "qualifiers": [*_how_often("ZeroToOne"), {"type": "lives", "valueType": "xs:string", "value": "long"}]},
    {"idShort": "Marking__00__", "modelType": "SubmodelElementCollection", "qualifiers": _how_often("OneToMany"),
     "value": [
         {"idShort": "Name", "modelType": "Property", "valueType": "xs:string", "qualifiers": _how_often("One")},
         {"idShort": "File", "modelType": "File", "contentType": "image/png", "qualifiers": _how_often("ZeroToOne")},
     ]},
    {"idShort": "Limits", "modelType": "SubmodelElementList", "typeValueListElement": "Range",
     "valueTypeListElement": "xs:int", "qualifiers": _how_often("ZeroToOne"),
     "value": [{"modelType": "Range", "valueType": "xs:int"}]},
    {"idShort": "Mail", "modelType": "Property", "valueType": "xs:string",
     "qualifiers": _how_often("ZeroToOne", EitherOr="reach")},
    {"idShort": "Phone", "modelType": "Property", "valueType": "xs:string",
     "qualifiers": _how_often("ZeroToOne", EitherOr="reach")},
    {"idShort": "AnyThing", "modelType": "Property", "valueType": "xs:string",
     "semanticId": _means("https://admin-shell.io/SMT/General/Arbitrary"), "qualifiers": _how_often("ZeroToMany")},
    {"idShort": "Motor", "modelType": "Entity", "entityType": "SelfManagedEntity", "globalAssetId": "urn:template",
     "qualifiers": _how_often("ZeroToOne")},
    {"idShort": "Manual", "modelType": "ReferenceElement", "qualifiers": _how_often("ZeroToOne")},
]  # fmt: skip


def own_template() -> dict[str, Any]:
    made = {
        "id": "urn:own:plate", "idShort": "OwnPlate", "kind": "Template", "modelType": "Submodel",
        "administration": {"version": "1", "revision": "2"}, "semanticId": _means("urn:own:semantic"),
        "displayName": [{"language": "zh", "text": "自有铭牌"}], "submodelElements": _ELEMENTS,
    }  # fmt: skip
    return admit("Submodel", made)
