"""Every case of aas-core3.0-testgen over HTTP: taken or refused as its folder says, thing by thing and by import."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from baigong.models.aas.paths import encoded
from tests.api.world import World
from tests.models.test_vectors import ALLOWED_SINCE_3_1

FOLDERS = {
    "assetAdministrationShells": "shells", "submodels": "submodels", "conceptDescriptions": "concept-descriptions",
}  # fmt: skip


@pytest.fixture(scope="module")
def cases(shared: Path) -> list[Path]:
    """Every sixteenth case, all 2,261 with BAIGONG_LONG=1 (a minute)."""
    folder = shared / "data" / "vectors" / "aas_cases"
    if not folder.is_dir():
        pytest.skip("no AAS cases in the shared data")
    found = sorted(one for one in folder.rglob("*.json") if "EventPayload" not in one.parts)  # no part of the API
    return found if os.environ.get("BAIGONG_LONG") else found[::16]


def things(case: Path) -> Iterator[tuple[str, str, Any]]:
    """Yield (folder of the API, id, thing) of what a client would put; nothing for what is no list of things."""
    for name, held in json.loads(case.read_bytes()).items():
        for one in held if isinstance(held, list) and name in FOLDERS else ():
            id = one.get("id") if isinstance(one, dict) else None
            yield FOLDERS[name], id if isinstance(id, str) and id else "urn:example:none", one


def is_right(case: Path) -> bool:
    return "Expected" in case.parts or "/".join(case.parts[-3:]) in ALLOWED_SINCE_3_1


async def test_cases_are_taken_or_refused_as_their_folder_says(plant: World, cases: list[Path]) -> None:
    async with plant.client() as client:
        for case in cases:
            query = {"check": "true", "replace": "true"}
            answers = [await client.post("/aas/import", content=case.read_bytes(), params=query)]
            taken = answers[0].status_code == 200
            assert taken is is_right(case), f"{case}: {answers[0].text}"
            by_itself = [
                await client.put(f"{plant.url}/aas/v3.1/{folder}/{encoded(id)}", json=one)
                for folder, id, one in things(case)
            ]
            if by_itself and "SelfContained" not in case.parts:  # an environment may be wrong, its things right
                assert all(one.status_code < 300 for one in by_itself) is taken, case
            for one in answers + by_itself:
                assert one.status_code < 300 or told(one), f"{case}: {one.status_code} {one.text}"


def told(answer: Any) -> bool:
    """Say whether a refusal is of the caller's, and names the place."""
    document = answer.json()
    places = [document.get("place", ""), *(message["text"] for message in document.get("messages", ()))]
    return 400 <= answer.status_code < 500 and any("$" in place for place in places)
