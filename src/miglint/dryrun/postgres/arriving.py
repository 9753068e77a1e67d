"""What arrives from a server before it is read: bytes at a socket, and the memory that libpq makes ready for them."""

from __future__ import annotations

import os
import sys

if sys.platform != "win32":
    from fcntl import ioctl
    from termios import FIONREAD

_PAGE = 4096 if sys.platform == "win32" else os.sysconf("SC_PAGE_SIZE")


class WritableMemory:
    """The writable memory of this process, read often."""

    def __init__(self) -> None:
        try:
            self._file: int | None = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        except (OSError, AttributeError):
            self._file = None

    def size(self) -> int:
        """Return its size in bytes, whether or not it is used yet; 0 where the system does not say."""
        return 0 if self._file is None else int(os.pread(self._file, 200, 0).split()[5]) * _PAGE

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def waiting(socket: int) -> int:
    """Return how many bytes have arrived at a socket; 0 where the system does not say."""
    if sys.platform == "win32":
        return 0
    return int.from_bytes(ioctl(socket, FIONREAD, bytes(4)), sys.byteorder)
