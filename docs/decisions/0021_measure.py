"""Numbers of decision 0021: ``python docs/decisions/0021_measure.py URL TOKEN``, against a platform that runs.

Makes one simulated device with 500 points (machine1.p0 …) and keeps one submodel of 500 properties; both stay.
"""

from __future__ import annotations

import sys
import time
from typing import Any

import httpx2 as httpx

from baigong.models.aas.paths import encoded

_MANY, _TIMES = 500, 300
_KEPT = "https://example.org/sm/measured"


def prepare(client: httpx.Client) -> str:
    """Return the id of the submodel OperationalData of 500 points, all with values."""
    points: list[dict[str, Any]] = [
        {"name": f"machine1.p{n}", "address": f"sine?period={60 + n}&amplitude=10", "unit": "m3/h",
         "title": f"Flow {n}",
         "title_zh": f"流量 {n}", "semantic": f"0173-1#02-AAA{n:03}#001"}
        for n in range(_MANY)
    ]  # fmt: skip
    device = {"device": "machine1", "driver": "sim", "scan": {"default": "1s"}, "points": points}
    client.put("/api/v1/devices/machine1", json=device).raise_for_status()
    properties = [
        {"idShort": f"P{n}", "modelType": "Property", "valueType": "xs:double", "value": str(n * 1.5),
         "semanticId": {"type": "ExternalReference",
                        "keys": [{"type": "GlobalReference", "value": f"0173-1#02-AAA{n:03}#001"}]}}
        for n in range(_MANY)
    ]  # fmt: skip
    kept = {"id": _KEPT, "modelType": "Submodel", "submodelElements": properties}
    client.put(f"/aas/v3.1/submodels/{encoded(_KEPT)}", json=kept).raise_for_status()
    while True:
        shell = client.get("/api/v1/assets/machine1/aas").json()
        (made,) = [one for one in shell.get("submodels", ()) if one["idShort"] == "OperationalData"]
        if all("value" in one for one in made["submodelElements"]) and len(made["submodelElements"]) == _MANY:
            return str(made["id"])
        time.sleep(0.5)


def measure(client: httpx.Client, name: str, path: str) -> None:
    spent, size = [], 0
    for _ in range(_TIMES):
        begun = time.perf_counter()
        answer = client.get(path)
        spent.append(time.perf_counter() - begun)
        answer.raise_for_status()
        size = len(answer.content)
    spent.sort()
    middle, late = (1e3 * spent[int(_TIMES * part)] for part in (0.5, 0.95))
    print(f"{name}: {size:,} bytes, p50 {middle:.1f} ms, p95 {late:.1f} ms")


def main(url: str, token: str) -> None:
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        made = encoded(prepare(client))
        for version in ("3.1", "3.0"):
            front = f"/aas/v{version}/submodels"
            measure(client, f"{version} kept, 500 elements", f"{front}/{encoded(_KEPT)}")
            measure(client, f"{version} kept, $value", f"{front}/{encoded(_KEPT)}/$value")
            measure(client, f"{version} of an asset, 500 points", f"{front}/{made}")
            measure(client, f"{version} of an asset, $value", f"{front}/{made}/$value")
            measure(client, f"{version} of an asset, one $value", f"{front}/{made}/submodel-elements/p250/$value")


if __name__ == "__main__":
    main(*sys.argv[1:])
