"""Each wall is leant against by code that already runs inside: what a hijacked DuckDB would try."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from baigong.sandbox import syscalls, walls

pytestmark = pytest.mark.skipif(not walls.landlock_abi(), reason="this kernel has no Landlock")

INSIDE = """
import ctypes, errno, mmap, os, resource, signal, socket, sys, threading
from baigong.sandbox.walls import Limits, raise_walls
mine, other, parent = sys.argv[1], sys.argv[2], int(sys.argv[3])
standing = raise_walls([mine], Limits(memory_bytes=64 << 20, slack_bytes=64 << 20))
libc = ctypes.CDLL(None, use_errno=True)
try:
    result = {attack}
    print("DID", result)
except (OSError, MemoryError, ValueError, RuntimeError) as error:
    print("REFUSED", type(error).__name__)
"""


def lean(attack: str, tmp_path: Path) -> str:
    mine, other = tmp_path / "tenant=mine", tmp_path / "tenant=other"
    for folder in (mine, other):
        folder.mkdir(exist_ok=True)
        (folder / "a.parquet").write_bytes(b"rows")
    link = mine / "link.parquet"
    if not link.is_symlink():
        link.symlink_to(other / "a.parquet")
    done = subprocess.run(
        [sys.executable, "-c", INSIDE.replace("{attack}", attack), str(mine), str(other), str(os.getpid())],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (mine / "a.parquet").read_bytes() == b"rows"
    assert sorted(p.name for p in mine.iterdir()) == ["a.parquet", "link.parquet"]
    return done.stdout.strip() or f"DIED {done.returncode} {done.stderr[-300:]}"


@pytest.mark.parametrize(
    "attack",
    [
        "open('/etc/passwd').read()",
        "open('/proc/self/environ').read()",
        "open(f'/proc/{parent}/environ').read()",
        "open(other + '/a.parquet').read()",
        "open(mine + '/../tenant=other/a.parquet').read()",
        "open(mine + '/link.parquet').read()",
        "os.listdir(mine)",
        "open(mine + '/new.parquet', 'w')",
        "open(mine + '/a.parquet', 'r+b').write(b'x')",
        "os.truncate(mine + '/a.parquet', 0)",
        "os.unlink(mine + '/a.parquet')",
        "os.rename(mine + '/a.parquet', mine + '/b.parquet')",
        "os.link(mine + '/a.parquet', mine + '/b.parquet')",
        "os.symlink('/etc', mine + '/etc')",
        "os.mkdir(mine + '/folder')",
        "os.chmod(mine + '/a.parquet', 0)",
        "open('/tmp/baigong-escape', 'w')",
        "os.memfd_create('x')",
        "socket.socket()",
        "socket.socketpair()",
        "socket.create_connection(('127.0.0.1', 22))",
        "os.fork()",
        "os.execv('/bin/true', ['true'])",
        "os.kill(parent, 0)",
        "os.setuid(0)",
        "os.pipe()",
        "mmap.mmap(-1, 4096, prot=mmap.PROT_EXEC | mmap.PROT_READ)",
        "mmap.mmap(-1, 1 << 30)",
        "bytearray(200 << 20)",
        "resource.setrlimit(resource.RLIMIT_AS, (-1, -1))",
        "resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))",
        "resource.prlimit(parent, resource.RLIMIT_NOFILE, (8, 8))",
    ],
)
def test_refused(attack: str, tmp_path: Path) -> None:
    assert lean(attack, tmp_path).startswith("REFUSED")


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("ptrace", 101),
        ("process_vm_readv", 310),
        ("io_uring_setup", 425),
        ("bpf", 321),
        ("unshare", 272),
        ("vfork", 58),
    ],
)
@pytest.mark.skipif(platform.machine() != "x86_64", reason="numbers of x86-64")
def test_call_is_not_there(name: str, number: int, tmp_path: Path) -> None:
    assert lean(f"(libc.syscall({number}, 0, 0, 0, 0), ctypes.get_errno())", tmp_path) == "DID (-1, 38)"


@pytest.mark.parametrize(
    ("attack", "result"),
    [
        ("open(mine + '/a.parquet').read()", "rows"),
        ("[threading.Thread(target=len, args=('',)).start() for _ in range(3)]", "[None, None, None]"),
        ("len(bytearray(30 << 20))", str(30 << 20)),
        ("standing['landlock'] >= 1 and standing['seccomp'] and standing['limits']", "True"),
        ("ctypes.string_at(ctypes.addressof(ctypes.c_int(7)), 1)", "b'\\x07'"),
    ],
)
def test_work_goes_on(attack: str, result: str, tmp_path: Path) -> None:
    assert lean(attack, tmp_path) == f"DID {result}"


def test_walls_are_not_raised_around_running_threads() -> None:
    code = """
import threading
from baigong.sandbox.walls import Limits, WallMissing, raise_walls
stop = threading.Event()
threading.Thread(target=stop.wait).start()
try:
    raise_walls([], Limits())
except WallMissing as error:
    print(error)
stop.set()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert "2 threads" in done.stdout


def run(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True).stdout


def test_without_landlock_it_fails_closed() -> None:
    code = """
import os, py_landlock
from baigong.sandbox import syscalls, walls
listing = os.listdir
os.listdir = lambda path: ["only one"]
walls.set_limits = lambda limits: None
import tempfile
tempfile.tempdir = "/"  # what looks for the C library would try to write, and could not clean up
syscalls.restrict()  # as if the kernel had no such calls: they answer ENOSYS now
print(walls.landlock_abi())
try:
    walls.raise_walls([], walls.Limits())
except walls.WallMissing as error:
    print("MISSING", error)
"""
    assert run(code).startswith("0\nMISSING Landlock")


def test_the_option_with_the_long_name_opens_files_and_nothing_else() -> None:
    code = """
import os, socket
from baigong.sandbox import walls
walls.landlock_abi = lambda: 0
print(walls.raise_walls([], walls.Limits(), without_landlock=True))
print(len(open("/etc/passwd").read()) > 0)
for escape in (socket.socket, os.fork, lambda: os.memfd_create("x")):
    try:
        print("DID", escape())
    except OSError:
        print("REFUSED")
"""
    told = run(code).splitlines()
    assert told[:2] == ["{'landlock': 0, 'seccomp': True, 'limits': True}", "True"]
    assert told[2:] == ["REFUSED"] * 3


def test_kernel_is_reported() -> None:
    assert walls.kernel() == {"landlock": walls.landlock_abi(), "seccomp": True, "limits": True}


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_filter_is_well_formed(machine: str) -> None:
    """Every path through the program ends in a verdict, and jumps stay inside it."""
    program = syscalls.program(machine, 1234)
    assert len(program) < 4096
    assert program[-1][0] == 0x06
    for at, (code, yes, no, _) in enumerate(program):
        if code in (0x15, 0x35, 0x45):
            assert max(at + 1 + yes, at + 1 + no) < len(program)


def test_no_number_stands_twice() -> None:
    for machine in ("x86_64", "aarch64"):
        numbers = list(syscalls._MACHINES[machine].allowed.values())
        assert len(numbers) == len(set(numbers))
