"""What the process that runs SQLite's scripts takes from itself before the first one: files, children, network, memory.

Each limit is one that the operating system keeps. Nothing that runs later can lift one: the limits are hard ones, and a
process with a filter for system calls keeps it. What a system does not have is returned, and the parent says so.
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

# What there is to say of a limit that the system does not have.
LIMITS = {
    "memory": "bound on the address space",
    "files": "bound on open files",
    "processes": "ban on new processes",
    "calls": "filter for system calls",
}
# Room for the interpreter's own objects beside what SQLite may take.
_HEADROOM = 256 << 20
_UNKNOWN_SIZE = 1 << 30
_NOBODY = 65534
_STANDARD_STREAMS = 3


def confine(memory: int, seconds: int) -> tuple[str, ...]:
    """Give up what scripts must not reach; return the limits (keys of `LIMITS`) that this system does not have.

    `memory` are the bytes that SQLite may take, `seconds` the time of the processor for all that follows. The three
    standard streams stay as they are and are the last files of this process.
    """
    filter_calls = _filter_of_calls()
    missing = []
    if not _limit("RLIMIT_AS", _address_space() + memory + _HEADROOM):
        missing.append("memory")
    _limit("RLIMIT_CPU", seconds)
    _limit("RLIMIT_CORE", 0)
    _limit("RLIMIT_FSIZE", 0)
    # Neither a file nor a socket can be opened without a free descriptor.
    if not _limit("RLIMIT_NOFILE", _STANDARD_STREAMS):
        missing.append("files")
    no_children = _limit("RLIMIT_NPROC", 0)
    ordinary = _become_nobody()
    if not filter_calls():
        missing.append("calls")
        # The bound on processes is not kept for root.
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
    """Return the bytes of address space that this process has now."""
    try:
        return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return _UNKNOWN_SIZE


def _become_nobody() -> bool:
    """Take another account when this one is root; tell whether it is an ordinary one now."""
    if sys.platform == "win32":
        return True
    if os.geteuid() == 0:
        # Where the account is not mapped (a user namespace), root is no more than the user who made it.
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
    """Return what lets every system call fail but those that computing needs, and tells whether that worked.

    All that has to be loaded for it is loaded now, while files can be opened.
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
    """Return the filter as the kernel reads it: another architecture or another call fails."""
    count = len(calls)

    def step(code: int, value: int, equal: int = 0, other: int = 0) -> bytes:
        return struct.pack("=HBBI", code, equal, other, value)

    lines = [step(_LOAD_WORD, _ARCHITECTURE), step(_JUMP_EQUAL, architecture, 0, count + 1)]
    lines.append(step(_LOAD_WORD, _CALL_NUMBER))
    lines += [step(_JUMP_EQUAL, call, count - at) for at, call in enumerate(calls)]
    return b"".join((*lines, step(_RETURN, _FAIL_WITH_EPERM), step(_RETURN, _ALLOW)))
