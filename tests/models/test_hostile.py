"""What a stranger may hand in: a clear error with a code and a place, in bounded time and memory; never half of it."""

from __future__ import annotations

import io
import json
import time
import tracemalloc
import zipfile

import pytest

from baigong.models.aas import Limits, check, jsonform, read, xmlform
from baigong.vocab.errors import BaigongError
from tests.models.samples import (
    AASX,
    NS,
    ONE_SUBMODEL,
    environment,
    package,
    property_,
    relations,
    submodel,
    xml,
    zipped,
)

BILLION = (
    "<!DOCTYPE e [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;&a;'><!ENTITY c '&b;&b;&b;&b;&b;&b;&b;&b;'>]>"
)
OUTSIDE = '<!DOCTYPE e [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


def nested(levels: int) -> bytes:
    element = property_("End")
    for _ in range(levels):
        element = {"idShort": "In", "value": [element], "modelType": "SubmodelElementCollection"}
    return json.dumps(environment(submodel(element))).encode()


def deep_xml(levels: int) -> bytes:
    way = "<submodelElementCollection><idShort>In</idShort><value>"
    return xml(
        "<submodels><submodel><id>urn:sm:1</id><submodelElements>" + way * levels
        + "</value></submodelElementCollection>" * levels + "</submodelElements></submodel></submodels>"
    )  # fmt: skip


TEXTS = {
    "empty": (b"", "aas.unreadable"),
    "no AAS": (b"hello", "aas.unreadable"),
    "an array": (b"[]", "aas.unreadable"),
    "half a file": (b'{"submodels": [', "aas.unreadable"),
    "a member twice": (b'{"submodels": [{"id": "a", "id": "b", "modelType": "Submodel"}]}', "aas.unreadable"),
    "not UTF-8": ('{"submodels": [{"id": "泵", "modelType": "Submodel"}]}'.encode("gb18030"), "aas.unreadable"),
    "NaN": (b'{"submodels": NaN}', "aas.unreadable"),
    "a huge number": (b'{"submodels": ' + b"9" * 100_000 + b"}", "aas.unreadable"),
    "half a character": (json.dumps(environment(submodel(property_("Xy", "\ud800")))).encode(), "aas.structure"),
    "no Base64": (
        json.dumps(environment(submodel({"idShort": "Xy", "modelType": "Blob", "value": "a*b="}))).encode(),
        "aas.structure",
    ),
    "null": (b'{"submodels": null}', "aas.structure"),
    "a stranger's member": (b'{"submodels": [], "pumps": []}', "aas.structure"),
    "nothing inside": (b'{"submodels": [1]}', "aas.structure"),
    "deep arrays": (b'{"submodels":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "aas.unreadable"),
    "deep elements": (nested(300), "aas.structure"),
    "AAS 2.0 as JSON": (b'{"assets": [], "submodels": []}', "aas.version"),
    "AAS 2.0 as XML": (b'<aasenv xmlns="http://www.admin-shell.io/aas/2/0"/>', "aas.version"),
    "another root": (f'<shells xmlns="{NS}"/>'.encode(), "aas.unreadable"),
    "no namespace": (b"<environment/>", "aas.unreadable"),
    "broken XML": (xml("<submodels>"), "aas.unreadable"),
    "entities": (xml(ONE_SUBMODEL.replace("urn", "&c;"), head=BILLION), "aas.unreadable"),
    "a file of ours": (xml(ONE_SUBMODEL.replace("urn", "&a;"), head=OUTSIDE), "aas.unreadable"),
    "UTF-16": (xml(ONE_SUBMODEL).decode().encode("utf-16"), "aas.unreadable"),
    "GB18030": (b'<?xml version="1.0" encoding="GB18030"?><environment/>', "aas.unreadable"),
    "deep XML": (deep_xml(5_000), "aas.unreadable"),
    "an element twice": (xml("<submodels><submodel><id>a</id><id>b</id></submodel></submodels>"), "aas.structure"),
    "an unknown element": (xml("<submodels><submodel><id>a</id><pump/></submodel></submodels>"), "aas.structure"),
    "after the end": (xml(ONE_SUBMODEL) + b"<more/>", "aas.unreadable"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_texts_are_refused_with_their_code(name: str) -> None:
    content, code = TEXTS[name]
    with pytest.raises(BaigongError) as caught:
        read(content, place="stranger")
    assert caught.value.code == code
    assert caught.value.place
    assert caught.value.kind.advice_zh


PACKAGES = {
    "no zip": (b"PK\x03\x04" + b"x" * 100, "aas.package", ""),
    "no AASX": (zipped({"a.txt": b"a"}), "aas.package", "_rels/.rels"),
    "no relationships": (zipped(package(root=None)), "aas.package", "_rels/.rels"),
    "no way to the shells": (zipped(package(origin_rels=None)), "aas.package", "aasx-origin.rels"),
    "a way to nowhere": (zipped(package(spec=None)), "aas.package", "/aasx/data.xml"),
    "relationships that are no XML": (zipped(package(root=b"<<")), "aas.package", "_rels/.rels"),
    "relationships with a DTD": (zipped(package(root=BILLION.encode() + relations())), "aas.package", "_rels/.rels"),
    "a DTD inside": (zipped(package(spec=xml(ONE_SUBMODEL, head=BILLION))), "aas.unreadable", "/aasx/data.xml"),
    "out of its folder": (zipped(package() | {"aasx/../../etc/cron.d/x": b"x"}), "aas.package", "cron.d"),
    "a name from the root": (zipped(package() | {"/etc/passwd": b"x"}), "aas.package", "passwd"),
    "a name of Windows": (zipped(package() | {"C:/x": b"x"}), "aas.package", "C:/x"),
    "one name twice": (zipped(package() | {"AASX/data.XML": b"x"}), "aas.package", "AASX/data.XML"),
    "packed otherwise": (zipped(package(), zipfile.ZIP_LZMA), "aas.package", "Content_Types"),
}  # fmt: skip


@pytest.mark.parametrize("name", PACKAGES)
def test_packages_are_refused_with_their_code_and_place(name: str) -> None:
    content, code, place = PACKAGES[name]
    with pytest.raises(BaigongError) as caught:
        read(content, place="x.aasx")
    assert caught.value.code == code
    assert caught.value.place.startswith("x.aasx") or caught.value.place.startswith("/")
    assert place in caught.value.place


def test_a_bomb_ends_at_the_bound() -> None:
    bomb = zipped(package(manual=b"\0" * (64 << 20)))
    assert len(bomb) < 1 << 20
    tracemalloc.start()
    try:
        with pytest.raises(BaigongError) as caught:
            read(bomb, limits=Limits(part=1 << 20))
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert caught.value.code == "aas.too_large"
    assert "manual.pdf" in caught.value.place


def test_a_bomb_that_lies_about_its_size_ends_at_the_bound() -> None:
    bomb = bytearray(zipped(package(manual=b"\0" * (8 << 20))))
    with zipfile.ZipFile(io.BytesIO(bytes(bomb))) as whole:
        size = whole.getinfo("aasx/files/manual.pdf").file_size
    said = size.to_bytes(4, "little")
    while (at := bomb.find(said)) >= 0:
        bomb[at : at + 4] = (1000).to_bytes(4, "little")
    with pytest.raises(BaigongError) as caught:
        read(bytes(bomb), limits=Limits(part=1 << 20))
    assert caught.value.code in ("aas.too_large", "aas.package")


@pytest.mark.parametrize("limits", [Limits(parts=3), Limits(package=1000), Limits(text=100), Limits(file=100)])
def test_every_bound_is_told(limits: Limits) -> None:
    with pytest.raises(BaigongError) as caught:
        read(zipped(package(manual=bytes(2000))), limits=limits)
    assert caught.value.code == "aas.too_large"


def test_a_zip_inside_is_only_bytes() -> None:
    inner = zipped({"deep": bytes(1000)})
    found = read(zipped(package(manual=inner)))
    assert found.files["/aasx/files/manual.pdf"].content == inner


def test_relationships_that_lead_out_are_not_followed() -> None:
    leads = relations((f"{AASX}aas-suppl", "https://example.org/a.pdf")).replace(b"Id=", b'TargetMode="External" Id=')
    found = read(zipped(package(spec_rels=leads)))
    assert [note.code for note in found.notes] == ["unrelated"]


def test_a_supplementary_file_that_is_missing_is_an_error_of_the_package() -> None:
    found = check(read(zipped(package(manual=None))))
    assert [(one.code, one.level, one.path) for one in found] == [("dangling", "error", "/aasx/files/manual.pdf")]


@pytest.mark.parametrize(
    "hostile",
    [
        {"idShort": "a" * 500_000 + '"', "modelType": "Capability"},
        property_("Xy", "http://" + "a-" * 500_000 + '"', valueType="xs:anyURI"),
        {"idShort": "Xy", "modelType": "File", "value": "a" * 500_000 + '"'},
    ],
)  # fmt: skip
def test_patterns_do_not_run_away(hostile: dict[str, str]) -> None:
    started = time.process_time()
    with pytest.raises(BaigongError) as caught:
        read(json.dumps(environment(submodel(hostile))).encode())
    assert caught.value.code == "aas.structure"
    assert time.process_time() - started < 2  # the patterns alone would take minutes


def test_every_truncation_of_a_package_is_a_typed_error_or_a_value() -> None:
    whole = zipped(package())
    for end in range(4, len(whole), 37):
        with pytest.raises(BaigongError):
            read(whole[:end])


def test_flipped_bits_end_in_a_value_or_a_typed_error() -> None:
    whole = zipped(package())
    ended = set()
    for at in range(0, len(whole), 11):
        broken = bytearray(whole)
        broken[at] ^= 0x55
        try:
            read(bytes(broken))
            ended.add("read")
        except BaigongError as error:
            ended.add(error.code)
    assert {"aas.package"} < ended


def test_whatever_stands_anywhere_ends_in_a_value_or_a_typed_error() -> None:
    """Put something strange at every place of a rich environment, one after the other."""
    element = {"idShort": "Ls", "modelType": "SubmodelElementList", "value": [property_("")]}
    rich = environment(submodel(property_("Xy"), element, semanticId={"type": "ExternalReference", "keys": []}))
    strange = (None, 0, 1.5, True, "", "\x00", [], {}, [[]], [{}], {"modelType": "Pump"}, {"modelType": []}, "x" * 3000)
    ended = set()
    for way in ways(rich, ()):
        for value in strange:
            document = json.loads(json.dumps(rich))
            holder = document
            for step in way[:-1]:
                holder = holder[step]
            holder[way[-1]] = value
            try:
                check(read(json.dumps(document).encode()))
                ended.add("read")
            except BaigongError as error:
                ended.add(error.code)
    assert ended == {"read", "aas.structure"}


def ways(value: object, way: tuple[str | int, ...]) -> list[tuple[str | int, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for step, held in inside for found in ((*way, step), *ways(held, (*way, step)))]


def test_no_base64_in_xml_is_told_with_its_place() -> None:
    blob = "<blob><idShort>Raw</idShort><value>a*b=</value><contentType>a/b</contentType></blob>"
    body = f"<submodels><submodel><id>a</id><submodelElements>{blob}</submodelElements></submodel></submodels>"
    with pytest.raises(BaigongError) as caught:
        read(xml(body))
    assert caught.value.code == "aas.structure"
    assert "Base64" in caught.value.message
    empty = read(xml(body.replace("a*b=", ""))).environment
    assert empty.submodels[0]["submodelElements"][0]["value"] == ""


def test_thousands_of_broken_rules_are_counted_not_listed() -> None:
    many = environment(submodel(*({"idShort": "", "modelType": "Capability"} for _ in range(3_000))))
    found = check(read(json.dumps(many).encode()))
    assert len(found) == 1_001
    assert found[-1].code == "more"


@pytest.mark.parametrize("name", ["\ud800", "\x1b[2J"])
def test_what_is_said_of_strange_names_can_be_shown(name: str) -> None:
    for document in (
        {name: 1},
        environment(submodel() | {name: 1}),
        environment(submodel(property_("Xy") | {name: 1})),
    ):
        with pytest.raises(BaigongError) as caught:
            read(json.dumps(document).encode())
        assert json.dumps(caught.value.problem(), ensure_ascii=False).encode()


def test_a_million_small_things_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonform, "MOST_THINGS", 100)
    monkeypatch.setattr(xmlform, "MOST_THINGS", 100)
    many = "<submodels><submodel><id>a</id><submodelElements>" + "<capability/>" * 200
    for content in (
        b'{"submodels": [' + b"[]," * 200 + b"[]]}",
        xml(f"{many}</submodelElements></submodel></submodels>"),
    ):
        with pytest.raises(BaigongError) as caught:
            read(content)
        assert caught.value.code == "aas.too_large"


def test_a_directory_of_a_million_entries_is_not_opened() -> None:
    small = Limits(parts=8)
    with pytest.raises(BaigongError) as caught:
        read(zipped({f"{n}.txt": b"" for n in range(200)}), limits=small)
    assert caught.value.code == "aas.too_large"


def test_relationships_have_a_bound() -> None:
    many = relations(*((f"{AASX}aas-suppl", f"/aasx/{n}.pdf") for n in range(100)))
    with pytest.raises(BaigongError) as caught:
        read(zipped(package(spec_rels=many)), limits=Limits(relationships=50))
    assert caught.value.code == "aas.too_large"
    with pytest.raises(BaigongError) as caught:
        read(zipped(package(root=b" " * (5 << 20))))
    assert caught.value.code == "aas.too_large"
