"""Notes on standard error."""

# Cached runs print notes too, so this module imports nothing that they do not need.

from __future__ import annotations

import os
import sys


def note(text: str) -> None:
    """Print a note to standard error; the text may contain file names and content."""
    from miglint.base.inert import inert  # most runs print no notes

    said = inert(f"note: {text}\n")
    columns = _columns()
    sys.stderr.write(_wrapped(said, columns) if columns and len(said) > columns else said)


def _columns() -> int:
    """Return the width of the terminal that shows standard error, or 0 if none does."""
    try:
        return os.get_terminal_size(sys.stderr.fileno()).columns
    except (OSError, ValueError):
        return 0


def _wrapped(text: str, columns: int) -> str:
    """Wrap a note at spaces, but not within what is quoted: a command is pasted whole."""
    import re

    lines: list[str] = []
    for line in text.splitlines():
        lines.append("")
        for word in re.findall(r"\S*`[^`]+`\S*|\S+", line):
            if lines[-1] and len(lines[-1]) + 1 + len(word) > columns:
                lines.append(" ")
            lines[-1] += f" {word}" if lines[-1] else word
    return "".join(f"{line}\n" for line in lines)
