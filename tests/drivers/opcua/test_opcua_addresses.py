from __future__ import annotations

import pytest
from asyncua import ua
from hypothesis import given
from hypothesis import strategies as st

from baigong.drivers.opcua.addresses import from_node_id, parse, to_node_id, write_way
from baigong.vocab.errors import FixConfiguration

TABLE = ["http://opcfoundation.org/UA/", "urn:server", "http://maker/machine;v=1"]


@pytest.mark.parametrize(
    ("text", "node", "path"),
    [
        ("i=2258", ua.NodeId(2258, 0), ()),
        ("ns=2;s=Machine.Temp", ua.NodeId("Machine.Temp", 2), ()),
        ('ns=3;s="DB1"."x"[3]', ua.NodeId('"DB1"."x"[3]', 3), ()),
        ("ns=2;s=a%23b#[3]", ua.NodeId("a#b", 2), (3,)),
        ("ns=2;s=50%", ua.NodeId("50%", 2), ()),
        ("ns=2;i=5#Axis[2].Position", ua.NodeId(5, 2), ("Axis", 2, "Position")),
        ("ns=2;i=5#.Axis", ua.NodeId(5, 2), ("Axis",)),
        ("ns=2;i=5#轴[0]", ua.NodeId(5, 2), ("轴", 0)),
        ("nsu=http://maker/machine%3Bv=1;i=7", ua.NodeId(7, 2), ()),
        ("ns=1;b=AQID", ua.NodeId(b"\x01\x02\x03", 1), ()),
    ],
)
def test_reading(text: str, node: ua.NodeId, path: tuple[str | int, ...]) -> None:
    address = parse(text)
    assert to_node_id(address, TABLE) == node
    assert address.path == path


def test_a_namespace_the_server_has_not() -> None:
    assert to_node_id(parse("nsu=http://other;i=7"), TABLE) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Machine.Temp",
        "ns=2",
        "ns=x;i=1",
        "ns=70000;i=1",
        "i=-1",
        "i=4294967296",
        "s=",
        "g=1",
        "b=?",
        "i=1#",
        "i=1#[x]",
    ],
)
def test_refusing(text: str) -> None:
    with pytest.raises(FixConfiguration) as caught:
        parse(text)
    assert caught.value.code == "driver.address"


identifiers = st.one_of(
    st.integers(0, 2**32 - 1), st.text(min_size=1, max_size=30), st.uuids(), st.binary(min_size=1, max_size=20)
)


@given(identifiers, st.integers(0, 2), st.booleans())
def test_what_is_written_is_read_back(identifier: object, index: int, with_uri: bool) -> None:
    node = ua.NodeId(identifier, index)
    text = from_node_id(node, TABLE if with_uri else ())
    assert to_node_id(parse(text), TABLE) == node


@given(st.lists(st.one_of(st.integers(0, 10**6), st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,8}\Z")), max_size=5))
def test_ways_are_read_back(path: list[str | int]) -> None:
    assert parse("i=1" + write_way(path)).path == tuple(path)


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_a_typed_error(text: str) -> None:
    try:
        parse(text)
    except FixConfiguration as error:
        assert error.code == "driver.address"
