"""Shared by the OPC UA tests: certificates of both sides, free ports, the foreign server."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from baigong.security.certificates import make_certificate, read_certificate

HERE = Path(__file__).parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(slots=True, frozen=True)
class Keys:
    """Files of one side."""

    certificate: Path
    private_key: Path
    sha256: str

    @property
    def options(self) -> dict[str, str]:
        return {"certificate": str(self.certificate), "private_key": str(self.private_key)}


def _keys(folder: Path, name: str, *, server: bool = False) -> Keys:
    pair = make_certificate(name, datetime.now(UTC), server=server)
    certificate, key = folder / f"{name}.der", folder / f"{name}.pem"
    certificate.write_bytes(pair.certificate_der)
    key.write_bytes(pair.key_pem)
    return Keys(certificate, key, read_certificate(pair.certificate_der).sha256)


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return _keys(tmp_path_factory.mktemp("own"), "our-gateway")


@pytest.fixture(scope="session")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return _keys(tmp_path_factory.mktemp("theirs"), "their-server", server=True)


@pytest.fixture(scope="session")
def node_modules(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install node-opcua once, into BAIGONG_FOREIGN when that is given."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("node and npm are needed for the foreign server")
    given = os.environ.get("BAIGONG_FOREIGN")
    folder = Path(given) if given else tmp_path_factory.mktemp("foreign")
    modules = folder / "node_modules"
    if not (modules / "node-opcua").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").touch()
        (folder / "package.json").write_text((folder / "package.json").read_text() or '{"private": true}')
        command = ["npm", "install", "node-opcua@2", "--no-audit", "--no-fund", "--no-progress"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=100, check=False)
        except subprocess.TimeoutExpired:
            pytest.skip("npm install node-opcua took too long")
        if done.returncode:
            pytest.skip(f"npm install node-opcua failed: {done.stderr[-300:]}")
    return modules


class Foreign:
    """The node-opcua server as a process that can be killed and started again on its port."""

    def __init__(self, modules: Path, folder: Path, strict: bool) -> None:
        self._modules, self._folder, self._strict = modules, folder, strict
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.certificate = folder / "own.der"

    @property
    def options(self) -> dict[str, str]:
        return {"url": f"opc.tcp://127.0.0.1:{self.port}/UA/Foreign"}

    def start(self) -> None:
        environment = {**os.environ, "NODE_PATH": str(self._modules), "HOME": str(self._folder)}
        command = ["node", str(HERE / "foreign_server.js"), str(self.port), str(self._folder)]
        command += ["strict"] if self._strict else []
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, env=environment)
        assert self._process.stdout
        ends = time.monotonic() + 60
        while time.monotonic() < ends:
            line = self._process.stdout.readline()
            if line.startswith(b"{"):
                assert json.loads(line)["namespace"] == 1
                return
            assert line, f"the foreign server ended: {self._process.wait()}"
        pytest.fail("the foreign server did not come up")

    def step(self) -> None:
        assert self._process and self._process.stdin
        self._process.stdin.write(b"step\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()
            for stream in (self._process.stdin, self._process.stdout):
                if stream:
                    stream.close()
            self._process = None


@pytest.fixture
def foreign(node_modules: Path, tmp_path: Path) -> Iterator[Callable[..., Foreign]]:
    made: list[Foreign] = []

    def start(*, strict: bool = False) -> Foreign:
        made.append(Foreign(node_modules, tmp_path, strict))
        made[-1].start()
        return made[-1]

    yield start
    for server in made:
        server.kill()
