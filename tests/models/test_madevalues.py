"""The submodel of newest values is put together from pieces of JSON: canonical, valid, and the same piece by piece."""

from __future__ import annotations

import json
import math

from baigong.models.aas import admit
from baigong.models.aas.madevalues import Now, OperationalData, Told
from baigong.models.aas.views import values

AT = "2026-11-22T06:00:00.000Z"
POINTS = [
    Told(quantity="flow", unit="m3/h", title="Flow \"in\"", title_zh="流量", semantic="urn:flow"),
    Told(quantity="state"),
    Told(quantity="备注", is_text=True),
    Told(quantity="never"),
    Told(quantity="broken"),
    Told(quantity="words"),
]  # fmt: skip
NEWEST: list[Now | None] = [
    (AT, 118.25, "", "good"),
    (AT, 1, 'run "fast"', "good"),
    (AT, 'a "note" \\ 注', "", "uncertain, sensor not accurate"),
    None,
    (AT, math.nan, "", "bad"),
    (AT, "no number", "", "good"),
]


def test_what_is_put_together_is_canonical_and_valid_by_both_versions() -> None:
    form = OperationalData("urn:a", POINTS)
    made = json.loads(form.json(NEWEST))
    for version in ("3.1", "3.0"):
        assert json.dumps(admit("Submodel", made, version)) == json.dumps(made)
    assert [json.loads(form.element(at, now)) for at, now in enumerate(NEWEST)] == made["submodelElements"]
    assert form.values(NEWEST) == values(made)
    assert [one["idShort"] for one in made["submodelElements"]] == form.names
    (state, words) = (made["submodelElements"][at]["qualifiers"][-1] for at in (1, 5))
    assert (state["type"], state["value"], words["value"]) == ("Word", 'run "fast"', "no number")
    assert "value" not in made["submodelElements"][5]
    empty = json.loads(OperationalData("urn:a", []).json([]))
    assert json.dumps(admit("Submodel", empty)) == json.dumps(empty)
