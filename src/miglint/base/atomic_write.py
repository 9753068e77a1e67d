"""Writing files so that nobody ever sees half of one."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path


def write_file(path: Path, data: bytes) -> None:
    """Write a file as a whole; raises `OSError`.

    The data goes to a new file beside it, which then takes its place. What a link points to is written, and the link
    stays. Only a regular file may be replaced: a device or a pipe (`/dev/null`, `/dev/stdout`) is written to as it is,
    since a rename would put a file in the place of the device itself.
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
