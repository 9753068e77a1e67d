"""Resource usage of a server: the size of its folder, and the memory of its processes."""

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
    databases: dict[str, int] = {}
    temporary: dict[int, int] = {}
    base = str(folder / "data" / "base")
    total = 0
    for path, size in _sizes(str(folder)):
        total += size
        if path.startswith(base):
            parts = Path(path[len(base) + 1 :]).parts
            if parts[0] != _TEMPORARY:
                databases[parts[0]] = databases.get(parts[0], 0) + size
            else:
                # pgsql_tmp4711.0, or a folder of that name with files in it
                digits = parts[1].removeprefix(_TEMPORARY).split(".")[0] if len(parts) > 1 else ""
                if digits.isdecimal():
                    temporary[int(digits)] = temporary.get(int(digits), 0) + size
    return Usage(total, databases, temporary)


def _sizes(folder: str) -> list[tuple[str, int]]:
    found: list[tuple[str, int]] = []
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return found
    for entry in entries:
        try:
            if entry.is_dir(follow_symlinks=False):
                found += _sizes(entry.path)
            else:
                state = entry.stat(follow_symlinks=False)
                found.append((entry.path, getattr(state, "st_blocks", -(-state.st_size // _BLOCK)) * _BLOCK))
        except OSError:
            continue
    return found


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
    for name in os.listdir("/proc"):  # noqa: PTH208 - faster
        if not name.isdecimal():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123 - faster
                # Program names may contain any character, including parentheses.
                rest = file.read().rpartition(b")")[2]
            if not rest[2:].startswith(wanted):
                continue
            with open(f"/proc/{name}/statm", "rb") as file:  # noqa: PTH123 - faster
                _, resident, shared, *_ = map(int, file.read().split())
        except (OSError, ValueError):
            continue
        found[int(name)] = (resident - shared) * page
    return found
