"""The submodels Nameplate (IDTA 02006-3-0) and TechnicalData (IDTA 02003-2-0) of an asset, from its properties.

A property with a semantic id that the nameplate has stands there; all others stand in the technical data.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from msgspec import Struct

from baigong.models.aas.environment import Jsonable
from baigong.models.aas.madeids import external, id_shorts, submodel, told
from baigong.models.aas.madevalues import specification, xsd
from baigong.models.aas.templates import ARBITRARY
from baigong.models.chinese import is_chinese

NAMEPLATE = "https://admin-shell.io/idta/nameplate/3/0/Nameplate"
TECHNICAL_DATA = "0173-1#01-AHX837#002"
_VERSION = re.compile(r"#\d+$")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_TYPES: dict[type, str] = {bool: "xs:boolean", int: "xs:double", float: "xs:double", str: "xs:string"}
_ADDRESS = "https://admin-shell.io/zvei/nameplate/1/0/ContactInformations/AddressInformation"
_IEC, _ECLASS = "0112/2///61987#", "0173-1#02-"


class Fact(Struct, frozen=True, kw_only=True):
    """One property of an asset, with what its type says of it."""

    name: str
    value: str | bool | int | float
    unit: str = ""
    title: str = ""
    title_zh: str = ""
    semantic: str = ""


class _Line(NamedTuple):
    id_short: str
    semantic: str  # of the template
    also: str  # ECLASS
    kind: str  # of the template's element: words (MultiLanguageProperty), or a value type


_LINES = (
    _Line("ManufacturerName", f"{_IEC}ABA565#009", f"{_ECLASS}AAO677#004", "words"),
    _Line("ManufacturerProductDesignation", f"{_IEC}ABA567#009", f"{_ECLASS}AAW338#003", "words"),
    _Line("ManufacturerProductRoot", "0112/2///61360_7#AAS011#001", f"{_ECLASS}AAU732#003", "words"),
    _Line("ManufacturerProductFamily", f"{_IEC}ABP464#002", f"{_ECLASS}AAU731#003", "words"),
    _Line("ManufacturerProductType", f"{_IEC}ABA300#008", f"{_ECLASS}AAO057#004", "xs:string"),
    _Line("OrderCodeOfManufacturer", f"{_IEC}ABA950#008", f"{_ECLASS}AAO227#004", "xs:string"),
    _Line("ProductArticleNumberOfManufacturer", f"{_IEC}ABA581#007", f"{_ECLASS}AAO676#005", "xs:string"),
    _Line("SerialNumber", f"{_IEC}ABA951#009", f"{_ECLASS}AAM556#004", "xs:string"),
    _Line("YearOfConstruction", f"{_IEC}ABP000#002", f"{_ECLASS}AAP906#003", "xs:string"),
    _Line("DateOfManufacture", f"{_IEC}ABB757#007", f"{_ECLASS}AAR972#004", "xs:date"),
    _Line("HardwareVersion", f"{_IEC}ABA926#008", f"{_ECLASS}AAN270#004", "xs:string"),
    _Line("FirmwareVersion", f"{_IEC}ABA302#006", f"{_ECLASS}AAM985#004", "xs:string"),
    _Line("SoftwareVersion", f"{_IEC}ABA601#008", f"{_ECLASS}AAM737#004", "xs:string"),
    _Line("CountryOfOrigin", f"{_IEC}ABP462#001", f"{_ECLASS}AAO259#007", "xs:string"),
)
_WHERE = (  # of the manufacturer
    _Line("Street", f"{_ECLASS}AAO128#002", "", "words"),
    _Line("Zipcode", f"{_ECLASS}AAO129#002", "", "words"),
    _Line("CityTown", f"{_ECLASS}AAO132#002", "", "words"),
    _Line("NationalCode", f"{_ECLASS}AAO134#002", "", "words"),
)
_URI = _Line("URIOfTheProduct", f"{_IEC}ABN590#002", f"{_ECLASS}ABH173#003", "xs:anyURI")
_NEEDED = ("ManufacturerName", "ManufacturerProductDesignation", "OrderCodeOfManufacturer")
# of the technical data: the same things under ids of their own
_GENERAL = (
    _Line("ManufacturerName", f"{_ECLASS}AAO677#004", "", "xs:string"),
    _Line("ManufacturerProductDesignation", f"{_ECLASS}AAW338#003", "", "words"),
    _Line("ManufacturerArticleNumber", f"{_ECLASS}AAO676#005", "", "xs:string"),
    _Line("ManufacturerOrderCode", f"{_ECLASS}AAO227#004", "", "xs:string"),
)


def bare(semantic: str) -> str:
    """Leave the version of an IRDI out."""
    return _VERSION.sub("", semantic)


_MEANT = {bare(id): line for line in (*_LINES, *_WHERE) for id in (line.semantic, line.also) if id}


def line_of(fact: Fact) -> str:
    """Name the element of the nameplate that a fact is; empty: none."""
    line = _MEANT.get(bare(fact.semantic)) if fact.semantic else None
    if line is None or (line.kind == "xs:date" and not _DATE.fullmatch(xsd(fact.value))):
        return ""
    return line.id_short


def meant(facts: Iterable[Fact]) -> dict[str, str]:
    """Return what facts say, by every semantic id that means it; ids are `bare`."""
    found: dict[str, str] = {}
    for fact in facts:
        line = _MEANT.get(bare(fact.semantic)) if fact.semantic else None
        ids = (fact.semantic, line.semantic, line.also) if line else (fact.semantic,)
        found |= {bare(id): xsd(fact.value) for id in ids if id}
    return found


def serial_number(facts: Iterable[Fact]) -> str:
    return next((xsd(fact.value) for fact in facts if line_of(fact) == "SerialNumber"), "")


def nameplate(id: str, asset: str, designation: Sequence[Jsonable], facts: Sequence[Fact]) -> Jsonable:
    """Return the submodel. ``asset``: its globalAssetId; ``designation``: of its kind, where no property says one.

    What the template needs and nobody said stands there without a value.
    """
    known = _known(facts, designation)
    address = [_element(line, known.get(line.id_short)) for line in _WHERE if line.id_short in known]
    elements = [_element(_URI, asset)]
    for line in _LINES:
        if line.id_short in known or line.id_short in _NEEDED:
            elements.append(_element(line, known.get(line.id_short)))
    elements.append(
        {
            "idShort": "AddressInformation", "semanticId": external(_ADDRESS),
            **({"value": address} if address else {}), "modelType": "SubmodelElementCollection",
        }
    )  # fmt: skip
    return submodel("Nameplate", id, NAMEPLATE, elements)


def technical_data(id: str, designation: Sequence[Jsonable], facts: Sequence[Fact]) -> Jsonable:
    """Return the submodel: what the nameplate does not say is in its only area, each with its unit."""
    known = _known(facts, designation)
    known |= {
        "ManufacturerArticleNumber": known.get("ProductArticleNumberOfManufacturer"),
        "ManufacturerOrderCode": known.get("OrderCodeOfManufacturer"),
    }
    general = [_element(line, known.get(line.id_short)) for line in _GENERAL]
    elements: list[Jsonable] = [_group("GeneralInformation", f"{_ECLASS}ABK161#002/0173-1#01-AHX838#002", general)]
    others = [fact for fact in facts if not line_of(fact)]
    if others:
        meant = f"{_ECLASS}ABL358#002/0173-1#01-AHX773#002"
        shorts = id_shorts(fact.name for fact in others)
        area = [_property(fact, short) for fact, short in zip(others, shorts, strict=True)]
        elements.append(
            {
                "idShort": "TechnicalPropertyAreas", "semanticId": external(f"{_ECLASS}ABK163#002"),
                "semanticIdListElement": external(meant), "typeValueListElement": "SubmodelElementCollection",
                "value": [{"semanticId": external(meant), "value": area, "modelType": "SubmodelElementCollection"}],
                "modelType": "SubmodelElementList",
            }
        )  # fmt: skip
    return submodel("TechnicalData", id, TECHNICAL_DATA, elements)


def _known(facts: Sequence[Fact], designation: Sequence[Jsonable]) -> dict[str, Any]:
    found: dict[str, Any] = {"ManufacturerProductDesignation": list(designation)} if designation else {}
    for fact in facts:
        if line := line_of(fact):
            found[line] = xsd(fact.value)
    return found


def _group(name: str, semantic: str, held: list[Jsonable]) -> Jsonable:
    return {
        "idShort": name, "semanticId": external(semantic), "value": held, "modelType": "SubmodelElementCollection",
    }  # fmt: skip


def _element(line: _Line, value: Any) -> Jsonable:
    """Make a nameplate's element. ``value``: text, or texts in languages; None or empty: it has none."""
    made: Jsonable = {"idShort": line.id_short, "semanticId": external(line.semantic)}
    if line.also:
        made["supplementalSemanticIds"] = [external(line.also)]
    if line.kind == "words":
        texts = value if isinstance(value, list) else _words(value) if value else []
        return made | ({"value": texts} if texts else {}) | {"modelType": "MultiLanguageProperty"}
    made["valueType"] = line.kind
    if isinstance(value, list):
        value = value[0]["text"]
    return made | ({"value": value} if value else {}) | {"modelType": "Property"}


def _words(text: str) -> list[Jsonable]:
    return [{"language": "zh" if is_chinese(text) else "en", "text": text[:1023]}]


def _property(fact: Fact, short: str) -> Jsonable:
    names = told(fact.title, fact.title_zh, 128)
    made: Jsonable = {"idShort": short}
    if names:
        made["displayName"] = names
    made["semanticId"] = external(fact.semantic or ARBITRARY)
    if fact.unit:
        made["embeddedDataSpecifications"] = [specification(fact.unit, told(fact.title, fact.title_zh, 255), short)]
    made |= {"valueType": _TYPES[type(fact.value)], "value": xsd(fact.value)}
    return made | {"modelType": "Property"}
