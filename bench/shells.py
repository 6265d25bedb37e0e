"""Row 17: submodels of 500 elements by the standard's AAS API: one that was handed in, and one made of live points.

The points are simulated and have a new value each second, so every GET shows other values.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import psutil

from baigong.models.aas.paths import encoded
from bench.ingest import until_seen
from bench.processes import Baigong, cpu_of
from bench.report import Line, ms
from bench.wire import Http

GATE = 0.010  # s, p95
_MANY = 500
_KEPT = "https://example.org/sm/measured"
_KIND = "application/json"
_VIEWS = ("", "/$value", "/$metadata", "/$path", "/submodel-elements", "/submodel-elements/p250/$value")


def _meant(number: int) -> dict[str, Any]:
    keys = [{"type": "GlobalReference", "value": f"0173-1#02-AAA{number:03}#001"}]
    return {"type": "ExternalReference", "keys": keys}


def prepare(http: Http) -> str:
    """Keep a submodel, and make one device with points; return the id of the submodel of these, all with values."""
    points = [
        {"name": f"machine1.p{n}", "address": f"sine?period={60 + n}&amplitude=10", "unit": "m3/h",
         "title": f"Flow {n}", "title_zh": f"流量 {n}", "semantic": f"0173-1#02-AAA{n:03}#001"}
        for n in range(_MANY)
    ]  # fmt: skip
    device = {"device": "machine1", "driver": "sim", "scan": {"default": "1s"}, "points": points}
    http.put("/api/v1/devices/machine1", json.dumps(device).encode(), _KIND)
    held = [
        {"idShort": f"P{n}", "modelType": "Property", "valueType": "xs:double", "value": str(n * 1.5),
         "semanticId": _meant(n)}
        for n in range(_MANY)
    ]  # fmt: skip
    kept = {"id": _KEPT, "modelType": "Submodel", "submodelElements": held}
    http.put(f"/aas/v3.1/submodels/{encoded(_KEPT)}", json.dumps(kept).encode(), _KIND)

    def made() -> dict[str, Any]:
        shell = http.json("/api/v1/assets/machine1/aas")
        (found,) = [one for one in shell.get("submodels", ()) if one["idShort"] == "OperationalData"]
        return dict(found)

    if until_seen(lambda: sum("value" in one for one in made()["submodelElements"]), _MANY) < _MANY:
        raise AssertionError("not every point has a value")
    return str(made()["id"])


def measure(server: Baigong, http: Http, what: str, path: str, times: int) -> Line:
    spent, process = [], psutil.Process(server.pid)
    used, size = cpu_of(process), 0
    for _ in range(times):
        begun = time.perf_counter()
        size = len(http.get(path))
        spent.append(time.perf_counter() - begun)
    used = (cpu_of(process) - used) / times
    spent.sort()
    middle, late = spent[times // 2], spent[int(times * 0.95)]
    return Line(
        17,
        f"AAS: GET of a submodel of {_MANY} elements, {what} ({size / 1e3:,.0f} kB), p95",
        f"{ms(late)}, p50 {ms(middle)}, CPU {used * 1e3:.1f} ms each",
        gate=f"p95 {ms(GATE)}",
        durability="",
        passed=late <= GATE,
    )


def run(folder: Path, *, short: bool, peers: bool) -> list[Line]:
    times = 300 if short else 1_000
    with Baigong(folder / "data") as server:
        http = server.http()
        made, kept = (f"/aas/v3.1/submodels/{encoded(id)}" for id in (prepare(http), _KEPT))
        found = [
            measure(server, http, "handed in", kept, times),
            measure(server, http, "its $value", kept + "/$value", times),
        ]
        found += [measure(server, http, f"of live points{view}", made + view, times) for view in _VIEWS]
        http.close()
    return found
