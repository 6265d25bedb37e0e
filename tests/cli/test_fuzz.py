"""A running platform is asked everything its own OpenAPI document allows, by an administrator, a reader and a stranger.

No answer may be a server error, none may hang, and each matches the document. Short here; ``BAIGONG_LONG=1`` asks more.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2 as httpx
import pytest

from tests.e2e.running import Running

_EXAMPLES = 60 if os.environ.get("BAIGONG_LONG") else 1
_CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A platform of its own: it is not treated well."""
    arguments = ["up", "--port", "0", "--mqtt-port", "0", "--nats-port", "0"]
    platform = Running(tmp_path_factory.mktemp("fuzz") / "data", arguments)
    try:
        platform.start()
        yield platform
    finally:
        platform.stop()


@pytest.mark.timeout(3600 if os.environ.get("BAIGONG_LONG") else 180)
@pytest.mark.parametrize("who", ["stranger", "viewer", "tenant_admin"])  # who may delete the others comes last
def test_nothing_that_the_document_allows_breaks_the_platform(fuzzed: Running, who: str, tmp_path: Path) -> None:
    headers = []
    if who != "stranger":
        with fuzzed.http() as http:
            made = http.post("/tokens", json={"title": who, "role": who})
            assert made.status_code == 200, made.text
            headers = ["-H", f"Authorization: Bearer {made.json()['token']}"]
    how = f"-n {_EXAMPLES} --phases fuzzing --checks {_CHECKS} --request-timeout 20 --seed 1 --workers 2 --no-color"
    document = f"{fuzzed.url}/api/v1/openapi.json"
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", document, *headers, *how.split()],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[:6000] + " … " + done.stdout[-3000:]
    assert "passed" in done.stdout
    with httpx.Client() as http:
        assert http.get(f"{fuzzed.url}/api/v1/health").json()["status"] == "ok", "and it still lives"
