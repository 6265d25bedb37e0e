"""What the standard's own OpenAPI documents allow is asked, and each answer is as they say."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from baigong.models.aas.paths import encoded
from tests.api.aasdocuments import whole_document
from tests.api.test_aasown import described
from tests.api.world import World, now_us

_CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
_READ = (
    "AssetAdministrationShellRepositoryServiceSpecification/V3.1_SSP-002.yaml",
    "SubmodelRepositoryServiceSpecification/V3.1_SSP-002.yaml",
    "AssetAdministrationShellRegistryServiceSpecification/V3.1_SSP-001.yaml",
    "SubmodelRegistryServiceSpecification/V3.1_SSP-001.yaml",
    "DiscoveryServiceSpecification/V3.1_SSP-001.yaml",
    "AasxFileServerServiceSpecification/V3.1_SSP-001.yaml",
)


async def test_answers_are_as_the_standards_documents_say(plant: World, shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "vectors" / "aas_api"
    if not folder.is_dir():
        pytest.skip("no documents of the standard in the shared data")
    ids = await described(plant)
    await plant.put("pump1.flow", [now_us()], [5.5])
    known = {
        "aasIdentifier": [encoded(ids[""])],
        "submodelIdentifier": [encoded(ids["OperationalData"])],
        "idShortPath": ["flow"],
        "packageId": ["eA"],
    }
    document = whole_document(folder, _READ, known, tmp_path / "document.json")
    how = f"-n 1 --phases fuzzing --checks {_CHECKS} --request-timeout 20 --generation-deterministic --no-color"
    server = ["--url", f"{plant.url}/aas/v3.1", "-H", f"Authorization: Bearer {plant.token}"]
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "schemathesis.cli", "run", str(document), *server, *how.split()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
    assert "71 generated, 71 passed" in done.stdout, done.stdout[-2000:]
