"""Output to a stream or a file, with or without color."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from miglint.base.atomic_write import write_file
from miglint.base.digits import whole_number
from miglint.base.errors import UsageError
from miglint.cache.command_output import CachedOutput
from miglint.cli.notes import note
from miglint.report.view import UNLIMITED

_FIRST_SIGN = 1.0
_INTERVAL = 0.1

# So many characters are encoded at a time: reports of long histories have fifty million.
_PIECE = 1 << 20

# Minimum width on a terminal.
_NARROWEST = 40


def wants_color(choice: str, stream: TextIO) -> bool:
    """Return whether to use color: as requested, as set in the environment, or if the stream is a terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Return the width of the terminal; text for a file or a pipe is not wrapped, unless `COLUMNS` is set."""
    given = os.environ.get("COLUMNS", "")
    try:
        columns = whole_number(given) if given.isdecimal() else os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):
        columns = 0
    return max(_NARROWEST, columns or UNLIMITED)


def write(text: str, path: str | None) -> None:
    """Write atomically to a file, or to standard output."""
    write_parts((text,), path)


def write_parts(parts: Iterable[str], path: str | None) -> None:
    """Write the parts of a text as `write` does, without a copy of the whole where it goes to standard output."""
    pieces = (part[start : start + _PIECE] for part in parts for start in range(0, len(part), _PIECE))
    data = (piece.encode("utf-8", "backslashreplace") for piece in pieces)
    if path is None or path == "-":
        stream = sys.stdout.buffer
        stream.writelines(data)
        stream.flush()
        return
    try:
        write_file(Path(path), b"".join(data))
    except OSError as error:
        raise UsageError(f"{path}: cannot be written: {error.strerror or error}") from None


def checkout_prefix() -> str:
    """Return the path from the checkout of a build service to the working directory, with a trailing slash."""
    workspace = os.environ.get("GITHUB_WORKSPACE") or os.environ.get("CI_PROJECT_DIR")
    if not workspace:
        return ""
    try:
        inside = Path.cwd().relative_to(Path(workspace).resolve()).as_posix()
    except ValueError:
        return ""
    return "" if inside == "." else f"{inside}/"


def add_step_summary(markdown: str) -> None:
    """Append to the step summary of a GitHub workflow, if there is one."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return
    try:
        with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as stream:
            stream.write(markdown)
    except OSError as error:
        note(f"cannot write step summary: {path}: {error.strerror or error}")


def write_known(answer: CachedOutput, started: float) -> int:
    """Write cached output to its file and return the exit status."""
    write_parts(answer.parts(round((time.perf_counter() - started) * 1000)), answer.output)
    for text in answer.notes:
        note(text)
    return answer.status


class Progress:
    """Progress line on a terminal's standard error, shown after one second and erased at the end."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._last = self._started + _FIRST_SIGN - _INTERVAL
        self._shown = False

    def __call__(self, done: int, total: int, current: str = "") -> None:
        """Show the progress and the migration that is running."""
        now = time.monotonic()
        if now - self._last >= _INTERVAL:
            self._last, self._shown = now, True
            text = f"{done:,} of {total:,} migrations"
            sys.stderr.write(f"\r\x1b[K{_beside(text, current)}")
            sys.stderr.flush()

    def end(self) -> None:
        """Erase the line."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def _beside(text: str, current: str) -> str:
    """Return the progress and the running migration on one line; file names are escaped."""
    room = width() - len(text) - 3
    shown = "".join(char if char.isprintable() else "?" for char in current).replace("##", "# #")
    return f"{text}  {shown[:room]}" if current and room > 0 else text


def progress() -> Progress | None:
    """Return a progress line if standard error is a terminal."""
    return Progress() if sys.stderr.isatty() and os.environ.get("TERM") != "dumb" else None
