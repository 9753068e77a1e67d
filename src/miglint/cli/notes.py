"""Notes on standard error."""

# Cached runs print notes too, so this module imports nothing that they do not need.

from __future__ import annotations

import sys


def note(text: str) -> None:
    """Print a note to standard error; the text may contain file names and content."""
    from miglint.base.inert import inert  # most runs print no notes

    sys.stderr.write(inert(f"note: {text}\n"))
