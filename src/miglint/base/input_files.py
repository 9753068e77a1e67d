"""The one door through which files are read: regular files, up to a size.

A checkout can hold a link to `/dev/zero`, a named pipe or a terabyte of holes under any name: to read one of these
would never end, or take all memory. Opening a device may even do something, so the kind of a file is asked before, and
again of what was opened.

This is on the way of each start and imports as little as it can.
"""

# pathlib alone takes as long to import as an answer takes to find.
# ruff: noqa: PTH116

from __future__ import annotations

import os
from stat import S_ISDIR, S_ISREG

MEBIBYTE = 1 << 20
# The most that is read of each kind of file, in bytes. SQL has `DEFAULT_MAX_FILE_BYTES` of the discovery.
MAX_CONFIGURATION = MEBIBYTE
MAX_RULES = 8 * MEBIBYTE
MAX_BASELINE = 64 * MEBIBYTE

# Without O_NONBLOCK a named pipe that took a file's place would hang the run.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_FIRST_CHUNK, _NEXT_CHUNK = 1 << 15, 1 << 20


class NotAFileError(OSError):
    """The path leads to a folder, a device, a pipe or a socket."""


class TooLargeError(OSError):
    """The file has more bytes than are read of its kind."""


def read_bytes(path: str | os.PathLike[str], limit: int) -> bytes:
    """Return the content of a regular file of at most `limit` bytes; links are followed.

    Raises `OSError`, whose `strerror` says why: what the system says, `NotAFileError`, or `TooLargeError`. A path that
    no system has (one with a NUL in it) raises `OSError` as well.
    """
    return read_with_time(path, limit)[0]


def read_with_time(path: str | os.PathLike[str], limit: int) -> tuple[bytes, int]:
    """Return the content as `read_bytes` does, and the time of its last change in nanoseconds."""
    name = os.fspath(path)
    if "\0" in name:
        raise OSError(0, "no path holds a NUL character", name.replace("\0", "\\0"))
    _require_file(os.stat(name), name)
    descriptor = os.open(name, _FLAGS)
    try:
        state = os.fstat(descriptor)
        # Something else may have taken its place.
        _require_file(state, name)
        if state.st_size > limit:
            raise _too_large(limit, name)
        data = os.read(descriptor, _FIRST_CHUNK)
        size, parts = len(data), [data]
        # A short read is not yet the end on every file system; only an empty one is.
        while size <= limit and (data := os.read(descriptor, _NEXT_CHUNK if size >= _FIRST_CHUNK else 1)):
            parts.append(data)
            size += len(data)
    finally:
        os.close(descriptor)
    if size > limit:
        raise _too_large(limit, name)
    return (parts[0] if len(parts) == 1 else b"".join(parts)), state.st_mtime_ns


def is_file(path: str | os.PathLike[str]) -> bool:
    """Tell whether a path leads to a regular file."""
    try:
        return S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def refuse_unreadable(path: str | os.PathLike[str], limit: int) -> None:
    """Raise `OSError` as `read_bytes` would for a path that a library is about to read; what is not there is no fault.

    A folder of that name is none either: libraries pass over it.
    """
    try:
        state = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    if S_ISDIR(state.st_mode):
        return
    _require_file(state, os.fspath(path))
    if state.st_size > limit:
        raise _too_large(limit, os.fspath(path))


def _require_file(state: os.stat_result, name: str) -> None:
    if not S_ISREG(state.st_mode):
        raise NotAFileError(0, "is a folder" if S_ISDIR(state.st_mode) else "not a regular file", name)


def _too_large(limit: int, name: str) -> TooLargeError:
    return TooLargeError(0, f"larger than {limit:,} bytes", name)
