"""TSL as asset types and back: nothing is lost without being named."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from baigong.models.tsl import from_tsl, to_tsl
from baigong.vocab.assettypes import merged, parse_type
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.limits import Limits


def entry(identifier: str, kind: str, specs: Any = None, **more: Any) -> dict[str, Any]:
    return {"identifier": identifier, "dataType": {"type": kind, "specs": specs or {}}, "accessMode": "r"} | more


PUMP = {
    "schema": "https://iotx-tsl.oss-ap-southeast-1.aliyuncs.com/schema.json",
    "profile": {"productKey": "a1", "productName": "给水泵"},
    "properties": [
        entry("Flow", "float", {"min": "0", "max": "500", "unit": "m³/h", "step": "0.1"}, name="流量", required=True),
        entry("Speed", "int", {"unit": "r/min"}, name="转速设定", accessMode="rw"),
        entry("Power", "bool", {"0": "关闭", "1": "开启"}, name="电源开关", accessMode="rw", required=True),
        entry("Mode", "enum", {"0": "手动", "1": "自动", "2": "检修"}, name="模式"),
        entry("Note", "text", {"length": "64"}, name="备注"),
        entry("Position", "struct", [entry("X", "double", {"unit": "mm"}, name="横向")], name="位置"),
        entry("Samples", "array", {"size": "128", "item": {"type": "int"}}),
    ],
    "events": [{"identifier": "post", "type": "info"}, {"identifier": "OverHeat", "name": "过热", "type": "alert"}],
    "services": [{"identifier": "set"}, {"identifier": "TimeReset", "callType": "async"}],
}


def test_a_model_becomes_a_type_and_what_has_no_place_is_named() -> None:
    made = from_tsl(json.dumps(PUMP).encode("utf-8"), "feed_pump", "pump.json")
    kind, raw = parse_type(made.text, "feed_pump")
    assert raw == made.raw
    assert kind.title_zh == "给水泵"
    flow, speed, mode = kind.points["Flow"], kind.points["Speed"], kind.points["Mode"]
    assert (flow.unit, flow.title_zh, flow.required) == ("m3/h", "流量", True)
    assert flow.limits == Limits(min=0, max=500)
    assert (speed.kind, speed.unit, speed.required) == ("setpoint", "/min", False)
    assert (mode.kind, mode.states["1"]) == ("state", "自动")
    assert (kind.points["Position_X"].unit, kind.points["Position_X"].title_zh) == ("mm", "位置 / 横向")
    assert {(lost.what, lost.reason.partition(":")[0]) for lost in made.lost} == {
        ("Flow", "its step"), ("Speed", "that it is a whole number"),
        ("Power", "accessMode rw of what is no number"), ("Note", "its length"), ("Position", "a struct"),
        ("Samples", "an array"), ("OverHeat", "an event"), ("TimeReset", "a service"),
    }  # fmt: skip


def test_what_a_type_says_comes_back_as_it_was() -> None:
    made = from_tsl(json.dumps(PUMP).encode("utf-8"), "feed_pump")
    document, lost = to_tsl(merged([made.raw]))
    assert lost == []
    again = from_tsl(msgspec.json.encode(document), "feed_pump")
    assert again.raw == made.raw


def test_what_tsl_cannot_say_is_named() -> None:
    text = (
        "type: x\npoints:\n  v: {kind: burst}\n  e: {kind: counter, unit: kW.h}\n  a-b: {}\nproperties:\n  maker: {}\n"
    )
    document, lost = to_tsl(merged([parse_type(text, "x")[1]]))
    assert [one["identifier"] for one in document["properties"]] == ["e"]
    assert document["properties"][0]["dataType"]["specs"]["unit"] == "kWh"
    assert sorted(one.what for one in lost) == ["a-b", "e", "maker", "v"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "no TSL"),
        (b"[]", "no TSL"),
        (b'{"profile": {}}', "properties"),
        (b"\xff\xfe", "no TSL"),
        (b'{"properties": ' + b"[" * 5000, "no TSL"),
        (json.dumps({"properties": [entry("a", "blob")]}).encode(), "no data type"),
        (json.dumps({"properties": [entry("a", "int"), entry("a", "int")]}).encode(), "twice"),
        (json.dumps({"properties": [entry("..", "int")]}).encode(), "no identifier"),
        (json.dumps({"properties": [entry("a", "struct", {"b": 1})]}).encode(), "no struct"),
    ],
)
def test_what_is_no_model_is_refused_with_its_place(content: bytes, said: str) -> None:
    with pytest.raises(FixConfiguration, match=said) as caught:
        from_tsl(content, "x", "x.json")
    assert caught.value.place


def test_alarms_are_events_and_what_they_lose_is_named() -> None:
    text = """\
type: x
points: {flow: {limits: {high: 5}}}
alarms:
  much: {point: flow, when: high, priority: high, title: Too much, title_zh: 流量过大}
  less: {point: flow, when: low, limit: 1}
  quiet: {point: flow, when: low, limit: 1, enabled: false}
kpis: {mean_flow: {expression: mean(flow)}}
"""
    document, lost = to_tsl(merged([parse_type(text, "x")[1]]))
    assert [(one["identifier"], one["type"], one["name"]) for one in document["events"]] == [
        ("much", "error", "流量过大"),
        ("less", "alert", "less"),
    ]
    assert {one.what for one in lost} >= {"much", "less", "mean_flow"}
