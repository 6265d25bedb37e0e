"""A platform as people start it: a process of its own, spoken to over its ports only."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2

PASSWORD = "a short sentence is good"  # what the tests set after the one-time password
_SECRET = re.compile(r"one-time password\s+([a-z0-9-]{8,})")
_URL = re.compile(r"console\s+(http://[\d.]+:\d+)")
_MODULE = "baigong.cli.main"


@dataclass(slots=True)
class Running:
    """``arguments``: the command and what follows it, without ``--data``."""

    data: Path
    arguments: list[str]
    url: str = ""
    secret: str = ""
    said: list[str] = field(default_factory=list)
    _process: subprocess.Popen[str] | None = None

    def start(self, within_s: float = 150.0) -> None:
        """Start and wait until it says that it is ready; a second start takes the same ports as the first."""
        command, *rest = self.arguments
        if self.url:
            rest = [one for one in rest if one != "--any-ports"]
            rest += ["--port", str(urlsplit(self.url).port), "--mqtt-port", "0", "--nats-port", "0"]
        told: list[str] = []
        environment = os.environ | {"NO_COLOR": "1", "COLUMNS": "400", "PYTHONUNBUFFERED": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", _MODULE, command, "--data", str(self.data), *rest],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
        )
        ready = threading.Event()
        threading.Thread(target=self._listen, args=(self._process, told, ready), daemon=True).start()
        if not ready.wait(within_s):
            raise TimeoutError(f"{self.arguments} is not ready after {within_s} s:\n" + "".join(told))
        text = "".join(told)
        if self._process.poll() is not None or not (found := _URL.search(text)):
            raise RuntimeError(f"{self.arguments} ended with {self._process.poll()}:\n{text}")
        self.url = found[1]
        if secret := _SECRET.search(text):
            self.secret = secret[1]

    def _listen(self, process: subprocess.Popen[str], told: list[str], ready: threading.Event) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            told.append(line)
            self.said.append(line)
            if "data in" in line:
                ready.set()
        ready.set()

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        finally:
            if process.stdout is not None:
                process.stdout.close()

    @property
    def key(self) -> str:
        """The key file: with it the owner of the data folder needs no password."""
        return (self.data / "key").read_text().strip()

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc

    def http(self) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {self.key}"}
        return httpx2.Client(base_url=f"{self.url}/api/v1", headers=headers, timeout=60, trust_env=False)

    def cli(self, *arguments: object, stdin: bytes | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command against this platform."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("BAIGONG_")}
        return subprocess.run(
            [sys.executable, "-m", _MODULE, *map(str, arguments), "--data", str(self.data)],
            input=None if stdin is None else stdin.decode(),
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
            env=environment | {"NO_COLOR": "1", "COLUMNS": "200"},
        )


def until(check: Any, within_s: float = 15.0, every_s: float = 0.1) -> Any:
    """Wait for a true answer and return it."""
    deadline = time.monotonic() + within_s
    while not (found := check()):
        assert time.monotonic() < deadline, "it did not come to be in time"
        time.sleep(every_s)
    return found
