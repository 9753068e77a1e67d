"""Resource usage of a server: the size of its folder, and the memory of its processes."""

# The memory is read many times a second: `Path` takes half as long again for a file, and twice as long for a folder.
# ruff: noqa: PTH123, PTH208

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from miglint.base.structs import Struct, field

_BLOCK = 512
_TEMPORARY = "pgsql_tmp"
_PS_SECONDS = 5


class Usage(Struct, frozen=True):
    """Bytes on disk: in total, per database (by oid), and in temporary files per process."""

    disk: int = 0
    databases: Mapping[str, int] = field(default_factory=dict)
    temporary: Mapping[int, int] = field(default_factory=dict)


def folder_usage(folder: Path) -> Usage:
    """Return the disk usage of a server's folder. Files that are deleted meanwhile are ignored."""
    base = str(folder / "data" / "base")
    total = _size(str(folder), base)
    databases: dict[str, int] = {}
    temporary: dict[int, int] = {}
    for entry in _entries(base):
        if entry.name != _TEMPORARY:
            databases[entry.name] = _size_of(entry)
            continue
        for part in _entries(entry.path):
            size = _size_of(part)
            total += size
            # pgsql_tmp4711.0, or a folder of that name with files in it
            digits = part.name.removeprefix(_TEMPORARY).split(".")[0]
            if digits.isdecimal():
                temporary[int(digits)] = temporary.get(int(digits), 0) + size
    return Usage(total + sum(databases.values()), databases, temporary)


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        return list(os.scandir(folder))
    except OSError:
        return []


def _size(folder: str, without: str = "") -> int:
    """Return the bytes used by the files below a folder, but for those below another one."""
    return sum([_size_of(entry, without) for entry in _entries(folder)])


def _size_of(entry: os.DirEntry[str], without: str = "") -> int:
    try:
        if entry.is_dir(follow_symlinks=False):
            return _size(entry.path, without) if entry.path != without else 0
        state = entry.stat(follow_symlinks=False)
    except OSError:
        return 0
    return int(getattr(state, "st_blocks", -(-state.st_size // _BLOCK))) * _BLOCK


def memory_of(server: int) -> Mapping[int, int]:
    """Return the private memory of each process of a server, in bytes; empty if the system does not report it."""
    if sys.platform == "win32":
        return {}
    if sys.platform == "linux":
        return _memory_in_proc(server)
    listed = subprocess.run(
        ["/bin/ps", "-axo", "pid=,ppid=,rss="], capture_output=True, check=False, timeout=_PS_SECONDS
    ).stdout.splitlines()
    rows = [tuple(map(int, line.split())) for line in listed if len(line.split()) == 3]
    return {pid: resident * 1024 for pid, parent, resident in rows if parent == server}


def _memory_in_proc(server: int) -> Mapping[int, int]:
    page = os.sysconf("SC_PAGE_SIZE")
    wanted = f" {server} ".encode()
    found: dict[int, int] = {}
    children = _children(server)
    for name in os.listdir("/proc") if children is None else children:
        if not name.isdecimal():
            continue
        try:
            if children is None:
                with open(f"/proc/{name}/stat", "rb") as file:
                    # Program names may contain any character, including parentheses.
                    rest = file.read().rpartition(b")")[2]
                if not rest[2:].startswith(wanted):
                    continue
            with open(f"/proc/{name}/statm", "rb") as file:
                _, resident, shared, *_ = map(int, file.read().split())
        except (OSError, ValueError):
            continue
        found[int(name)] = (resident - shared) * page
    return found


def _children(server: int) -> list[str] | None:
    """Return the processes that a process of one thread started; None if this system does not list them."""
    try:
        with open(f"/proc/{server}/task/{server}/children", encoding="ascii") as file:
            return file.read().split()
    except OSError:
        return None
