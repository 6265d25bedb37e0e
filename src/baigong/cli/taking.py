"""Writes a company's archive to a file or a folder; what is not whole is not left under that name."""

from __future__ import annotations

import time
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from baigong.cli import show
from baigong.cli.reach import Server, download, reach
from baigong.security.tokens import new_token
from baigong.vocab.errors import FixConfiguration, RetryLater

_TELL_S = 1.0
_PIECE = 1 << 20


def take(to: Path, tenant: str, with_csv: bool, where: Server) -> None:
    """Raises config.conflict where something is already, storage.corrupt for an archive that is not whole."""
    folder = to.suffix != ".zip"
    if (to.is_dir() and any(to.iterdir())) if folder else to.exists():
        raise FixConfiguration(
            "config.conflict", "there is something already; an export overwrites nothing", place=str(to)
        )
    part = to.with_name(f"{to.name}.part")
    id = new_token("x")[:14]
    about = {"tenant": tenant} if tenant else {}
    told = [0.0]

    def step(_: int) -> None:
        if time.monotonic() - told[0] < _TELL_S:
            return
        told[0] = time.monotonic()
        with reach(where.data, where.url, where.token) as link:
            now: dict[str, Any] = link.json("GET", f"/exports/{id}", params=about)
        show.tell(f"{now['file']}: {now['rows']} of about {now['total']} values")

    try:
        with part.open("wb") as sink:
            asked = about | {"id": id, "csv": "true" if with_csv else "false"}
            size = download(where, "GET", "/export", "application/zip", sink, params=asked, step=step)
        manifest = check(part)
        if folder:
            with zipfile.ZipFile(part) as archive:
                archive.extractall(to)
        else:
            part.replace(to)
    finally:
        part.unlink(missing_ok=True)
    count = len(manifest["files"])
    show.tell(f"wrote {to}: {manifest['values']} values, {count} files, {size} bytes, all as the manifest says")
    for one in manifest["left_out"]:
        show.tell(f"left out: {one['what']} ({one['why']})")


def check(path: Path) -> dict[str, Any]:
    """Return an archive's manifest. Raises storage.corrupt unless every file is as it says."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest: dict[str, Any] = msgspec.json.decode(archive.read("manifest.json"))
            for one in manifest["files"]:
                summed = sha256()
                with archive.open(one["name"]) as file:
                    while piece := file.read(_PIECE):
                        summed.update(piece)
                if summed.hexdigest() != one["sha256"]:
                    raise RetryLater("storage.corrupt", f"{one['name']} is not as the manifest says", place=str(path))
    except (zipfile.BadZipFile, KeyError, msgspec.MsgspecError, EOFError) as error:
        raise RetryLater("storage.corrupt", f"the export is not whole: {error}", place=str(path)) from error
    return manifest
