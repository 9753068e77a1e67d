"""Confinement of the SQLite process before the first script: files, child processes, network, memory.

Each limit is enforced by the operating system and cannot be lifted later: resource limits are hard ones, and a system
call filter is permanent. Limits that the system lacks are returned, and reported by the parent.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path

if sys.platform != "win32":
    import resource

# Names of limits, for the note about missing ones.
LIMITS = {
    "memory": "bound on the address space",
    "files": "bound on open files",
    "processes": "ban on new processes",
    "calls": "filter for system calls",
}
# Memory for the interpreter's objects in addition to SQLite's.
_HEADROOM = 256 << 20
_UNKNOWN_SIZE = 1 << 30
_NOBODY = 65534
_STANDARD_STREAMS = 3


def confine(memory: int, seconds: int) -> tuple[str, ...]:
    """Drop access that scripts must not have; return the limits (keys of `LIMITS`) that this system lacks.

    `memory` is SQLite's limit in bytes, `seconds` the processor time for everything that follows. The three standard
    streams stay open and are the last files of this process.
    """
    filter_calls = _filter_of_calls()
    missing = []
    if not _limit("RLIMIT_AS", _address_space() + memory + _HEADROOM):
        missing.append("memory")
    _limit("RLIMIT_CPU", seconds)
    _limit("RLIMIT_CORE", 0)
    _limit("RLIMIT_FSIZE", 0)
    # Without a free descriptor, neither files nor sockets can be opened.
    if not _limit("RLIMIT_NOFILE", _STANDARD_STREAMS):
        missing.append("files")
    no_children = _limit("RLIMIT_NPROC", 0)
    ordinary = _become_nobody()
    if not filter_calls():
        missing.append("calls")
        # Root is exempt from the limit on processes.
        if not (no_children and ordinary):
            missing.append("processes")
    return tuple(missing)


def _limit(name: str, value: int) -> bool:
    if sys.platform == "win32":
        return False
    number = getattr(resource, name, None)
    if number is None:
        return False
    try:
        _, most = resource.getrlimit(number)
        if most != resource.RLIM_INFINITY:
            value = min(value, most)
        resource.setrlimit(number, (value, value))
        return resource.getrlimit(number)[1] == value
    except (OSError, ValueError):
        return False


def _address_space() -> int:
    """Return the current address space of this process in bytes."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return _UNKNOWN_SIZE


def _become_nobody() -> bool:
    """Switch to another account if this one is root; return whether it is now an ordinary one."""
    if sys.platform == "win32":
        return True
    if os.geteuid() == 0:
        # If the account is not mapped (in a user namespace), root has only the rights of the user who created it.
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)
    return os.geteuid() != 0


# Linux: numbers of the calls that stay allowed, and of the architecture that they are for.
# read write close fstat lseek mmap mprotect munmap brk mremap madvise rt_sigaction rt_sigprocmask rt_sigreturn
# sigaltstack futex sched_yield nanosleep clock_gettime clock_nanosleep gettimeofday time getpid getppid gettid
# getrandom getrusage poll ppoll restart_syscall exit exit_group
_ALLOWED_CALLS = {
    "x86_64": (
        0xC000003E,
        (0, 1, 3, 5, 8, 9, 10, 11, 12, 25, 28, 13, 14, 15, 131, 202, 24, 35, 228, 230, 96, 201, 39, 110, 186, 318, 98,
         7, 271, 219, 60, 231),
    ),
    "aarch64": (
        0xC00000B7,
        (63, 64, 57, 80, 62, 222, 226, 215, 214, 216, 233, 134, 135, 139, 132, 98, 124, 101, 113, 115, 169, 172, 173,
         178, 278, 165, 73, 128, 93, 94),
    ),
}  # fmt: skip
_SECCOMP_CALL = {"x86_64": 317, "aarch64": 277}
_SET_NO_NEW_PRIVILEGES = 38
_SET_MODE_FILTER = 1
_ALL_THREADS = 1
_LOAD_WORD, _JUMP_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ALLOW, _FAIL_WITH_EPERM = 0x7FFF0000, 0x00050001
_INSTRUCTION = 8
_CALL_NUMBER, _ARCHITECTURE = 0, 4


def _filter_of_calls() -> Callable[[], bool]:
    """Return a function that makes all system calls fail except basic ones, and returns whether it succeeded.

    Everything it needs is loaded now, while files can still be opened.
    """
    if sys.platform != "linux":
        return lambda: False
    machine = os.uname().machine
    if machine not in _ALLOWED_CALLS:
        return lambda: False
    try:
        import ctypes
    except ImportError:
        return lambda: False
    program = _program(*_ALLOWED_CALLS[machine])
    instructions = ctypes.create_string_buffer(program, len(program))
    library = ctypes.CDLL(None)
    number = ctypes.c_long(_SECCOMP_CALL[machine])

    def apply() -> bool:
        size = len(program) // _INSTRUCTION
        filter_ = ctypes.create_string_buffer(struct.pack("@HP", size, ctypes.addressof(instructions)))
        if library.prctl(_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
            return False
        return bool(library.syscall(number, _SET_MODE_FILTER, _ALL_THREADS, filter_) == 0)

    return apply


def _program(architecture: int, calls: tuple[int, ...]) -> bytes:
    """Return the filter in the kernel's format: other architectures and other calls fail."""
    count = len(calls)

    def step(code: int, value: int, equal: int = 0, other: int = 0) -> bytes:
        return struct.pack("=HBBI", code, equal, other, value)

    lines = [step(_LOAD_WORD, _ARCHITECTURE), step(_JUMP_EQUAL, architecture, 0, count + 1)]
    lines.append(step(_LOAD_WORD, _CALL_NUMBER))
    lines += [step(_JUMP_EQUAL, call, count - at) for at, call in enumerate(calls)]
    return b"".join((*lines, step(_RETURN, _FAIL_WITH_EPERM), step(_RETURN, _ALLOW)))
