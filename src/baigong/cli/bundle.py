"""``baigong bundle``: the platform with its own Python in one archive, for machines without a network.

baigong/bin/baigong      starts it, from wherever it was unpacked
baigong/python/          this interpreter, its standard library, and the packages the platform needs
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import cache_from_source
from pathlib import Path

import baigong
from baigong.cli.elf import is_elf, look_beside
from baigong.vocab.errors import FixConfiguration

Progress = Callable[[str, int, int], None]

_VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
_NOT_NEEDED = {"test", "tests", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3", "site-packages"}
_NOT_NEEDED |= {"dist-packages", "pydoc_data", "__pycache__"}
_NOT_NEEDED_BELOW = ("pyarrow/include", "pyarrow/src", "numpy/_core/include", "numpy/f2py")
# The C library belongs to the machine: another one beside its loader would not run.
_MACHINE = re.compile(
    r"^(ld-linux|libc\.|libm\.|libdl\.|libpthread\.|librt\.|libutil\.|libresolv\.|libnsl\.|linux-vdso)"
)
_NEEDED = re.compile(r"^\s*(\S+) => (/\S+)", re.MULTILINE)
_NAME = re.compile(r"^([A-Za-z0-9._-]+)\s*(?:\[([^\]]*)\])?")
_EXTRA = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")

_LAUNCHER = """#!/bin/sh
# Starts Baigong from wherever this folder was unpacked.
BAIGONG_LAUNCHER=$(readlink -f "$0")
home=$(dirname "$(dirname "$BAIGONG_LAUNCHER")")
unset PYTHONHOME PYTHONSTARTUP
PYTHONPATH="$home/python/lib/{version}/site-packages"
PYTHONNOUSERSITE=1
export BAIGONG_LAUNCHER PYTHONPATH PYTHONNOUSERSITE
{libraries}exec "$home/python/bin/{version}" -m baigong.cli.main "$@"
"""
_LIBRARIES = """LD_LIBRARY_PATH="$home/python/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export LD_LIBRARY_PATH
"""
_README = """Baigong {baigong}, with Python {python}

Start it:            ./bin/baigong up
As a service:        ./bin/baigong service install --data /var/lib/baigong
Everything else:     ./bin/baigong --help

Needs no network, and nothing installed but {libc} or newer and libstdc++, on {machine}.
"""


def write_bundle(target: Path, progress: Progress = lambda *_: None) -> int:
    """Write the archive (.tar.gz or .tar); returns its bytes."""
    modes = {".gz": "w:gz", ".tgz": "w:gz", ".tar": "w"}
    if target.suffix not in modes:
        raise FixConfiguration("config.invalid", "name the archive something.tar.gz", place=str(target))
    part = target.with_name(f"{target.name}.part")
    try:
        with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=".baigong-bundle-") as folder:
            made = Path(folder) / "baigong"
            gather(made, progress)
            files = sorted(p for p in made.rglob("*") if not p.is_dir())
            total, done = sum(p.lstat().st_size for p in files), 0
            options = {"compresslevel": 6} if modes[target.suffix] == "w:gz" else {}
            with tarfile.open(part, modes[target.suffix], **options) as tar:  # type: ignore[call-overload]
                for path in files:
                    tar.add(path, f"baigong/{path.relative_to(made)}", recursive=False, filter=_nobodys)
                    done += path.lstat().st_size
                    progress("packing", done, total)
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)
    return target.stat().st_size


def _nobodys(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    entry.mode = 0o755 if entry.mode & stat.S_IXUSR else 0o644
    return entry


def gather(home: Path, progress: Progress = lambda *_: None) -> None:
    """Put the bundle together as a folder."""
    if sys.platform != "linux":
        raise FixConfiguration("config.invalid", "a bundle can be made on Linux only, in this version")
    python = home / "python"
    own = list(_interpreter(python))  # copied: their library paths are rewritten below
    taken = list(
        _packages(python / "lib" / _VERSION / "site-packages", python / "bin")
    )  # linked: they stay as they are
    steps = [(_copy, pair) for pair in own] + [(_link, pair) for pair in [*taken, *_compiled([*own, *taken])]]
    total, done = sum(source.stat().st_size for _, (source, _) in steps), 0
    for put, (source, target) in steps:
        target.parent.mkdir(parents=True, exist_ok=True)
        put(source, target)
        done += source.stat().st_size
        progress("gathering", done, total)
    beside = _libraries(python)
    (home / "bin").mkdir()
    launcher = home / "bin" / "baigong"
    launcher.write_text(_LAUNCHER.format(version=_VERSION, libraries="" if beside else _LIBRARIES))
    launcher.chmod(0o755)
    libc = " ".join(platform.libc_ver())
    text = _README.format(
        baigong=baigong.__version__, python=platform.python_version(), libc=libc, machine=platform.machine()
    )
    (home / "README.txt").write_text(text)


def _copy(source: Path, target: Path) -> None:
    shutil.copy2(source, target)


def _link(source: Path, target: Path) -> None:
    """Spare the disk where the file system can."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _interpreter(python: Path) -> Iterator[tuple[Path, Path]]:
    """Yield (file, its place) of the interpreter below our virtual environment, and of the standard library."""
    base = Path(os.path.realpath(getattr(sys, "_base_executable", sys.executable)))
    yield base, python / "bin" / _VERSION
    standard = Path(os.__file__).parent
    for path in _tree(standard):
        yield path, python / "lib" / _VERSION / path.relative_to(standard)
    modules = Path(sysconfig.get_config_var("DESTSHARED") or standard / "lib-dynload")
    for path in modules.glob("*.so") if not modules.is_relative_to(standard) else ():
        yield path, python / "lib" / _VERSION / "lib-dynload" / path.name


def _compiled(found: list[tuple[Path, Path]]) -> Iterator[tuple[Path, Path]]:
    """Yield the bytecode that is there already: it stays valid, since sources keep their times."""
    for source, target in found:
        if source.suffix == ".py":
            cache = Path(cache_from_source(str(source)))
            if cache.is_file():
                yield cache, target.parent / "__pycache__" / cache.name


def _tree(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            if path.name not in _NOT_NEEDED and not path.name.startswith("config-"):
                yield from _tree(path)
        elif path.suffix != ".a" and not path.name.startswith("_tkinter"):  # nor a window system with it
            yield path


def _packages(site: Path, programs: Path) -> Iterator[tuple[Path, Path]]:
    """Yield (file, its place) of Baigong and everything it requires, as installed here."""
    ours = Path(baigong.__file__).parent
    for path in _tree(ours):
        yield path, site / "baigong" / path.relative_to(ours)
    for found in _required("baigong", set()):
        own = found.metadata["Name"].lower() == "baigong"
        for file in found.files or ():
            source = Path(os.path.normpath(str(found.locate_file(file))))
            inside = ".." not in file.parts
            wanted = inside and not _left_out(file.parts) and not (own and not file.parts[0].endswith(".dist-info"))
            if wanted and file.name not in ("direct_url.json", "RECORD") and source.is_file():
                yield source, site / file
            elif not inside and source.parent.name == "bin" and source.is_file() and is_elf(source):
                yield source, programs / source.name  # nats-server


def _left_out(parts: tuple[str, ...]) -> bool:
    path = "/".join(parts)
    return bool(_NOT_NEEDED.intersection(parts[:-1])) or path.startswith(_NOT_NEEDED_BELOW)


def _required(name: str, seen: set[tuple[str, str]], extra: str = "") -> Iterator[Distribution]:
    """Yield a distribution and all it requires on this machine, each once."""
    key = (re.sub(r"[-_.]+", "-", name).lower(), extra)
    if key in seen:
        return
    seen.add(key)
    try:
        found = distribution(name)
    except PackageNotFoundError as error:
        if name == "baigong":
            raise FixConfiguration("config.invalid", "baigong is not installed here: pip install baigong") from error
        return  # for another system or Python than this one
    if not extra:
        yield found
    for line in found.requires or ():
        match = _NAME.match(line)
        asked = _EXTRA.search(line.partition(";")[2])
        if match is None or (asked[1] if asked else "") != extra:
            continue
        yield from _required(match[1], seen)
        for more in (match[2] or "").split(","):
            if more.strip():
                yield from _required(match[1], seen, more.strip())


def _libraries(python: Path) -> bool:
    """Bring the shared libraries along; False when the interpreter must be told where they are."""
    lib = python / "lib"
    modules = sorted((lib / _VERSION / "lib-dynload").glob("*.so"))
    program = python / "bin" / _VERSION
    pending, taken = [program, *modules], set()
    while pending:
        for name, source in _needed(pending.pop()):
            if name in taken or _MACHINE.match(name):
                continue
            taken.add(name)
            shutil.copyfile(source, lib / name)
            (lib / name).chmod(0o755)
            pending.append(lib / name)
    for module in modules:
        look_beside(module, "$ORIGIN/../..")
    for name in taken:
        look_beside(lib / name, "$ORIGIN")
    return look_beside(program, "$ORIGIN/../lib")


def _needed(path: Path) -> list[tuple[str, str]]:
    told = subprocess.run(["ldd", str(path)], capture_output=True, text=True, check=False)
    return _NEEDED.findall(told.stdout)
