"""The walls around a child process: raised by the child itself, while it still runs only our code.

Order matters: limits first, then Landlock (files, TCP, signals), then the privileges of root, seccomp last.
Walls bind the threads that exist and those they make, so they are raised while there is exactly one.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import msgspec

from baigong.sandbox import syscalls

_CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h
_PR_SET_DUMPABLE = 4
# DuckDB sees that these exist and dies when it cannot read them (2.0.0). They hold this machine's limits, no data.
_CGROUP_OF_SELF = "/proc/self/cgroup"
_CGROUPS = "/sys/fs/cgroup"


class Limits(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one child may use. ``memory_bytes`` is what a query plans with; ``slack_bytes`` is what code, stacks,
    handed-in tables and allocators may take beyond it before the kernel refuses.
    """

    memory_bytes: int = 512 << 20
    slack_bytes: int = 384 << 20
    threads: int = 2
    open_files: int = 1024
    cpu_s: int = 7200  # of its whole life


class WallMissing(Exception):
    """A wall that must stand does not."""


def kernel() -> dict[str, int | bool]:
    """Say which walls this machine offers, for the system page. ``landlock`` is the ABI version, 0 without."""
    if platform.system() != "Linux":
        return {"landlock": 0, "seccomp": False, "limits": False}
    return {"landlock": landlock_abi(), "seccomp": syscalls.available(), "limits": True}


def landlock_abi() -> int:
    if sys.platform != "linux":
        return 0
    from py_landlock import LandlockError, get_abi_version

    try:
        return int(get_abi_version())
    except (LandlockError, OSError):
        return 0


def raise_walls(readable: Iterable[str], limits: Limits, *, without_landlock: bool = False) -> dict[str, int | bool]:
    """Shut this process in; from here on it reads files below ``readable`` and nothing else. Irrevocable.

    Raises WallMissing, in which case the caller must end the process. Returns what stands, as ``kernel`` does.
    """
    threads = len(os.listdir("/proc/self/task"))
    if threads != 1:
        raise WallMissing(f"{threads} threads were running already; walls would not bind them")
    tempfile.tempdir = os.sep  # looking for a place to write would leave trial files that cannot be removed again
    set_limits(limits)
    abi = 0 if without_landlock and not landlock_abi() else restrict_files(readable)
    drop_privileges()
    if not syscalls.available():
        raise WallMissing(f"no seccomp for {platform.machine()} on this kernel")
    try:
        syscalls.restrict()
    except OSError as error:
        raise WallMissing(str(error)) from error
    return {"landlock": abi, "seccomp": True, "limits": True}


def set_limits(limits: Limits) -> None:
    """Bound address space, files, processor time; no file may grow by a byte, no core is dumped."""
    import resource

    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    space = pages * resource.getpagesize() + limits.memory_bytes + limits.slack_bytes
    for what, value in (
        (resource.RLIMIT_AS, space),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, limits.open_files),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_CPU, limits.cpu_s),
    ):
        _, hard = resource.getrlimit(what)
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(what, (bound, bound))


def restrict_files(readable: Iterable[str]) -> int:
    """Forbid everything Landlock knows, except reading files below these folders; return the ABI version."""
    from py_landlock import AccessFs, Landlock, LandlockError

    try:
        ruleset = Landlock(strict=False)
        for folder in (*readable, _CGROUPS):
            if os.path.isdir(folder):
                ruleset.add_path_rule(folder, access=AccessFs.READ_FILE)
        if os.path.exists(_CGROUP_OF_SELF):
            # the rule binds to the inode: kept open for good, so that procfs never makes another one
            os.open(_CGROUP_OF_SELF, os.O_RDONLY)
            ruleset.add_path_rule(_CGROUP_OF_SELF, access=AccessFs.READ_FILE)
        abi = int(ruleset.abi_version)
        ruleset.apply()
    except (LandlockError, OSError) as error:
        raise WallMissing(f"Landlock: {error}") from error
    return abi


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


def drop_privileges() -> None:
    """Give up all capabilities (root keeps none) and hide this process's memory from its siblings."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    if libc.capset(ctypes.byref(header), nothing) or libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0):
        number = ctypes.get_errno()
        raise WallMissing(f"capabilities: {os.strerror(number)}")
