"""Does what a reader of a page would do: saves its files, runs its blocks in order, in a folder of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import baigong
from baigong.vocab.errors import BaigongError
from tools.check.pages import Block, blocks

BIN = Path(sys.executable).parent
PATIENCE_S = 60.0


def free_ports(count: int) -> list[int]:
    """Ask the system for ports on which nobody listens."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Terminal:
    """A scratch folder with ``baigong`` on its PATH. ``ports``: number on the page -> number in this test.

    A ``baigong`` that starts a platform gets free ports, as everything else gets them by ``ports``.
    """

    def __init__(self, folder: Path, ports: dict[str, int]) -> None:
        self.folder = folder
        self.ports = ports
        self._running: list[tuple[subprocess.Popen[bytes], Path]] = []
        tools = folder / ".bin"
        tools.mkdir(parents=True)
        chosen = " ".join(
            f"--{name} {ports[number]}"
            for name, number in (("port", "8600"), ("mqtt-port", "1883"), ("mqtts-port", "8883"), ("nats-port", "4622"))
            if number in ports
        )
        (tools / "baigong").write_text(
            f'#!/bin/sh\ncase "$1" in up|demo) which=$1; shift; exec "{BIN}/baigong" $which {chosen} "$@";; esac\n'
            f'exec "{BIN}/baigong" "$@"\n'
        )
        (tools / "baigong").chmod(0o755)
        hidden = ("BAIGONG_DATA", "BAIGONG_URL", "BAIGONG_TOKEN")
        self.environment = {k: v for k, v in os.environ.items() if k not in hidden}
        self.environment |= {"PATH": f"{tools}:{BIN}:{os.environ['PATH']}", "COLUMNS": "200", "PYTHONUNBUFFERED": "1"}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in range(len(self._running), 0, -1):
            self.interrupt(number)

    def follow(self, page: Path) -> list[str]:
        """Do everything a page says; returns what its blocks printed."""
        printed = []
        for block in blocks(page.read_text("utf-8")):
            try:
                printed.append(self.do(block))
            except AssertionError as error:
                raise AssertionError(f"{page.name}:{block.line}: {error}") from None
        return printed

    def do(self, block: Block) -> str:
        """Do what one block says."""
        text = block.text
        for written, meant in self.ports.items():
            text = text.replace(written, str(meant))
        if "save" in block.marks:
            (self.folder / block.marks["save"]).write_text(text, "utf-8")
        if "interrupt" in block.marks:
            self.interrupt(int(block.marks["interrupt"]))
        if "background" in block.marks:
            self._start(text, block.marks.get("until", ""))
        if "run" in block.marks:
            return self._run(block, text)
        return ""

    def _run(self, block: Block, text: str) -> str:
        wanted = [words for words in block.marks.get("shows", "").split("\n") if words]
        patient_until = time.monotonic() + (PATIENCE_S if wanted else 0)
        while True:  # a reader who does not see it yet looks again
            code, printed = self.run(block.language, text)
            missing = [words for words in wanted if words not in printed]
            if (code != 0) == ("fails" in block.marks) and not missing:
                return printed
            if time.monotonic() > patient_until:
                raise AssertionError(f"exit code {code}, does not show {missing}:\n{text}\nprinted:\n{printed[-4000:]}")
            time.sleep(0.5)

    def run(self, language: str, text: str) -> tuple[int, str]:
        """Run a block; returns its exit code and what it printed."""
        if language == "sql":
            return self._ask(text)
        command = {
            "bash": ["bash", "-euo", "pipefail", "-c", text],
            "python": [sys.executable, "-W", "error", "-c", text],
        }[language]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=PATIENCE_S,
            stdin=subprocess.DEVNULL,
        )
        return done.returncode, done.stdout.decode()

    def _ask(self, text: str) -> tuple[int, str]:
        """Ask the platform whose data lie here, as `baigong query` does, without a process for each."""
        data = next(f for f in (self.folder / "data", self.folder / "data" / "demo") if (f / "url").exists())
        try:
            with baigong.connect(data=data) as plant:
                return 0, plant.sql(text).to_string()
        except BaigongError as error:
            return 2, str(error)

    def _start(self, text: str, until: str) -> None:
        log = self.folder / f".terminal{len(self._running) + 1}"
        with log.open("wb") as sink:
            started = subprocess.Popen(
                ["bash", "-euo", "pipefail", "-c", f"exec {text}"],
                cwd=self.folder,
                env=self.environment,
                stdout=sink,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._running.append((started, log))
        deadline = time.monotonic() + PATIENCE_S
        while until not in (printed := log.read_text("utf-8", errors="replace")):
            assert started.poll() is None, f"ended with {started.returncode}:\n{text}\nprinted:\n{printed[-4000:]}"
            assert time.monotonic() < deadline, f"never showed {until!r}:\n{text}\nprinted:\n{printed[-4000:]}"
            time.sleep(0.1)

    def interrupt(self, number: int) -> None:
        """Press Ctrl-C in a background terminal, counted from 1, and see it end."""
        started, log = self._running[number - 1]
        if started.poll() is None:
            started.send_signal(signal.SIGINT)
            try:
                started.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(started.pid, signal.SIGKILL)
                started.wait(10)
                raise AssertionError(f"Ctrl-C did not end it:\n{log.read_text('utf-8')[-4000:]}") from None
