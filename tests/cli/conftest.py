from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
import typer.main

from baigong.cli.main import app, main
from baigong.cli.parts import PARTS
from baigong.drivers.modbus.sim import Simulator


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str


Run = Callable[..., Said]


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """``baigong up`` as people start it, on ports the system chooses; yields the data folder."""
    data = tmp_path_factory.mktemp("up") / "data"
    data.mkdir(mode=0o755)  # as somebody may have made it
    arguments = ["up", "--data", str(data), "--port", "0", "--mqtt-port", "0", "--nats-port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "baigong.cli.main", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"NO_COLOR": "1"},
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("ready"):
            break
    else:
        pytest.fail(f"`baigong up` ended with {process.wait()}")
    yield data
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)


_plain = typer.main.get_command


@cache
def _command(made: typer.Typer) -> Any:
    """Read the 200 commands once: it takes 0.2 s, and here it is one process that runs hundreds of them."""
    return _plain(made)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Run a command as main() does."""
    monkeypatch.setattr("typer.main.get_command", _command)
    monkeypatch.setattr("baigong.cli.main.wanted", lambda words, own: list(PARTS))  # one reading for all of them
    for name in ("BAIGONG_DATA", "BAIGONG_URL", "BAIGONG_TOKEN", "BAIGONG_TENANT", "BAIGONG_KEY_FILE"):
        monkeypatch.setenv(name, "")  # so that what a command says there ends with the test
        monkeypatch.delenv(name)

    def call(*arguments: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["baigong", *map(str, arguments)])
        capfd.readouterr()
        code = 0
        commands, groups = list(app.registered_commands), list(app.registered_groups)
        try:
            main()
        except SystemExit as error:
            code = int(error.code or 0)
        finally:  # main() adds commands; once is enough for a process, which here lives on
            app.registered_commands[:], app.registered_groups[:] = commands, groups
        said = capfd.readouterr()
        return Said(code, said.out, said.err)

    return call


def eventually(check: Callable[[], bool], within_s: float = 15.0) -> None:
    deadline = time.monotonic() + within_s
    while not check():
        assert time.monotonic() < deadline, "it did not come to be in time"
        time.sleep(0.1)


@contextmanager
def answering(made: Callable[[], Simulator]) -> Iterator[int]:
    """Let a Modbus device answer from a thread of its own, as commands run in this one; yields its port."""
    ready, port, done = threading.Event(), list[int](), asyncio.Event()
    loops = list[asyncio.AbstractEventLoop]()

    async def serve() -> None:
        async with made() as device:
            port.append(device.port)
            loops.append(asyncio.get_running_loop())
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    assert ready.wait(20)
    try:
        yield port[0]
    finally:
        loops[0].call_soon_threadsafe(done.set)
        thread.join(20)
