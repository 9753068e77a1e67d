"""Find programs on PATH, but never in the working directory, which may be a checkout from a stranger."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def program_on_path(name: str) -> str | None:
    """Return the path of a program in the first absolute folder of PATH that has it, or None.

    Entries such as `.` or an empty one are folders of the checkout; Windows searches the working directory first.
    """
    file = f"{name}.exe" if sys.platform == "win32" else name
    for place in os.environ.get("PATH", "").split(os.pathsep):
        path = Path(place, file)
        if path.is_absolute() and path.is_file() and os.access(path, os.X_OK):
            return str(path)
    return None
