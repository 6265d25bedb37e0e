"""Limits of a type's points: in order, in the unit of whoever measures, and seen on what is drawn."""

from __future__ import annotations

import pytest

from baigong.registry.faceplates import FacePoint, faceplate
from baigong.vocab.assettypes import merged, parse_type
from baigong.vocab.errors import FixConfiguration
from baigong.vocab.limits import Limits

PUMP = "points: {pressure: {unit: bar, limits: {min: 0, max: 10, high: 6, high_high: 7}}}"


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("{low: 3, high: 2}", "pump.points.pressure.limits.low"),
        ("{high: 8, max: 7}", "pump.points.pressure.limits.high"),
        ("{min: 1, max: 1}", "pump.points.pressure.limits.min"),
        ("{hihg: 1}", "pump.points.pressure.limits.hihg"),
    ],
)
def test_limits_that_no_value_can_keep_are_refused(written: str, place: str) -> None:
    with pytest.raises(FixConfiguration) as refused:
        parse_type(f"points: {{pressure: {{unit: bar, limits: {written}}}}}", "pump")
    assert refused.value.place == place


def test_who_measures_in_another_unit_has_the_same_limits() -> None:
    base = parse_type(PUMP, "pump")[1]
    own = merged([base, {"type": "own", "points": {"pressure": {"unit": "kPa"}}}]).points["pressure"]
    assert own.limits == Limits(min=0, max=1000, high=600, high_high=700)
    said = {"type": "own", "points": {"pressure": {"unit": "kPa", "limits": {"high": 500}}}}
    assert merged([base, said]).points["pressure"].limits == Limits(high=500)
    assert Limits(high=60.0).measured("Cel", "[degF]") == Limits(high=140.0)
    assert Limits(high=60.0).measured("Cel", "bar") is None


def test_a_faceplate_shows_what_is_within() -> None:
    limits = Limits(min=0, max=10, high=6)
    points = [
        FacePoint(f"p.{name}", name, name, "", "bar", "gauge", limits=limits if name == "pressure" else None)
        for name in ("flow", "pressure")
    ]
    items = {(item.what, *item.shows.values(), *item.lines): item for item in faceplate("p", "", "", [], points).items}
    assert items["value", "p.pressure"].limits == items["bar", "p.pressure"].limits == limits
    assert items["value", "p.flow"].limits is None
    assert ("bar", "p.flow") not in items
