"""Every case of aas-core3.0-testgen: accepted or refused as its folder says, in one import and thing by thing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from baigong.models.aas import Version, accept, admit, judge, read, write
from baigong.models.aas.environment import LISTS
from baigong.vocab.errors import BaigongError

# What 3.0 refused and 3.1 allows (IDTA-01001, changes from 3.0 to 3.1): the folder is right by 3.0 only.
ALLOWED_SINCE_3_1 = {
    "ConstraintViolation/SubmodelElementList/id_short_in_a_value.json": "AASd-120 is gone",
    "MaxLengthViolation/AdministrativeInformation/templateId.json": "identifiers have 2,048 characters, not 2,000",
    "MaxLengthViolation/AssetInformation/globalAssetId.json": "identifiers have 2,048 characters, not 2,000",
    "MaxLengthViolation/Blob/contentType.json": "content types have 128 characters, not 100",
    "MaxLengthViolation/ConceptDescription/id.json": "identifiers have 2,048 characters, not 2,000",
    "MaxLengthViolation/DataSpecificationIec61360/value.json": "value types have 2,048 characters, not 2,000",
    "MaxLengthViolation/File/contentType.json": "content types have 128 characters, not 100",
    "MaxLengthViolation/File/value.json": "paths have 2,048 characters, not 2,000",
    "MaxLengthViolation/Key/value.json": "identifiers have 2,048 characters, not 2,000",
    "MaxLengthViolation/Resource/contentType.json": "content types have 128 characters, not 100",
    "MaxLengthViolation/Resource/path.json": "paths have 2,048 characters, not 2,000",
    "MaxLengthViolation/SpecificAssetId/value.json": "identifiers have 2,048 characters, not 2,000",
    "MaxLengthViolation/ValueReferencePair/value.json": "value types have 2,048 characters, not 2,000",
    "SetViolation/File/category.json": "AASd-090 is gone: categories are free",
    "SetViolation/MultiLanguageProperty/category.json": "AASd-090 is gone: categories are free",
    "SetViolation/Range/category.json": "AASd-090 is gone: categories are free",
    "SetViolation/ReferenceElement/category.json": "AASd-090 is gone: categories are free",
    "RequiredViolation/Blob/contentType.json": "a Blob's contentType is optional",
    "RequiredViolation/RelationshipElement/first.json": "both ends of a relationship are optional",
}


@pytest.fixture(scope="module")
def cases(shared: Path) -> Path:
    folder = shared / "data" / "vectors" / "aas_cases"
    if not folder.is_dir():
        pytest.skip("no AAS cases in the shared data")
    return folder


def refused(case: Path, version: Version | None) -> str:
    try:
        accept(read(case), version)
    except BaigongError as error:
        return error.code
    return ""


def misjudged(folder: Path, version: Version | None) -> tuple[int, dict[str, str]]:
    """Return (cases, those judged against their folder: '' where they were accepted)."""
    cases = sorted(folder.rglob("*.json"))
    wrong = {}
    for case in cases:
        code = refused(case, version)
        if bool(code) is ("Expected" in case.parts):
            wrong["/".join(case.parts[-3:])] = code
    return len(cases), wrong


def test_by_the_rules_of_3_0_all_are_judged_as_their_folder_says(cases: Path) -> None:
    count, wrong = misjudged(cases / "ContainedInEnvironment", "3.0")
    assert not wrong
    assert count >= 2000


@pytest.mark.parametrize("version", ["3.1", None])
def test_by_the_rules_of_3_1_only_what_it_allows_more_is_accepted_more(cases: Path, version: Version | None) -> None:
    _, wrong = misjudged(cases / "ContainedInEnvironment", version)
    assert set(wrong) <= set(ALLOWED_SINCE_3_1)
    assert set(wrong.values()) <= {""}


def test_every_refusal_has_a_place_and_advice_in_both_languages(cases: Path) -> None:
    for case in sorted((cases / "ContainedInEnvironment" / "Unexpected").rglob("*.json"))[::9]:
        with pytest.raises(BaigongError) as caught:
            accept(read(case), "3.0")
        for one in caught.value.fields.get("findings", ()):
            assert one["path"].startswith("$"), case
            assert one["advice"] and one["advice_zh"] and one["message"], case
        assert caught.value.place or not caught.value.fields, case


def by_itself(case: Path) -> list[tuple[str, Any]]:
    """Return the identifiables of a case, as an API gets them; nothing where the environment itself is none."""
    document = msgspec.json.decode(case.read_bytes())
    return [(kind, value) for name, kind in LISTS for value in document.get(name) or () if isinstance(value, dict)]


def test_things_handed_in_one_by_one_are_judged_like_their_file(cases: Path) -> None:
    for case in sorted((cases / "ContainedInEnvironment").rglob("*.json"))[::7]:
        taken = True
        for kind, value in by_itself(case):
            try:
                admit(kind, value, "3.0")
            except BaigongError:
                taken = False
        assert taken is ("Expected" in case.parts), case


def test_what_stands_by_itself_is_judged_by_its_class(cases: Path) -> None:
    seen = 0
    for case in sorted((cases / "SelfContained").rglob("*.json")):
        kind = next((part for part in ("Environment", "EventPayload") if part in case.parts), "")
        if kind == "Environment":
            wrong = bool(refused(case, "3.0"))
        elif kind == "EventPayload":
            wrong = bool(judge(kind, msgspec.json.decode(case.read_bytes()), "3.0")[1])
        else:
            continue
        assert wrong is ("Unexpected" in case.parts), case
        seen += 1
    assert seen == 24


def test_what_is_accepted_goes_through_xml_without_loss(cases: Path) -> None:
    """Every third one, all with BAIGONG_LONG=1; what is there says each thing once more in XML and in a package."""
    accepted = sorted((cases / "ContainedInEnvironment" / "Expected").rglob("*.json"))
    for case in accepted if os.environ.get("BAIGONG_LONG") else accepted[::3]:
        package = read(case)
        assert package.environment.jsonable() == msgspec.json.decode(case.read_bytes()), case
        assert read(write(package, "xml")).environment == package.environment, case
