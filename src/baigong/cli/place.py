"""The bus of a data folder, whether its platform runs or not."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path

from baigong.bus.embedded import EmbeddedNats
from baigong.bus.nats import NatsBus
from baigong.bus.passes import KEEPER, Pass, pass_file, read_pass
from baigong.cli.busplace import cluster_pass, passes_of
from baigong.cli.bustls import bus_tls
from baigong.cli.folder import FORMAT, DataFolder
from baigong.vocab.errors import FixConfiguration


@asynccontextmanager
async def bus_of(data: Path, nats_url: str = "", nats_token: str = "") -> AsyncIterator[tuple[NatsBus, bool]]:
    """Connect to the bus of a data folder, as who looks and copies, and say whether its platform runs.

    When it does not, the folder is locked and its own NATS server is started for as long as this lasts.
    """
    async with AsyncExitStack() as stack:
        try:
            stack.enter_context(DataFolder(data))
            runs = False
        except FixConfiguration as error:
            if error.code != "storage.locked":
                raise
            runs = True
        url = nats_url
        if url:
            by = cluster_pass(data, KEEPER, url, nats_token)
        elif runs:
            by = running_server(data)
            url = by.url
        else:
            stack.enter_context(owner_kept(data))
            server = await stack.enter_async_context(EmbeddedNats(data / "nats", port=0, users=(KEEPER,), reserve=0))
            url, by = server.url, server.passes[KEEPER]
        bus = await NatsBus.connect(url, by=by, name="baigong keep", tls=bus_tls(url, by))
        stack.push_async_callback(bus.close)
        yield bus, runs


@contextmanager
def owner_kept(data: Path) -> Iterator[None]:
    """Leave nothing behind that is root's in another account's folder: its service could not start any more."""
    before = data.stat()
    try:
        yield
    finally:
        if os.name == "posix" and os.geteuid() == 0 and before.st_uid != 0:
            for path in data.rglob("*"):
                if path.lstat().st_uid == 0:
                    os.chown(path, before.st_uid, before.st_gid, follow_symlinks=False)


def running_server(data: Path) -> Pass:
    """Read how to get to the running platform's own NATS server."""
    path = pass_file(passes_of(data), KEEPER)
    if not path.exists():
        raise FixConfiguration(
            "config.invalid", "this platform has no NATS server of its own: name it with --nats", place=str(data)
        )
    return read_pass(path)


def is_running(data: Path) -> bool:
    """Say whether a platform holds this folder's lock."""
    if not (data / "lock").exists():
        return False
    try:
        with DataFolder(data):
            return False
    except FixConfiguration as error:
        if error.code == "storage.locked":
            return True
        raise


def check_is_data(data: Path) -> None:
    """Raise config.invalid for what is no data folder, storage.version for one from a newer program."""
    file = data / "format"
    if not file.is_file():
        raise FixConfiguration("config.invalid", "this is no data folder of Baigong", place=str(data))
    text = file.read_text("utf-8", "replace").strip()
    if not text.isdigit() or int(text) > FORMAT:
        raise FixConfiguration(
            "storage.version", f"the folder has format {text!r}, this program knows up to {FORMAT}", place=str(file)
        )


def partitions(data: Path) -> list[str]:
    lake = data / "lake"
    return sorted(p.name for p in lake.iterdir() if (p / "telemetry" / "_delta_log").is_dir()) if lake.is_dir() else []
