"""NodeSets as asset types: a small one for the rules, and those of the OPC Foundation as they are."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from baigong.models.nodesets import Maker, Space, read_nodeset
from baigong.models.typetext import MadeType
from baigong.vocab.assettypes import merged, parse_type
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.units import is_unit

FILLER = (Path(__file__).parent / "filler.NodeSet2.xml").read_bytes()
URI = "http://example.org/UA/Filling/"
SOME = ("Di", "Machinery", "MachineTool", "IA", "PackML", "PADIM", "IRDI", "Jobs", "jobcontrol")


def made_of(content: bytes) -> dict[str, MadeType]:
    maker = Maker(Space([read_nodeset(content, "filler.xml")]))
    return {one.type: one for id in maker.types(URI) for one in maker.chain(id)}


def test_variables_are_points_properties_are_facts_and_components_are_paths() -> None:
    kind, raw = parse_type(made_of(FILLER)["Filling-FillerType"].text, "Filling-FillerType")
    assert raw["semantic"] == f"nsu={URI};i=1001"
    assert (kind.extends, kind.title_zh) == ("Filling-MachineType", "灌装机")
    assert sorted(kind.points) == ["Drive_Speed", "Drive_Torque", "Running", "Speed", "State"]
    speed, running, state = kind.points["Drive_Speed"], kind.points["Running"], kind.points["State"]
    assert (speed.unit, speed.required, speed.title) == ("/min", False, "Drive / Speed")  # the drive is optional
    assert (running.kind, running.states) == ("state", {"0": "stopped", "1": "runs"})
    assert state.states == {"0": "Idle", "10": "Filling"}
    assert (kind.properties["Nozzles"].kind, kind.properties["Nozzles"].required) == ("number", True)
    assert "# Fills bottles." in made_of(FILLER)["Filling-FillerType"].text


def test_a_subtype_writes_only_what_it_says_anew() -> None:
    made = made_of(FILLER)
    assert made["Filling-MachineType"].raw["points"]["Speed"]["required"] is False
    assert made["Filling-FillerType"].raw["points"]["Speed"] == {"unit": "/min", "required": True}
    whole = merged([made["Filling-MachineType"].raw, made["Filling-FillerType"].raw])
    assert (whole.points["Speed"].unit, whole.points["Speed"].required) == ("/min", True)


def test_what_has_no_place_is_named_with_its_reason() -> None:
    lost = {one.what: one.reason.partition(":")[0] for one in made_of(FILLER)["Filling-FillerType"].lost}
    assert lost == {
        "Start": "a method",
        "Levels": "an array",
        "Recipe": "a structure, node id or file",
        "<Bottle>": "a placeholder",
        "Norm": "no modelling rule",
        "Drive/Speed/EURange": "a property of a variable",
    }


@pytest.mark.parametrize(
    ("content", "said", "place"),
    [
        (b"", "not XML", "line"),
        (b"<a", "not XML", "line 1"),
        (b"<a/>", "no UANodeSet", "filler.xml"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "DTD", "filler.xml"),
        (FILLER.replace(b">ns=1;i=6002<", b">ns=7;i=6002<", 1), "no node id", "ns=1;i="),
        (FILLER.replace(b'DataType="Boolean"', b'DataType="Bool"'), "no node id", "ns=1;i=6002"),
        (FILLER.replace(b'<RequiredModel ModelUri="http://opcfoundation.org/UA/"', b'<RequiredModel ModelUri="urn:x"'),
         "builds on urn:x", "filler.xml"),
        (FILLER.replace(b"<UAObjectType", b"<a>" * 300, 1), "deeper", "filler.xml"),
    ],
)  # fmt: skip
def test_what_is_no_nodeset_is_refused_with_its_place(content: bytes, said: str, place: str) -> None:
    with pytest.raises(FixConfiguration, match=said) as caught:
        made_of(content)
    assert place in caught.value.place


def test_components_in_each_other_end() -> None:
    back = b'<Reference ReferenceType="HasComponent">ns=1;i=5002</Reference>'
    ring = FILLER.replace(b"<References>", b"<References>" + back)  # every node has the drive as its component
    lost = made_of(ring)["Filling-FillerType"].lost
    assert any("components in each other" in one.reason for one in lost)


def test_few_nodes_make_no_millions_of_points() -> None:
    levels, wide = 7, 6
    nodes = [
        f'<UAObject NodeId="ns=1;i={9000 + level * 10 + n}" BrowseName="1:L{level}N{n}"><References>'
        + "".join(
            f'<Reference ReferenceType="HasComponent" IsForward="false">ns=1;i={above}</Reference>'
            for above in ([9000 + (level - 1) * 10 + m for m in range(wide)] if level else [1001])
        )
        + '<Reference ReferenceType="HasModellingRule">i=78</Reference></References></UAObject>'
        for level in range(levels)
        for n in range(wide)
    ]
    with pytest.raises(FixConfiguration, match="more than 50000 components") as caught:
        made_of(FILLER.replace(b"</UANodeSet>", "".join(nodes).encode() + b"</UANodeSet>"))
    assert caught.value.place == "Filling-FillerType"


def test_a_model_stands_in_one_file_only() -> None:
    with pytest.raises(FixConfiguration, match="too"):
        Space([read_nodeset(FILLER, "a"), read_nodeset(FILLER, "b")])


def test_no_cut_and_no_byte_changed_ends_in_anything_but_a_type_or_an_error_of_ours() -> None:
    for at in range(0, len(FILLER), 31):
        for content in (FILLER[:at], FILLER[:at] + b"?" + FILLER[at + 1 :]):
            try:
                made = made_of(content)
            except FixConfiguration:
                continue
            assert all(one.text for one in made.values())


def test_the_nodesets_of_the_foundation_are_types_that_can_be_read(shared: Path) -> None:
    """A part of them with the core of OPC UA; all with BAIGONG_LONG=1."""
    files = sorted((shared / "data" / "opcua_nodesets").glob("*.xml"))
    if not files:
        pytest.skip("no NodeSets in the shared data")
    if not os.environ.get("BAIGONG_LONG"):
        files = [file for file in files if any(f".{word}" in file.name or f"-{word}" in file.name for word in SOME)]
        files.append(shared / "data" / "opcua_nodesets" / "Opc.Ua.NodeSet2.xml")
    documents = [read_nodeset(file.read_bytes(), file.name) for file in files]
    maker = Maker(Space(documents))
    made = [one for document in documents for model in document.models for one in map(maker.make, maker.types(model))]
    assert len(made) > 300
    assert [name for name, count in Counter(one.type for one in made).items() if count > 1] == []
    raws = {one.type: parse_type(one.text, one.type)[1] for one in made}
    assert all(raws[one.type] == one.raw for one in made)
    for name in raws:
        chain, step = [], name
        while step:
            chain.insert(0, raws[step])
            step = raws[step].get("extends", "")
        whole = merged(chain)
        assert all(is_unit(point.unit) for point in whole.points.values())
    tool = next(one for one in made if one.type == "PADIM-AnalogSignalType")
    assert tool.raw["points"] and tool.raw["semantic"].startswith("nsu=http://opcfoundation.org/UA/PADIM/;i=")
