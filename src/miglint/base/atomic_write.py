"""Atomic file writes."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def write_file(path: Path, data: bytes) -> None:
    """Write a file atomically; raises `OSError`.

    The data is written to a new file beside the target, which is then renamed over it. A symbolic link is kept and its
    target is written. Only regular files are replaced: devices and pipes (`/dev/null`, `/dev/stdout`) are written to
    directly, since a rename would replace the device itself.
    """
    target = path.resolve() if path.is_symlink() else path
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
