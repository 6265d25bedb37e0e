"""A seccomp filter written straight to the kernel, so that no system library has to be there.

The filter is a list of what is allowed; anything else answers ENOSYS, which the C library knows how to live
with. Not on the list, on purpose: execve, fork (``clone`` makes threads only), socket, connect, bind, ptrace,
process_vm_*, io_uring, bpf, mount, unshare, kill, memfd_create, and every call that changes a file system.

Source: linux/seccomp.h, linux/bpf_common.h, linux/audit.h; call numbers from asm/unistd_64.h (x86-64) and
asm-generic/unistd.h (AArch64, not run here).
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from dataclasses import dataclass

_ALLOWED_X86_64 = {
    "read": 0, "pread64": 17, "readv": 19, "preadv": 295, "preadv2": 327, "write": 1, "writev": 20, "sendto": 44,
    "sendmsg": 46, "recvfrom": 45, "recvmsg": 47, "shutdown": 48, "close": 3, "openat": 257, "open": 2, "fstat": 5,
    "newfstatat": 262, "stat": 4, "lstat": 6, "statx": 332, "lseek": 8, "munmap": 11, "mremap": 25, "madvise": 28,
    "mincore": 27, "brk": 12, "futex": 202, "futex_waitv": 449, "set_robust_list": 273, "rseq": 334,
    "sched_yield": 24, "sched_getaffinity": 204, "getpid": 39, "gettid": 186, "getppid": 110, "getuid": 102,
    "geteuid": 107, "getgid": 104, "getegid": 108, "clock_gettime": 228, "clock_getres": 229,
    "clock_nanosleep": 230, "nanosleep": 35, "gettimeofday": 96, "rt_sigaction": 13, "rt_sigprocmask": 14,
    "rt_sigreturn": 15, "sigaltstack": 131, "restart_syscall": 219, "exit": 60, "exit_group": 231,
    "getrandom": 318, "poll": 7, "ppoll": 271, "getrusage": 98, "times": 100, "sysinfo": 99, "uname": 63,
    "getcwd": 79, "readlink": 89, "readlinkat": 267, "access": 21, "faccessat": 269, "faccessat2": 439,
    "fcntl": 72, "fadvise64": 221, "getrlimit": 97, "setitimer": 38, "alarm": 37, "membarrier": 324,
    "set_tid_address": 218, "getcpu": 309,
}  # fmt: skip
_ALLOWED_AARCH64 = {
    "read": 63, "pread64": 67, "readv": 65, "preadv": 69, "preadv2": 286, "write": 64, "writev": 66, "sendto": 206,
    "sendmsg": 211, "recvfrom": 207, "recvmsg": 212, "shutdown": 210, "close": 57, "openat": 56, "fstat": 80,
    "newfstatat": 79, "statx": 291, "lseek": 62, "munmap": 215, "mremap": 216, "madvise": 233, "mincore": 232,
    "brk": 214, "futex": 98, "futex_waitv": 449, "set_robust_list": 99, "rseq": 293, "sched_yield": 124,
    "sched_getaffinity": 123, "getpid": 172, "gettid": 178, "getppid": 173, "getuid": 174, "geteuid": 175,
    "getgid": 176, "getegid": 177, "clock_gettime": 113, "clock_getres": 114, "clock_nanosleep": 115,
    "nanosleep": 101, "gettimeofday": 169, "rt_sigaction": 134, "rt_sigprocmask": 135, "rt_sigreturn": 139,
    "sigaltstack": 132, "restart_syscall": 128, "exit": 93, "exit_group": 94, "getrandom": 278, "ppoll": 73,
    "getrusage": 165, "times": 153, "sysinfo": 179, "uname": 160, "getcwd": 17, "readlinkat": 78,
    "faccessat": 48, "faccessat2": 439, "fcntl": 25, "fadvise64": 223, "getrlimit": 163, "setitimer": 103,
    "membarrier": 283, "set_tid_address": 96, "getcpu": 168,
}  # fmt: skip


@dataclass(slots=True, frozen=True)
class _Machine:
    audit: int  # AUDIT_ARCH_*
    allowed: dict[str, int]
    mmap: int
    mprotect: int
    clone: int
    tgkill: int
    prctl: int
    prlimit64: int


_MACHINES = {
    "x86_64": _Machine(0xC000003E, _ALLOWED_X86_64, 9, 10, 56, 234, 157, 302),
    "aarch64": _Machine(0xC00000B7, _ALLOWED_AARCH64, 222, 226, 220, 131, 167, 261),
}

_LD, _JEQ, _JSET, _JGE, _RET = 0x20, 0x15, 0x45, 0x35, 0x06  # BPF_LD|W|ABS, BPF_JMP|…|K, BPF_RET|K
_KILL_PROCESS, _ALLOW = 0x80000000, 0x7FFF0000
_EPERM, _ENOSYS = 0x00050000 | 1, 0x00050000 | 38
_NR, _ARCH, _ARGS = 0, 4, 16  # offsets in struct seccomp_data; arguments are 8 bytes each, low half first
_X32 = 0x40000000  # the x32 ABI reuses numbers with this bit
_CLONE_THREAD, _PROT_EXEC = 0x10000, 4
_PR_SET_NAME, _PR_SET_VMA, _PR_GET_NAME = 15, 0x53564D41, 16
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _PR_GET_SECCOMP, _FILTER = 38, 22, 21, 2

Program = list[tuple[int, int, int, int]]


def _only_if(nr: int, argument: int, wanted: tuple[int, ...]) -> Program:
    """Allow a call when the low half of an argument is one of these; else EPERM."""
    tests: Program = []
    for i, value in enumerate(wanted):
        tests.append((_JEQ, len(wanted) - i, 0, value))
    body: Program = [(_LD, 0, 0, _ARGS + 8 * argument), *tests, (_RET, 0, 0, _EPERM), (_RET, 0, 0, _ALLOW)]
    return [(_JEQ, 0, len(body), nr), *body]


def _by_bit(nr: int, argument: int, bit: int, *, set_is: int, clear_is: int) -> Program:
    body: Program = [(_LD, 0, 0, _ARGS + 8 * argument), (_JSET, 0, 1, bit), (_RET, 0, 0, set_is)]
    body.append((_RET, 0, 0, clear_is))
    return [(_JEQ, 0, len(body), nr), *body]


def program(machine: str, pid: int) -> Program:
    """Return the filter as (code, jump if true, jump if false, operand) for a process that may signal only ``pid``."""
    m = _MACHINES[machine]
    lines: Program = [(_LD, 0, 0, _ARCH), (_JEQ, 1, 0, m.audit), (_RET, 0, 0, _KILL_PROCESS), (_LD, 0, 0, _NR)]
    if machine == "x86_64":
        lines += [(_JGE, 0, 1, _X32), (_RET, 0, 0, _KILL_PROCESS)]
    for number in m.allowed.values():
        lines += [(_JEQ, 0, 1, number), (_RET, 0, 0, _ALLOW)]
    lines += _by_bit(m.mmap, 2, _PROT_EXEC, set_is=_EPERM, clear_is=_ALLOW)
    lines += _by_bit(m.mprotect, 2, _PROT_EXEC, set_is=_EPERM, clear_is=_ALLOW)
    lines += _by_bit(m.clone, 0, _CLONE_THREAD, set_is=_ALLOW, clear_is=_EPERM)
    lines += _only_if(m.tgkill, 0, (pid,))
    lines += _only_if(m.prctl, 0, (_PR_SET_NAME, _PR_SET_VMA, _PR_GET_NAME))
    lines += _only_if(m.prlimit64, 0, (0,))
    return [*lines, (_RET, 0, 0, _ENOSYS)]


class _Prog(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def _prctl(*arguments: object) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    return int(libc.prctl(*arguments))


def available() -> bool:
    """Say whether this kernel takes seccomp filters and this machine's call numbers are known."""
    return platform.system() == "Linux" and platform.machine() in _MACHINES and _prctl(_PR_GET_SECCOMP) >= 0


def restrict() -> None:
    """Put the filter on this process, for good. Raises OSError. Call it while there is one thread."""
    lines = program(platform.machine(), os.getpid())
    raw = b"".join(struct.pack("=HBBI", *line) for line in lines)
    buffer = ctypes.create_string_buffer(raw, len(raw))
    prog = _Prog(len(lines), ctypes.addressof(buffer))
    if _prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or _prctl(_PR_SET_SECCOMP, _FILTER, ctypes.byref(prog), 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")
