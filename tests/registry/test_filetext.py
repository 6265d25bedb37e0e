"""Device files that a program changes: what people wrote there stays."""

from __future__ import annotations

import msgspec
import pytest

from baigong.registry.filetext import edited
from baigong.vocab.devices import DeviceSpec, PointSpec, parse_device

BLOCK = """\
# the pumps of hall 2
device: plc1
driver: modbus  # an S7 behind a converter
options: {host: 10.0.0.5, unit: 1}
points:
  # the big one
  - name: pump1.flow
    address: "holding:0:float32"   # swapped words?
    unit: m3/h
  - name: pump1.state
    address: coil:0
    kind: state
    states:
      "0": stopped   # contact open
      "1": running
  # end of pump 1
scan: {default: 1s}
"""
FLOW = BLOCK.partition("points:")[0] + "points:\n  - {name: pump1.flow, address: 'holding:0:float32'} # first"
ROOM = PointSpec(name="pump2.flow", address="holding:4:float32", unit="m3/h", states={"0": "off"})


def _with(text: str, *fresh: PointSpec, **changed: object) -> DeviceSpec:
    held = parse_device(text)
    points = [msgspec.structs.replace(held.points[0], **changed), *held.points[1:], *fresh]
    return msgspec.structs.replace(held, points=points)


@pytest.mark.parametrize("text", [BLOCK, BLOCK.removesuffix("scan: {default: 1s}\n"), FLOW, FLOW + "\n\n# tail\n"])
def test_points_are_added_and_changed_and_comments_stay(text: str) -> None:
    wanted = _with(text, ROOM, address="holding:100:float32", scale=0.1, title="Förder, flow: #1")
    made = edited(wanted, text)
    assert made is not None and parse_device(made) == wanted
    for comment in (line.partition("#")[2] for line in text.splitlines() if "#" in line):
        assert comment in made
    assert made.index("pump1.flow") < made.index("pump2.flow")


def test_a_list_of_points_is_begun_and_an_option_changed() -> None:
    for listed in ("", "points: []  # none yet\n"):
        text = f"# mine\ndevice: plc1\ndriver: sim\n{listed}options: {{latency_s: 0}} # fast\n"
        wanted = DeviceSpec(device="plc1", driver="sim", options={"latency_s": 2}, points=[ROOM])
        made = edited(wanted, text)
        assert made is not None and parse_device(made) == wanted
        assert "# mine" in made and "# fast" in made


def test_what_it_does_not_know_is_left_to_whoever_writes_it_whole() -> None:
    held = parse_device(BLOCK)
    assert edited(msgspec.structs.replace(held, points=held.points[1:]), BLOCK) is None
    assert edited(msgspec.structs.replace(held, points=held.points[::-1]), BLOCK) is None
    assert edited(msgspec.structs.replace(held, scan={}), BLOCK) is None
    assert edited(_with(BLOCK, ROOM), "not: [a device]") is None
    assert edited(_with(BLOCK, ROOM), "{device: plc1, driver: sim}") is None
