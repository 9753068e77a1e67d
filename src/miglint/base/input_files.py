"""File access: all input files are read here, only regular files, up to a size limit.

A checkout can contain a link to `/dev/zero`, a named pipe or a sparse file of a terabyte under any name; reading one
would not end or exhaust memory. Opening a device can have side effects, so the file type is checked before opening, and
again on the open file.

This module is imported on every start and imports as little as possible.
"""

# pathlib alone takes as long to import as an answer takes to find.
# ruff: noqa: PTH100, PTH112, PTH114, PTH115, PTH116, PTH117, PTH118, PTH120

from __future__ import annotations

import os
from stat import S_ISDIR, S_ISLNK, S_ISREG

from miglint.base.hashes import blake2b

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MEBIBYTE = 1 << 20
# Maximum sizes in bytes, by kind of file. For SQL, see `DEFAULT_MAX_FILE_BYTES` in `discovery.options`.
MAX_CONFIGURATION = MEBIBYTE
MAX_RULES = 8 * MEBIBYTE
MAX_BASELINE = 64 * MEBIBYTE

# Without O_NONBLOCK, opening a named pipe that replaced the file would block.
_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
# Only where a file can be opened by an open folder, and not by a link.
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0) if {os.open, os.stat} <= os.supports_dir_fd else 0
_FOLDER_FLAGS = _FLAGS | getattr(os, "O_DIRECTORY", 0)
_FIRST_CHUNK, _NEXT_CHUNK = 1 << 15, 1 << 20


class NotAFileError(OSError):
    """The path is a folder, a device, a pipe or a socket."""


class TooLargeError(OSError):
    """The file exceeds the size limit of its kind."""


class RecordedReads:
    """A context in which all reads are recorded: content and state of files by path, as the run has seen them."""

    current: dict[str, tuple[bytes, os.stat_result]] | None = None

    def __enter__(self) -> dict[str, tuple[bytes, os.stat_result]]:
        found: dict[str, tuple[bytes, os.stat_result]] = {}
        RecordedReads.current = found
        return found

    def __exit__(self, *raised: object) -> None:
        RecordedReads.current = None


def read_bytes(path: str | os.PathLike[str], limit: int) -> bytes:
    """Return the content of a regular file of at most `limit` bytes; links are followed.

    Raises `OSError` with the reason in `strerror`: the system's error, `NotAFileError`, or `TooLargeError`. An invalid
    path (one with a NUL character) raises `OSError` as well.
    """
    return read_with_state(path, limit)[0]


def content_hash(data: bytes) -> bytes:
    """Return a hash by which caches know a content again: nobody can make two contents with one hash."""
    return blake2b(data, digest_size=32).digest()


def read_in_checkout(path: str | os.PathLike[str], limit: int, folder: str | None = None) -> bytes:
    """Return the content as `read_bytes` does; raises `OSError` for a file that a link leads to out of the checkout.

    The checkout is that of `folder`, a path without links, or of the file's own folder and of the working directory.
    """
    _require_inside(path)
    top = checkout_of(os.path.dirname(os.path.abspath(path))) if folder is None else _top_above(folder)

    def allowed(place: str) -> bool:
        return is_below(place, top) and (folder is not None or not _is_led_out(path, place))

    return read_with_state(path, limit, allowed)[0]


def read_within(path: str | os.PathLike[str], limit: int, tops: Sequence[str]) -> bytes:
    """Return the content as `read_bytes` does; raises `OSError` for a path that a link leads out of one of `tops`."""
    _require_inside(path)
    return read_with_state(path, limit, lambda place: not leads_out(path, place, tops))[0]


def read_with_state(
    path: str | os.PathLike[str], limit: int, allowed: Callable[[str], bool] | None = None
) -> tuple[bytes, os.stat_result]:
    """Return the content as `read_bytes` does, and the state of the file before it was read.

    `allowed` is called with the path without links of the open file, and returns whether to read it: the name may lead
    elsewhere by the time it is opened.
    """
    name = os.fspath(path)
    if "\0" in name:
        raise OSError(0, "no path holds a NUL character", name.replace("\0", "\\0"))
    _require_file(os.stat(name), name)
    return _read_open(os.open(name, _FLAGS), name, limit, allowed)


def read_from(folder: OpenFolder, name: str, path: str, limit: int) -> bytes | None:
    """Return the content of a file in an open folder as `read_bytes` does; `path` is how it is recorded.

    The result is None for links, and where the system opens no folders: their files are opened by path.
    """
    if folder.descriptor is None or not _NO_LINKS or "\0" in name:
        return None
    state = os.stat(name, dir_fd=folder.descriptor, follow_symlinks=False)
    if S_ISLNK(state.st_mode):
        return None
    _require_file(state, path)
    return _read_open(os.open(name, _FLAGS | _NO_LINKS, dir_fd=folder.descriptor), path, limit)[0]


def _read_open(
    descriptor: int, name: str, limit: int, allowed: Callable[[str], bool] | None = None
) -> tuple[bytes, os.stat_result]:
    """Return content and state of an open file as `read_with_state` does, and close it."""
    try:
        state = os.fstat(descriptor)
        # The path may have been replaced in the meantime.
        _require_file(state, name)
        if allowed is not None and not allowed(_place_of(descriptor, state, name)):
            raise _outside(name)
        if state.st_size > limit:
            raise _too_large(limit, name)
        # Each copy of a large file takes as long as reading it.
        first = _FIRST_CHUNK if state.st_size < _FIRST_CHUNK else state.st_size + 1
        data = os.read(descriptor, first)
        size, parts = len(data), [data]
        # On some file systems a short read is not the end; only an empty one is.
        while size <= limit and (data := os.read(descriptor, _NEXT_CHUNK if size >= first else 1)):
            parts.append(data)
            size += len(data)
    finally:
        os.close(descriptor)
    if size > limit:
        raise _too_large(limit, name)
    content = parts[0] if len(parts) == 1 else b"".join(parts)
    if RecordedReads.current is not None:
        RecordedReads.current[name] = content, state
    return content, state


class OpenFolder:
    """A folder that stays open in a context, whatever becomes of its name.

    `place` is its path without links; `descriptor` is None where the system opens no folders. One that is not opened
    `to_list` need not be readable. Raises `OSError`.
    """

    __slots__ = ("descriptor", "place")

    def __init__(self, path: str, *, to_list: bool = True) -> None:
        self.descriptor: int | None = None
        if os.scandir not in os.supports_fd:
            self.place = os.path.realpath(path)
            return
        self.descriptor = os.open(path, _FOLDER_FLAGS | (0 if to_list else getattr(os, "O_PATH", 0)))
        try:
            self.place = _place_of(self.descriptor, os.fstat(self.descriptor), path)
        except OSError:
            self.__exit__()
            raise

    def __enter__(self) -> OpenFolder:
        return self

    def __exit__(self, *raised: object) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)


def checkout_of(place: str) -> str:
    """Return the root of the working tree that contains a folder, of the outermost one if that is a submodule.

    Without one, it is the folder itself. Links are resolved.
    """
    return _top_above(os.path.realpath(place))


def _top_above(place: str) -> str:
    top = place
    while True:
        git = os.path.join(place, ".git")
        if os.path.isdir(git):
            return place
        if os.path.lexists(git):
            top = place
        above = os.path.dirname(place)
        if above == place:
            return top
        place = above


def leads_out(path: str | os.PathLike[str], place: str, tops: Sequence[str]) -> bool:
    """Return whether a path goes through one of `tops`, and by a link in it to a place (without links) out of them."""
    if any(is_below(place, top) for top in tops):
        return False
    folder = os.path.dirname(os.path.abspath(path))
    while True:
        real = os.path.realpath(folder)
        if any(is_below(real, top) for top in tops):
            return True
        above = os.path.dirname(folder)
        if above == folder:
            return False
        folder = above


def _is_led_out(path: str | os.PathLike[str], place: str) -> bool:
    """Return whether a path leads out of the working directory's working tree, if there is one."""
    top = checkout_of(os.curdir)
    return os.path.lexists(os.path.join(top, ".git")) and leads_out(path, place, (top,))


def is_inside(path: str | os.PathLike[str], folder: str | os.PathLike[str]) -> bool:
    """Return whether a path is in the working tree of a folder, wherever links lead."""
    return is_below(os.path.realpath(path), checkout_of(os.fspath(folder)))


def is_below(place: str, folder: str) -> bool:
    """Return whether a path without links is a folder or in it."""
    return f"{place}{os.sep}".startswith(f"{folder.rstrip(os.sep)}{os.sep}")


def is_file(path: str | os.PathLike[str]) -> bool:
    """Return whether a path is a regular file."""
    try:
        return S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False


def refuse_unreadable(path: str | os.PathLike[str], limit: int) -> None:
    """Raise the `OSError` of `read_bytes` for a path that a library is about to read; a missing file is accepted.

    A folder of that name is accepted too: libraries ignore it. A link out of the checkout is refused, since libraries
    quote from what they read.
    """
    try:
        state = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    if S_ISDIR(state.st_mode):
        return
    _require_file(state, os.fspath(path))
    _require_inside(path)
    if state.st_size > limit:
        raise _too_large(limit, os.fspath(path))


def _require_inside(path: str | os.PathLike[str]) -> None:
    """Raise `OSError` for a link that leads out of the checkout that contains it."""
    if os.path.islink(path) and not is_inside(path, os.path.dirname(os.path.abspath(path))):
        raise _outside(os.fspath(path))


def _place_of(descriptor: int, state: os.stat_result, name: str) -> str:
    """Return the path of an open file without links; raises `OSError` if its name leads to another one now."""
    try:
        place = os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:  # no Linux
        place = ""
    if os.path.isabs(place):
        return place
    place = os.path.realpath(name)
    found = os.lstat(place)
    if (found.st_dev, found.st_ino) != (state.st_dev, state.st_ino):
        raise OSError(0, "was replaced while it was being opened", name)
    return place


def _outside(name: str) -> OSError:
    return OSError(0, "this symbolic link points outside the checkout and is not read", name)


def _require_file(state: os.stat_result, name: str) -> None:
    if not S_ISREG(state.st_mode):
        raise NotAFileError(0, "is a folder" if S_ISDIR(state.st_mode) else "not a regular file", name)


def _too_large(limit: int, name: str) -> TooLargeError:
    return TooLargeError(0, f"larger than {limit:,} bytes", name)
