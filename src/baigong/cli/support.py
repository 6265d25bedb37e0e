"""The support archive: what helps to find a fault, and nothing that opens a door.

No values, no records, no keys. Every secret we know is replaced wherever it stands, and so is whatever looks
like one of ours.
"""

from __future__ import annotations

import io
import os
import platform
import re
import tarfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import psutil
import yaml

from baigong.bus.passes import read_pass
from baigong.cli.busplace import passes_of
from baigong.cli.doctor import versions
from baigong.cli.verdict import Findings
from baigong.registry.sealing import find_key, read_keys
from baigong.security.envelope import Ring, opened_in
from baigong.vocab.errors import BaigongError

_TAIL = 1 << 20  # bytes of each log
_GONE = "•••"
_SECRET_NAME = re.compile(r"(?i)(password|passwd|secret|token|api_?key|private_?key|passphrase|credential)")
_OURS = re.compile(r"\bbg[a-z]?_[A-Za-z0-9_-]{20,}")
_ASSIGNED = re.compile(r"""(?i)((?:password|passwd|secret|token|passphrase)["']?\s*[:=]\s*["']?)([^\s"',}]+)""")
_IN_URL = re.compile(r"(\w+://)[^/@\s]+@")


def write_support(data: Path, target: Path, found: Findings) -> int:
    """Write the archive; returns its bytes."""
    secrets = _known_secrets(data)
    files = {
        "doctor.json": msgspec.json.encode(found.verdicts),
        "machine.json": msgspec.json.encode(_machine()),
        "versions.json": msgspec.json.encode(versions()),
        "folder.txt": "\n".join(_listing(data)).encode(),
        **{f"{name}.json": msgspec.json.encode(fact) for name, fact in found.facts.items()},
    }
    for path in sorted((data / "config").rglob("*.y*ml")):
        files[path.relative_to(data).as_posix()] = _masked(path)
    for path in [*sorted((data / "logs").glob("*")), data / "nats" / "nats.log", data / "nats" / "nats.conf"]:
        if path.is_file():
            files[path.relative_to(data).as_posix()] = _tail(path)
    target.unlink(missing_ok=True)
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as raw, tarfile.open(fileobj=raw, mode="w:gz") as tar:
        for name, content in files.items():
            clean = _clean(content.decode("utf-8", "replace"), secrets).encode()
            entry = tarfile.TarInfo(f"baigong-support/{name}")
            entry.size, entry.mtime = len(clean), time.time()
            tar.addfile(entry, io.BytesIO(clean))
    return target.stat().st_size


def _known_secrets(data: Path) -> list[str]:
    found = []
    ring = _ring(data)
    for path in (data / "key", *(data / "gateway").rglob("*token*")):
        if path.is_file():
            found.append(path.read_text("utf-8", "replace").strip())
    for path in passes_of(data).glob("*.json"):
        with suppress(BaigongError):  # no pass, and so no secret of ours
            found.append(read_pass(path).password)
    for path in (data / "config").rglob("*.y*ml"):
        found += _secret_values(_parsed(path))
        found += opened_in(path.read_text("utf-8", "replace"), ring)
    return sorted({s for s in found if len(s) >= 4}, key=len, reverse=True)


def _ring(data: Path) -> Ring:
    try:
        return Ring(read_keys(find_key(data).text, "key") or [b""])
    except BaigongError:
        return Ring([b""])


def _parsed(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text("utf-8", "replace"))
    except (yaml.YAMLError, OSError):
        return None


def _secret_values(held: Any) -> list[str]:
    if isinstance(held, dict):
        named = [str(v) for k, v in held.items() if _SECRET_NAME.search(str(k)) and isinstance(v, str | int)]
        return named + [s for v in held.values() for s in _secret_values(v)]
    if isinstance(held, list):
        return [s for v in held for s in _secret_values(v)]
    return []


def _masked(path: Path) -> bytes:
    held = _parsed(path)
    if held is None:
        return b"# not YAML\n"  # what cannot be read cannot be cleaned either
    return yaml.safe_dump(_mask(held), allow_unicode=True, sort_keys=False).encode()


def _mask(held: Any) -> Any:
    if isinstance(held, dict):
        return {k: _GONE if _is_secret(k, v) else _mask(v) for k, v in held.items()}
    return [_mask(v) for v in held] if isinstance(held, list) else held


def _is_secret(name: Any, held: Any) -> bool:
    return bool(_SECRET_NAME.search(str(name))) and not isinstance(held, dict | list) and held not in (None, "")


def _clean(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, _GONE)
    text = _OURS.sub(_GONE, text)
    text = _ASSIGNED.sub(rf"\1{_GONE}", text)
    return _IN_URL.sub(rf"\1{_GONE}@", text)


def _tail(path: Path) -> bytes:
    with path.open("rb") as file:
        file.seek(max(os.fstat(file.fileno()).st_size - _TAIL, 0))
        return file.read()


def _machine() -> dict[str, Any]:
    memory = psutil.virtual_memory()
    return {
        "system": platform.platform(),
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()),
        "cpus": psutil.cpu_count(),
        "load": psutil.getloadavg(),
        "memory": {"total": memory.total, "available": memory.available},
        "time": time.time(),
        "zone": time.tzname[0],
    }


def _listing(data: Path) -> list[str]:
    """Name every file with size, mode and age: no content."""
    rows = []
    for path in sorted(data.rglob("*")):
        try:
            stat = path.stat()
        except OSError:
            continue
        made = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(stat.st_mtime))
        rows.append(f"{stat.st_mode:o} {stat.st_size:>12} {made} {path.relative_to(data)}")
    return rows
