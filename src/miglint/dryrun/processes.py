"""Processes by their numbers."""

from __future__ import annotations

import os
import sys


def is_running(pid: int) -> bool:
    """Return whether a process exists; on Windows, where signal 0 would terminate it, this is always assumed."""
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
