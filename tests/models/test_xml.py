"""What XML may do to texts, and must not: ends of lines, blanks, chunks, characters that it cannot hold."""

from __future__ import annotations

import json

import pytest

from baigong.models.aas import read, write, xmlform
from baigong.vocab.errors import BaigongError
from tests.models.samples import ONE_SUBMODEL, environment, property_, submodel, xml

TEXTS = submodel(
    property_("Text", "  泵\r\n\t<x> & ]]> 𝄞 \r"),
    property_("Blank", " "),
    property_("Empty", ""),
    {"idShort": "Raw", "value": "QUFB" * 50, "contentType": "a/b", "modelType": "Blob"},
    {"idShort": "Nothing", "value": "", "contentType": "a/b", "modelType": "Blob"},
)


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 64, 1 << 16])
def test_texts_come_back_as_they_were_however_the_file_is_cut(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    package = read(json.dumps(environment(TEXTS)).encode())
    written = write(package, "xml")
    monkeypatch.setattr(xmlform, "_CHUNK", chunk)
    assert read(written).environment == package.environment
    with pytest.raises(BaigongError):
        read(written.replace(b"QUFBQUFB", b"QU*BQUFB", 1))


def test_a_character_that_xml_cannot_hold_is_told_and_json_keeps_it() -> None:
    package = read(json.dumps(environment(submodel(property_("Bell", "a\x07")))).encode())
    with pytest.raises(BaigongError) as caught:
        write(package, "aasx")
    assert caught.value.code == "aas.unwritable"
    assert caught.value.place.startswith("$.submodels[0].submodelElements[0]")
    assert read(write(package, "json")).environment == package.environment


def test_the_version_is_that_of_the_namespace_and_prefixes_are_free() -> None:
    older = xml(ONE_SUBMODEL, "https://admin-shell.io/aas/3/0")
    prefixed = older.replace(b"<", b"<a:").replace(b"<a:/", b"</a:").replace(b"xmlns", b"xmlns:a")
    for content in (older, prefixed, b"\xef\xbb\xbf" + older):
        assert read(content).environment.version == "3.0"
    assert b"https://admin-shell.io/aas/3/0" in write(read(older), "xml", "3.0")
    assert read(write(read(older), "xml")).environment.version == "3.1"


def test_one_submodel_alone_is_an_environment_of_it() -> None:
    alone = b'<submodel xmlns="https://admin-shell.io/aas/3/1"><id>urn:sm:1</id></submodel>'
    assert read(alone).environment == read(xml(ONE_SUBMODEL)).environment
    assert read(b'{"id": "urn:sm:1", "modelType": "Submodel"}').environment == read(alone).environment


def test_schema_locations_and_comments_are_read_over() -> None:
    located = b'<environment xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b" xmlns'
    content = xml(f"<!-- a pump -->{ONE_SUBMODEL}").replace(b"<environment xmlns", located)
    assert read(content).environment == read(xml(ONE_SUBMODEL)).environment
