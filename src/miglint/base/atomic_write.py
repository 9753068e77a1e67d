"""Atomic file writes."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from stat import S_ISREG

from miglint.base.input_files import OpenFolder, checkout_of, leads_out

_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOCTTY", 0)
_NEW = os.O_CREAT | os.O_EXCL | _FLAGS


def write_file(path: Path, data: bytes) -> None:
    """Write a file atomically; raises `OSError`.

    The data is written to a new file beside the target, which is then renamed over it. A symbolic link is kept and its
    target is written, unless it leads out of the checkout: any link can be committed there, to a file of the user or a
    device. Only regular files are replaced: devices and pipes (`/dev/null`, `/dev/stdout`) are written to directly,
    since a rename would replace the device itself.
    """
    require_inside(path)
    target = _resolved(path) if path.is_symlink() else path
    if target.exists() and not target.is_file():
        _write_through(target, data)
        return
    with OpenFolder(str(target.parent), to_list=False) as folder:
        # The folder that is open now is the one that counts: its name may lead elsewhere by the next line.
        if leads_out(path.absolute(), folder.place, (checkout_of(os.curdir),)):
            raise _outside(path)
        _replace(target, data, folder.descriptor)


def _write_through(target: Path, data: bytes) -> None:
    """Write to a device or a pipe, which a regular file may have replaced in the meantime."""
    descriptor = os.open(target, os.O_WRONLY | _FLAGS)
    with os.fdopen(descriptor, "wb") as stream:
        if S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "was replaced while it was being opened", str(target))
        stream.write(data)


def _replace(target: Path, data: bytes, folder: int | None) -> None:
    """Write a new file in the target's folder, which is open as `folder` if it can be, and rename it to the target."""
    name = target if folder is None else Path(target.name)
    temporary = name.with_name(f".{name.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | _NEW, 0o666, dir_fd=folder), "wb") as stream:
            stream.write(data)
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    # Also if the run is interrupted.
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary, dir_fd=folder)
        raise


def require_inside(path: Path) -> None:
    """Raise `OSError` if a path may not be used because a link leads it out of the checkout, or to itself."""
    if _resolved(path).is_symlink():
        raise OSError(0, "this symbolic link points to itself", str(path))
    if leads_out(path.absolute(), str(_resolved(path)), (checkout_of(os.curdir),)):
        raise _outside(path)


def _outside(path: Path) -> OSError:
    return OSError(0, "a symbolic link in the checkout points outside it", str(path))


def _resolved(path: Path) -> Path:
    """Return a path without links; unlike `Path.resolve`, for a link to itself as well: the link."""
    return Path(os.path.realpath(path))
