"""Atomic file writes."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from miglint.base.input_files import checkout_of


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
        with target.open("wb") as stream:
            stream.write(data)
        return
    temporary = target.with_name(f".{target.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        temporary.write_bytes(data)
        temporary.replace(target)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def require_inside(path: Path) -> None:
    """Raise `OSError` if a path may not be used because a link leads it out of the checkout, or to itself."""
    if _resolved(path).is_symlink():
        raise OSError(0, "this symbolic link points to itself", str(path))
    if _leads_out(path.absolute()):
        raise OSError(0, "a symbolic link in the checkout points outside it", str(path))


def _leads_out(path: Path) -> bool:
    """Return whether a path goes through the checkout and, by a link in it, out of it."""
    top = Path(checkout_of(os.curdir))
    return not _resolved(path).is_relative_to(top) and any(
        _resolved(folder).is_relative_to(top) for folder in path.parents
    )


def _resolved(path: Path) -> Path:
    """Return a path without links; unlike `Path.resolve`, for a link to itself as well: the link."""
    return Path(os.path.realpath(path))
