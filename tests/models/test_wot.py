"""Thing Descriptions: what they say, and that the W3C playground's validator finds nothing wrong with them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from baigong.models.wot import Thing, describe
from baigong.vocab.assets import AssetSpec
from baigong.vocab.devices import PointSpec
from baigong.vocab.writing import WriteRule

POINTS = [
    PointSpec(
        name="hall.pump1.flow", address="a", unit="m3/h", title="Flow", title_zh="流量",
        semantic="0173-1#02-AAO677#002",
    ),
    PointSpec(
        name="hall.pump1.target", address="a", unit="Cel", kind="setpoint", title="设定",
        write=WriteRule(min=0, max=90),
    ),
    PointSpec(
        name="hall.pump1.state", address="a", kind="state", states={"0": "off", "1": "on"},
        states_zh={"0": "停", "1": "开"},
    ),
    PointSpec(name="hall.pump1.note", address="a", kind="text"),
    PointSpec(name="hall.pump1.vibration", address="a", kind="burst"),
]  # fmt: skip
WHOLE = Thing(
    id="urn:baigong:main.1:hall.pump1",
    base="https://plant.example/api/v1/",
    spec=AssetSpec(asset="hall.pump1", type="pump", code="INV-1", properties={"power_rated": 5.5}),
    titles=("Feed pump", "给水泵"),
    points=POINTS,
    semantic="nsu=http://opcfoundation.org/UA/DI/;i=1002",
    parent="hall",
    parts=["hall.pump1.motor"],
    revision=2,
    created_us=1,
    changed_us=10**15,
)
BARE = Thing(
    id="urn:baigong:main.1:%E6%B3%B51", base="http://x/api/v1/", spec=AssetSpec(asset="泵1"), titles=("", ""), points=[]
)
_CHECK = """
const {tdValidator} = require("@thing-description-playground/core");
(async () => {
  const told = [];
  for (const one of JSON.parse(require("fs").readFileSync(0, "utf8")))
    told.push(await tdValidator(JSON.stringify(one), () => {}, {checkDefaults: false, checkJsonLd: false}));
  console.log(JSON.stringify(told));
})();
"""


def test_a_thing_says_its_points_its_place_and_how_they_are_read() -> None:
    told = describe(WHOLE)
    assert told["id"] == "urn:baigong:main.1:hall.pump1"
    assert told["titles"] == {"en": "Feed pump", "zh": "给水泵"}
    assert told["@type"] == ["urn:baigong:semantic:nsu%3Dhttp%3A%2F%2Fopcfoundation.org%2FUA%2FDI%2F%3Bi%3D1002"]
    assert sorted(told["properties"]) == ["flow", "note", "state", "target"]  # a waveform is no value
    flow = told["properties"]["flow"]
    assert (flow["type"], flow["unit"], flow["titles"]["zh"]) == ("number", "m3/h", "流量")
    assert flow["@type"] == ["urn:baigong:semantic:0173-1%2302-AAO677%23002"]
    assert [form["href"] for form in flow["forms"]] == [
        "points/hall.pump1.flow/value", "wss://plant.example/api/v1/live",
    ]  # fmt: skip
    assert told["properties"]["state"]["oneOf"][1] == {"const": 1, "title": "on", "titles": {"en": "on", "zh": "开"}}
    assert told["links"][0]["href"] == "assets/hall/td"
    assert told["links"][1]["rel"] == "item"


def test_only_a_point_with_a_rule_has_an_action_and_its_bounds() -> None:
    told = describe(WHOLE)
    assert list(told["actions"]) == ["set_target"]
    asked = told["actions"]["set_target"]["input"]["properties"]
    assert asked["point"]["const"] == "hall.pump1.target"
    assert asked["value"] == {"type": "number", "unit": "Cel", "minimum": 0, "maximum": 90}


def test_a_thing_of_another_company_names_it_in_every_address() -> None:
    import msgspec

    told = json.dumps(describe(msgspec.structs.replace(WHOLE, query="?tenant=main")))
    assert told.count('"href": "') == told.count('?tenant=main"')


@pytest.mark.parametrize("thing", [WHOLE, BARE], ids=["whole", "bare"])
def test_a_thing_has_what_the_standard_requires(thing: Thing) -> None:
    told = describe(thing)
    assert told["@context"][0] == "https://www.w3.org/2022/wot/td/v1.1"
    assert told["title"] and told["security"] in told["securityDefinitions"]
    affordances: list[Any] = [*told.get("properties", {}).values(), *told.get("actions", {}).values()]
    assert all(one["forms"] and all(form["href"] for form in one["forms"]) for one in affordances)


def test_the_playground_of_the_w3c_finds_nothing() -> None:
    """Needs node, and a folder in which somebody ran ``npm install @thing-description-playground/core``."""
    folder = Path(os.environ.get("BAIGONG_TD_PLAYGROUND", ""))
    if not shutil.which("node") or not (folder / "node_modules/@thing-description-playground").is_dir():
        pytest.skip("no playground: BAIGONG_TD_PLAYGROUND names no folder with @thing-description-playground/core")
    told = validated(folder, [describe(WHOLE), describe(BARE)])
    assert len(told) == 2
    for one in told:
        assert one["report"]["schema"] == one["report"]["additional"] == "passed", one
        assert "failed" not in one["details"].values(), one


def validated(folder: Path, things: list[dict[str, Any]]) -> list[dict[str, Any]]:
    done = subprocess.run(
        ["node", "-e", _CHECK], cwd=folder, input=json.dumps(things).encode(), capture_output=True, check=True
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found
